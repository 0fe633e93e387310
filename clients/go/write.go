package causeway

// Writes under the caller's own key: prepare, check, sign, submit.

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

// A WriteOption says on what conditions to write.
type WriteOption func(*writing)

type writing struct {
	durable bool
	expect  []*causewayv1.Expectation
	// replaces and expected are of the one key of a put, delete or add; nil: not said.
	replaces, expected *[]ID
}

func writeOptions(with []WriteOption) writing {
	options := writing{}
	for _, option := range with {
		option(&options)
	}
	return options
}

// Durable makes a write return only once the entry is flushed to the node's disk.
func Durable() WriteOption { return func(options *writing) { options.durable = true } }

// Expect makes a write of one key fail with [Conflict] unless the key has exactly these versions when the node stores it.
// None: the key is absent.
func Expect(versions ...ID) WriteOption {
	return func(options *writing) { options.expected = &versions }
}

// ExpectKeys does the same for any keys.
func ExpectKeys(expect ...*causewayv1.Expectation) WriteOption {
	return func(options *writing) { options.expect = append(options.expect, expect...) }
}

// Replaces names the versions of the key that the write replaces, or to which it adds: those that you have seen. Without
// it they are those of [Expect], and without that what the node shows.
func Replaces(versions ...ID) WriteOption {
	return func(options *writing) { options.replaces = &versions }
}

// Put puts a value under a key. It returns the id of the entry: a read with [At] of it sees the write, at every node.
func (store *Store) Put(ctx context.Context, key string, value Value, with ...WriteOption) (ID, error) {
	put := &causewayv1.KeyChange_Put{Put: &causewayv1.Put{Value: value.Bytes, Type: value.Type}}
	return store.write(ctx, &causewayv1.KeyChange{Key: store.key(key), What: put}, with)
}

// Delete removes the versions of a key.
func (store *Store) Delete(ctx context.Context, key string, with ...WriteOption) (ID, error) {
	return store.write(ctx, &causewayv1.KeyChange{Key: store.key(key), What: &causewayv1.KeyChange_Delete{Delete: &causewayv1.Delete{}}}, with)
}

// Add adds to the number under a key: from -2^52 to 2^52 - 1.
func (store *Store) Add(ctx context.Context, key string, delta int64, with ...WriteOption) (ID, error) {
	add := &causewayv1.KeyChange_Add{Add: &causewayv1.Add{Delta: delta}}
	return store.write(ctx, &causewayv1.KeyChange{Key: store.key(key), What: add}, with)
}

func (store *Store) write(ctx context.Context, change *causewayv1.KeyChange, with []WriteOption) (ID, error) {
	options := writeOptions(with)
	if options.replaces != nil {
		change.Replaces = &causewayv1.Versions{Entries: bytesOf(*options.replaces)}
	}
	if options.expected != nil {
		with = append(slices.Clone(with), ExpectKeys(&causewayv1.Expectation{Key: change.Key, Versions: bytesOf(*options.expected)}))
	}
	return store.tree.Write(ctx, []*causewayv1.KeyChange{change}, with...)
}

// Write writes several changes in one entry, which our key signs: the node prepares it, and it is signed only if it says
// what was asked for. It fails with [Protocol] if it does not, and with [Conflict] if an expectation does not hold.
func (tree *Tree) Write(ctx context.Context, changes []*causewayv1.KeyChange, with ...WriteOption) (ID, error) {
	if err := tree.node.needKey(); err != nil {
		return ID{}, err
	}
	options, nonce, author := writeOptions(with), newNonce(), tree.node.key.peer
	prepared, err := call(ctx, tree.node, tree.node.stores.PrepareWrite, &causewayv1.PrepareWriteRequest{
		Tree: tree.id[:], Changes: changes, Expect: options.expect, Author: author[:], Nonce: nonce,
	})
	if err != nil {
		return ID{}, err
	}
	entry, err := tree.node.key.signPrepared(prepared.Body, asked{tree.id, nonce, changes, options.expect, nil})
	if err != nil {
		return ID{}, err
	}
	return tree.send(ctx, entry, options)
}

// asked is what a node was asked to prepare.
type asked struct {
	tree    ID
	nonce   []byte
	changes []*causewayv1.KeyChange
	expect  []*causewayv1.Expectation
	// other are opaque changes, which come after the others.
	other []*causewayv1.Change
}

