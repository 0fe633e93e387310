package causeway

// Keeps the entries that were fetched, and checks the place of each new one.

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"slices"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

// taken is a set of entries that holds all ancestors of each.
type taken struct {
	tree    ID
	heights map[ID]uint64
	tips    set
	policy  *policies
}

func newTaken(tree ID) *taken {
	return &taken{tree, map[ID]uint64{}, set{}, newPolicies(tree)}
}

func (taken *taken) has(signed *causewayv1.SignedEntry) bool {
	_, has := taken.heights[idOf(signed.GetSignature(), signed.GetBody())]
	return has
}

// take adds an entry whose parents are there. It fails with the code of what is wrong with its place.
func (taken *taken) take(entry *Entry) error {
	height := uint64(0)
	for _, parent := range entry.Body.Parents {
		below, has := taken.heights[ID(parent)]
		if !has {
			return newError(EntryMissingParent, "The entry %s came before its parent %s.", entry.ID, ID(parent))
		}
		height = max(height, below+1)
	}
	if height != entry.Body.Height {
		return newError(EntryHeight, "The entry %s has the height %d, not %d.", entry.ID, entry.Body.Height, height)
	}
	if err := taken.policy.take(entry); err != nil {
		return err
	}
	taken.heights[entry.ID] = height
	for _, parent := range entry.Body.Parents {
		delete(taken.tips, ID(parent))
	}
	taken.tips[entry.ID] = struct{}{}
	return nil
}

// summary returns the count, and SHA-256 over the tips in ascending order. They identify the whole set.
func (taken *taken) summary() (uint64, []byte) {
	digest := sha256.New()
	for _, tip := range slices.SortedFunc(maps.Keys(taken.tips), func(a, b ID) int { return bytes.Compare(a[:], b[:]) }) {
		digest.Write(tip[:])
	}
	return uint64(len(taken.heights)), digest.Sum(nil)
}
