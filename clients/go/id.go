package causeway

// The names of entries, trees and peers, and their text forms.

import (
	"encoding/base32"
	"encoding/hex"
	"fmt"
)

// An ID names an entry by its hash, or a tree by that of its root. Its text form is a CIDv1: "bafkrei…".
type ID [32]byte

// A PeerID is an Ed25519 public key: of a node, or of the author of an entry. Its text form has 64 hex digits.
type PeerID [32]byte

// cidPrefix says: version 1, raw, sha2-256, 32 bytes.
const cidPrefix = "\x01\x55\x12\x20"

var cidEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// String returns the text form.
func (id ID) String() string {
	return "b" + cidEncoding.EncodeToString(append([]byte(cidPrefix), id[:]...))
}

// Bytes returns the 32 bytes that the messages of the contract have.
func (id ID) Bytes() []byte { return id[:] }

// ParseID parses the text form of an id. It fails with [InvalidArgument].
func ParseID(text string) (ID, error) {
	var id ID
	if len(text) == len(id.String()) {
		if cid, err := cidEncoding.DecodeString(text[1:]); err == nil && copy(id[:], cid[len(cidPrefix):]) == 32 && id.String() == text {
			return id, nil
		}
	}
	return ID{}, invalid("An id is a CIDv1 such as bafkrei…, got %s.", quote(text))
}

// IDFromBytes returns the id that a message of the contract has. It fails with [InvalidArgument].
func IDFromBytes(bytes []byte) (ID, error) {
	if len(bytes) != 32 {
		return ID{}, invalid("An id has 32 bytes, got %d.", len(bytes))
	}
	return ID(bytes), nil
}

func bytesOf(ids []ID) [][]byte {
	bytes := make([][]byte, len(ids))
	for index := range ids {
		bytes[index] = ids[index][:]
	}
	return bytes
}

// String returns the text form.
func (peer PeerID) String() string { return hex.EncodeToString(peer[:]) }

// Bytes returns the 32 bytes that the messages of the contract have.
func (peer PeerID) Bytes() []byte { return peer[:] }

// ParsePeerID parses the text form of a PeerID. It fails with [InvalidArgument].
func ParsePeerID(text string) (PeerID, error) {
	var peer PeerID
	if bytes, err := hex.DecodeString(text); err == nil && len(bytes) == 32 {
		if copy(peer[:], bytes); peer.String() == text {
			return peer, nil
		}
	}
	return PeerID{}, invalid("A PeerId is 64 lowercase hex digits, got %s.", quote(text))
}

// quote returns the beginning of a text that somebody else has chosen.
func quote(text string) string {
	if len(text) > quotedBytes {
		text = text[:quotedBytes]
	}
	return fmt.Sprintf("%q", text)
}
