package causeway

// Takes a whole tree from a node and verifies all of it.

import (
	"bytes"
	"context"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

// Fetch takes a whole tree, as a newcomer that has nothing. It yields each entry once, after its parents, verified: its
// signature and shape, that all its parents came before, its height, its place in the policy, and the right of its
// author. It goes on when the connection is lost. When it ends without an error, the entries are all that the node has:
// their tips have the digest, and they have the count, that the node states. Entries that are void since a later change of
// the policy come too: whoever wrote them had the right then.
//
// It remembers 200 bytes or so of each entry. A node may send a tree that does not end: break the loop when you have
// enough.
func (tree *Tree) Fetch(ctx context.Context) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		fetch := &fetching{tree: tree, taken: newTaken(tree.id), yield: yield}
		wait := &backoff{}
		for idle := 0; ; {
			before := len(fetch.taken.heights)
			equal, err := fetch.round(ctx)
			if equal || fetch.stopped {
				return
			}
			if idle++; len(fetch.taken.heights) > before {
				idle = 0
				wait.reset()
			}
			if err == nil && idle >= maxIdleRounds {
				err = newError(Protocol, "The node sends nothing new, although both sides differ.")
			}
			if err != nil {
				refused := tree.node.refused(err)
				if idle < maxIdleRounds {
					err = wait.pause(ctx, err, refused)
				}
			}
			if err != nil {
				yield(nil, AsError(err))
				return
			}
		}
	}
}

type fetching struct {
	tree    *Tree
	taken   *taken
	yield   func(*Entry, error) bool
	stopped bool
}

// round asks once for what we lack, and reports whether we then have all that the node has.
func (fetch *fetching) round(ctx context.Context) (equal bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var header *causewayv1.SyncTreeHeader
	_, err = followOnce(ctx, func(ctx context.Context) (stream[causewayv1.SyncTreeResponse], error) {
		return fetch.tree.node.sync.SyncTree(ctx, fetch.request())
	}, func(message *causewayv1.SyncTreeResponse) bool {
		if part := message.GetHeader(); part != nil && header == nil {
			header = part
			return true
		}
		for _, signed := range message.GetPage().GetEntries() {
			if err := fetch.take(signed); err != nil {
				fetch.stopped = true
				fetch.yield(nil, err)
			}
			if fetch.stopped {
				return false
			}
		}
		return true
	})
	if err != nil || fetch.stopped {
		return false, err
	}
	if header == nil {
		return false, newError(Protocol, "The node answered without a header.")
	}
	count, digest := fetch.taken.summary()
	return header.Count == count && bytes.Equal(header.TipsDigest, digest), nil
}

// request names what we have: nothing at first, later our tips, so that the node leaves out what is below them.
func (fetch *fetching) request() *causewayv1.SyncTreeRequest {
	request := &causewayv1.SyncTreeRequest{Tree: fetch.tree.id[:]}
	if len(fetch.taken.heights) == 0 {
		return request
	}
	tips := slices.Collect(maps.Keys(fetch.taken.tips))
	rand.Shuffle(len(tips), func(a, b int) { tips[a], tips[b] = tips[b], tips[a] })
	request.Tips = bytesOf(tips[:min(len(tips), syncTips)])
	request.Count, request.TipsDigest = fetch.taken.summary()
	return request
}

func (fetch *fetching) take(signed *causewayv1.SignedEntry) error {
	if fetch.taken.has(signed) {
		return nil
	}
	entry, err := fetch.tree.verify(signed)
	if err != nil {
		return err
	}
	if err := fetch.taken.take(entry); err != nil {
		return &Error{Code: Protocol, Message: "The node sent an entry that is not valid here: " + err.Error(), cause: err}
	}
	fetch.stopped = !fetch.yield(entry, nil)
	return nil
}
