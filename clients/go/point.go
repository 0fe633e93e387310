package causeway

// Verifies signatures as strictly as docs/protocol.md says.

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
)

// smallOrder has the points of order 1, 2, 4 and 8 without the sign bit: their signatures hold for messages that nobody
// signed.
var smallOrder = func() map[[32]byte]bool {
	points := map[[32]byte]bool{}
	for _, digits := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		point, _ := hex.DecodeString(digits)
		points[[32]byte(point)] = true
	}
	return points
}()

// isSoundPoint reports whether 32 bytes are a point that every implementation reads alike: not of small order, and not
// at or past the field's prime, 2^255 - 19.
func isSoundPoint(encoded []byte) bool {
	point := [32]byte(encoded)
	point[31] &= 0x7f
	pastPrime := point[0] >= 0xed && point[31] == 0x7f && bytes.Count(point[1:31], []byte{0xff}) == 30
	return !pastPrime && !smallOrder[point]
}

// verify checks a signature by RFC 8032 without the cofactor, with S < L, and with sound points.
func verify(peer PeerID, message, signature []byte) bool {
	return len(signature) == ed25519.SignatureSize && isSoundPoint(peer[:]) && isSoundPoint(signature[:32]) &&
		ed25519.Verify(peer[:], message, signature)
}
