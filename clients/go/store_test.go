package causeway

// Stores at a real node, and answers that must not be signed.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

func TestStore(t *testing.T) {
	lab, ctx := newLab(t), testContext(t)
	_, tree := lab.dial()
	notes := tree.Store("notes")
	first, err := notes.Put(ctx, "title", Text("Grüße"), Expect(), Durable())
	if err != nil {
		t.Fatal(err)
	}
	item, err := notes.Get(ctx, "title", At(first), Wait(time.Second))
	if err != nil || string(item.Value.Value) != "Grüße" || item.Value.Type != "text/plain" || ID(item.Value.Entry) != first {
		t.Fatalf("the item is %v: %v", item, err)
	}
	if _, err := notes.Put(ctx, "title", Text("late"), Expect()); !errors.Is(err, Conflict) {
		t.Errorf("a key that is there is taken for absent: %v", err)
	}
	second, err := notes.Put(ctx, "title", JSON(map[string]int{"a": 1}), Expect(first))
	if err != nil {
		t.Fatal(err)
	}
	// A write that has not seen the second one stands beside it.
	beside, err := notes.Put(ctx, "title", Bytes([]byte{0, 255}), Replaces(first))
	if err != nil {
		t.Fatal(err)
	}
	for item, err := range notes.Conflicts(ctx, "", At(second, beside)) {
		if err != nil || len(item.Conflicts) != 1 || item.Key.Key != "title" {
			t.Errorf("the conflict is %v: %v", item, err)
		}
	}
	gone, err := notes.Delete(ctx, "title", Replaces(second, beside))
	if err != nil {
		t.Fatal(err)
	}
	if item, err := notes.Get(ctx, "title", At(gone)); err != nil || item.Value != nil {
		t.Errorf("the key is still there: %v, %v", item, err)
	}
	var done []ID
	for past, err := range notes.History(ctx, "title") {
		if err != nil {
			t.Fatal(err)
		}
		done = append(done, ID(past.Version.Entry))
	}
	if len(done) != 4 || done[0] != gone || done[3] != first {
		t.Errorf("the history is %v", done)
	}
	if _, err := notes.Get(ctx, "title", At(ID{1}), Wait(time.Millisecond)); !errors.Is(err, NotHereYet) {
		t.Errorf("a read does not wait for an entry: %v", err)
	}
	var known *Error
	if _, err := notes.Get(ctx, strings.Repeat("k", 513)); !errors.As(err, &known) || known.Code != LimitExceeded {
		t.Errorf("a key past its bound: %v", err)
	}
}

func TestNumbers(t *testing.T) {
	lab, ctx := newLab(t), testContext(t)
	_, tree := lab.dial()
	likes := tree.Store("likes")
	var at ID
	for _, delta := range []int64{1, 41, -1 << 52, 1<<52 - 1} {
		var err error
		if at, err = likes.Add(ctx, "a", delta); err != nil {
			t.Fatal(err)
		}
	}
	item, err := likes.Get(ctx, "a", At(at))
	if err != nil || item.Value.GetSum() != 41 {
		t.Errorf("the number is %v: %v", item, err)
	}
	if _, err = likes.Delete(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	// Nothing is left to add to, so the node writes a put of the number.
	if at, err = likes.Add(ctx, "a", -7); err != nil {
		t.Fatal(err)
	}
	if item, err = likes.Get(ctx, "a", At(at)); err != nil || item.Value.GetSum() != -7 || string(item.Value.Value) != "-7" {
		t.Errorf("the number is %v: %v", item, err)
	}
}

func TestListsAndWatch(t *testing.T) {
	lab, ctx := newLab(t), testContext(t)
	_, tree := lab.dial()
	notes := tree.Store("notes")
	var changes []*causewayv1.KeyChange
	var keys []string
	for index := range 230 {
		keys = append(keys, fmt.Sprintf("a/%03d", index))
		put := &causewayv1.KeyChange_Put{Put: &causewayv1.Put{Value: bytes.Repeat([]byte{byte(index)}, 100)}}
		changes = append(changes, &causewayv1.KeyChange{Key: &causewayv1.Key{Store: "notes", Key: keys[index]}, What: put})
	}
	at, err := tree.Write(ctx, changes)
	if err != nil {
		t.Fatal(err)
	}
	items, err := notes.GetMany(ctx, keys, At(at))
	if err != nil || len(items) != 230 || items[229].Value.Value[0] != 229 {
		t.Fatalf("got %d items: %v", len(items), err)
	}
	var listed, stores []string
	for item, err := range notes.List(ctx, "a/1", At(at)) {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, item.Key.Key)
	}
	if !slices.Equal(listed, keys[100:200]) {
		t.Errorf("the list is %v", listed)
	}
	for name, err := range tree.Stores(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		stores = append(stores, name)
	}
	if !slices.Equal(stores, []string{"notes"}) {
		t.Errorf("the stores are %v", stores)
	}
	seen, synced, after := 0, false, uint64(0)
	for event, err := range notes.Watch(ctx, "a/22", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if seen += len(event.Items); event.Synced {
			synced, after = true, event.Sequence
			break
		}
	}
	if seen != 10 || !synced {
		t.Errorf("the watch has %d items", seen)
	}
	// The connection is lost, and the watch goes on.
	restarted := false
	for event, err := range notes.Watch(ctx, "a/22", after) {
		if err != nil {
			t.Fatal(err)
		}
		if !restarted {
			restarted = true
			lab.stop()
			lab.start("--http", strings.TrimPrefix(lab.address, "http://"))
			if _, err := notes.Put(ctx, "a/225", Text("new")); err != nil {
				if _, err := notes.Put(ctx, "a/225", Text("new")); err != nil {
					t.Fatal(err)
				}
			}
		}
		if index := slices.IndexFunc(event.Items, func(item *Item) bool { return string(item.GetValue().GetValue()) == "new" }); index >= 0 {
			break
		}
	}
}

