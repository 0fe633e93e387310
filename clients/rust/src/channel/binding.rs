//! Channel bindings: the text by which handshakes and tokens name the channel that they are for, so that nobody in
//! between can pass them on. `docs/protocol.md` specifies them.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};

/// The binding of plain HTTP that leaves this machine.
pub(crate) const INSECURE: &str = "insecure";

/// Returns the binding of a TLS channel, given the certificate in DER that the server showed: `tls:` and its
/// `tls-server-end-point` of RFC 5929.
pub fn of_certificate(der: &[u8]) -> String {
    let hash = match hash_function(der).unwrap_or(0) {
        2 => Sha384::digest(der).to_vec(),
        3 => Sha512::digest(der).to_vec(),
        4 => Sha224::digest(der).to_vec(),
        5 => Sha512_224::digest(der).to_vec(),
        6 => Sha512_256::digest(der).to_vec(),
        7 => Sha3_224::digest(der).to_vec(),
        8 => Sha3_256::digest(der).to_vec(),
        9 => Sha3_384::digest(der).to_vec(),
        10 => Sha3_512::digest(der).to_vec(),
        // Also in place of MD5 and SHA-1, and for signatures that name no single hash function.
        _ => Sha256::digest(der).to_vec(),
    };
    format!("tls:{}", HEXLOWER.encode(&hash))
}

const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01";
const ECDSA_SHA2: &[u8] = b"\x2a\x86\x48\xce\x3d\x04\x03";
const NIST_HASH: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x02";
const NIST_SIGNATURE: &[u8] = b"\x60\x86\x48\x01\x65\x03\x04\x03";
const RSA_PSS: u8 = 10;

/// Returns the hash function of the certificate's signature, by its last number among NIST's hash functions.
fn hash_function(der: &[u8]) -> Option<u8> {
    // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
    let (certificate, _) = content(der)?;
    let (_, rest) = content(certificate)?;
    let (algorithm, _) = content(rest)?;
    let (name, parameters) = content(algorithm)?;
    let (&last, family) = name.split_last()?;
    match (family, last) {
        (RSA, RSA_PSS) => {
            // RSASSA-PSS-params ::= SEQUENCE { [0] AlgorithmIdentifier, … }
            let (parameters, _) = content(parameters)?;
            let (hash, _) = (parameters.first() == Some(&0xa0)).then(|| content(parameters))??;
            let (algorithm, _) = content(hash)?;
            let (name, _) = content(algorithm)?;
            name.strip_prefix(NIST_HASH)?.first().copied()
        }
        (RSA, 11..=16) => Some(last - 10),
        (ECDSA_SHA2 | NIST_SIGNATURE, 1) => Some(4),
        (ECDSA_SHA2 | NIST_SIGNATURE, 2..=4) => Some(last - 1),
        (NIST_SIGNATURE, 9..=12) => Some(last - 2),
        (NIST_SIGNATURE, 13..=16) => Some(last - 6),
        _ => None,
    }
}

/// Splits the content of the first element in DER from what follows it.
fn content(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if first < 0x80 {
        return rest.split_at_checked(first.into());
    }
    let (length, rest) = rest.split_at_checked((first & 0x7f).into())?;
    let length = length.iter().try_fold(0usize, |sum, &byte| sum.checked_mul(256)?.checked_add(byte.into()))?;
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_that_is_no_certificate_is_hashed_by_sha256() {
        for der in [b"".as_slice(), b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x00"] {
            assert_eq!(of_certificate(der), format!("tls:{}", HEXLOWER.encode(&Sha256::digest(der))));
        }
    }
}
