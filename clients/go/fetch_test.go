package causeway

// Fetches from nodes that lie, are cut off, or fall silent.

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
	"github.com/causeway-sync/causeway/clients/go/causeway/v1/causewayv1connect"
)

// A fakeNode answers a fetch as a test says, and has a key of its own.
type fakeNode struct {
	causewayv1connect.UnimplementedSyncServiceHandler
	key    *Key
	answer func(*causewayv1.SyncTreeRequest, func(header *causewayv1.SyncTreeHeader, entries ...*Entry)) error
}

func (node *fakeNode) Handshake(_ context.Context, request *causewayv1.HandshakeRequest) (*causewayv1.HandshakeResponse, error) {
	nonce := make([]byte, 32)
	signed := handshakeDomain + string(request.Nonce) + string(nonce) + request.Binding
	return &causewayv1.HandshakeResponse{Version: 2, Peer: node.key.peer[:], Nonce: nonce, Signature: node.key.sign([]byte(signed))}, nil
}

func (node *fakeNode) SyncTree(_ context.Context, request *causewayv1.SyncTreeRequest, stream *connect.ServerStream[causewayv1.SyncTreeResponse]) error {
	return node.answer(request, func(header *causewayv1.SyncTreeHeader, entries ...*Entry) {
		if header != nil {
			stream.Send(&causewayv1.SyncTreeResponse{Part: &causewayv1.SyncTreeResponse_Header{Header: header}})
		}
		if len(entries) > 0 {
			page := &causewayv1.EntryPage{Entries: signedOf(entries)}
			stream.Send(&causewayv1.SyncTreeResponse{Part: &causewayv1.SyncTreeResponse_Page{Page: page}})
		}
	})
}

// start serves the node. It returns a client of it.
func (node *fakeNode) start(t *testing.T) *Node {
	t.Helper()
	_, handler := causewayv1connect.NewSyncServiceHandler(node)
	server := httptest.NewUnstartedServer(handler)
	server.Config.Protocols = &http.Protocols{}
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	client, err := Dial(server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// chain returns a root by a key, and entries that follow each other.
func chain(t *testing.T, key *Key, count int) []*Entry {
	t.Helper()
	policy := &causewayv1.PolicyChange{TreeName: "notes", Keys: []*causewayv1.PolicyKey{{Peer: key.peer[:], Permission: causewayv1.Permission_PERMISSION_ADMIN}}}
	root, err := key.SignEntry(&causewayv1.EntryBody{
		Version: 1, Nonce: make([]byte, 16), Changes: []*causewayv1.Change{{Store: policyStore, Payload: encode(policy)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	entries := []*Entry{root}
	for len(entries) < count {
		entries = append(entries, after(t, key, entries[len(entries)-1]))
	}
	return entries
}

func after(t *testing.T, key *Key, parent *Entry) *Entry {
	t.Helper()
	tree := parent.Tree()
	entry, err := key.SignEntry(&causewayv1.EntryBody{
		Version: 1, Tree: tree[:], Parents: [][]byte{parent.ID[:]}, Height: parent.Body.Height + 1,
		Changes: []*causewayv1.Change{{Store: "log", Payload: []byte("line")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

func headerOf(entries []*Entry) *causewayv1.SyncTreeHeader {
	count, digest := takenOf(entries).summary()
	return &causewayv1.SyncTreeHeader{Status: causewayv1.SyncStatus_SYNC_STATUS_DELTA, Count: count, TipsDigest: digest}
}

func fetchAll(t *testing.T, node *Node, tree ID) (entries []*Entry, err error) {
	t.Helper()
	for entry, err := range node.Tree(tree).Fetch(testContext(t)) {
		if err != nil {
			return entries, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

func TestFetchRefusesLies(t *testing.T) {
	key := GenerateKey()
	honest := chain(t, key, 4)
	header := headerOf(honest)
	foreign, stranger := chain(t, GenerateKey(), 2)[0], after(t, GenerateKey(), honest[3])
	forged := &Entry{honest[1].ID, honest[1].Body, &causewayv1.SignedEntry{Body: honest[1].Signed.Body, Signature: honest[2].Signed.Signature}}
	wrongDigest := headerOf(honest)
	wrongDigest.TipsDigest = make([]byte, 32)
	wrongCount := headerOf(honest)
	wrongCount.Count++
	for name, lie := range map[string]struct {
		header  *causewayv1.SyncTreeHeader
		entries []*Entry
		because Code
	}{
		"a parent that is left out":       {header, []*Entry{honest[0], honest[2]}, EntryMissingParent},
		"an entry of another tree":        {header, []*Entry{honest[0], foreign}, EntryTree},
		"a signature of another entry":    {header, []*Entry{honest[0], forged}, EntrySignature},
		"an entry by somebody else":       {header, append(honest[:4:4], stranger), EntryForbidden},
		"another digest than that":        {wrongDigest, honest, Protocol},
		"another count than that":         {wrongCount, honest, Protocol},
		"less than the header says":       {header, honest[:2], Protocol},
		"pages without a header":          {nil, honest, Protocol},
		"nothing, although there is some": {header, nil, Protocol},
	} {
		node := &fakeNode{key: key, answer: func(_ *causewayv1.SyncTreeRequest, send func(*causewayv1.SyncTreeHeader, ...*Entry)) error {
			send(lie.header, lie.entries...)
			return nil
		}}
		if _, err := fetchAll(t, node.start(t), honest[0].ID); !errors.Is(err, Protocol) || !isBecause(err, lie.because) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// isBecause reports whether an error, or one beneath it, has the code.
func isBecause(err error, code Code) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if known, isKnown := err.(*Error); isKnown && known.Code == code {
			return true
		}
	}
	return false
}

func TestFetchGoesOn(t *testing.T) {
	key := GenerateKey()
	all := chain(t, key, 5)
	var asked []*causewayv1.SyncTreeRequest
	node := &fakeNode{key: key, answer: func(request *causewayv1.SyncTreeRequest, send func(*causewayv1.SyncTreeHeader, ...*Entry)) error {
		asked = append(asked, request)
		if len(asked) == 1 { // The connection is lost after some entries.
			send(headerOf(all), all[:3]...)
			return connect.NewError(connect.CodeUnavailable, errors.New("lost"))
		}
		send(headerOf(all), all[1:]...) // Some come again.
		return nil
	}}
	entries, err := fetchAll(t, node.start(t), all[0].ID)
	if err != nil || len(entries) != 5 || entries[4].ID != all[4].ID {
		t.Errorf("fetched %d entries: %v", len(entries), err)
	}
	if len(asked) != 2 || len(asked[0].Tips) != 0 || len(asked[1].Tips) != 1 || ID(asked[1].Tips[0]) != all[2].ID || asked[1].Count != 3 {
		t.Errorf("asked %v", asked)
	}
}