// TestLies signs nothing but what was asked for.
func TestLies(t *testing.T) {
	key, tree, nonce := GenerateKey(), ID{1}, []byte("8 bytes.")
	change := &causewayv1.KeyChange{
		Key: &causewayv1.Key{Store: "notes", Key: "k"}, What: &causewayv1.KeyChange_Put{Put: &causewayv1.Put{Value: []byte("v"), Type: "text/plain"}},
		Replaces: &causewayv1.Versions{},
	}
	what := asked{tree: tree, nonce: nonce, changes: []*causewayv1.KeyChange{change}}
	prepare := func(lie func(*causewayv1.EntryBody, *causewayv1.MapPut)) []byte {
		put := &causewayv1.MapPut{Key: "k", Value: []byte("v"), Type: "text/plain"}
		body := &causewayv1.EntryBody{
			Version: 1, Tree: tree[:], Parents: [][]byte{tree[:]}, Height: 1, Author: key.peer[:], CreatedAtMs: uint64(time.Now().UnixMilli()),
			Changes: []*causewayv1.Change{{Store: "notes", Kind: "cw.put"}}, Nonce: nonce,
		}
		lie(body, put)
		if len(body.Changes) > 0 {
			body.Changes[0].Payload = encode(put)
		}
		return encode(body)
	}
	other := bytes.Repeat([]byte{7}, 32)
	if _, err := key.signPrepared(prepare(func(*causewayv1.EntryBody, *causewayv1.MapPut) {}), what); err != nil {
		t.Fatalf("the truth is not signed: %v", err)
	}
	lies := map[string]func(*causewayv1.EntryBody, *causewayv1.MapPut){
		"version":    func(body *causewayv1.EntryBody, _ *causewayv1.MapPut) { body.Version = 2 },
		"tree":       func(body *causewayv1.EntryBody, _ *causewayv1.MapPut) { body.Tree = other },
		"author":     func(body *causewayv1.EntryBody, _ *causewayv1.MapPut) { body.Author = other },
		"nonce":      func(body *causewayv1.EntryBody, _ *causewayv1.MapPut) { body.Nonce = other },
		"no nonce":   func(body *causewayv1.EntryBody, _ *causewayv1.MapPut) { body.Nonce = nil },
		"no changes": func(body *causewayv1.EntryBody, _ *causewayv1.MapPut) { body.Changes = nil },
		"another change": func(body *causewayv1.EntryBody, _ *causewayv1.MapPut) {
			body.Changes = append(body.Changes, body.Changes[0])
		},
		"store":             func(body *causewayv1.EntryBody, _ *causewayv1.MapPut) { body.Changes[0].Store = "other" },
		"kind":              func(body *causewayv1.EntryBody, _ *causewayv1.MapPut) { body.Changes[0].Kind = "cw.delete" },
		"key":               func(_ *causewayv1.EntryBody, put *causewayv1.MapPut) { put.Key = "other" },
		"value":             func(_ *causewayv1.EntryBody, put *causewayv1.MapPut) { put.Value = other },
		"type":              func(_ *causewayv1.EntryBody, put *causewayv1.MapPut) { put.Type = "text/html" },
		"blob":              func(_ *causewayv1.EntryBody, put *causewayv1.MapPut) { put.Blob = &causewayv1.Blob{Id: other, Size: 1} },
		"replaces":          func(_ *causewayv1.EntryBody, put *causewayv1.MapPut) { put.Replaces = [][]byte{other} },
		"too early":         func(body *causewayv1.EntryBody, _ *causewayv1.MapPut) { body.CreatedAtMs -= 2 * 86_400_000 },
		"too late":          func(body *causewayv1.EntryBody, _ *causewayv1.MapPut) { body.CreatedAtMs += 2 * 86_400_000 },
		"far too late":      func(body *causewayv1.EntryBody, _ *causewayv1.MapPut) { body.CreatedAtMs = maxNumber },
		"unsorted replaces": func(_ *causewayv1.EntryBody, put *causewayv1.MapPut) { put.Replaces = [][]byte{other, tree[:]} },
	}
	for name, lie := range lies {
		if _, err := key.signPrepared(prepare(lie), what); !errors.Is(err, Protocol) {
			t.Errorf("a lie about the %s is signed: %v", name, err)
		}
	}
	honest := prepare(func(*causewayv1.EntryBody, *causewayv1.MapPut) {})
	for name, bytes := range map[string][]byte{
		"a field that nobody knows":    append(slices.Clone(honest), 0x7a, 1, 1),
		"a number in too many bytes":   append([]byte{8, 0x81, 0}, honest[2:]...),
		"a byte too few":               honest[:len(honest)-1],
		"nothing":                      nil,
		"a payload that is too narrow": prepare(func(body *causewayv1.EntryBody, put *causewayv1.MapPut) { put.Value = nil }),
	} {
		if _, err := key.signPrepared(bytes, what); !errors.Is(err, Protocol) {
			t.Errorf("%s is signed: %v", name, err)
		}
	}
	// Where the versions were left open, the node names any. Where they are expected, only these.
	named := prepare(func(_ *causewayv1.EntryBody, put *causewayv1.MapPut) { put.Replaces = [][]byte{other} })
	change.Replaces = nil
	if _, err := key.signPrepared(named, what); err != nil {
		t.Errorf("the node may name versions: %v", err)
	}
	what.expect = []*causewayv1.Expectation{{Key: change.Key, Versions: [][]byte{tree[:]}}}
	if _, err := key.signPrepared(named, what); !errors.Is(err, Protocol) {
		t.Errorf("other versions than were expected are replaced: %v", err)
	}
	what.expect[0].Versions = [][]byte{other}
	if _, err := key.signPrepared(named, what); err != nil {
		t.Errorf("the expected versions are replaced: %v", err)
	}
}

