package causeway

// The calls on one tree.

import (
	"context"
	"crypto/rand"
	"iter"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

// A Tree is a handle of one tree at a node: the signed entries that hang from one root, and the stores that they add up
// to.
type Tree struct {
	node *Node
	id   ID
}

// ID returns the tree's id.
func (tree *Tree) ID() ID { return tree.id }

// Get returns what the node says of the tree, and its tips: at most 4,096. It fails with [UnknownTree] if the tree is not
// there, or if we may not read it.
func (tree *Tree) Get(ctx context.Context) (*causewayv1.GetTreeResponse, error) {
	return call(ctx, tree.node, tree.node.trees.GetTree, &causewayv1.GetTreeRequest{Tree: tree.id[:]})
}

// EntryOptions say which entries to list or to follow.
type EntryOptions struct {
	// NewestFirst lists by height descending; otherwise parents come first.
	NewestFirst bool
	// Stores names the stores of which an entry must change one; none: all entries.
	Stores []string
	// IncludeVoid also takes entries whose authors had no right to write them.
	IncludeVoid bool
}

// Entries returns the entries of the tree, all pages, each verified.
func (tree *Tree) Entries(ctx context.Context, options EntryOptions) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		all := pages(func(token string) ([]*causewayv1.Entry, string, error) {
			page, err := call(ctx, tree.node, tree.node.trees.ListEntries, &causewayv1.ListEntriesRequest{
				Tree: tree.id[:], PageSize: listPage, PageToken: token, NewestFirst: options.NewestFirst,
				Stores: options.Stores, IncludeVoid: options.IncludeVoid,
			})
			return page.GetEntries(), page.GetNextPageToken(), err
		})
		for listed, err := range all {
			var entry *Entry
			if err == nil {
				entry, err = tree.verify(listed.Signed)
			}
			if !yield(entry, err) || err != nil {
				return
			}
		}
	}
}

// Entry returns one entry, verified. It fails with [UnknownEntry].
func (tree *Tree) Entry(ctx context.Context, id ID) (*Entry, error) {
	found, err := call(ctx, tree.node, tree.node.trees.GetEntries, &causewayv1.GetEntriesRequest{Ids: [][]byte{id[:]}})
	if err != nil {
		return nil, err
	}
	if len(found.Entries) == 0 {
		return nil, newError(UnknownEntry, "The node does not have the entry %s.", id)
	}
	entry, err := tree.verify(found.Entries[0].Signed)
	if err == nil && entry.ID != id {
		err = newError(Protocol, "The node sent the entry %s for %s.", entry.ID, id)
	}
	return entry, err
}

// verify checks an entry of this tree that a node sent. One that is not valid breaks the protocol.
func (tree *Tree) verify(signed *causewayv1.SignedEntry) (*Entry, error) {
	entry, err := VerifyEntry(signed)
	if err == nil && entry.Tree() != tree.id {
		err = newError(EntryTree, "The entry %s is of another tree.", entry.ID)
	}
	if err != nil {
		return nil, &Error{Code: Protocol, Message: "The node sent an entry that is not valid: " + err.Error(), cause: err}
	}
	return entry, nil
}

// A TreeEvent is what a watch of a tree yields.
type TreeEvent struct {
	// Entries arrived at the node, parents first. Each is verified.
	Entries []*Entry
	// Sequence is where to go on: pass it as the `after` of another watch.
	Sequence uint64
	// PolicyChanged says that entries sent before may now be void, or no longer void: read the tree again.
	PolicyChanged bool
}

