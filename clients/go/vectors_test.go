package causeway

// The vectors that all implementations share.

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"regexp"
	"strings"
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
		RefusedHandshakes []struct {
			Name, Binding                             string
			Peer, CallerNonce, ServerNonce, Signature pieces
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
	for _, vector := range file.RefusedHandshakes {
		signed := []byte(handshakeDomain + string(vector.CallerNonce) + string(vector.ServerNonce) + vector.Binding)
		if verify(PeerID(vector.Peer), signed, vector.Signature) {
			t.Errorf("%s: the handshake holds", vector.Name)
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
	if len(file.Certificates) < 13 || len(file.Handshakes) < 4 || len(file.RefusedHandshakes) < 10 || signed < 5 {
		t.Errorf("%d certificates, %d handshakes and %d tokens", len(file.Certificates), len(file.Handshakes), signed)
	}
}

// textPieces are texts as the vectors write them: a text, or a list of pieces that may repeat.
type textPieces string

func (to *textPieces) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		*to = textPieces(text)
		return nil
	}
	var repeated struct {
		Repeat string
		Times  int
	}
	if data[0] == '{' {
		err := json.Unmarshal(data, &repeated)
		*to = textPieces(strings.Repeat(repeated.Repeat, repeated.Times))
		return err
	}
	var list []textPieces
	err := json.Unmarshal(data, &list)
	for _, each := range list {
		*to += each
	}
	return err
}

type refusedText struct {
	Name string
	Text textPieces
}

func TestTextVectors(t *testing.T) {
	var file struct {
		IDs []struct {
			ID   pieces
			Text string
		}
		RefusedIDs, RefusedPeers []refusedText
	}
	readVectors(t, "texts.json", &file)
	for _, vector := range file.IDs {
		if id, err := ParseID(vector.Text); err != nil || !bytes.Equal(id[:], vector.ID) || id.String() != vector.Text {
			t.Errorf("%s is read as %s: %v", vector.Text, id, err)
		}
	}
	for _, vector := range file.RefusedIDs {
		if _, err := ParseID(string(vector.Text)); !errors.Is(err, InvalidArgument) {
			t.Errorf("%s: it is taken for an id: %v", vector.Name, err)
		}
	}
	for _, vector := range file.RefusedPeers {
		if _, err := ParsePeerID(string(vector.Text)); !errors.Is(err, InvalidArgument) {
			t.Errorf("%s: it is taken for a PeerId: %v", vector.Name, err)
		}
	}
	if len(file.IDs) < 5 || len(file.RefusedIDs) < 20 || len(file.RefusedPeers) < 8 {
		t.Errorf("%d ids, %d refused ones and %d refused peers", len(file.IDs), len(file.RefusedIDs), len(file.RefusedPeers))
	}
}

func TestTicketVectors(t *testing.T) {
	var file struct {
		Tickets []struct {
			Name          string
			Text, Printed textPieces
			Ticket        struct {
				Tree       pieces
				Invitation *pieces
				Peers      []struct {
					Peer      *pieces
					Addresses []textPieces
				}
			}
		}
		Refused []refusedText
	}
	readVectors(t, "tickets.json", &file)
	for _, vector := range file.Tickets {
		ticket, err := ParseTicket(string(vector.Text))
		if err != nil {
			t.Errorf("%s: %v", vector.Name, err)
			continue
		}
		wanted := &Ticket{Tree: ID(vector.Ticket.Tree)}
		if vector.Ticket.Invitation != nil {
			wanted.Invitation = *vector.Ticket.Invitation
		}
		for _, each := range vector.Ticket.Peers {
			peer := TicketPeer{}
			if each.Peer != nil {
				key := PeerID(*each.Peer)
				peer.Peer = &key
			}
			for _, address := range each.Addresses {
				peer.Addresses = append(peer.Addresses, string(address))
			}
			wanted.Peers = append(wanted.Peers, peer)
		}
		if !reflect.DeepEqual(ticket, wanted) {
			t.Errorf("%s: it is read as %+v", vector.Name, ticket)
		}
		if ticket.String() != string(vector.Printed) {
			t.Errorf("%s: it is printed as %s", vector.Name, ticket)
		}
	}
	for _, vector := range file.Refused {
		if _, err := ParseTicket(string(vector.Text)); !errors.Is(err, InvalidArgument) {
			t.Errorf("%s: it is taken for a ticket: %v", vector.Name, err)
		}
	}
	if len(file.Tickets) < 14 || len(file.Refused) < 30 {
		t.Errorf("%d tickets and %d refused ones", len(file.Tickets), len(file.Refused))
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