func TestFetchAndPush(t *testing.T) {
	lab, ctx := newLab(t), testContext(t)
	_, tree := lab.dial()
	for index := range 12 {
		if _, err := tree.Commit(ctx, []*causewayv1.Change{{Store: "log", Payload: bytes.Repeat([]byte{byte(index)}, 100_000)}}); err != nil {
			t.Fatal(err)
		}
	}
	var entries []*Entry
	for entry, err := range tree.Fetch(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry)
	}
	about, err := tree.Get(ctx)
	if err != nil || uint64(len(entries)) != about.Tree.Count || entries[0].ID != lab.tree {
		t.Fatalf("fetched %d entries of %v: %v", len(entries), about, err)
	}
	for range tree.Fetch(ctx) {
		break // A reader may leave.
	}
	if _, err := first(tree.node.Tree(ID{1}).Fetch(ctx)); !errors.Is(err, UnknownTree) {
		t.Errorf("a tree that is not there: %v", err)
	}
	if pushed, err := tree.Push(ctx, slices.Values(entries)); err != nil || pushed != (Pushed{0, len(entries)}) {
		t.Errorf("pushed %v: %v", pushed, err)
	}
	last := entries[len(entries)-1]
	next := func(height uint64, key *Key) *Entry {
		entry, err := key.SignEntry(&causewayv1.EntryBody{
			Version: 1, Tree: lab.tree[:], Parents: [][]byte{last.ID[:]}, Height: height, Policy: last.Body.Policy,
			CreatedAtMs: uint64(time.Now().UnixMilli()), Changes: []*causewayv1.Change{{Store: "log", Payload: []byte("mine")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return entry
	}
	if pushed, err := tree.Push(ctx, slices.Values([]*Entry{next(last.Body.Height+1, lab.key)})); err != nil || pushed.Added != 1 {
		t.Errorf("pushed %v: %v", pushed, err)
	}
	if answer, err := tree.Submit(ctx, []*Entry{next(last.Body.Height+1, lab.key)}); err != nil || answer.Added != 1 {
		t.Errorf("submitted %v: %v", answer, err)
	}
	for code, refused := range map[Code]*Entry{EntryHeight: next(1, lab.key), EntryForbidden: next(last.Body.Height+1, GenerateKey())} {
		var known *Error
		if _, err := tree.Push(ctx, slices.Values([]*Entry{refused})); !errors.As(err, &known) || known.Code != code || known.Data["id"] != refused.ID.String() {
			t.Errorf("expected %s, got %v", code, err)
		}
		if _, err := tree.Submit(ctx, []*Entry{refused}); !errors.Is(err, code) {
			t.Errorf("expected %s, got %v", code, err)
		}
		if err := takenOf(entries).take(refused); !errors.Is(err, code) {
			t.Errorf("expected %s, got %v", code, err)
		}
	}
}

func takenOf(entries []*Entry) *taken {
	taken := newTaken(entries[0].ID)
	for _, entry := range entries {
		if err := taken.take(entry); err != nil {
			panic(err)
		}
	}
	return taken
}

// first returns what a sequence yields first.
func first[Item any](sequence func(func(Item, error) bool)) (item Item, err error) {
	for item, err := range sequence {
		return item, err
	}
	return item, context.Canceled
}
