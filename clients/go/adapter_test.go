package causeway

// The program that the conformance kit checks: `go test -c -o adapter . && CAUSEWAY_ADAPTER=1 ./adapter` answers lines
// of JSON, as conformance/README.md describes.

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

func TestMain(tests *testing.M) {
	if os.Getenv("CAUSEWAY_ADAPTER") == "" {
		os.Exit(tests.Run())
	}
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			os.Exit(0)
		}
		answer := map[string]any{}
		var request adapterRequest
		if err = json.Unmarshal(line, &request); err == nil {
			err = request.answer(answer)
		}
		if err != nil {
			answer = map[string]any{"error": map[string]any{"code": adapterCode(err), "message": err.Error()}}
		}
		answer["call"] = request.Call
		encoded, _ := json.Marshal(answer) // Texts and numbers alone: that cannot fail.
		os.Stdout.Write(append(encoded, '\n'))
	}
}

// hexBytes are bytes as the kit writes them.
type hexBytes []byte

func (to *hexBytes) UnmarshalText(text []byte) (err error) {
	*to, err = hex.DecodeString(string(text))
	return err
}

func (from hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(from)), nil }

type adapterRequest struct {
	Call    int
	Do      string
	Entries []struct{ Body, Signature hexBytes }
	ID      hexBytes
	Text    string
	Seed    hexBytes
	Fields  struct {
		Tree        *hexBytes
		Parents     []hexBytes
		Height      uint64
		CreatedAtMs uint64
		Policy      []hexBytes
		Changes     []struct {
			Store, Kind string
			Payload     hexBytes
		}
		Nonce hexBytes
	}
	Claims                   claims
	Der                      hexBytes
	CallerNonce, ServerNonce hexBytes
	Binding, Address         string
	Signature                hexBytes
	Peer, Tree               hexBytes
	Ticket                   wireTicket
}

// wireTicket is a ticket as the kit writes it.
type wireTicket struct {
	Tree       hexBytes   `json:"tree"`
	Peers      []wirePeer `json:"peers"`
	Invitation *hexBytes  `json:"invitation"`
}

type wirePeer struct {
	Peer      *hexBytes `json:"peer"`
	Addresses []string  `json:"addresses"`
}

func (request *adapterRequest) answer(answer map[string]any) error {
	switch request.Do {
	case "take":
		request.take(answer)
	case "text":
		answer["text"] = ID(request.ID).String()
	case "id":
		id, err := ParseID(request.Text)
		answer["id"] = hexBytes(id[:])
		return err
	case "peer":
		peer, err := ParsePeerID(request.Text)
		answer["peer"] = hexBytes(peer[:])
		return err
	case "ticket":
		return request.readTicket(answer)
	case "print-ticket":
		answer["text"] = request.Ticket.ticket().String()
	case "sign":
		return request.sign(answer)
	case "token":
		key, err := KeyFromSeed(request.Seed)
		if err == nil {
			answer["token"] = key.signToken(request.Claims)
		}
		return err
	case "binding":
		answer["binding"] = certificateBinding(request.Der)
	case "handshake":
		signed := handshakeDomain + string(request.CallerNonce) + string(request.ServerNonce) + request.Binding
		answer["holds"] = verify(PeerID(request.Peer), []byte(signed), request.Signature)
	case "fetch":
		request.fetch(answer)
	default:
		return newError(Unimplemented, "There is no request %s.", quote(request.Do))
	}
	return nil
}

func (request *adapterRequest) readTicket(answer map[string]any) error {
	ticket, err := ParseTicket(request.Text)
	if err != nil {
		return err
	}
	peers := []wirePeer{}
	for _, each := range ticket.Peers {
		peer := wirePeer{Addresses: each.Addresses}
		if each.Peer != nil {
			key := hexBytes(each.Peer[:])
			peer.Peer = &key
		}
		peers = append(peers, peer)
	}
	answer["tree"], answer["peers"] = hexBytes(ticket.Tree[:]), peers
	if ticket.Invitation != nil {
		answer["invitation"] = hexBytes(ticket.Invitation)
	}
	return nil
}

