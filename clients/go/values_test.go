package causeway

// Ids, key files, tickets and errors.

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestIDs(t *testing.T) {
	id := ID{1, 2, 3}
	if again, err := ParseID(id.String()); err != nil || again != id {
		t.Errorf("%s is read as %s: %v", id, again, err)
	}
	for _, text := range []string{"", "b", "bafkrei", strings.ToUpper(id.String()), id.String() + "a", "z" + id.String()[1:], id.String()[:len(id.String())-1] + "b"} {
		if _, err := ParseID(text); !errors.Is(err, InvalidArgument) {
			t.Errorf("%q is taken for an id: %v", text, err)
		}
	}
	for _, text := range []string{"", strings.Repeat("0", 63), strings.Repeat("A", 64), strings.Repeat("g", 64)} {
		if _, err := ParsePeerID(text); !errors.Is(err, InvalidArgument) {
			t.Errorf("%q is taken for a PeerId: %v", text, err)
		}
	}
}

func TestKeyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "app.key")
	key, err := OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := OpenKey(path); err != nil || again.Peer() != key.Peer() {
		t.Errorf("the key changes: %v", err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the key: %v", info.Mode())
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("%d files are left", len(files))
	}
	for _, text := range []string{"", "00", strings.Repeat("g", 64)} {
		os.WriteFile(path, []byte(text), 0o600)
		if _, err := OpenKey(path); !errors.Is(err, InvalidArgument) {
			t.Errorf("%q is taken for a key: %v", text, err)
		}
	}
}

func TestTickets(t *testing.T) {
	tree, peer, other := ID{7}.String(), PeerID{8}.String(), PeerID{9}.String()
	secret := PeerID{10}.String()
	text := "causeway:?db=" + tree + "&by=" + peer + "&in=" + secret + "&pr=http://127.0.0.1:4100&pr=iroh:abc%3Fx%3D1&by=" + other + "&pr=https://b.example"
	ticket, err := ParseTicket(text)
	if err != nil {
		t.Fatal(err)
	}
	if ticket.Tree.String() != tree || len(ticket.Peers) != 2 || ticket.Peers[0].Addresses[1] != "iroh:abc?x=1" || ticket.Peers[1].Peer.String() != other {
		t.Errorf("%s is read as %+v", text, ticket)
	}
	if ticket.String() != text {
		t.Errorf("expected %s, got %s", text, ticket)
	}
	if later, err := ParseTicket("causeway:?pr=http://a&new=1&by=" + peer + "&db=" + tree); err != nil || later.Peers[0].Peer.String() != peer {
		t.Errorf("the first peer may follow its addresses: %v", err)
	}
	many := strings.Repeat("&pr=http://a", maxTicketAddresses)
	for _, wrong := range []string{
		"", "causeway:?", "http://a", "causeway:?db=" + tree, "causeway:?db=" + tree + "&db=" + tree + "&pr=http://a", "causeway:?db=x&pr=http://a",
		"causeway:?db=" + tree + "&pr=http://a&in=" + secret + "&in=" + secret, "causeway:?db=" + tree + "&pr=http://a&in=00",
		"causeway:?db=" + tree + "&by=" + peer + "&pr=http://a&by=" + peer + "&pr=http://b", "causeway:?db=" + tree + "&by=" + peer + "&pr=http://a&by=" + other,
		"causeway:?db=" + tree + many + "&pr=http://a", "causeway:?db=" + tree + "&pr=" + strings.Repeat("a", maxTicketBytes), "causeway:?db=" + tree + "&pr=%zz",
	} {
		if _, err := ParseTicket(wrong); !errors.Is(err, InvalidArgument) {
			t.Errorf("%q is taken for a ticket: %v", quote(wrong), err)
		}
	}
	if _, err := ParseTicket("causeway:?db=" + tree + many); err != nil {
		t.Errorf("a ticket has as many addresses as it may: %v", err)
	}
}

func TestErrors(t *testing.T) {
	err := error(&Error{Code: Conflict, Message: "later"})
	var known *Error
	if !errors.As(err, &known) || !errors.Is(err, Conflict) || errors.Is(err, Closed) || err.Error() != "CONFLICT: later" {
		t.Errorf("%v is not what it says", err)
	}
	if AsError(nil) != nil || AsError(err) != err {
		t.Error("an error is translated twice")
	}
}
