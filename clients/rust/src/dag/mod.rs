//! Entries and what they are made of: pure, without a network.

pub(crate) mod body;
mod canonical;
pub(crate) mod entry;
pub(crate) mod id;
mod judge;
pub(crate) mod key;
pub(crate) mod policy;
pub(crate) mod rights;
#[cfg(test)]
mod vectors;
