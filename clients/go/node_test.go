package causeway

// Handshakes, TLS and a relay in between, against real nodes.

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
	"github.com/causeway-sync/causeway/clients/go/causeway/v1/causewayv1connect"
)

func TestHandshake(t *testing.T) {
	lab, ctx := newLab(t), testContext(t)
	node, _ := lab.dial(WithPeer(lab.peer))
	if peer, err := node.Peer(ctx); err != nil || peer != lab.peer {
		t.Errorf("the node is %s: %v", peer, err)
	}
	if !node.session.tokens.reusable {
		t.Error("each call gets a token of its own")
	}
	wrong, _ := lab.dial(WithPeer(PeerID{1}))
	if _, err := wrong.Peer(ctx); !errors.Is(err, WrongPeer) {
		t.Errorf("another node is taken for the expected one: %v", err)
	}
	if _, err := wrong.Tree(lab.tree).Get(ctx); !errors.Is(err, WrongPeer) {
		t.Errorf("another node is called: %v", err)
	}
	node.Close()
	if _, err := node.Tree(lab.tree).Get(ctx); !errors.Is(err, Closed) {
		t.Errorf("a closed client calls: %v", err)
	}
}

func TestAddresses(t *testing.T) {
	for _, address := range []string{"", "iroh:abc", "http://", "127.0.0.1:4100", "ftp://a", "http://a/path", ":"} {
		if _, err := Dial(address, nil); !errors.Is(err, BadAddress) {
			t.Errorf("%q is taken for an address: %v", address, err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	node, _ := Dial("http://"+listener.Addr().String(), nil)
	if _, err := node.Peer(testContext(t)); !errors.Is(err, Unreachable) {
		t.Errorf("nobody answers, got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := node.Tree(ID{}).Get(ctx); !errors.Is(err, Cancelled) || !errors.Is(err, context.Canceled) {
		t.Errorf("the caller has left, got %v", err)
	}
}

func TestTLS(t *testing.T) {
	ctx, folder := testContext(t), t.TempDir()
	text, cert, key := certificate(t, folder)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	lab := &lab{newServer(t), GenerateKey(), ID{}}
	var created struct{ Tree string }
	lab.run(&created, "tree", "create", "notes")
	lab.run(nil, "grant", created.Tree, lab.key.Peer().String(), "read")
	lab.tree, _ = ParseID(created.Tree)
	lab.start("--tls-cert", cert, "--tls-key", key)
	_, stranger := lab.dial()
	if _, err := stranger.Get(ctx); !errors.Is(err, Unreachable) {
		t.Errorf("a certificate that nobody trusts is taken: %v", err)
	}
	node, tree := lab.dial(WithRoots(pool))
	if _, err := tree.Get(ctx); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(node.session.binding, "tls:") {
		t.Errorf("the binding is %q", node.session.binding)
	}
	// The node starts again at its address with another certificate, which the client trusts too.
	lab.stop()
	next, cert, key := certificate(t, folder)
	node.options.roots.AppendCertsFromPEM(next)
	before := node.session.binding
	lab.start("--tls-cert", cert, "--tls-key", key, "--http", strings.TrimPrefix(lab.address, "https://"))
	var err error
	for range 2 { // The first call may find the connection lost.
		if _, err = tree.Get(ctx); err == nil {
			break
		}
	}
	if err != nil || node.session.binding == before {
		t.Errorf("the client does not come back: %v", err)
	}
}

// A node in the middle that passes all on has another channel than its callers, and is found out.
func TestRelay(t *testing.T) {
	lab := newLab(t)
	real := causewayv1connect.NewSyncServiceClient(http.DefaultClient, lab.address)
	relay := httptest.NewUnstartedServer(func() http.Handler {
		_, handler := causewayv1connect.NewSyncServiceHandler(passingOn{to: real})
		return handler
	}())
	relay.EnableHTTP2 = true
	relay.StartTLS()
	defer relay.Close()
	pool := relay.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	node, _ := Dial(relay.URL, lab.key, WithRoots(pool), WithPeer(lab.peer))
	if _, err := node.Peer(testContext(t)); !errors.Is(err, WrongPeer) {
		t.Errorf("the relay is believed: %v", err)
	}
}

// passingOn hands a handshake on, for the binding of its own connection.
type passingOn struct {
	causewayv1connect.UnimplementedSyncServiceHandler
	to causewayv1connect.SyncServiceClient
}

func (relay passingOn) Handshake(ctx context.Context, request *causewayv1.HandshakeRequest) (*causewayv1.HandshakeResponse, error) {
	request.Binding = loopbackBinding
	return relay.to.Handshake(ctx, request)
}

func TestRights(t *testing.T) {
	lab, ctx := newLab(t), testContext(t)
	_, tree := lab.dial()
	about, err := tree.Get(ctx)
	if err != nil || about.Tree.Name != "notes" || about.Tree.Count != 2 {
		t.Fatalf("the tree is %v: %v", about, err)
	}
	anybody, _ := Dial(lab.address, nil)
	if _, err := anybody.Tree(lab.tree).Get(ctx); !errors.Is(err, UnknownTree) {
		t.Errorf("anybody reads the tree: %v", err)
	}
	if _, err := anybody.Tree(lab.tree).Store("notes").Put(ctx, "a", Text("b")); !errors.Is(err, Unauthenticated) {
		t.Errorf("anybody writes: %v", err)
	}
	node, _ := lab.dial()
	operator := causewayv1connect.NewNodeServiceClient(node.HTTPClient(), node.BaseURL())
	_, err = operator.GetNode(ctx, &causewayv1.GetNodeRequest{})
	if !errors.Is(AsError(err), Forbidden) {
		t.Errorf("a writer operates the node: %v", err)
	}
	for listed, err := range node.Trees(ctx) {
		if err != nil || ID(listed.Id) != lab.tree {
			t.Errorf("the trees have %v: %v", listed, err)
		}
	}
}

func TestCommitAndWatch(t *testing.T) {
	lab, ctx := newLab(t), testContext(t)
	_, tree := lab.dial()
	written := []ID{}
	for _, payload := range []string{"one", "two"} {
		id, err := tree.Commit(ctx, []*causewayv1.Change{{Store: "log", Kind: "line", Payload: []byte(payload)}})
		if err != nil {
			t.Fatal(err)
		}
		written = append(written, id)
	}
	var listed []ID
	for entry, err := range tree.Entries(ctx, EntryOptions{Stores: []string{"log"}}) {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, entry.ID)
	}
	if !slices.Equal(listed, written) {
		t.Errorf("the entries are %v, expected %v", listed, written)
	}
	var seen []ID
	after := uint64(0)
	for event, err := range tree.Watch(ctx, 0, EntryOptions{Stores: []string{"log"}}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range event.Entries {
			if seen = append(seen, entry.ID); entry.Author() != lab.key.Peer() {
				t.Errorf("the author is %s", entry.Author())
			}
		}
		if after = event.Sequence; len(seen) == 2 {
			break
		}
	}
	if !slices.Equal(seen, written) {
		t.Errorf("the watch has %v, expected %v", seen, written)
	}
	if entry, err := tree.Entry(ctx, written[1]); err != nil || string(entry.Body.Changes[0].Payload) != "two" {
		t.Errorf("the entry is %v: %v", entry, err)
	}
	if _, err := tree.Entry(ctx, ID{1}); !errors.Is(err, UnknownEntry) {
		t.Errorf("an entry that is not there: %v", err)
	}
	third, err := tree.Commit(ctx, []*causewayv1.Change{{Store: "log", Payload: []byte("three")}})
	if err != nil {
		t.Fatal(err)
	}
	for event, err := range tree.Watch(ctx, after, EntryOptions{}) {
		if err != nil || len(event.Entries) != 1 || event.Entries[0].ID != third {
			t.Errorf("the watch goes on with %v: %v", event, err)
		}
		break
	}
}

func TestWatchResumes(t *testing.T) {
	lab, ctx := newLab(t), testContext(t)
	_, tree := lab.dial()
	commit := func(text string) error {
		_, err := tree.Commit(ctx, []*causewayv1.Change{{Store: "log", Payload: []byte(text)}})
		return err
	}
	if err := commit("before"); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for event, err := range tree.Watch(ctx, 0, EntryOptions{Stores: []string{"log"}}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range event.Entries {
			seen = append(seen, string(entry.Body.Changes[0].Payload))
		}
		if len(seen) == 2 {
			break
		}
		lab.stop()
		lab.start("--http", strings.TrimPrefix(lab.address, "http://"))
		if err := commit("after"); err != nil && commit("after") != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(seen, []string{"before", "after"}) {
		t.Errorf("the watch has %v", seen)
	}
}
