package causeway

// Reads and writes tickets.

import (
	"encoding/hex"
	"net/url"
	"strings"
	"unicode/utf8"
)

// A Ticket names a tree and where to get it: causeway:?db=TREE&by=PEER&pr=ADDRESS…
type Ticket struct {
	Tree ID
	// Peers has the issuer, and others that have the tree. Only the issuer may be without a key.
	Peers []TicketPeer
	// Invitation is the secret of a one-time invitation, 32 bytes, or nil. Keep it secret until it has been used.
	Invitation []byte
}

// A TicketPeer is a node that a ticket names, with its addresses.
type TicketPeer struct {
	// Peer is the node's key; nil if the ticket was made by hand.
	Peer      *PeerID
	Addresses []string
}

const ticketScheme = "causeway:?"

// ParseTicket parses a ticket. It ignores parameters of newer versions, and fails with [InvalidArgument].
func ParseTicket(text string) (*Ticket, error) {
	query, isTicket := strings.CutPrefix(text, ticketScheme)
	if !isTicket || len(text) > maxTicketBytes {
		return nil, invalid("A ticket begins with %s and has at most %d characters, got %s.", ticketScheme, maxTicketBytes, quote(text))
	}
	ticket := &Ticket{Peers: []TicketPeer{{}}}
	trees := 0
	for _, parameter := range strings.Split(query, "&") {
		name, escaped, _ := strings.Cut(parameter, "=")
		value, err := url.QueryUnescape(escaped)
		if err != nil || !utf8.ValidString(value) {
			return nil, invalid("A ticket's parameters are escaped as in an address, got %s.", quote(parameter))
		}
		switch name {
		case "db":
			trees++
			ticket.Tree, err = ParseID(value)
		case "in":
			if ticket.Invitation != nil {
				return nil, invalid("A ticket has at most one invitation (in=…).")
			}
			var secret PeerID // It has the same text form.
			secret, err = ParsePeerID(value)
			ticket.Invitation = secret[:]
		case "by":
			err = ticket.addPeer(value)
		case "pr":
			last := &ticket.Peers[len(ticket.Peers)-1]
			last.Addresses = append(last.Addresses, value)
		}
		if err != nil {
			return nil, err
		}
	}
	if trees != 1 {
		return nil, invalid("A ticket names exactly one tree (db=…), got %d.", trees)
	}
	return ticket, ticket.check()
}

// addPeer takes a by=…: the addresses that follow are that peer's. The first one may follow its addresses.
func (ticket *Ticket) addPeer(text string) error {
	peer, err := ParsePeerID(text)
	if err != nil {
		return err
	}
	for _, other := range ticket.Peers {
		if other.Peer != nil && *other.Peer == peer {
			return invalid("A ticket names each peer once (by=…).")
		}
	}
	if first := &ticket.Peers[0]; len(ticket.Peers) == 1 && first.Peer == nil {
		first.Peer = &peer
	} else {
		ticket.Peers = append(ticket.Peers, TicketPeer{Peer: &peer})
	}
	return nil
}

func (ticket *Ticket) check() error {
	if len(ticket.Peers) > maxTicketPeers {
		return invalid("A ticket names at most %d peers, got %d.", maxTicketPeers, len(ticket.Peers))
	}
	for _, peer := range ticket.Peers {
		if len(peer.Addresses) == 0 || len(peer.Addresses) > maxTicketAddresses {
			return invalid("A ticket has 1 to %d addresses a peer (pr=…), got %d.", maxTicketAddresses, len(peer.Addresses))
		}
	}
	return nil
}

// String returns the text form.
func (ticket *Ticket) String() string {
	text := ticketScheme + "db=" + ticket.Tree.String()
	for index, peer := range ticket.Peers {
		if peer.Peer != nil {
			text += "&by=" + peer.Peer.String()
		}
		if index == 0 && ticket.Invitation != nil {
			text += "&in=" + hex.EncodeToString(ticket.Invitation)
		}
		for _, address := range peer.Addresses {
			escaped := strings.ReplaceAll(url.QueryEscape(address), "+", "%20")
			text += "&pr=" + strings.NewReplacer("%3A", ":", "%2F", "/").Replace(escaped)
		}
	}
	return text
}
