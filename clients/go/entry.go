package causeway

// Entries: how they are signed, and what their bytes alone decide.

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	causewayv1 "github.com/causeway-sync/causeway/clients/go/causeway/v1"
)

const (
	entryDomain = "causeway.entry.v1\x00"
	policyStore = "_policy"
)

// An Entry is a vertex of a tree whose bytes and signature were verified. What only its ancestors can show, such as its
// height, its place in the policy and its author's right, [Tree.Fetch] checks.
type Entry struct {
	// ID is SHA-256 over signature and body.
	ID ID
	// Body is what the author has signed, decoded. Do not change it.
	Body *causewayv1.EntryBody
	// Signed has the bytes themselves: what is sent and stored.
	Signed *causewayv1.SignedEntry
}

// Tree returns the id of the entry's tree. That of a root is its own.
func (entry *Entry) Tree() ID {
	if len(entry.Body.Tree) == 0 {
		return entry.ID
	}
	return ID(entry.Body.Tree)
}

// Author returns the key that signed the entry.
func (entry *Entry) Author() PeerID { return PeerID(entry.Body.Author) }

// CreatedAt returns the author's clock. It is only a claim.
func (entry *Entry) CreatedAt() time.Time { return time.UnixMilli(int64(entry.Body.CreatedAtMs)) }

// SignEntry encodes a body and signs it. The author is the key's own, whatever the body says. It fails with the code of
// what is not valid.
func (key *Key) SignEntry(body *causewayv1.EntryBody) (*Entry, error) {
	signed := &causewayv1.EntryBody{
		Version: body.Version, Tree: body.Tree, Parents: body.Parents, Height: body.Height, Author: key.peer[:],
		CreatedAtMs: body.CreatedAtMs, Policy: body.Policy, Changes: body.Changes, Nonce: body.Nonce,
	}
	encoded := encode(signed)
	if _, err := readBody(encoded); err != nil {
		return nil, err
	}
	return key.signBody(encoded, signed), nil
}

// signBody signs a body that was read.
func (key *Key) signBody(encoded []byte, body *causewayv1.EntryBody) *Entry {
	signature := key.sign(append([]byte(entryDomain), encoded...))
	return &Entry{idOf(signature, encoded), body, &causewayv1.SignedEntry{Body: encoded, Signature: signature}}
}

// VerifyEntry checks all that an entry's bytes decide: its encoding, its shape and its signature. It fails with the
// code of what is not valid, such as [EntrySignature].
func VerifyEntry(signed *causewayv1.SignedEntry) (*Entry, error) {
	body, err := readBody(signed.GetBody())
	if err != nil {
		return nil, err
	}
	if !verify(PeerID(body.Author), append([]byte(entryDomain), signed.Body...), signed.Signature) {
		return nil, newError(EntrySignature, "The signature is not the author's.")
	}
	return &Entry{idOf(signed.Signature, signed.Body), body, signed}, nil
}

func idOf(signature, body []byte) ID {
	hash := sha256.New()
	hash.Write(signature)
	hash.Write(body)
	return ID(hash.Sum(nil))
}

// readBody decodes a body that is valid by itself.
func readBody(encoded []byte) (*causewayv1.EntryBody, error) {
	if len(encoded) > maxBodyBytes {
		return nil, newError(EntryTooLarge, "A body has at most %d bytes, got %d.", maxBodyBytes, len(encoded))
	}
	// The version comes first: the rest of another one may be laid out otherwise.
	if rest, has := bytes.CutPrefix(encoded, []byte{1 << 3}); has {
		version, rest, err := readVarint(rest)
		if err == nil && version > 1 {
			return nil, newError(EntryVersion, "This client reads version 1 of entries, got %d.", version)
		}
		if err == nil && bytes.HasPrefix(rest, []byte{2<<3 | 2, 0}) {
			return nil, newError(EntryTree, "An entry that names a tree names it with 32 bytes.")
		}
	}
	body := &causewayv1.EntryBody{}
	if err := decode(encoded, body); err != nil {
		return nil, err
	}
	if body.Version == 0 {
		return nil, newError(EntryVersion, "A body has a version, got none.")
	}
	return body, checkBody(body)
}

