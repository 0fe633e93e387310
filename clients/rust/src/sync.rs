//! A whole tree, taken by the calls of peers: `fetch` takes all that is there and trusts none of it, `push` gives entries
//! to the node.

use std::collections::BTreeSet;

use async_stream::try_stream;

use crate::{
    dag::{
        entry::Entry,
        id::{Id, digest_tips},
        rights::Rights,
    },
    error::{Code, Error, Result},
    node::{CALL_TIMEOUT, unary},
    proto::{
        RangeQuery, SendEntriesRequest, SignedEntry, SyncStatus, SyncTreeHeader, SyncTreeRequest, SyncTreeResponse,
        sync_service_client::SyncServiceClient, sync_tree_response::Part,
    },
    tree::Tree,
    watch::{Pace, Stream},
};

/// A page's bounds.
const PAGE_ENTRIES: usize = 1024;
const PAGE_BYTES: usize = 256 * 1024;
/// A caller that has more tips names only some of them.
const TIPS: usize = 32;
/// How often a fetch asks for what has come meanwhile, or was cut, without getting anything new.
const IDLE_ROUNDS: u32 = 8;

/// What became of entries that were pushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// How many were new to the node.
    pub added: u32,
    /// How many it already had.
    pub known: u32,
}

/// What a fetch has so far. It is closed under ancestors at any time.
struct Fetched {
    tree: Id,
    /// Every entry, with its height, and who may write.
    rights: Rights,
    tips: BTreeSet<Id>,
    /// The greatest entry in (height, id) order.
    last: Option<(u64, Id)>,
}

impl Fetched {
    /// Verifies an entry and takes it. Returns None for one that is already here.
    fn take(&mut self, signed: SignedEntry) -> Result<Option<Entry>> {
        let entry = Entry::verify(signed)?;
        if entry.tree() != self.tree {
            return Err(Error::new(Code::EntryTree, format!("{} is of another tree.", entry.id())));
        }
        if self.rights.height(&entry.id()).is_some() {
            return Ok(None);
        }
        entry.check_place(|id| Some((self.tree, self.rights.height(id)?)))?;
        self.rights.take(&entry)?;
        for parent in &entry.body().parents {
            self.tips.remove(parent);
        }
        self.tips.insert(entry.id());
        self.last = self.last.max(Some((entry.body().height, entry.id())));
        Ok(Some(entry))
    }

    fn digest(&self) -> Vec<u8> {
        if self.tips.is_empty() {
            return Vec::new();
        }
        digest_tips(self.tips.iter()).to_vec()
    }

    fn is_all(&self, header: &SyncTreeHeader) -> bool {
        header.count == self.rights.len() as u64 && header.tips_digest == self.digest()
    }

    /// Returns the question for the rest: if the last answer was cut, for all that lies beyond; else for what is missing.
    fn ask(&self, cut: bool) -> SyncTreeRequest {
        let range = self.last.filter(|_| cut).map(|(after_height, id)| RangeQuery {
            after_height,
            after_id: id.into(),
            complete: true,
            ..Default::default()
        });
        SyncTreeRequest {
            tree: self.tree.into(),
            tips: self.tips.iter().take(TIPS).map(|id| id.0.to_vec()).collect(),
            tips_digest: self.digest(),
            count: self.rights.len() as u64,
            range,
            ..Default::default()
        }
    }
}

fn broken(message: &str) -> Error {
    Error::new(Code::Protocol, message)
}

/// Returns the next part of an answer, or None at its end.
async fn next(answer: &mut tonic::Streaming<SyncTreeResponse>) -> Result<Option<Part>> {
    match tokio::time::timeout(CALL_TIMEOUT, answer.message()).await {
        Ok(Ok(None)) => Ok(None),
        Ok(Ok(Some(SyncTreeResponse { part }))) => Ok(Some(part.ok_or_else(|| broken("An empty message came."))?)),
        Ok(Err(status)) => Err(status.into()),
        Err(_) => Err(Error::new(Code::Timeout, "The node stopped sending.")),
    }
}

impl Tree {
    fn sync_calls(&self) -> SyncServiceClient<crate::node::Node> {
        SyncServiceClient::new(self.node.clone())
    }

