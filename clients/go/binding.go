package causeway

// Names the channel of a connection, which handshakes and tokens are bound to.

import (
	"crypto"
	_ "crypto/sha256" // Registers SHA-224 and SHA-256.
	_ "crypto/sha3"   // Registers SHA-3.
	_ "crypto/sha512" // Registers SHA-384, SHA-512 and their short forms.
	"crypto/tls"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"net"
)

// A binding names the channel that a handshake and a token are for, so that nobody who stands in between can pass them
// on. docs/protocol.md defines it.
const (
	loopbackBinding = ""
	insecureBinding = "insecure"
)

// handshakeDomain stands before what a node signs to prove its key.
const handshakeDomain = "causeway.handshake.v2\x00"

// bindingOf returns the binding of a connection that is open, its TLS handshake included.
func bindingOf(conn net.Conn) string {
	if secure, isTLS := conn.(*tls.Conn); isTLS {
		return certificateBinding(secure.ConnectionState().PeerCertificates[0].Raw)
	}
	if address, isTCP := conn.RemoteAddr().(*net.TCPAddr); isTCP && address.IP.IsLoopback() {
		return loopbackBinding
	}
	return insecureBinding
}

// certificateBinding returns "tls:" and tls-server-end-point of RFC 5929: the hash of the certificate in DER, by the hash
// function of its own signature. SHA-256 takes the place of MD5 and SHA-1, and stands where the signature names none.
func certificateBinding(der []byte) string {
	hash := hashFunctionOf(der).New()
	hash.Write(der)
	return "tls:" + hex.EncodeToString(hash.Sum(nil))
}

func hashFunctionOf(der []byte) crypto.Hash {
	var certificate struct {
		Content   asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &certificate); err != nil {
		return crypto.SHA256
	}
	name := certificate.Algorithm.Algorithm.String()
	if name == rsaPSS {
		var parameters struct {
			Hash pkix.AlgorithmIdentifier `asn1:"explicit,tag:0,optional"`
			Rest asn1.RawValue            `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(certificate.Algorithm.Parameters.FullBytes, &parameters); err == nil {
			name = parameters.Hash.Algorithm.String()
		}
	}
	if function, known := hashFunctions[name]; known {
		return function
	}
	return crypto.SHA256
}

const (
	pkcs1         = "1.2.840.113549.1.1."
	ecdsaSHA2     = "1.2.840.10045.4.3."
	nistHash      = "2.16.840.1.101.3.4.2."
	nistSignature = "2.16.840.1.101.3.4.3."
	rsaPSS        = pkcs1 + "10"
)

// hashFunctions has the hash functions by object identifier: of the signatures that use one, and their own.
var hashFunctions = map[string]crypto.Hash{
	pkcs1 + "11":         crypto.SHA256,
	pkcs1 + "12":         crypto.SHA384,
	pkcs1 + "13":         crypto.SHA512,
	pkcs1 + "14":         crypto.SHA224,
	pkcs1 + "15":         crypto.SHA512_224,
	pkcs1 + "16":         crypto.SHA512_256,
	ecdsaSHA2 + "1":      crypto.SHA224,
	ecdsaSHA2 + "2":      crypto.SHA256,
	ecdsaSHA2 + "3":      crypto.SHA384,
	ecdsaSHA2 + "4":      crypto.SHA512,
	nistSignature + "1":  crypto.SHA224,
	nistSignature + "2":  crypto.SHA256,
	nistSignature + "3":  crypto.SHA384,
	nistSignature + "4":  crypto.SHA512,
	nistSignature + "9":  crypto.SHA3_224,
	nistSignature + "10": crypto.SHA3_256,
	nistSignature + "11": crypto.SHA3_384,
	nistSignature + "12": crypto.SHA3_512,
	nistSignature + "13": crypto.SHA3_224,
	nistSignature + "14": crypto.SHA3_256,
	nistSignature + "15": crypto.SHA3_384,
	nistSignature + "16": crypto.SHA3_512,
	nistHash + "1":       crypto.SHA256,
	nistHash + "2":       crypto.SHA384,
	nistHash + "3":       crypto.SHA512,
	nistHash + "4":       crypto.SHA224,
	nistHash + "5":       crypto.SHA512_224,
	nistHash + "6":       crypto.SHA512_256,
	nistHash + "7":       crypto.SHA3_224,
	nistHash + "8":       crypto.SHA3_256,
	nistHash + "9":       crypto.SHA3_384,
	nistHash + "10":      crypto.SHA3_512,
}
