//! Ids of entries and trees, and of peers: 32 bytes. The text of an entry's id is a CIDv1 (`bafkrei…`), that of a
//! PeerId is hex.

use std::{fmt, str::FromStr};

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use sha2::{Digest, Sha256};

use crate::error::{Code, Error, Result};

/// CID version 1, raw codec, sha2-256, 32 bytes.
const CID_PREFIX: [u8; 4] = [0x01, 0x55, 0x12, 0x20];

/// The id of an entry: SHA-256 over its signature and body. The id of a tree is that of its root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub [u8; 32]);

impl Id {
    /// 32 zero bytes, which name the version of a key that counts adds to no version.
    pub const ZERO: Id = Id([0; 32]);

    pub(crate) fn of(signature: &[u8], body: &[u8]) -> Id {
        Id(Sha256::new().chain_update(signature).chain_update(body).finalize().into())
    }
}

/// Returns the digest that names a set of entries closed under ancestors, given its tips in ascending order.
pub(crate) fn digest_tips<'a>(tips: impl Iterator<Item = &'a Id>) -> [u8; 32] {
    let mut hash = Sha256::new();
    tips.for_each(|tip| hash.update(tip.0));
    hash.finalize().into()
}

impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [CID_PREFIX.as_slice(), &self.0].concat();
        write!(out, "b{}", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
    }
}

impl FromStr for Id {
    type Err = Error;

    fn from_str(text: &str) -> Result<Id> {
        let decoded = text.strip_prefix('b').and_then(|rest| {
            let bytes = BASE32_NOPAD.decode(rest.to_ascii_uppercase().as_bytes()).ok()?;
            let id = Id(bytes.strip_prefix(&CID_PREFIX)?.try_into().ok()?);
            // An id has only one text, in lower case.
            (id.to_string() == text).then_some(id)
        });
        decoded.ok_or_else(|| {
            let shown: String = text.chars().take(80).collect();
            Error::new(Code::InvalidArgument, format!("An id is a CIDv1 such as bafkrei…, got {shown:?}."))
        })
    }
}

/// The public key of a peer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub [u8; 32]);

impl fmt::Display for PeerId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl FromStr for PeerId {
    type Err = Error;

    fn from_str(text: &str) -> Result<PeerId> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(PeerId).ok_or_else(|| {
            let shown: String = text.chars().take(80).collect();
            Error::new(Code::InvalidArgument, format!("A PeerId has 64 lowercase hex digits, got {shown:?}."))
        })
    }
}

macro_rules! both {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = Error;

            fn try_from(bytes: &[u8]) -> Result<$name> {
                bytes.try_into().map($name).map_err(|_| {
                    Error::new(Code::InvalidArgument, format!("An id has 32 bytes, got {}.", bytes.len()))
                })
            }
        }

        impl From<$name> for Vec<u8> {
            fn from(id: $name) -> Vec<u8> {
                id.0.to_vec()
            }
        }
    )*};
}
both!(Id, PeerId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_text() {
        let id = Id([7; 32]);
        let text = id.to_string();
        assert!(text.starts_with("bafkrei"));
        assert_eq!(text.parse::<Id>().unwrap(), id);
        for wrong in [text.to_uppercase(), text.replacen('b', "z", 1), format!("{text}a"), text[..58].into(), "".into()]
        {
            assert_eq!(wrong.parse::<Id>().unwrap_err().code(), Code::InvalidArgument, "{wrong}");
        }
    }

    #[test]
    fn the_vectors_are_read_printed_and_refused() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/vectors/texts.json");
        let vectors: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let list = |name: &str| vectors[name].as_array().unwrap().clone();
        for vector in list("ids") {
            let text = vector["text"].as_str().unwrap();
            let id: Id = text.parse().unwrap();
            assert_eq!(
                (HEXLOWER.encode(&id.0).as_str(), id.to_string().as_str()),
                (vector["id"].as_str().unwrap(), text)
            );
        }
        let refused = (list("refusedIds"), list("refusedPeers"));
        for vector in &refused.0 {
            assert!(vector["text"].as_str().unwrap().parse::<Id>().is_err(), "{}", vector["name"]);
        }
        for vector in &refused.1 {
            assert!(vector["text"].as_str().unwrap().parse::<PeerId>().is_err(), "{}", vector["name"]);
        }
        assert!(refused.0.len() >= 20 && refused.1.len() >= 8);
    }

    #[test]
    fn a_peer_id_is_lowercase_hex() {
        let peer = PeerId([0xab; 32]);
        assert_eq!(peer.to_string().parse::<PeerId>().unwrap(), peer);
        assert!(peer.to_string().to_uppercase().parse::<PeerId>().is_err());
        assert!("ab".parse::<PeerId>().is_err());
    }
}
