//! The payload of a change in the store `_policy`: who may do what. It is read as strictly as a body. What the policy
//! entries of a tree add up to is the work of `rights.rs`.

use std::collections::HashSet;

use crate::{
    dag::canonical::Fields,
    dag::id::{Id, PeerId},
    error::{Code, Error, Result},
    proto::{Permission, PolicyChange, PolicyKey, PublicAccess},
};

/// The store whose changes are the tree's policy.
pub const POLICY_STORE: &str = "_policy";

const KEYS: usize = 1024;
const NAME_BYTES: usize = 128;
const LAST_ACCEPTED: usize = 64;

fn refuse<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::new(Code::EntryPolicy, message))
}

/// Decodes the payload of a change in the policy store. Fails with `ENTRY_POLICY` for anything else.
pub(crate) fn decode(payload: &[u8]) -> Result<PolicyChange> {
    read(payload).map_err(|error| match error.code() {
        Code::EntryPolicy => error,
        _ => Error::new(Code::EntryPolicy, format!("A policy change cannot be read. {}", error.message())),
    })
}

fn read(payload: &[u8]) -> Result<PolicyChange> {
    let mut fields = Fields::new(payload);
    let mut policy = PolicyChange::default();
    let mut peers = HashSet::new();
    loop {
        match fields.next(&[3])? {
            0 => return Ok(policy),
            1 => policy.tree_name = fields.text(payload.len(), Code::EntryPolicy)?.to_owned(),
            2 => policy.public_access = member(&mut fields, PublicAccess::Write as u64)?,
            3 if policy.keys.len() == KEYS => return refuse(format!("A policy change has at most {KEYS} keys.")),
            3 => {
                let key = read_key(fields.item()?)?;
                if !peers.insert(key.peer.clone()) {
                    return refuse("A policy change names each key once, got one twice.");
                }
                policy.keys.push(key);
            }
            _ => return fields.unknown(),
        }
    }
}

fn read_key(bytes: &[u8]) -> Result<PolicyKey> {
    let mut fields = Fields::new(bytes);
    let mut key = PolicyKey::default();
    let mut last_accepted: Vec<Id> = Vec::new();
    loop {
        match fields.next(&[5])? {
            0 => break,
            1 => key.peer = fields.hash(Code::EntryPolicy)?.to_vec(),
            2 => key.permission = member(&mut fields, Permission::Admin as u64)?,
            3 => key.name = fields.text(NAME_BYTES, Code::EntryPolicy)?.to_owned(),
            4 => key.revoked = member(&mut fields, 1)? == 1,
            5 => fields.ascending(&mut last_accepted, LAST_ACCEPTED, Code::EntryPolicy)?,
            _ => return fields.unknown(),
        }
    }
    if key.peer.is_empty() {
        return refuse("A key in the policy has 32 bytes, got none.");
    }
    if !key.revoked && !last_accepted.is_empty() {
        return refuse("Only a revocation has last accepted entries, got some without one.");
    }
    key.last_accepted = last_accepted.into_iter().map(Vec::from).collect();
    Ok(key)
}

/// Reads a member of a closed enum. Other numbers mean something only to later versions.
fn member(fields: &mut Fields, highest: u64) -> Result<i32> {
    match fields.number()? {
        value if value <= highest => Ok(value as i32),
        value => refuse(format!("A member of an enum is at most {highest}, got {value}.")),
    }
}

/// Checks that a root's policy names the tree, and its author as admin and nobody else.
pub(crate) fn check_root(policy: &PolicyChange, author: &PeerId) -> Result<()> {
    let error = |message: String| Err(Error::new(Code::EntryRoot, message));
    if !(1..=NAME_BYTES).contains(&policy.tree_name.len()) {
        return error(format!("A tree's name has 1 to {NAME_BYTES} bytes, got {}.", policy.tree_name.len()));
    }
    match policy.keys.as_slice() {
        [key] if key.peer == author.0 && key.permission == Permission::Admin as i32 && !key.revoked => Ok(()),
        _ => error("A root's policy names its author as admin, and no other key.".into()),
    }
}
