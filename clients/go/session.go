package causeway

// Connections that prove both keys, and calls that carry a token.

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"connectrpc.com/connect"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
	"github.com/causeway-sync/causeway/clients/go/causeway/v1/causewayv1connect"
)

const protocolVersion = 2

// reusableTokens is the feature of nodes that take one token on many connections.
const reusableTokens = "reusable-tokens"

// errBinding is what a connection fails with that is another channel than the one of the handshake.
var errBinding = errors.New("the node shows another certificate than before")

// A session is a node whose key was checked, and the connections to it. All of them have the binding of the first, on
// which the handshake was made, so that a token may be shown on any.
type session struct {
	peer      PeerID
	binding   string
	transport *http.Transport
	// tokens is nil if we have no key.
	tokens *tokens
}

// connect dials, and checks the node's key over that connection before anything else is said.
func (node *Node) connect(ctx context.Context) (*session, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	first, err := node.dial(ctx)
	if err != nil {
		return nil, &Error{Code: Unreachable, Message: "The node cannot be reached: " + err.Error(), cause: err}
	}
	session := &session{binding: bindingOf(first)}
	if session.binding == insecureBinding && !node.options.insecure {
		first.Close()
		return nil, newError(BadAddress, "Anyone on the path can read plain HTTP to %s: use https:, or accept it with WithInsecure.", node.address.Host)
	}
	session.transport = node.newTransport(session.binding, first)
	if err := session.handshake(ctx, node); err != nil {
		session.transport.CloseIdleConnections()
		return nil, err
	}
	return session, nil
}

// dial opens one connection, its TLS handshake included.
func (node *Node) dial(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{}
	conn, err := dialer.DialContext(ctx, "tcp", node.hostPort())
	if err != nil || node.address.Scheme != "https" {
		return conn, err
	}
	return node.secure(ctx, conn)
}

// newTransport returns HTTP/2 over the connection that is open, and over new ones of the same binding.
func (node *Node) newTransport(binding string, first net.Conn) *http.Transport {
	var mutex sync.Mutex
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		mutex.Lock()
		conn := first
		first = nil
		mutex.Unlock()
		if conn != nil {
			return conn, nil
		}
		conn, err := node.dial(ctx)
		if err == nil && bindingOf(conn) != binding {
			conn.Close()
			return nil, errBinding
		}
		return conn, err
	}
	protocols := &http.Protocols{}
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Transport{
		DialContext: dial, DialTLSContext: dial, Protocols: protocols,
		// Finds connections that died silently, also below a watch.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 20 * time.Second, PingTimeout: 15 * time.Second},
	}
}

// handshake lets the node prove its key, for the channel that we see.
func (session *session) handshake(ctx context.Context, node *Node) error {
	client := causewayv1connect.NewSyncServiceClient(&http.Client{Transport: session.transport}, node.baseURL(),
		connect.WithReadMaxBytes(messageBytes))
	nonce := make([]byte, 32)
	rand.Read(nonce)
	answer, err := client.Handshake(ctx, &causewayv1.HandshakeRequest{
		Version: protocolVersion, Nonce: nonce, Binding: session.binding,
	})
	if err != nil {
		return AsError(err)
	}
	signed := bytes.Join([][]byte{[]byte(handshakeDomain), nonce, answer.Nonce, []byte(session.binding)}, nil)
	if len(answer.Peer) != 32 || len(answer.Nonce) != 32 || !verify(PeerID(answer.Peer), signed, answer.Signature) {
		return newError(WrongPeer, "The node could not prove its key.")
	}
	if answer.Version != protocolVersion {
		return newError(Incompatible, "This client speaks version %d of the protocol, the node %d.", protocolVersion, answer.Version)
	}
	session.peer = PeerID(answer.Peer)
	if expected := node.options.peer; expected != nil && *expected != session.peer {
		return newError(WrongPeer, "The node is %s, expected %s.", session.peer, *expected)
	}
	if node.key != nil {
		// Over plain HTTP whoever reads a token could use it again.
		reusable := slices.Contains(answer.Features, reusableTokens) && session.binding != insecureBinding
		session.tokens = &tokens{key: node.key, node: session.peer, binding: session.binding, reusable: reusable}
	}
	return nil
}

// RoundTrip sends a request with a proof of our key, after the handshake.
func (node *Node) RoundTrip(request *http.Request) (*http.Response, error) {
	session, err := node.open(request.Context())
	if err != nil {
		if request.Body != nil {
			request.Body.Close()
		}
		return nil, err
	}
	request = request.Clone(request.Context())
	if session.tokens != nil {
		request.Header.Set("Authorization", "Bearer "+session.tokens.next(time.Now()))
	}
	response, err := session.transport.RoundTrip(request)
	if errors.Is(err, errBinding) {
		node.forget(session)
	}
	return response, err
}

// open returns the session, after the handshake if there is none. Only one caller makes it; others wait for it.
func (node *Node) open(ctx context.Context) (*session, error) {
	select {
	case node.lock <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-node.lock }()
	if node.closed {
		return nil, newError(Closed, "The client of this node is closed.")
	}
	if node.session == nil {
		session, err := node.connect(ctx)
		if err != nil {
			return nil, err
		}
		node.session = session
	}
	return node.session, nil
}

// forget makes the next call handshake anew. Calls that are under way go on.
func (node *Node) forget(old *session) {
	node.lock <- struct{}{}
	defer func() { <-node.lock }()
	if old == nil || node.session == old {
		node.closeSession()
	}
}

func (node *Node) closeSession() {
	if node.session != nil {
		node.session.transport.CloseIdleConnections()
		node.session = nil
	}
}
