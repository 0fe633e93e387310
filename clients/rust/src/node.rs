//! A node that this program calls. The first call dials, checks the node's key, and proves this program's own; a later
//! call dials anew if the connection is gone.

use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response, Uri, uri::Scheme};
use hyper::body::Incoming;
use tonic::body::Body;

use crate::{
    channel::connection::{Calling, Dialler, Target},
    channel::tls,
    dag::id::{Id, PeerId},
    dag::key::Key,
    error::{Code, Error, Result},
    proto::{self, tree_service_client::TreeServiceClient},
    ticket::Ticket,
    tree::Tree,
    watch::{Stream, pages},
};

/// How long a call may take. The longest wait that a read can ask for is half of it.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// How to dial a node. A `Key` alone is options too.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The key that proves who calls. Without one, only public trees are there.
    pub key: Option<Key>,
    /// The peer that the node must be. Without one, the node's first proof decides who it is.
    pub peer: Option<PeerId>,
    /// The certificates to trust, in PEM. Default: those of the operating system.
    pub roots: Option<Vec<u8>>,
    /// Allows plain HTTP to another machine, which must allow it too. Anybody between can then read and change it.
    pub insecure: bool,
}

impl From<Key> for Options {
    fn from(key: Key) -> Options {
        Options { key: Some(key), ..Options::default() }
    }
}

/// A node. It is cheap to clone, and a service for the generated clients:
/// `NodeServiceClient::new(node.clone())` has the credentials of all other calls.
#[derive(Clone)]
pub struct Node(Arc<Dialler>);

impl Node {
    /// Returns the node at an address such as `http://127.0.0.1:4100` or `https://node.example`. It dials at its first
    /// call.
    pub fn dial(address: &str, options: impl Into<Options>) -> Result<Node> {
        let Options { key, peer, roots, insecure } = options.into();
        let bad = |expected: &str| Error::new(Code::BadAddress, format!("An address {expected}, got {address:?}."));
        let uri: Uri = address.parse().map_err(|_| bad("is a URL"))?;
        let secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(bad("begins with http:// or https://")),
        };
        if uri.host().is_none() || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(bad("has a host and no path"));
        }
        let tls = if secure { Some(tls::connector(roots.as_deref())?) } else { None };
        let target = Target { uri, tls, insecure };
        let expected = Mutex::new(peer);
        Ok(Node(Arc::new(Dialler { target, key, expected, current: Default::default() })))
    }

    /// Returns the node that issued a ticket, and the ticket's tree. The node must prove to be the ticket's issuer.
    pub fn dial_ticket(ticket: &Ticket, options: impl Into<Options>) -> Result<(Node, Tree)> {
        let mut options = options.into();
        options.peer = ticket.peer.or(options.peer);
        let dialled = ticket.addresses.iter().find(|address| address.starts_with("http"));
        let address = dialled.ok_or_else(|| {
            Error::new(Code::NoTransport, "The ticket has no address that begins with http:// or https://.")
        })?;
        let node = Node::dial(address, options)?;
        let tree = node.tree(ticket.tree);
        Ok((node, tree))
    }

    /// Returns the peer that the node has proven to be.
    pub async fn peer(&self) -> Result<PeerId> {
        Ok(self.0.connection().await?.peer)
    }

    /// Returns a handle of a tree. It makes no call.
    pub fn tree(&self, id: Id) -> Tree {
        Tree::new(self.clone(), id)
    }

    /// Lists the trees that the caller may read.
    pub fn trees(&self) -> Stream<proto::Tree> {
        let calls = TreeServiceClient::new(self.clone());
        pages(move |page_token| {
            let (mut calls, request) = (calls.clone(), proto::ListTreesRequest { page_token, ..Default::default() });
            async move { unary(calls.list_trees(request)).await.map(|page| (page.trees, page.next_page_token)) }
        })
    }

    pub(crate) fn key(&self) -> Result<&Key> {
        self.0.key.as_ref().ok_or_else(|| Error::new(Code::Unauthenticated, "Writing needs a key: dial with one."))
    }
}

/// Waits for the answer of a call, and no longer than calls may take.
pub(crate) async fn unary<T>(call: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>) -> Result<T> {
    match tokio::time::timeout(CALL_TIMEOUT, call).await {
        Ok(answer) => Ok(answer?.into_inner()),
        Err(_) => Err(Error::new(Code::Timeout, format!("The node did not answer within {CALL_TIMEOUT:?}."))),
    }
}

impl tower_service::Service<Request<Body>> for Node {
    type Response = Response<Incoming>;
    type Error = tonic::Status;
    type Future = Calling;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), tonic::Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Calling {
        let dialler = self.0.clone();
        Box::pin(async move { Ok(dialler.connection().await?.call(request).await?) })
    }
}
