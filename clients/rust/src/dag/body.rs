//! The body of an entry: what its author signs. `Body::decode` accepts exactly the bytes that `Body::encode` writes, and
//! checks everything that these bytes alone decide.

use prost::Message;

use crate::{
    dag::canonical::Fields,
    dag::id::{Id, PeerId},
    dag::key::is_sound_point,
    dag::policy::{self, POLICY_STORE},
    error::{Code, Error, Result},
    proto::{Change, EntryBody},
};

/// The format of bodies that this version reads and writes.
pub const ENTRY_VERSION: u64 = 1;

pub(crate) const BODY_BYTES: usize = 1 << 20;
const PARENTS: usize = 256;
const POLICIES: usize = 64;
const CHANGES: usize = 1024;
const NAME_BYTES: usize = 64;
const NONCE_BYTES: usize = 32;
const ROOT_NONCE_BYTES: usize = 16;

/// What an author signs. `proto/causeway/v1/entry.proto` describes each field.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// None in the root.
    pub tree: Option<Id>,
    /// Strictly ascending.
    pub parents: Vec<Id>,
    /// 0 in the root, else 1 + the greatest height of the parents.
    pub height: u64,
    /// The key that signs.
    pub author: PeerId,
    /// The author's clock in milliseconds since 1970. It is only a claim.
    pub created_at_ms: u64,
    /// The policy entries that govern this one, strictly ascending.
    pub policy: Vec<Id>,
    /// The content.
    pub changes: Vec<Change>,
    /// Keeps entries apart that are otherwise the same.
    pub nonce: Vec<u8>,
}

fn refuse<T>(code: Code, message: impl Into<String>) -> Result<T> {
    Err(Error::new(code, message))
}

impl Body {
    /// Returns the canonical encoding.
    pub fn encode(&self) -> Vec<u8> {
        let bytes = |ids: &[Id]| ids.iter().map(|id| id.0.to_vec()).collect();
        // Prost writes fields in ascending order, without defaults, in the shortest varints.
        let message = EntryBody {
            version: ENTRY_VERSION as u32,
            tree: self.tree.map(Vec::from).unwrap_or_default(),
            parents: bytes(&self.parents),
            height: self.height,
            author: self.author.into(),
            created_at_ms: self.created_at_ms,
            policy: bytes(&self.policy),
            changes: self.changes.clone(),
            nonce: self.nonce.clone(),
        };
        message.encode_to_vec()
    }

    /// Decodes a body and checks everything but what depends on its parents and its signature.
    pub fn decode(bytes: &[u8]) -> Result<Body> {
        if bytes.len() > BODY_BYTES {
            let message = format!("A body has at most {BODY_BYTES} bytes, got {}.", bytes.len());
            return refuse(Code::EntryTooLarge, message);
        }
        let body = Body::read(bytes)?;
        body.check()?;
        Ok(body)
    }

    fn read(bytes: &[u8]) -> Result<Body> {
        let mut fields = Fields::new(bytes);
        let (mut version, mut author) = (0, None);
        let mut body = Body {
            tree: None,
            parents: Vec::new(),
            height: 0,
            author: PeerId([0; 32]),
            created_at_ms: 0,
            policy: Vec::new(),
            changes: Vec::new(),
            nonce: Vec::new(),
        };
        loop {
            match fields.next(&[3, 7, 8])? {
                0 => break,
                1 => {
                    version = fields.number()?;
                    // Checked before the rest, which another version may lay out differently.
                    check_version(version)?;
                }
                2 => body.tree = Some(Id(fields.hash(Code::EntryTree)?)),
                3 => fields.ascending(&mut body.parents, PARENTS, Code::EntryParents)?,
                4 => body.height = fields.number()?,
                5 => author = Some(PeerId(fields.hash(Code::EntryAuthor)?)),
                6 => body.created_at_ms = fields.number()?,
                7 => fields.ascending(&mut body.policy, POLICIES, Code::EntryPolicy)?,
                8 if body.changes.len() == CHANGES => {
                    return refuse(Code::EntryChanges, format!("An entry has at most {CHANGES} changes."));
                }
                8 => body.changes.push(read_change(fields.item()?)?),
                9 => body.nonce = fields.bytes()?.to_vec(),
                _ => return fields.unknown(),
            }
        }
        check_version(version)?;
        body.author = author.ok_or_else(|| Error::new(Code::EntryAuthor, "An entry names its author."))?;
        Ok(body)
    }

