// Package causeway is a client of Causeway nodes: it reads, writes and follows the trees of a node with a key of its
// own, and verifies what it gets. See the README for a program that runs.
package causeway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strings"

	"connectrpc.com/connect"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
	"github.com/causeway-sync/causeway/clients/go/causeway/v1/causewayv1connect"
)

// A Node is a client of one node. It may be used by many goroutines at once. The first call connects and lets the node
// prove its key; each call carries a token that proves ours.
type Node struct {
	address *url.URL
	key     *Key
	options options

	// lock has one place: whoever fills it may use what follows.
	lock    chan struct{}
	session *session
	closed  bool

	trees  causewayv1connect.TreeServiceClient
	stores causewayv1connect.StoreServiceClient
	sync   causewayv1connect.SyncServiceClient
}

type options struct {
	peer     *PeerID
	roots    *x509.CertPool
	insecure bool
}

// An Option says how to dial.
type Option func(*options)

// WithPeer names the node that is expected. Any other is refused with [WrongPeer]. Without it, whoever answers at the
// address is believed.
func WithPeer(peer PeerID) Option { return func(options *options) { options.peer = &peer } }

// WithRoots names the certificate authorities to trust for https:, in place of the system's.
func WithRoots(roots *x509.CertPool) Option { return func(options *options) { options.roots = roots } }

// WithInsecure allows plain HTTP to other machines, which anyone on the path can read. The node needs --insecure.
func WithInsecure() Option { return func(options *options) { options.insecure = true } }

// Dial returns a client of the node at an address: http://HOST:PORT or https://HOST:PORT. It does not connect yet.
// Without a key (nil) it sees what is open to everybody. It fails with [BadAddress].
func Dial(address string, key *Key, with ...Option) (*Node, error) {
	parsed, err := url.Parse(address)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Hostname() == "" || strings.Trim(parsed.Path, "/") != "" {
		return nil, newError(BadAddress, "An address is http://HOST:PORT or https://HOST:PORT, got %s. Reach others by `causeway tunnel`.", quote(address))
	}
	node := &Node{address: parsed, key: key, lock: make(chan struct{}, 1)}
	for _, option := range with {
		option(&node.options)
	}
	client, base, most := node.HTTPClient(), node.baseURL(), connect.WithReadMaxBytes(messageBytes)
	node.trees = causewayv1connect.NewTreeServiceClient(client, base, most)
	node.stores = causewayv1connect.NewStoreServiceClient(client, base, most)
	node.sync = causewayv1connect.NewSyncServiceClient(client, base, most)
	return node, nil
}

// DialTicket returns a client of the first node of a ticket that serves HTTP, and the ticket's tree.
func DialTicket(ticket *Ticket, key *Key, with ...Option) (*Node, *Tree, error) {
	for _, peer := range ticket.Peers {
		for _, address := range peer.Addresses {
			if !strings.HasPrefix(address, "http:") && !strings.HasPrefix(address, "https:") {
				continue
			}
			if peer.Peer != nil {
				with = append(with[:len(with):len(with)], WithPeer(*peer.Peer))
			}
			node, err := Dial(address, key, with...)
			if err != nil {
				return nil, nil, err
			}
			return node, node.Tree(ticket.Tree), nil
		}
	}
	return nil, nil, newError(BadAddress, "The ticket has no http: or https: address: reach the others by `causeway tunnel`.")
}

// Close ends the idle connections. Calls fail with [Closed] from now on.
func (node *Node) Close() error {
	node.lock <- struct{}{}
	defer func() { <-node.lock }()
	node.closed = true
	node.closeSession()
	return nil
}

// Peer returns the node's key, after the handshake that proves it.
func (node *Node) Peer(ctx context.Context) (PeerID, error) {
	session, err := node.open(ctx)
	if err != nil {
		return PeerID{}, AsError(err)
	}
	return session.peer, nil
}

// HTTPClient returns an HTTP client with the same credentials, and BaseURL where it calls: for clients of services that
// are generated from the contract, such as causewayv1connect.NewNodeServiceClient. [AsError] translates their errors.
func (node *Node) HTTPClient() *http.Client {
	return &http.Client{Transport: node, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// BaseURL returns the node's address without a slash at its end.
func (node *Node) BaseURL() string { return node.baseURL() }

func (node *Node) baseURL() string { return node.address.Scheme + "://" + node.address.Host }

func (node *Node) hostPort() string {
	if node.address.Port() != "" {
		return node.address.Host
	}
	return net.JoinHostPort(node.address.Hostname(), map[string]string{"http": "80", "https": "443"}[node.address.Scheme])
}

// secure makes the TLS handshake. The certificate is checked as for any https: address; that the node is the right one,
// its key proves, for this very certificate.
func (node *Node) secure(ctx context.Context, conn net.Conn) (net.Conn, error) {
	secure := tls.Client(conn, &tls.Config{
		ServerName: node.address.Hostname(), RootCAs: node.options.roots, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12,
	})
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// Tree returns a handle of a tree. It makes no call.
func (node *Node) Tree(id ID) *Tree { return &Tree{node, id} }

// Trees returns the trees that we may read, ordered by id.
func (node *Node) Trees(ctx context.Context) iter.Seq2[*causewayv1.Tree, error] {
	return pages(func(token string) ([]*causewayv1.Tree, string, error) {
		page, err := call(ctx, node, node.trees.ListTrees, &causewayv1.ListTreesRequest{PageSize: listPage, PageToken: token})
		return page.GetTrees(), page.GetNextPageToken(), err
	})
}

// pages returns the items of all pages of a list.
func pages[Item any](get func(token string) ([]Item, string, error)) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for token := ""; ; {
			items, next, err := get(token)
			if err != nil {
				var none Item
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next == "" {
				return
			}
			token = next
		}
	}
}

// call makes a call with one answer. If the node refuses the token, it handshakes anew and calls once more: the node may
// have started again with another certificate or key, and nothing was done.
func call[Request, Answer any](ctx context.Context, node *Node, method func(context.Context, *Request) (*Answer, error), request *Request) (*Answer, error) {
	if _, has := ctx.Deadline(); !has {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, callTimeout)
		defer cancel()
	}
	answer, err := method(ctx, request)
	if node.refused(err) {
		answer, err = method(ctx, request)
	}
	return answer, AsError(err)
}

// refused reports whether a node did not take our token although it should, or shows another certificate, and forgets
// what was agreed with it.
func (node *Node) refused(err error) bool {
	if errors.Is(err, errBinding) {
		return true // RoundTrip has forgotten it.
	}
	if err == nil || node.key == nil {
		return false
	}
	known, isKnown := AsError(err).(*Error)
	if !isKnown || known.Code != Unauthenticated || known.Data["reason"] == "missing" {
		return false
	}
	node.forget(nil)
	return true
}