    /// Takes the whole tree, parents first, and verifies it: every signature, every entry's place under its parents and in
    /// the policy, its author's right to write it, and at the end that nothing is missing of what the node says it has.
    /// Entries that a later policy made void come too. Keeps some 150 bytes of each entry; goes on by itself if the
    /// connection is lost. A node may send a tree without end: drop the stream when there is enough.
    pub fn fetch(&self) -> Stream<Entry> {
        let tree = self.clone();
        let mut fetched = Fetched { tree: self.id, rights: Rights::new(self.id), tips: BTreeSet::new(), last: None };
        Box::pin(try_stream! {
            let (mut cut, mut idle, mut pace) = (false, 0, Pace::new());
            loop {
                let before = fetched.rights.len();
                let mut header = None;
                let mut ended = None;
                match unary(tree.sync_calls().sync_tree(fetched.ask(cut))).await {
                    Err(error) => ended = Some(error),
                    Ok(mut answer) => loop {
                        match next(&mut answer).await {
                            Ok(None) => break,
                            Ok(Some(Part::Header(found))) if header.is_none() => {
                                cut = found.status() == SyncStatus::Range;
                                header = Some(found);
                            }
                            Ok(Some(Part::Page(page))) if header.is_some() => {
                                for signed in page.entries {
                                    if let Some(entry) = fetched.take(signed)? {
                                        yield entry;
                                    }
                                }
                                cut = page.more;
                            }
                            Ok(Some(_)) => ended = Some(broken("An answer has one header, then pages.")),
                            Err(error) => ended = Some(error),
                        }
                        if ended.is_some() {
                            break;
                        }
                    },
                }
                if header.as_ref().is_some_and(|header| fetched.is_all(header)) {
                    break;
                }
                idle = if fetched.rights.len() > before { 0 } else { idle + 1 };
                if let Some(error) = ended {
                    cut = true;
                    pace.pause(error).await?;
                } else if idle == IDLE_ROUNDS {
                    Err(broken("The node does not send all the entries that it says it has."))?;
                }
            }
        })
    }

    /// Gives signed entries to the node, parents first. Fails with the code of the first entry that it refuses; the
    /// others are stored.
    pub async fn push(&self, entries: &[Entry]) -> Result<Pushed> {
        let mut pushed = Pushed::default();
        let mut rest = entries;
        while !rest.is_empty() {
            let (page, after) = rest.split_at(page_length(rest));
            rest = after;
            let signed = page.iter().map(|entry| entry.signed().clone()).collect();
            let request = SendEntriesRequest { tree: self.id.into(), entries: signed, ..Default::default() };
            let answer = unary(self.sync_calls().send_entries(request)).await?;
            if let Some(refused) = answer.refused.first() {
                let error = Error::new(Code::parse(&refused.code), refused.message.clone());
                return Err(match Id::try_from(refused.id.as_slice()) {
                    Ok(id) => error.with("entry", id),
                    Err(_) => error,
                });
            }
            pushed.added += answer.added;
            pushed.known += answer.known;
        }
        Ok(pushed)
    }
}

/// Returns how many of these entries fit into one page: at least one.
fn page_length(entries: &[Entry]) -> usize {
    let mut bytes = 0;
    let fits = entries.iter().take(PAGE_ENTRIES).take_while(|entry| {
        bytes += entry.signed().body.len() + entry.signed().signature.len();
        bytes <= PAGE_BYTES
    });
    fits.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Change, Draft, Key, PublicAccess};

    fn child(key: &Key, parent: &Entry) -> Entry {
        let changes = vec![Change { store: "log".into(), ..Change::default() }];
        let (tree, height) = (Some(parent.tree()), parent.body().height + 1);
        Entry::sign(key, Draft { tree, parents: vec![parent.id()], height, changes, ..Draft::default() }).unwrap()
    }

    #[test]
    fn only_what_verifies_and_fits_is_taken() {
        let key = Key::generate();
        let root = Entry::sign_root(&key, "tree", PublicAccess::None).unwrap();
        let other = Entry::sign_root(&key, "other", PublicAccess::None).unwrap();
        let first = child(&key, &root);
        let second = child(&key, &first);
        let mut fetched =
            Fetched { tree: root.id(), rights: Rights::new(root.id()), tips: BTreeSet::new(), last: None };
        let mut take = |entry: &Entry| fetched.take(entry.signed().clone()).map_err(|error| error.code());
        assert_eq!(take(&other), Err(Code::EntryTree));
        assert_eq!(take(&first), Err(Code::EntryMissingParent));
        assert_eq!(take(&root), Ok(Some(root.clone())));
        assert_eq!(take(&root), Ok(None));
        assert_eq!(take(&second), Err(Code::EntryMissingParent));
        assert_eq!(take(&first), Ok(Some(first.clone())));
        let mut forged = second.signed().clone();
        forged.signature[0] ^= 1;
        assert_eq!(fetched.take(forged).unwrap_err().code(), Code::EntrySignature);
        let whole =
            SyncTreeHeader { count: 2, tips_digest: digest_tips([first.id()].iter()).into(), ..Default::default() };
        assert!(fetched.is_all(&whole));
        assert!(!fetched.is_all(&SyncTreeHeader { count: 3, ..whole.clone() }));
        assert!(!fetched.is_all(&SyncTreeHeader { tips_digest: vec![0; 32], ..whole }));
        let rest = fetched.ask(true);
        assert_eq!((rest.count, rest.range.unwrap().after_id), (2, first.id().0.to_vec()));
        assert!(fetched.ask(false).range.is_none());
    }
}
