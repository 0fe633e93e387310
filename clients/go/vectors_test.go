package causeway

// The vectors that all implementations share.

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"testing"
	"time"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

// pieces are bytes as the vectors write them: hex, or a list of pieces that may repeat.
type pieces []byte

func (to *pieces) UnmarshalJSON(data []byte) error {
	var text string
	var list []json.RawMessage
	var repeated struct {
		Repeat pieces
		Times  int
	}
	switch data[0] {
	case '"':
		err := json.Unmarshal(data, &text)
		decoded, decoding := hex.DecodeString(text)
		*to = decoded
		return errors.Join(err, decoding)
	case '{':
		err := json.Unmarshal(data, &repeated)
		*to = bytes.Repeat(repeated.Repeat, repeated.Times)
		return err
	}
	err := json.Unmarshal(data, &list)
	for _, each := range list {
		var piece pieces
		err = errors.Join(err, piece.UnmarshalJSON(each))
		*to = append(*to, piece...)
	}
	return err
}

type vectorEntry struct {
	Name, Code, DecidedBy, Cid string
	Body, Signature, ID        pieces
	Seed                       *pieces
	Alone                      bool
	Fields                     struct {
		Height  uint64
		Changes []json.RawMessage
	}
	Known []struct {
		ID, Tree pieces
		Height   uint64
	}
}

func (vector *vectorEntry) signed() *causewayv1.SignedEntry {
	return &causewayv1.SignedEntry{Body: vector.Body, Signature: vector.Signature}
}