// Watch returns the entries in the order of their arrival at the node, after a sequence (0: all of them), then each new
// one. It goes on where it was when the connection is lost, and ends with the context or with an error that stays.
func (tree *Tree) Watch(ctx context.Context, after uint64, options EntryOptions) iter.Seq2[*TreeEvent, error] {
	return follow(ctx, tree.node, func(ctx context.Context) (stream[causewayv1.WatchTreeResponse], error) {
		return tree.node.trees.WatchTree(ctx, &causewayv1.WatchTreeRequest{
			Tree: tree.id[:], AfterSequence: after, Stores: options.Stores, IncludeVoid: options.IncludeVoid,
		})
	}, func(message *causewayv1.WatchTreeResponse) (*TreeEvent, error) {
		event := &TreeEvent{Sequence: message.Sequence, PolicyChanged: message.PolicyChanged}
		for _, listed := range message.Entries {
			entry, err := tree.verify(listed.Signed)
			if err != nil {
				return nil, err
			}
			event.Entries = append(event.Entries, entry)
		}
		after = max(after, message.Sequence)
		if len(event.Entries) == 0 && !event.PolicyChanged {
			return nil, nil
		}
		return event, nil
	})
}

// Submit stores entries that their authors have signed, parents first: at most 1,024 and 256 KiB, or one larger one. It
// fails with the code of the first that is refused; the others are stored. See [Tree.Push] for more.
func (tree *Tree) Submit(ctx context.Context, entries []*Entry, with ...WriteOption) (*causewayv1.SubmitEntriesResponse, error) {
	options := writeOptions(with)
	return call(ctx, tree.node, tree.node.trees.SubmitEntries, &causewayv1.SubmitEntriesRequest{
		Tree: tree.id[:], Entries: signedOf(entries), Durable: options.durable, Expect: options.expect,
	})
}

// Commit writes one entry of opaque changes with our key: what a store of keys is too narrow for. It returns its id.
func (tree *Tree) Commit(ctx context.Context, changes []*causewayv1.Change, with ...WriteOption) (ID, error) {
	if err := tree.node.needKey(); err != nil {
		return ID{}, err
	}
	nonce := newNonce()
	prepared, err := call(ctx, tree.node, tree.node.trees.PrepareCommit, &causewayv1.PrepareCommitRequest{
		Tree: tree.id[:], Changes: changes, Author: tree.node.key.peer[:], Nonce: nonce,
	})
	if err != nil {
		return ID{}, err
	}
	entry, err := tree.node.key.signPrepared(prepared.Body, asked{tree: tree.id, nonce: nonce, other: changes})
	if err != nil {
		return ID{}, err
	}
	return tree.send(ctx, entry, writeOptions(with))
}

// RequestAccess asks for the right to read or to write, and says how the request stands. An invitation of a ticket gives
// it at once; otherwise an admin decides: ask again later.
func (tree *Tree) RequestAccess(ctx context.Context, permission causewayv1.Permission, message string, invitation []byte) (*causewayv1.RequestAccessResponse, error) {
	return call(ctx, tree.node, tree.node.sync.RequestAccess, &causewayv1.RequestAccessRequest{
		Tree: tree.id[:], Permission: permission, Message: message, Invitation: invitation,
	})
}

// send submits an entry, and sends it again if the connection was lost: one that is there already counts as known.
func (tree *Tree) send(ctx context.Context, entry *Entry, options writing) (ID, error) {
	request := &causewayv1.SubmitEntriesRequest{
		Tree: tree.id[:], Entries: signedOf([]*Entry{entry}), Durable: options.durable, Expect: options.expect,
	}
	_, err := call(ctx, tree.node, tree.node.trees.SubmitEntries, request)
	if isLost(err) && ctx.Err() == nil {
		_, err = call(ctx, tree.node, tree.node.trees.SubmitEntries, request)
		if known, isKnown := err.(*Error); isKnown && known.Code == Conflict {
			// The entry may conflict with what it has itself written.
			if _, missing := tree.Entry(ctx, entry.ID); missing == nil {
				err = nil
			}
		}
	}
	return entry.ID, err
}

func (node *Node) needKey() error {
	if node.key == nil {
		return newError(Unauthenticated, "Who writes signs with a key: pass one to Dial.")
	}
	return nil
}

func newNonce() []byte {
	nonce := make([]byte, writeNonceBytes)
	rand.Read(nonce)
	return nonce
}

func signedOf(entries []*Entry) []*causewayv1.SignedEntry {
	signed := make([]*causewayv1.SignedEntry, len(entries))
	for index, entry := range entries {
		signed[index] = entry.Signed
	}
	return signed
}
