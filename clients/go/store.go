package causeway

// Reads the keys of a store.

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

// A Store is a named store of a tree: keys with values, and the numbers that adds sum up to.
type Store struct {
	tree *Tree
	name string
}

// Store returns a handle of a store. A store exists because changes name it.
func (tree *Tree) Store(name string) *Store { return &Store{tree, name} }

// Item is a key with its value, and the versions that conflict with it. Its Value is nil if the key is absent.
type Item = causewayv1.Item

// A Value is what a put writes: bytes, and the media type by which they read.
type Value struct {
	Bytes []byte
	Type  string
}

// Bytes returns a value of bytes.
func Bytes(bytes []byte) Value { return Value{bytes, ""} }

// Text returns a value of text.
func Text(text string) Value { return Value{[]byte(text), "text/plain"} }

// JSON returns a value of JSON. It panics if encoding/json cannot encode it.
func JSON(value any) Value {
	bytes, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return Value{bytes, "application/json"}
}

// A ReadOption says what a read must see.
type ReadOption func(*causewayv1.ReadOptions)

// At makes a read wait for entries, at most 32: the ids of the writes that it must see. It fails with [NotHereYet] if one
// does not come in time.
func At(ids ...ID) ReadOption {
	return func(read *causewayv1.ReadOptions) { read.At = append(read.At, bytesOf(ids)...) }
}

// Wait says how long a read waits for the entries of [At]: at most 30 seconds, 5 unless said.
func Wait(duration time.Duration) ReadOption {
	return func(read *causewayv1.ReadOptions) { read.WaitMs = uint32(duration.Milliseconds()) }
}

func readOptions(with []ReadOption) *causewayv1.ReadOptions {
	read := &causewayv1.ReadOptions{}
	for _, option := range with {
		option(read)
	}
	return read
}

// Get returns a key. Without a Value it is absent.
func (store *Store) Get(ctx context.Context, key string, with ...ReadOption) (*Item, error) {
	items, err := store.GetMany(ctx, []string{key}, with...)
	if err != nil {
		return nil, err
	}
	return items[0], nil
}

// GetMany returns keys in their order, in as many calls as it takes.
func (store *Store) GetMany(ctx context.Context, keys []string, with ...ReadOption) ([]*Item, error) {
	items := make([]*Item, 0, len(keys))
	for len(items) < len(keys) {
		request := &causewayv1.GetRequest{Tree: store.tree.id[:], Read: readOptions(with)}
		for _, key := range keys[len(items):min(len(items)+getKeys, len(keys))] {
			request.Keys = append(request.Keys, store.key(key))
		}
		page, err := call(ctx, store.tree.node, store.tree.node.stores.Get, request)
		if err != nil {
			return nil, err
		}
		if len(page.Items) == 0 || len(page.Items) > len(request.Keys) {
			return nil, newError(Protocol, "The node returned %d items for %d keys.", len(page.Items), len(request.Keys))
		}
		items = append(items, page.Items...)
	}
	return items, nil
}

// List returns the keys that begin with a prefix, in ascending order, with their values.
func (store *Store) List(ctx context.Context, prefix string, with ...ReadOption) iter.Seq2[*Item, error] {
	return pages(func(token string) ([]*Item, string, error) {
		page, err := call(ctx, store.tree.node, store.tree.node.stores.List, &causewayv1.ListRequest{
			Tree: store.tree.id[:], Store: store.name, Prefix: prefix, PageSize: listPage, PageToken: token, Read: readOptions(with),
		})
		return page.GetItems(), page.GetNextPageToken(), err
	})
}

// Conflicts returns the keys that begin with a prefix and have conflicts, with all their versions. Write with
// [Replaces] of all of them to resolve one.
func (store *Store) Conflicts(ctx context.Context, prefix string, with ...ReadOption) iter.Seq2[*Item, error] {
	return pages(func(token string) ([]*Item, string, error) {
		page, err := call(ctx, store.tree.node, store.tree.node.stores.ListConflicts, &causewayv1.ListConflictsRequest{
			Tree: store.tree.id[:], Store: store.name, Prefix: prefix, PageSize: listPage, PageToken: token, Read: readOptions(with),
		})
		return page.GetItems(), page.GetNextPageToken(), err
	})
}

// History returns what entries did to a key, newest first.
func (store *Store) History(ctx context.Context, key string, with ...ReadOption) iter.Seq2[*causewayv1.PastVersion, error] {
	return pages(func(token string) ([]*causewayv1.PastVersion, string, error) {
		page, err := call(ctx, store.tree.node, store.tree.node.stores.History, &causewayv1.HistoryRequest{
			Tree: store.tree.id[:], Key: store.key(key), PageToken: token, Read: readOptions(with),
		})
		return page.GetVersions(), page.GetNextPageToken(), err
	})
}

// Watch returns the keys that begin with a prefix, as they are now, then one event with Synced, then each key that
// changes. Pass the Sequence of an event as `after` to go on after it (0: begin with all keys). It goes on by itself
// when the connection is lost; keys may then come again. It ends with the context or with an error that stays.
func (store *Store) Watch(ctx context.Context, prefix string, after uint64) iter.Seq2[*causewayv1.WatchStoreResponse, error] {
	synced := false
	return follow(ctx, store.tree.node, func(ctx context.Context) (stream[causewayv1.WatchStoreResponse], error) {
		return store.tree.node.stores.WatchStore(ctx, &causewayv1.WatchStoreRequest{
			Tree: store.tree.id[:], Store: store.name, Prefix: prefix, AfterSequence: after,
		})
	}, func(message *causewayv1.WatchStoreResponse) (*causewayv1.WatchStoreResponse, error) {
		after = max(after, message.Sequence)
		if len(message.Items) == 0 && (synced || !message.Synced) {
			return nil, nil
		}
		synced = synced || message.Synced
		return message, nil
	})
}

// Stores returns the names of the stores that have keys.
func (tree *Tree) Stores(ctx context.Context, with ...ReadOption) iter.Seq2[string, error] {
	return pages(func(token string) ([]string, string, error) {
		page, err := call(ctx, tree.node, tree.node.stores.ListStores, &causewayv1.ListStoresRequest{
			Tree: tree.id[:], PageSize: listPage, PageToken: token, Read: readOptions(with),
		})
		return page.GetStores(), page.GetNextPageToken(), err
	})
}

func (store *Store) key(key string) *causewayv1.Key {
	return &causewayv1.Key{Store: store.name, Key: key}
}