func readVectors(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("../../conformance/vectors/" + name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// readEntryVectors returns the vectors, and all valid entries taken into their trees.
func readEntryVectors(t *testing.T) (valid, invalid []vectorEntry, trees map[ID]*taken) {
	var file struct{ Valid, Invalid []vectorEntry }
	readVectors(t, "entries.json", &file)
	trees = map[ID]*taken{}
	for _, vector := range file.Valid {
		entry, err := VerifyEntry(vector.signed())
		if err != nil {
			t.Errorf("%s: %v", vector.Name, err)
			continue
		}
		if vector.Alone {
			continue
		}
		if trees[entry.Tree()] == nil {
			trees[entry.Tree()] = newTaken(entry.Tree())
		}
		if err := trees[entry.Tree()].take(entry); err != nil {
			t.Errorf("%s: %v", vector.Name, err)
		}
	}
	return file.Valid, file.Invalid, trees
}

func TestValidEntries(t *testing.T) {
	valid, _, _ := readEntryVectors(t)
	if len(valid) < 40 {
		t.Fatalf("only %d vectors", len(valid))
	}
	for _, vector := range valid {
		entry, err := VerifyEntry(vector.signed())
		if err != nil {
			t.Errorf("%s: %v", vector.Name, err)
			continue
		}
		id, err := ParseID(vector.Cid)
		if err != nil || entry.ID != id || !bytes.Equal(id[:], vector.ID) || id.String() != vector.Cid {
			t.Errorf("%s: the id is %s, expected %s", vector.Name, entry.ID, vector.Cid)
		}
		if entry.Body.Height != vector.Fields.Height {
			t.Errorf("%s: the height is %d", vector.Name, entry.Body.Height)
		}
		if vector.Seed == nil {
			continue
		}
		key, err := KeyFromSeed(*vector.Seed)
		if err != nil {
			t.Fatal(err)
		}
		again, err := key.SignEntry(entry.Body)
		if err != nil || again.ID != entry.ID || !bytes.Equal(again.Signed.Body, vector.Body) {
			t.Errorf("%s: signing it again gives another entry: %v", vector.Name, err)
		}
	}
}

func TestInvalidEntries(t *testing.T) {
	_, invalid, trees := readEntryVectors(t)
	if len(invalid) < 140 {
		t.Fatalf("only %d vectors", len(invalid))
	}
	for _, vector := range invalid {
		stage := "signature"
		_, err := readBody(vector.Body)
		if err != nil || len(vector.Signature) != 64 {
			stage = "body"
		}
		entry, err := VerifyEntry(vector.signed())
		if err == nil {
			stage = vector.DecidedBy
			err = takeInvalid(entry, vector, trees)
		}
		if !errors.Is(err, Code(vector.Code)) || stage != vector.DecidedBy {
			t.Errorf("%s: expected %s by %s, got %v by %s", vector.Name, vector.Code, vector.DecidedBy, err, stage)
		}
	}
}

// takeInvalid adds an entry to its tree, or to one of just the entries that the vector calls known.
func takeInvalid(entry *Entry, vector vectorEntry, trees map[ID]*taken) error {
	if vector.DecidedBy == "policy" {
		return trees[entry.Tree()].take(entry)
	}
	taken := newTaken(entry.Tree())
	for _, known := range vector.Known {
		if ID(known.Tree) != entry.Tree() {
			// Of another tree: whoever fetches one tree has no such entry at all, and names the tree first.
			return newError(EntryTree, "a parent in another tree")
		}
		taken.heights[ID(known.ID)] = known.Height
	}
	return taken.take(entry)
}

func TestBindings(t *testing.T) {
	var file struct {
		Certificates []struct {
			Name, Binding string
			Der           pieces
		}
		Handshakes []struct {
			Peer, CallerNonce, ServerNonce, Signature pieces
			Binding                                   string
		}
		Tokens []struct {
			Name, Token, Reason string
			Seed                pieces
			Claims              json.RawMessage
		}
	}
	readVectors(t, "bindings.json", &file)
	for _, vector := range file.Certificates {
		if got := certificateBinding(vector.Der); got != vector.Binding {
			t.Errorf("%s: expected %s, got %s", vector.Name, vector.Binding, got)
		}
	}
	for _, vector := range file.Handshakes {
		signed := []byte(handshakeDomain + string(vector.CallerNonce) + string(vector.ServerNonce) + vector.Binding)
		if !verify(PeerID(vector.Peer), signed, vector.Signature) {
			t.Errorf("the handshake for %q does not hold", vector.Binding)
		}
		if verify(PeerID(vector.Peer), append(signed, 'x'), vector.Signature) {
			t.Errorf("the handshake for %q holds for another binding", vector.Binding)
		}
	}
	signed := 0
	for _, vector := range file.Tokens {
		if vector.Reason != "" || regexp.MustCompile("origin|false").Match(vector.Claims) {
			continue
		}
		var claims claims
		if err := json.Unmarshal(vector.Claims, &claims); err != nil {
			t.Fatal(err)
		}
		key, _ := KeyFromSeed(vector.Seed)
		if token := key.signToken(claims); token != vector.Token {
			t.Errorf("%s: expected %s, got %s", vector.Name, vector.Token, token)
		}
		signed++
	}
	if len(file.Certificates) < 13 || len(file.Handshakes) < 4 || signed < 5 {
		t.Errorf("%d certificates, %d handshakes and %d tokens", len(file.Certificates), len(file.Handshakes), signed)
	}
}

func TestTokens(t *testing.T) {
	now := time.Now()
	once, often := &tokens{key: GenerateKey()}, &tokens{key: GenerateKey(), reusable: true}
	first, first2 := once.next(now), often.next(now)
	if once.next(now) == first {
		t.Error("a token for one call is used for two")
	}
	if often.next(now.Add(tokenLife/2-1)) != first2 {
		t.Error("a reusable token is used for one call")
	}
	if often.next(now.Add(tokenLife/2)) == first2 {
		t.Error("a reusable token is shown until it expires")
	}
	if second := often.next(now.Add(tokenLife)); often.next(now) == second {
		t.Error("a token of the future is shown after the clock was set back")
	}
}

// TestStatesEntries takes the trees of the state vectors: all their entries are valid, also those that are void.
func TestStatesEntries(t *testing.T) {
	var file struct {
		Vectors []struct {
			Name    string
			Entries []vectorEntry
		}
	}
	readVectors(t, "state.json", &file)
	entries := 0
	for _, vector := range file.Vectors {
		var tree *taken
		for _, each := range vector.Entries {
			entry, err := VerifyEntry(each.signed())
			if err == nil {
				if tree == nil {
					tree = newTaken(entry.ID)
				}
				err = tree.take(entry)
				entries++
			}
			if err != nil {
				t.Errorf("%s: %v", vector.Name, err)
			}
		}
	}
	if entries < 200 {
		t.Errorf("only %d entries", entries)
	}
}
