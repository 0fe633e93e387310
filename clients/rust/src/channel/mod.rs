//! The way to a node: a connection, what it is bound to, and how both ends prove their keys on it.

pub mod binding;
pub(crate) mod connection;
pub(crate) mod tls;
pub(crate) mod token;
#[cfg(test)]
mod vectors;
