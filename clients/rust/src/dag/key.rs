//! An Ed25519 key, and the one rule by which all peers verify signatures: RFC 8032 without the cofactor, S < L, and
//! neither the key nor R of small order or in a non-canonical form.

use std::{fmt, io::Write, path::Path};

use data_encoding::HEXLOWER;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::{
    dag::id::PeerId,
    error::{Code, Error, Result},
};

/// The key of a program or a person. It signs entries and proves who calls; its public half is a PeerId.
#[derive(Clone)]
pub struct Key(SigningKey);

impl Key {
    /// Makes a new random key.
    pub fn generate() -> Key {
        Key::from_seed(random())
    }

    /// Returns the key of a 32-byte seed.
    pub fn from_seed(seed: [u8; 32]) -> Key {
        Key(SigningKey::from_bytes(&seed))
    }

    /// Returns the key of a seed in 64 lowercase hex digits, as in the file `identity.key` of a data folder.
    pub fn from_hex(text: &str) -> Result<Key> {
        let seed = HEXLOWER.decode(text.trim().as_bytes()).ok().and_then(|seed| seed.try_into().ok());
        // The text is secret: the message does not show it.
        let error = || Error::new(Code::InvalidArgument, "A key has 64 lowercase hex digits, got something else.");
        seed.map(Key::from_seed).ok_or_else(error)
    }

    /// Reads a key from a file, as `from_hex` does. Makes the file with a new key if it is missing.
    pub fn open(path: impl AsRef<Path>) -> Result<Key> {
        let path = path.as_ref();
        let failed = |error: std::io::Error| {
            Error::new(Code::InvalidArgument, format!("The key file {} cannot be used: {error}.", path.display()))
        };
        match std::fs::read_to_string(path) {
            Ok(text) => Key::from_hex(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = Key::generate();
                let mut options = std::fs::OpenOptions::new();
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let mut file = options.open(path).map_err(failed)?;
                file.write_all(key.to_hex().as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
                Ok(key)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Returns the seed in hex, which `from_hex` reads. Keep it secret.
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(self.0.as_bytes())
    }

    /// Returns the public key.
    pub fn peer(&self) -> PeerId {
        PeerId(self.0.verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Key({})", self.peer())
    }
}

/// Returns random bytes of the operating system.
pub(crate) fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).expect("the operating system has random bytes");
    bytes
}

/// Reports whether a signature over a message is by this key.
pub(crate) fn verify(peer: &PeerId, message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(&peer.0), Signature::from_slice(signature)) else {
        return false;
    };
    is_sound_point(&peer.0) && is_sound_point(signature.r_bytes()) && key.verify_strict(message, &signature).is_ok()
}

/// The points of order 1, 2, 4 and 8, without the sign bit. Their signatures hold for messages that nobody signed.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    first(1),
    *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
    *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
    past(0xec),
];

const fn first(byte: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = byte;
    bytes
}

const fn past(byte: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = byte;
    bytes[31] = 0x7f;
    bytes
}

/// Reports whether a point is neither of small order nor past the field's prime, 2^255 - 19. Only the curve itself can
/// tell whether it is a point at all.
pub(crate) fn is_sound_point(bytes: &[u8; 32]) -> bool {
    let mut unsigned = *bytes;
    unsigned[31] &= 0x7f;
    let past_prime = unsigned[0] >= 0xed && unsigned[1..31].iter().all(|&byte| byte == 0xff) && unsigned[31] == 0x7f;
    !past_prime && !SMALL_ORDER.contains(&unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_what_it_writes_and_shows_no_secret() {
        let key = Key::generate();
        assert_eq!(Key::from_hex(&format!("{}\n", key.to_hex())).unwrap().peer(), key.peer());
        assert!(!format!("{key:?}").contains(&key.to_hex()));
        let path = std::env::temp_dir().join(format!("causeway-key-{}", key.peer()));
        let made = Key::open(&path).unwrap();
        let read = Key::open(&path).unwrap();
        std::fs::write(&path, "damaged").unwrap();
        let damaged = Key::open(&path);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(made.peer(), read.peer());
        assert!(damaged.is_err());
        assert_eq!(Key::from_hex("zz").unwrap_err().code(), Code::InvalidArgument);
    }

    #[test]
    fn a_signature_holds_for_its_message_and_key_alone() {
        let (key, other) = (Key::generate(), Key::generate());
        let signature = key.sign(b"message");
        assert!(verify(&key.peer(), b"message", &signature));
        assert!(!verify(&key.peer(), b"massage", &signature));
        assert!(!verify(&other.peer(), b"message", &signature));
        assert!(!verify(&key.peer(), b"message", &signature[..63]));
    }
}
