package causeway

// Signs tokens, and renews the reusable ones at half of their life.

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"sync"
	"time"
)

// claims are what a token says: who calls whom, until when, and over which channel.
type claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	// Issued lets the node say how far our clock is off.
	Issued  int64  `json:"iat,omitempty"`
	ID      string `json:"jti"`
	Binding string `json:"binding"`
	// Reusable lets the token be shown on any connection of the binding while it lives.
	Reusable bool `json:"reusable,omitempty"`
}

// tokens are what proves our key to one node over channels of one binding.
type tokens struct {
	key      *Key
	node     PeerID
	binding  string
	reusable bool

	mutex   sync.Mutex
	last    string
	renewal time.Time
}

// next returns a token for a call: a new one, or if they are reusable the last one until half of its life is over.
func (tokens *tokens) next(now time.Time) string {
	tokens.mutex.Lock()
	defer tokens.mutex.Unlock()
	if !tokens.reusable || !now.Before(tokens.renewal) || now.Before(tokens.renewal.Add(-tokenLife/2)) {
		tokens.renewal = now.Add(tokenLife / 2)
		tokens.last = tokens.key.signToken(claims{
			Issuer: tokens.key.peer.String(), Audience: tokens.node.String(), Expires: now.Add(tokenLife).Unix(), Issued: now.Unix(),
			ID: rand.Text(), Binding: tokens.binding, Reusable: tokens.reusable,
		})
	}
	return tokens.last
}

// signToken returns a JWT.
func (key *Key) signToken(claims claims) string {
	payload, _ := json.Marshal(claims) // Texts and numbers alone: that cannot fail.
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA","typ":"JWT"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(payload)
	return text + "." + base64.RawURLEncoding.EncodeToString(key.sign([]byte(text)))
}
