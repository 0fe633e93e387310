//! An entry: an immutable, signed vertex of a tree, named by its hash. An `Entry` is always verified: its shape, its
//! canonical encoding and its signature hold. Its place in the tree is checked by `check_place`, with its parents.

use crate::{
    dag::body::Body,
    dag::id::{Id, PeerId},
    dag::key::{Key, random, verify},
    dag::policy::POLICY_STORE,
    error::{Code, Error, Result},
    proto::{Change, Permission, PolicyChange, PolicyKey, PublicAccess, SignedEntry},
};

const DOMAIN: &[u8] = b"causeway.entry.v1\0";

/// A verified entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    id: Id,
    body: Body,
    signed: SignedEntry,
}

/// The fields of an entry that its author chooses. Parents and policy may come in any order.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The tree; none for a root.
    pub tree: Option<Id>,
    /// The parents.
    pub parents: Vec<Id>,
    /// 1 + the greatest height of the parents.
    pub height: u64,
    /// The author's clock in milliseconds since 1970.
    pub created_at_ms: u64,
    /// The policy entries that the parents imply.
    pub policy: Vec<Id>,
    /// The content.
    pub changes: Vec<Change>,
    /// Keeps entries apart that are otherwise the same.
    pub nonce: Vec<u8>,
}

impl Entry {
    /// Verifies an entry's shape, encoding and signature.
    pub fn verify(signed: SignedEntry) -> Result<Entry> {
        if signed.signature.len() != 64 {
            let message = format!("A signature has 64 bytes, got {}.", signed.signature.len());
            return Err(Error::new(Code::EntrySignature, message));
        }
        let body = Body::decode(&signed.body)?;
        let entry = Entry { id: Id::of(&signed.signature, &signed.body), body, signed };
        if verify(&entry.body.author, &[DOMAIN, &entry.signed.body].concat(), &entry.signed.signature) {
            return Ok(entry);
        }
        let message = format!("The signature of {} is not valid for its author {}.", entry.id, entry.body.author);
        Err(Error::new(Code::EntrySignature, message))
    }

    /// Signs a new entry, and checks its shape first.
    pub fn sign(key: &Key, draft: Draft) -> Result<Entry> {
        let Draft { tree, mut parents, height, created_at_ms, mut policy, changes, nonce } = draft;
        parents.sort_unstable();
        policy.sort_unstable();
        let body = Body { tree, parents, height, author: key.peer(), created_at_ms, policy, changes, nonce };
        Entry::sign_body(key, body.encode())
    }

    /// Signs the root of a new tree, whose policy names the key as admin.
    pub fn sign_root(key: &Key, name: &str, public_access: PublicAccess) -> Result<Entry> {
        let admin = PolicyKey { peer: key.peer().into(), permission: Permission::Admin.into(), ..Default::default() };
        let policy = PolicyChange { tree_name: name.into(), public_access: public_access.into(), keys: vec![admin] };
        let payload = prost::Message::encode_to_vec(&policy);
        let change = Change { store: POLICY_STORE.into(), kind: String::new(), payload };
        let nonce = random::<16>().to_vec();
        let created_at_ms = now_ms();
        Entry::sign(key, Draft { changes: vec![change], created_at_ms, nonce, ..Draft::default() })
    }

    /// Signs the bytes of a body, if they are a valid one of this key.
    pub(crate) fn sign_body(key: &Key, bytes: Vec<u8>) -> Result<Entry> {
        let body = Body::decode(&bytes)?;
        if body.author != key.peer() {
            return Err(Error::new(Code::EntryAuthor, format!("The author is {}, got {}.", key.peer(), body.author)));
        }
        let signature = key.sign(&[DOMAIN, &bytes].concat()).to_vec();
        Ok(Entry { id: Id::of(&signature, &bytes), body, signed: SignedEntry { body: bytes, signature } })
    }

    /// Returns the entry's id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Returns the entry's tree: for a root, its own id.
    pub fn tree(&self) -> Id {
        self.body.tree.unwrap_or(self.id)
    }

    /// Returns what the author signed.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Returns the author.
    pub fn author(&self) -> PeerId {
        self.body.author
    }

    /// Returns the bytes that are kept, sent and hashed.
    pub fn signed(&self) -> &SignedEntry {
        &self.signed
    }

    /// Checks the place in the tree: every parent is known and in the same tree, and the height is one above the
    /// highest. `known` returns the tree and the height of an entry.
    pub fn check_place(&self, known: impl Fn(&Id) -> Option<(Id, u64)>) -> Result<()> {
        let mut height = 0;
        for parent in &self.body.parents {
            let Some((tree, parent_height)) = known(parent) else {
                let message = format!("The parent {parent} of {} is not here.", self.id);
                return Err(Error::new(Code::EntryMissingParent, message).with("parent", parent));
            };
            if tree != self.tree() {
                let message = format!("The parent {parent} of {} belongs to another tree.", self.id);
                return Err(Error::new(Code::EntryTree, message));
            }
            height = height.max(parent_height + 1);
        }
        if self.body.height == height {
            return Ok(());
        }
        let message = format!("The height of {} is {height}, got {}.", self.id, self.body.height);
        Err(Error::new(Code::EntryHeight, message))
    }
}

/// Returns the time in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |since| since.as_millis() as u64)
}
