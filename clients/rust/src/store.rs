//! A store of a tree: keys with values, as the node computes them from the tree's entries.

use async_stream::try_stream;

use crate::{
    dag::id::Id,
    error::{Code, Error, Result},
    node::unary,
    proto::{self, Item, ReadOptions, WatchStoreResponse},
    tree::Tree,
    watch::{Stream, follow, pages},
    write::{Value, Write},
};

/// A handle of a store.
#[derive(Clone)]
pub struct Store {
    tree: Tree,
    name: String,
    at: Vec<Id>,
}

impl Store {
    pub(crate) fn new(tree: Tree, name: &str) -> Store {
        Store { tree, name: name.to_owned(), at: Vec::new() }
    }

    /// Returns the same store, whose reads wait until the node counts these entries: those of the writes that they must
    /// see. Fails with `NOT_HERE_YET` if they do not come.
    pub fn at(&self, entries: &[Id]) -> Store {
        Store { at: entries.to_vec(), ..self.clone() }
    }

    fn read(&self) -> Option<ReadOptions> {
        let at = self.at.iter().map(|id| id.0.to_vec()).collect();
        Some(ReadOptions { at, wait_ms: if self.at.is_empty() { 0 } else { 30_000 }, ..Default::default() })
    }

    fn key(&self, key: &str) -> proto::Key {
        proto::Key { store: self.name.clone(), key: key.to_owned() }
    }

    /// Returns a key with its value and its conflicts. The value is None if the key is absent.
    pub async fn get(&self, key: &str) -> Result<Item> {
        Ok(self.get_many(&[key]).await?.remove(0))
    }

    /// Returns keys in this order.
    pub async fn get_many(&self, keys: &[&str]) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        while items.len() < keys.len() {
            let ask: Vec<_> = keys[items.len()..].iter().take(100).map(|key| self.key(key)).collect();
            let request = proto::GetRequest {
                tree: self.tree.id.into(),
                keys: ask.clone(),
                read: self.read(),
                ..Default::default()
            };
            let got = unary(self.tree.store_calls().get(request)).await?.items;
            // The node sends as many as fit into an answer: the first ones.
            let asked = got.iter().zip(&ask).all(|(item, key)| item.key.as_ref() == Some(key));
            if got.is_empty() || got.len() > ask.len() || !asked {
                return Err(Error::new(Code::Protocol, "The node did not return the keys that were asked for."));
            }
            items.extend(got);
        }
        Ok(items)
    }

    /// Lists the keys that begin with a prefix, in ascending order of their bytes.
    pub fn list(&self, prefix: &str) -> Stream<Item> {
        let request = proto::ListRequest {
            tree: self.tree.id.into(),
            store: self.name.clone(),
            prefix: prefix.to_owned(),
            read: self.read(),
            ..Default::default()
        };
        let calls = self.tree.store_calls();
        pages(move |page_token| {
            let (mut calls, request) = (calls.clone(), proto::ListRequest { page_token, ..request.clone() });
            async move { unary(calls.list(request)).await.map(|page| (page.items, page.next_page_token)) }
        })
    }

    /// Lists the keys that begin with a prefix and have conflicts, with all their versions.
    pub fn conflicts(&self, prefix: &str) -> Stream<Item> {
        let request = proto::ListConflictsRequest {
            tree: self.tree.id.into(),
            store: self.name.clone(),
            prefix: prefix.to_owned(),
            read: self.read(),
            ..Default::default()
        };
        let calls = self.tree.store_calls();
        pages(move |page_token| {
            let (mut calls, request) = (calls.clone(), proto::ListConflictsRequest { page_token, ..request.clone() });
            async move { unary(calls.list_conflicts(request)).await.map(|page| (page.items, page.next_page_token)) }
        })
    }

    /// Lists what entries did to a key, newest first.
    pub fn history(&self, key: &str) -> Stream<proto::PastVersion> {
        let request = proto::HistoryRequest {
            tree: self.tree.id.into(),
            key: Some(self.key(key)),
            read: self.read(),
            ..Default::default()
        };
        let calls = self.tree.store_calls();
        pages(move |page_token| {
            let (mut calls, request) = (calls.clone(), proto::HistoryRequest { page_token, ..request.clone() });
            async move { unary(calls.history(request)).await.map(|page| (page.versions, page.next_page_token)) }
        })
    }

    /// Puts a value under a key. Await it; before that, it takes conditions.
    pub fn put(&self, key: &str, value: impl Into<Value>) -> Write {
        self.tree.write().put(&self.name, key, value)
    }

    /// Removes the versions of a key.
    pub fn delete(&self, key: &str) -> Write {
        self.tree.write().delete(&self.name, key)
    }

    /// Adds to the number under a key.
    pub fn add(&self, key: &str, delta: i64) -> Write {
        self.tree.write().add(&self.name, key, delta)
    }

    /// Follows the keys that begin with a prefix: all of them as they are, then each that changes. Goes on by itself if
    /// the connection is lost. `after` is the `sequence` of a message received after `synced`; 0 starts with all keys.
    pub fn watch(&self, prefix: &str, after: u64) -> Stream<WatchStoreResponse> {
        let request = proto::WatchStoreRequest {
            tree: self.tree.id.into(),
            store: self.name.clone(),
            prefix: prefix.to_owned(),
            ..Default::default()
        };
        let calls = self.tree.store_calls();
        let ask = move |after_sequence| {
            let (mut calls, request) = (calls.clone(), proto::WatchStoreRequest { after_sequence, ..request.clone() });
            async move { unary(calls.watch_store(request)).await }
        };
        let messages = follow(after, ask, |message: &WatchStoreResponse| message.sequence);
        Box::pin(try_stream! {
            let mut synced = false;
            for await message in messages {
                let message = message?;
                // A message that says nothing new is a sign of life.
                if !message.items.is_empty() || message.synced && !synced {
                    synced |= message.synced;
                    yield message;
                }
            }
        })
    }
}
