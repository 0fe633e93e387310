//! A tree at a node: its entries, as they are and as they come, and entries to write.

use async_stream::try_stream;

use crate::{
    dag::entry::{Entry, now_ms},
    dag::id::Id,
    dag::key::random,
    error::{Code, Error, Result},
    node::{Node, unary},
    prepared::{Asked, check_prepared},
    proto::{
        self, AccessStatus, EntryView, Permission, PrepareCommitRequest, SubmitEntriesRequest, SubmitEntriesResponse,
        store_service_client::StoreServiceClient, sync_service_client::SyncServiceClient,
        tree_service_client::TreeServiceClient,
    },
    store::Store,
    watch::{Pace, Stream, follow, pages},
    write::Write,
};

/// How often an entry is sent again if the connection is lost on the way. It counts once, however often it arrives.
const SENDS: u32 = 3;

/// A handle of a tree at a node.
#[derive(Clone)]
pub struct Tree {
    pub(crate) node: Node,
    pub(crate) id: Id,
}

/// Which entries to list, and in which order.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Newest first; else parents first.
    pub newest_first: bool,
    /// Only entries that change one of these stores. Empty: all entries.
    pub stores: Vec<String>,
    /// Void entries too, which had no right to be written.
    pub include_void: bool,
}

impl Tree {
    pub(crate) fn new(node: Node, id: Id) -> Tree {
        Tree { node, id }
    }

    /// Returns the tree's id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Returns the node where this tree is.
    pub fn node(&self) -> &Node {
        &self.node
    }

    pub(crate) fn calls(&self) -> TreeServiceClient<Node> {
        TreeServiceClient::new(self.node.clone())
    }

    pub(crate) fn store_calls(&self) -> StoreServiceClient<Node> {
        StoreServiceClient::new(self.node.clone())
    }

    /// Returns the tree as the node has it, with its tips.
    pub async fn get(&self) -> Result<proto::GetTreeResponse> {
        let request = proto::GetTreeRequest { tree: self.id.into(), ..Default::default() };
        unary(self.calls().get_tree(request)).await
    }

    /// Returns one entry, verified. Fails with `UNKNOWN_ENTRY`.
    pub async fn entry(&self, id: Id) -> Result<Entry> {
        let request =
            proto::GetEntriesRequest { ids: vec![id.into()], view: EntryView::Signed.into(), ..Default::default() };
        let answer = unary(self.calls().get_entries(request)).await?;
        let Some(entry) = answer.entries.into_iter().next() else {
            return Err(Error::new(Code::UnknownEntry, format!("The node does not have the entry {id}.")));
        };
        let entry = self.verified(entry.signed)?;
        if entry.id() != id {
            return Err(Error::new(Code::Protocol, format!("The node sent {} for {id}.", entry.id())));
        }
        Ok(entry)
    }

    /// Lists the entries. Each is verified; that none is missing is what `fetch` proves.
    pub fn entries(&self, filter: Filter) -> Stream<Entry> {
        let Filter { newest_first, stores, include_void } = filter;
        let request = proto::ListEntriesRequest {
            tree: self.id.into(),
            newest_first,
            include_void,
            stores,
            view: EntryView::Signed.into(),
            ..Default::default()
        };
        let tree = self.clone();
        pages(move |page_token| {
            let (tree, request) = (tree.clone(), proto::ListEntriesRequest { page_token, ..request.clone() });
            async move {
                let page = unary(tree.calls().list_entries(request)).await?;
                let entries = page.entries.into_iter().map(|entry| tree.verified(entry.signed));
                Ok((entries.collect::<Result<Vec<_>>>()?, page.next_page_token))
            }
        })
    }

    /// Follows the tree: its entries in the order in which they came to the node, after the arrival of this number,
    /// then each new one, each with its number. Goes on by itself if the connection is lost.
    pub fn watch(&self, after: u64, stores: &[&str]) -> Stream<(Entry, u64)> {
        let request = proto::WatchTreeRequest {
            tree: self.id.into(),
            stores: stores.iter().map(|store| store.to_string()).collect(),
            view: EntryView::Signed.into(),
            ..Default::default()
        };
        let (tree, calls) = (self.clone(), self.calls());
        let ask = move |after_sequence| {
            let (mut calls, request) = (calls.clone(), proto::WatchTreeRequest { after_sequence, ..request.clone() });
            async move { unary(calls.watch_tree(request)).await }
        };
        let messages = follow(after, ask, |message: &proto::WatchTreeResponse| message.sequence);
        Box::pin(try_stream! {
            for await message in messages {
                let message = message?;
                for (entry, sequence) in message.entries.into_iter().zip(message.sequences) {
                    yield (tree.verified(entry.signed)?, sequence);
                }
            }
        })
    }

