#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
// Messages of the contract are written with `..Default::default()`, since the contract may add fields.
#![allow(clippy::needless_update)]

mod blob;
mod channel;
mod dag;
mod error;
mod node;
mod prepared;
pub mod proto;
mod store;
mod sync;
mod ticket;
mod tree;
mod watch;
mod write;

pub use channel::binding;
pub use dag::{
    body::Body,
    entry::{Draft, Entry},
    id::{Id, PeerId},
    key::Key,
};
pub use error::{Code, Error, Result};
pub use node::{Node, Options};
pub use proto::{Blob, Change, Item, Permission, PublicAccess, SignedEntry};
pub use store::Store;
pub use sync::Pushed;
pub use ticket::{Ticket, TicketPeer};
pub use tree::{Filter, Tree};
pub use watch::Stream;
pub use write::{Value, Write};
