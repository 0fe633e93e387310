package causeway

// Sends entries to a node that has their tree.

import (
	"context"
	"iter"

	"google.golang.org/protobuf/proto"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

// Pushed says what became of entries that were pushed.
type Pushed struct {
	// Added were new to the node, Known were there already.
	Added, Known int
}

// Push sends entries to a node that has their tree, parents first, in as many pages as it takes. If one is refused, Push
// fails with its code, and with "id" in Data; those before it are stored, and you may push the same entries again.
func (tree *Tree) Push(ctx context.Context, entries iter.Seq[*Entry]) (Pushed, error) {
	pushed, page, size := Pushed{}, []*causewayv1.SignedEntry{}, 0
	send := func() error {
		if len(page) == 0 {
			return nil
		}
		answer, err := call(ctx, tree.node, tree.node.sync.SendEntries, &causewayv1.SendEntriesRequest{Tree: tree.id[:], Entries: page})
		if err != nil {
			return err
		}
		pushed.Added += int(answer.Added)
		pushed.Known += int(answer.Known)
		page, size = nil, 0
		if len(answer.Refused) > 0 {
			first := answer.Refused[0]
			data := map[string]string{}
			if id, err := IDFromBytes(first.Id); err == nil {
				data["id"] = id.String()
			}
			return &Error{Code: Code(first.Code), Message: first.Message, Data: data}
		}
		return nil
	}
	for entry := range entries {
		more := proto.Size(entry.Signed)
		if len(page) == pageEntries || (len(page) > 0 && size+more > pageBytes) {
			if err := send(); err != nil {
				return pushed, err
			}
		}
		page, size = append(page, entry.Signed), size+more
	}
	return pushed, send()
}