    fn verified(&self, signed: Option<proto::SignedEntry>) -> Result<Entry> {
        let entry = Entry::verify(signed.unwrap_or_default())?;
        if entry.tree() != self.id {
            return Err(Error::new(Code::Protocol, format!("The node sent {}, of another tree.", entry.id())));
        }
        Ok(entry)
    }

    /// Stores signed entries at the node, parents first. Sends them again if the connection is lost on the way.
    pub async fn submit(&self, entries: &[Entry]) -> Result<SubmitEntriesResponse> {
        self.send(entries, Vec::new(), false).await
    }

    pub(crate) async fn send(
        &self,
        entries: &[Entry],
        expect: Vec<proto::Expectation>,
        durable: bool,
    ) -> Result<SubmitEntriesResponse> {
        let signed = entries.iter().map(|entry| entry.signed().clone()).collect();
        let request =
            SubmitEntriesRequest { tree: self.id.into(), entries: signed, durable, expect, ..Default::default() };
        let (mut sends, mut pace) = (1, Pace::new());
        loop {
            match unary(self.calls().submit_entries(request.clone())).await {
                // It may be our own first sending that has changed what was expected.
                Err(error) if error.code() == Code::Conflict && sends > 1 => match entries.last() {
                    Some(last) if self.entry(last.id()).await.is_ok() => {
                        let known = entries.len() as u32;
                        return Ok(SubmitEntriesResponse {
                            added: 0,
                            known,
                            at: vec![last.id().into()],
                            ..Default::default()
                        });
                    }
                    _ => return Err(error),
                },
                Err(error) if sends < SENDS => pace.pause(error).await?,
                answer => return answer,
            }
            sends += 1;
        }
    }

    /// Writes one entry with opaque changes: the node prepares it, this program checks and signs it. Returns its id.
    pub async fn commit(&self, changes: Vec<proto::Change>) -> Result<Id> {
        let key = self.node.key()?;
        let nonce = random::<8>().to_vec();
        let request = PrepareCommitRequest {
            tree: self.id.into(),
            changes: changes.clone(),
            nonce: nonce.clone(),
            ..Default::default()
        };
        let body = unary(self.calls().prepare_commit(request)).await?.body;
        let asked = Asked { tree: self.id, author: key.peer(), nonce: &nonce, now_ms: now_ms() };
        check_prepared(&body, &asked, |found| found == changes)?;
        let entry = Entry::sign_body(key, body)?;
        self.send(std::slice::from_ref(&entry), Vec::new(), false).await?;
        Ok(entry.id())
    }

    /// Begins one entry that changes keys of the tree's stores. Await it to write it.
    pub fn write(&self) -> Write {
        Write::new(self.clone())
    }

    /// Returns a handle of a store. It makes no call.
    pub fn store(&self, name: &str) -> Store {
        Store::new(self.clone(), name)
    }

    /// Lists the names of the stores that have keys.
    pub fn stores(&self) -> Stream<String> {
        let (id, calls) = (self.id, self.store_calls());
        pages(move |page_token| {
            let mut calls = calls.clone();
            let request = proto::ListStoresRequest { tree: id.into(), page_token, ..Default::default() };
            async move { unary(calls.list_stores(request)).await.map(|page| (page.stores, page.next_page_token)) }
        })
    }

    /// Asks the admins for access, with the secret of an invitation if there is one. Returns what the caller may do now,
    /// or None while the request waits. Fails with `ACCESS_REJECTED`.
    pub async fn request_access(
        &self,
        permission: Permission,
        message: &str,
        invitation: Option<[u8; 32]>,
    ) -> Result<Option<Permission>> {
        let request = proto::RequestAccessRequest {
            tree: self.id.into(),
            permission: permission.into(),
            message: message.to_owned(),
            invitation: invitation.map(Vec::from).unwrap_or_default(),
            ..Default::default()
        };
        let answer = unary(SyncServiceClient::new(self.node.clone()).request_access(request)).await?;
        match answer.status() {
            AccessStatus::Granted => Ok(Some(answer.permission())),
            AccessStatus::Rejected => {
                Err(Error::new(Code::AccessRejected, format!("An admin rejected the request: {}", answer.reason)))
            }
            _ => Ok(None),
        }
    }
}
