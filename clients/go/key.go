package causeway

// Keys, in memory and in a file.

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Key is an Ed25519 key. It signs entries, and proves to nodes who calls.
type Key struct {
	private ed25519.PrivateKey
	peer    PeerID
}

// GenerateKey returns a new random key.
func GenerateKey() *Key {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails.
	}
	return keyOf(private)
}

// KeyFromSeed returns the key of a seed of 32 bytes, which is its secret. It fails with [InvalidArgument].
func KeyFromSeed(seed []byte) (*Key, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, invalid("A key's seed has 32 bytes, got %d.", len(seed))
	}
	return keyOf(ed25519.NewKeyFromSeed(seed)), nil
}

// OpenKey reads a key file: the seed in 64 hex digits, as the command writes it. If there is none, it makes one with a
// new key, which only this user may read.
func OpenKey(path string) (*Key, error) {
	if key, err := readKey(path); !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key := GenerateKey()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// Written beside it and linked, so that the file is whole, and of two programs at once both use the first key.
	draft, err := os.CreateTemp(filepath.Dir(path), ".key-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(hex.EncodeToString(key.private.Seed()) + "\n")
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return readKey(path)
}

func readKey(path string) (*Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, invalid("The file %s has a key of 64 hex digits, got something else.", path)
	}
	return KeyFromSeed(seed)
}

// Peer returns the public key.
func (key *Key) Peer() PeerID { return key.peer }

// String returns the public key's text form. It never shows the secret.
func (key *Key) String() string { return key.peer.String() }

// GoString returns the same, for %#v.
func (key *Key) GoString() string { return key.peer.String() }

func (key *Key) sign(message []byte) []byte { return ed25519.Sign(key.private, message) }

func keyOf(private ed25519.PrivateKey) *Key {
	return &Key{private, PeerID(private.Public().(ed25519.PublicKey))}
}