func checkBody(body *causewayv1.EntryBody) error {
	isRoot := len(body.Tree) == 0
	switch {
	case !isRoot && len(body.Tree) != 32:
		return newError(EntryTree, "A tree's id has 32 bytes, got %d.", len(body.Tree))
	case len(body.Author) != 32 || !isSoundPoint(body.Author):
		return newError(EntryAuthor, "The author is no sound Ed25519 key of 32 bytes.")
	case !areIDs(body.Parents, maxParents):
		return newError(EntryParents, "Parents are at most %d ids, strictly ascending.", maxParents)
	case !areIDs(body.Policy, maxPolicies):
		return newError(EntryPolicy, "Policy entries are at most %d ids, strictly ascending.", maxPolicies)
	case len(body.Nonce) > maxNonceBytes:
		return newError(EntryNonce, "A nonce has at most %d bytes, got %d.", maxNonceBytes, len(body.Nonce))
	case len(body.Changes) > maxChanges:
		return newError(EntryChanges, "An entry has at most %d changes, got %d.", maxChanges, len(body.Changes))
	}
	if err := checkChanges(body); err != nil {
		return err
	}
	switch {
	case isRoot:
		return checkRoot(body)
	case len(body.Parents) == 0:
		return newError(EntryParents, "An entry that is no root has parents.")
	case body.Height == 0:
		return newError(EntryHeight, "An entry that is no root has a height of at least 1.")
	}
	return nil
}

func checkChanges(body *causewayv1.EntryBody) error {
	policies := 0
	for _, change := range body.Changes {
		if !isName(change.Store) || change.Store == "" || !isName(change.Kind) {
			return newError(EntryChanges, "A store and a kind have at most %d bytes without control characters.", maxNameBytes)
		}
		if !strings.HasPrefix(change.Store, "_") {
			continue
		}
		if change.Store != policyStore {
			return newError(EntryChanges, "Stores that begin with _ are reserved, got %s.", quote(change.Store))
		}
		policy, err := readPolicy(change.Payload)
		if err != nil {
			return err
		}
		if policies++; policies > 1 || (policy.TreeName != "" && len(body.Tree) > 0) {
			return newError(EntryPolicy, "An entry changes the policy at most once, and only a root names its tree.")
		}
	}
	return nil
}

// readPolicy decodes a change of the policy.
func readPolicy(payload []byte) (*causewayv1.PolicyChange, error) {
	policy := &causewayv1.PolicyChange{}
	if err := decode(payload, policy); err != nil {
		return nil, &Error{Code: EntryPolicy, Message: "A change of the policy cannot be read: " + err.Error(), cause: errors.Unwrap(err)}
	}
	if policy.PublicAccess > causewayv1.PublicAccess_PUBLIC_ACCESS_WRITE || len(policy.Keys) > maxPolicyKeys {
		return nil, newError(EntryPolicy, "A change of the policy has at most %d keys, and a public access that exists.", maxPolicyKeys)
	}
	seen := map[string]bool{}
	for _, key := range policy.Keys {
		isKey := len(key.Peer) == 32 && !seen[string(key.Peer)] && len(key.Name) <= maxLabelBytes
		isRight := key.Permission <= causewayv1.Permission_PERMISSION_ADMIN && (key.Revoked || len(key.LastAccepted) == 0)
		if !isKey || !isRight || !areIDs(key.LastAccepted, maxLastAccepted) {
			return nil, newError(EntryPolicy, "A change of the policy names each key once, with what it may do.")
		}
		seen[string(key.Peer)] = true
	}
	return policy, nil
}

func checkRoot(body *causewayv1.EntryBody) error {
	switch {
	case len(body.Parents) > 0:
		return newError(EntryTree, "An entry with parents names its tree.")
	case body.Height > 0:
		return newError(EntryHeight, "A root has the height 0, got %d.", body.Height)
	case len(body.Policy) > 0:
		return newError(EntryPolicy, "A root names no policy entries.")
	case len(body.Nonce) < minRootNonceBytes:
		return newError(EntryNonce, "A root has a nonce of at least %d bytes, got %d.", minRootNonceBytes, len(body.Nonce))
	case len(body.Changes) != 1 || body.Changes[0].Store != policyStore:
		return newError(EntryRoot, "A root has exactly one change: the first policy.")
	}
	policy, err := readPolicy(body.Changes[0].Payload)
	if err != nil {
		return err
	}
	isNamed := policy.TreeName != "" && len(policy.TreeName) <= maxLabelBytes
	if !isNamed || len(policy.Keys) != 1 || !bytes.Equal(policy.Keys[0].Peer, body.Author) ||
		policy.Keys[0].Permission != causewayv1.Permission_PERMISSION_ADMIN || policy.Keys[0].Revoked {
		return newError(EntryRoot, "A root names its tree, and its author alone, as admin.")
	}
	return nil
}

// areIDs reports whether these are at most so many ids, strictly ascending.
func areIDs(ids [][]byte, most int) bool {
	for index, id := range ids {
		if len(id) != 32 || (index > 0 && bytes.Compare(ids[index-1], id) >= 0) {
			return false
		}
	}
	return len(ids) <= most
}

func isName(name string) bool {
	isControl := func(char rune) bool { return char < 0x20 || (char >= 0x7f && char <= 0x9f) }
	return len(name) <= maxNameBytes && strings.IndexFunc(name, isControl) < 0
}