// signPrepared signs a body that a node has prepared, if it says what was asked for and no more: whoever signs it states
// all that is in it. Only what the tree alone can show stays the node's word: parents, height and policy entries.
func (key *Key) signPrepared(encoded []byte, asked asked) (*Entry, error) {
	body, err := readBody(encoded)
	if err != nil {
		return nil, &Error{Code: Protocol, Message: "The node prepared a body that is not valid: " + err.Error(), cause: err}
	}
	createdAt := time.UnixMilli(int64(body.CreatedAtMs))
	switch {
	case !bytes.Equal(body.Tree, asked.tree[:]):
		return nil, lied("is for another tree")
	case !bytes.Equal(body.Author, key.peer[:]):
		return nil, lied("is for another key")
	case !bytes.Equal(body.Nonce, asked.nonce):
		return nil, lied("has another nonce than was asked for")
	case time.Since(createdAt).Abs() > maxClockOff:
		return nil, lied("is dated " + createdAt.UTC().Format(time.RFC3339) + ", too far from the time here")
	case len(body.Changes) != len(asked.changes)+len(asked.other):
		return nil, lied("has other changes than were asked for")
	}
	for index, change := range body.Changes {
		holds := !strings.HasPrefix(change.Store, "_")
		if index < len(asked.changes) {
			holds = holds && saysChange(change, asked.changes[index], asked.expect)
		} else {
			other := asked.other[index-len(asked.changes)]
			holds = holds && change.Store == other.Store && change.Kind == other.Kind && bytes.Equal(change.Payload, other.Payload)
		}
		if !holds {
			return nil, lied("has other changes than were asked for")
		}
	}
	return key.signBody(encoded, body), nil
}

func lied(how string) *Error {
	return newError(Protocol, "The body that the node prepared %s: it was not signed.", how)
}

// saysChange reports whether a change says what was asked for, in all its fields. The node fills in only what was left open: the versions
// that it replaces, and whether an add has to be a put, of the number where nothing is left to add to.
func saysChange(change *causewayv1.Change, asked *causewayv1.KeyChange, expect []*causewayv1.Expectation) bool {
	if change.Store != asked.Key.Store {
		return false
	}
	names := namesOf(asked, expect)
	switch what := asked.What.(type) {
	case *causewayv1.KeyChange_Put:
		return saysPut(change, asked.Key.Key, what.Put, names)
	case *causewayv1.KeyChange_Delete:
		says := &causewayv1.MapDelete{}
		return change.Kind == "cw.delete" && decode(change.Payload, says) == nil && areNames(says.Replaces, names) &&
			proto.Equal(says, &causewayv1.MapDelete{Key: asked.Key.Key, Replaces: says.Replaces})
	case *causewayv1.KeyChange_Add:
		if change.Kind != "cw.add" {
			number := &causewayv1.Put{Value: strconv.AppendInt(nil, what.Add.Delta, 10), Type: "text/plain"}
			if names == nil {
				names = [][]byte{}
			}
			return saysPut(change, asked.Key.Key, number, names)
		}
		says := &causewayv1.CounterAdd{}
		if len(names) == 1 && bytes.Equal(names[0], make([]byte, 32)) {
			names = [][]byte{} // Adds to no version name none.
		}
		return decode(change.Payload, says) == nil && areNames(says.On, names) &&
			proto.Equal(says, &causewayv1.CounterAdd{Key: asked.Key.Key, On: says.On, Delta: what.Add.Delta})
	}
	return false
}

func saysPut(change *causewayv1.Change, key string, put *causewayv1.Put, names [][]byte) bool {
	says := &causewayv1.MapPut{}
	return change.Kind == "cw.put" && decode(change.Payload, says) == nil && areNames(says.Replaces, names) &&
		proto.Equal(says, &causewayv1.MapPut{Key: key, Value: put.Value, Type: put.Type, Blob: put.Blob, Replaces: says.Replaces})
}

// namesOf returns the versions that a change must replace, ascending; nil: any.
func namesOf(asked *causewayv1.KeyChange, expect []*causewayv1.Expectation) [][]byte {
	var names [][]byte
	if asked.Replaces != nil {
		names = asked.Replaces.Entries
	} else {
		index := slices.IndexFunc(expect, func(each *causewayv1.Expectation) bool {
			return each.Key.Store == asked.Key.Store && each.Key.Key == asked.Key.Key
		})
		if index < 0 || len(expect[index].Versions) > maxReplaces {
			return nil
		}
		names = expect[index].Versions
	}
	sorted := append([][]byte{}, names...)
	slices.SortFunc(sorted, bytes.Compare)
	return slices.CompactFunc(sorted, bytes.Equal)
}

// areNames reports whether these are names of versions, and those that were asked for; nil: any.
func areNames(names, asked [][]byte) bool {
	return areIDs(names, maxReplaces) && (asked == nil || slices.EqualFunc(names, asked, bytes.Equal))
}