func (from wireTicket) ticket() *Ticket {
	ticket := &Ticket{Tree: ID(from.Tree)}
	if from.Invitation != nil {
		ticket.Invitation = *from.Invitation
	}
	for _, each := range from.Peers {
		peer := TicketPeer{Addresses: each.Addresses}
		if each.Peer != nil {
			key := PeerID(*each.Peer)
			peer.Peer = &key
		}
		ticket.Peers = append(ticket.Peers, peer)
	}
	return ticket
}

// adapterCode returns the code of an error; that of one without is INTERNAL.
func adapterCode(err error) string {
	var known *Error
	switch {
	case err == nil:
		return ""
	case errors.As(AsError(err), &known):
		return string(known.Code)
	}
	return "INTERNAL"
}

// take begins with nothing, and takes entries of any trees in their order.
func (request *adapterRequest) take(answer map[string]any) {
	trees, results := map[ID]*taken{}, []any{}
	for _, wire := range request.Entries {
		signed := &causewayv1.SignedEntry{Body: wire.Body, Signature: wire.Signature}
		entry, err := VerifyEntry(signed)
		if err == nil {
			tree := trees[entry.Tree()]
			if tree == nil {
				tree = newTaken(entry.Tree())
			}
			if !tree.has(signed) {
				err = tree.take(entry)
			}
			if err == nil {
				trees[entry.Tree()] = tree
			}
		}
		id := idOf(wire.Signature, wire.Body)
		results = append(results, map[string]any{"id": hexBytes(id[:]), "code": adapterCode(err)})
	}
	summaries := []any{}
	for id, tree := range trees {
		count, digest := tree.summary()
		tips := []hexBytes{}
		for tip := range tree.tips {
			tips = append(tips, slices.Clone(tip[:]))
		}
		summaries = append(summaries, map[string]any{
			"tree": hexBytes(id[:]), "count": count, "digest": hexBytes(digest), "tips": tips,
		})
	}
	answer["results"], answer["trees"] = results, summaries
}

func (request *adapterRequest) sign(answer map[string]any) error {
	key, err := KeyFromSeed(request.Seed)
	if err != nil {
		return err
	}
	fields := request.Fields
	body := &causewayv1.EntryBody{Version: 1, Height: fields.Height, CreatedAtMs: fields.CreatedAtMs, Nonce: fields.Nonce}
	if fields.Tree != nil {
		body.Tree = *fields.Tree
	}
	for _, parent := range fields.Parents {
		body.Parents = append(body.Parents, parent)
	}
	for _, policy := range fields.Policy {
		body.Policy = append(body.Policy, policy)
	}
	for _, change := range fields.Changes {
		body.Changes = append(body.Changes, &causewayv1.Change{Store: change.Store, Kind: change.Kind, Payload: change.Payload})
	}
	entry, err := key.SignEntry(body)
	if err == nil {
		answer["body"], answer["signature"] = hexBytes(entry.Signed.Body), hexBytes(entry.Signed.Signature)
		answer["id"] = hexBytes(entry.ID[:])
	}
	return err
}

// fetch takes a tree from a server, without a key of ours.
func (request *adapterRequest) fetch(answer map[string]any) {
	with := []Option{}
	if len(request.Peer) > 0 {
		with = append(with, WithPeer(PeerID(request.Peer)))
	}
	tree, ids := newTaken(ID(request.Tree)), []hexBytes{}
	node, err := Dial(request.Address, nil, with...)
	if err == nil {
		defer node.Close()
		for entry, failed := range node.Tree(tree.tree).Fetch(context.Background()) {
			if err = failed; err == nil {
				err = tree.take(entry)
			}
			if err != nil {
				break
			}
			ids = append(ids, slices.Clone(entry.ID[:]))
		}
	}
	count, digest := tree.summary()
	answer["code"], answer["ids"] = adapterCode(err), ids
	answer["count"], answer["digest"] = count, hexBytes(digest)
}
