//! One entry that changes keys: the node prepares it, this program checks that it says what was asked for, signs it and
//! sends it. So neither the node nor anybody else can write in this program's name.

use std::{collections::HashMap, future::IntoFuture, pin::Pin};

use crate::{
    dag::entry::{Entry, now_ms},
    dag::id::Id,
    dag::key::random,
    error::Result,
    node::unary,
    prepared::{Asked, check_prepared, says},
    proto::{Add, Blob, Delete, Expectation, Key, KeyChange, PrepareWriteRequest, Put, Versions, key_change::What},
    tree::Tree,
};

/// A value with its media type. Text is `text/plain`, bytes have none.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// At most 65,536 bytes; empty if there is a blob.
    pub bytes: Vec<u8>,
    /// The media type, such as `application/json`; empty: bytes.
    pub media_type: String,
    /// What `Tree::upload` has sent, in place of bytes.
    pub blob: Option<Blob>,
}

impl Value {
    /// Returns a value of a media type.
    pub fn new(bytes: impl Into<Vec<u8>>, media_type: &str) -> Value {
        Value { bytes: bytes.into(), media_type: media_type.to_owned(), blob: None }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::new(text, "text/plain")
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::new(text, "text/plain")
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Value {
        Value::new(bytes, "")
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Value {
        Value::new(bytes, "")
    }
}

/// A write under way. Await it: it returns the id of the entry, which a read names as `at` to see the write.
#[must_use = "a write is written when it is awaited"]
#[derive(Clone)]
pub struct Write {
    tree: Tree,
    changes: Vec<KeyChange>,
    expect: Vec<Expectation>,
    durable: bool,
}

impl Write {
    pub(crate) fn new(tree: Tree) -> Write {
        Write { tree, changes: Vec::new(), expect: Vec::new(), durable: false }
    }

    fn change(mut self, store: &str, key: &str, what: What) -> Write {
        let key = Key { store: store.to_owned(), key: key.to_owned() };
        self.changes.push(KeyChange { key: Some(key), what: Some(what), replaces: None, ..Default::default() });
        self
    }

    /// Puts a value under a key of a store.
    pub fn put(self, store: &str, key: &str, value: impl Into<Value>) -> Write {
        let Value { bytes, media_type, blob } = value.into();
        self.change(store, key, What::Put(Put { value: bytes, r#type: media_type, blob, ..Default::default() }))
    }

    /// Removes the versions of a key.
    pub fn delete(self, store: &str, key: &str) -> Write {
        self.change(store, key, What::Delete(Delete {}))
    }

    /// Adds to the number under a key.
    pub fn add(self, store: &str, key: &str, delta: i64) -> Write {
        self.change(store, key, What::Add(Add { delta }))
    }

    /// Names the versions that the last change replaces, or adds to: those that the caller has seen. Otherwise these
    /// are the ones that the node shows.
    pub fn replaces(mut self, versions: &[Id]) -> Write {
        if let Some(change) = self.changes.last_mut() {
            change.replaces = Some(Versions { entries: names(versions) });
        }
        self
    }

    /// Writes only if the key of the last change has exactly these versions; none: if it is absent. Otherwise the write
    /// fails with `CONFLICT`.
    pub fn expect(self, versions: &[Id]) -> Write {
        match self.changes.last().and_then(|change| change.key.clone()) {
            Some(Key { store, key }) => self.expect_key(&store, &key, versions),
            None => self,
        }
    }

    /// Does the same as `expect` for any key.
    pub fn expect_key(mut self, store: &str, key: &str, versions: &[Id]) -> Write {
        let key = Key { store: store.to_owned(), key: key.to_owned() };
        self.expect.push(Expectation { key: Some(key), versions: names(versions) });
        self
    }

    /// Returns only after the entry is flushed to the node's disk.
    pub fn durable(mut self) -> Write {
        self.durable = true;
        self
    }

    async fn run(self) -> Result<Id> {
        let Write { tree, changes, expect, durable } = self;
        let key = tree.node.key()?;
        let nonce = random::<8>().to_vec();
        let request = PrepareWriteRequest {
            tree: tree.id.into(),
            changes: changes.clone(),
            expect: expect.clone(),
            nonce: nonce.clone(),
            ..Default::default()
        };
        let body = unary(tree.store_calls().prepare_write(request)).await?.body;
        let asked = Asked { tree: tree.id, author: key.peer(), nonce: &nonce, now_ms: now_ms() };
        check_prepared(&body, &asked, |found| {
            // A write that expects versions of a key can only replace these.
            let seen: HashMap<_, _> =
                expect.iter().map(|one| (path(one.key.as_ref()), sorted(&one.versions))).collect();
            let replaced = |change: &KeyChange| match &change.replaces {
                Some(versions) => Some(sorted(&versions.entries)),
                None => seen.get(&path(change.key.as_ref())).filter(|names| names.len() <= 64).cloned(),
            };
            found.len() == changes.len()
                && found.iter().zip(&changes).all(|(found, asked)| says(found, asked, replaced(asked).as_deref()))
        })?;
        let entry = Entry::sign_body(key, body)?;
        tree.send(std::slice::from_ref(&entry), expect, durable).await?;
        Ok(entry.id())
    }
}

fn names(versions: &[Id]) -> Vec<Vec<u8>> {
    versions.iter().map(|id| id.0.to_vec()).collect()
}

fn sorted(names: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names.dedup();
    names
}

fn path(key: Option<&Key>) -> Option<(String, String)> {
    key.map(|key| (key.store.clone(), key.key.clone()))
}

impl IntoFuture for Write {
    type Output = Result<Id>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Id>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