    fn check(&self) -> Result<()> {
        if !is_sound_point(&self.author.0) {
            let message = format!("An author is a sound Ed25519 point, got {}.", self.author);
            return refuse(Code::EntryAuthor, message);
        }
        if self.nonce.len() > NONCE_BYTES {
            let message = format!("A nonce has at most {NONCE_BYTES} bytes, got {}.", self.nonce.len());
            return refuse(Code::EntryNonce, message);
        }
        let mut policy = None;
        for change in &self.changes {
            check_name(&change.store, 1)?;
            check_name(&change.kind, 0)?;
            if !change.store.starts_with('_') {
                continue;
            }
            if change.store != POLICY_STORE {
                return refuse(Code::EntryChanges, format!("The store {:?} is reserved.", change.store));
            }
            let said = policy::decode(&change.payload)?;
            if self.tree.is_some() && !said.tree_name.is_empty() {
                return refuse(Code::EntryPolicy, "Only the root names the tree.");
            }
            if policy.replace(said).is_some() {
                return refuse(Code::EntryPolicy, "An entry has at most one change of the policy.");
            }
        }
        match self.tree {
            None => self.check_root(policy.as_ref()),
            Some(_) if self.parents.is_empty() => refuse(Code::EntryParents, "Every entry but the root has a parent."),
            Some(_) if self.height == 0 => refuse(Code::EntryHeight, "Only the root has height 0."),
            Some(_) => Ok(()),
        }
    }

    fn check_root(&self, policy: Option<&crate::proto::PolicyChange>) -> Result<()> {
        if !self.parents.is_empty() {
            return refuse(Code::EntryTree, "An entry with parents names its tree.");
        }
        if self.height != 0 {
            return refuse(Code::EntryHeight, format!("The root has height 0, got {}.", self.height));
        }
        if !self.policy.is_empty() {
            return refuse(Code::EntryPolicy, "A root has the first policy and names no policy entries.");
        }
        if self.nonce.len() < ROOT_NONCE_BYTES {
            let message = format!("A root's nonce has at least {ROOT_NONCE_BYTES} bytes, got {}.", self.nonce.len());
            return refuse(Code::EntryNonce, message);
        }
        match policy {
            Some(policy) if self.changes.len() == 1 => policy::check_root(policy, &self.author),
            _ => refuse(Code::EntryRoot, format!("A root has exactly one change, to the store {POLICY_STORE}.")),
        }
    }
}

fn check_version(version: u64) -> Result<()> {
    if version == ENTRY_VERSION {
        return Ok(());
    }
    refuse(Code::EntryVersion, format!("This version reads entries of version {ENTRY_VERSION}, got {version}."))
}

fn read_change(bytes: &[u8]) -> Result<Change> {
    let mut fields = Fields::new(bytes);
    let mut change = Change::default();
    loop {
        match fields.next(&[])? {
            0 => return Ok(change),
            1 => change.store = fields.text(NAME_BYTES, Code::EntryChanges)?.to_owned(),
            2 => change.kind = fields.text(NAME_BYTES, Code::EntryChanges)?.to_owned(),
            3 => change.payload = fields.bytes()?.to_vec(),
            _ => return fields.unknown(),
        }
    }
}

fn check_name(name: &str, least: usize) -> Result<()> {
    if (least..=NAME_BYTES).contains(&name.len()) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    let message =
        format!("A store or kind has {least} to {NAME_BYTES} bytes without control characters, got {name:?}.");
    refuse(Code::EntryChanges, message)
}
