//! The golden vectors that the policy of a tree decides, and the bounds of a policy.

use data_encoding::HEXLOWER;
use serde_json::Value;

use super::{
    entry::{Draft, Entry},
    id::Id,
    key::Key,
    policy::POLICY_STORE,
    rights::Rights,
};
use crate::{
    error::{Code, Result},
    proto::{Change, Permission, PolicyChange, PolicyKey, PublicAccess, SignedEntry},
};

/// Bytes are hex, or a list of pieces. Only those of long entries are lists, and these stand alone.
fn signed(vector: &Value) -> Option<SignedEntry> {
    let hex = |name: &str| Some(HEXLOWER.decode(vector[name].as_str()?.as_bytes()).unwrap());
    Some(SignedEntry { body: hex("body")?, signature: hex("signature")? })
}

fn take(trees: &mut Vec<Rights>, signed: SignedEntry) -> Result<()> {
    let entry = Entry::verify(signed)?;
    if entry.body().tree.is_none() {
        trees.push(Rights::new(entry.id()));
    }
    let known = |tree: &Rights| entry.body().parents.iter().all(|parent: &Id| tree.height(parent).is_some());
    let tree = trees.iter_mut().rev().find(|tree| known(tree)).expect("a tree has the parents");
    tree.take(&entry)
}

#[test]
fn entries_stand_on_their_policy_and_their_authors_may_write_them() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/vectors/entries.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut trees = Vec::new();
    for vector in vectors["valid"].as_array().unwrap() {
        if let (Some(signed), None) = (signed(vector), vector.get("alone")) {
            take(&mut trees, signed).unwrap_or_else(|error| panic!("{}: {error}", vector["name"]));
        }
    }
    let mut refused = 0;
    for vector in vectors["invalid"].as_array().unwrap().iter().filter(|vector| vector["decidedBy"] == "policy") {
        let error = take(&mut trees, signed(vector).unwrap()).expect_err(vector["name"].as_str().unwrap());
        assert_eq!(error.code().as_str(), vector["code"].as_str().unwrap(), "{}", vector["name"]);
        refused += 1;
    }
    assert!(refused >= 13, "{refused}");
}

/// A tree whose admin writes all of it.
struct Tree {
    key: Key,
    root: Entry,
    rights: Rights,
}

impl Tree {
    fn new() -> Tree {
        let key = Key::generate();
        let root = Entry::sign_root(&key, "tree", PublicAccess::None).unwrap();
        let mut rights = Rights::new(root.id());
        rights.take(&root).unwrap();
        Tree { key, root, rights }
    }

    /// Signs an entry on these parents, which stands on these policy entries, and takes it.
    fn add(&mut self, on: &[&Entry], policy: &[&Entry], changes: Vec<Change>) -> Result<Entry> {
        let ids = |entries: &[&Entry]| entries.iter().map(|entry| entry.id()).collect();
        let height = 1 + on.iter().map(|entry| entry.body().height).max().unwrap();
        let draft = Draft { tree: Some(self.root.id()), parents: ids(on), height, ..Draft::default() };
        let entry = Entry::sign(&self.key, Draft { policy: ids(policy), changes, ..draft })?;
        self.rights.take(&entry)?;
        Ok(entry)
    }
}

fn policy(keys: Vec<PolicyKey>) -> Vec<Change> {
    let payload = prost::Message::encode_to_vec(&PolicyChange { keys, ..Default::default() });
    vec![Change { store: POLICY_STORE.into(), payload, ..Default::default() }]
}

/// Returns what is said of so many keys, beginning with this number.
fn keys(from: usize, count: usize, revoked: bool) -> Vec<PolicyKey> {
    let peer = |number: usize| [&(number as u64).to_le_bytes()[..], &[7; 24]].concat();
    let permission = if revoked { Permission::Unspecified } else { Permission::Read };
    let key = |number| PolicyKey { peer: peer(number), permission: permission.into(), revoked, ..Default::default() };
    (from..from + count).map(key).collect()
}

#[test]
fn a_policy_has_bounds() {
    let mut tree = Tree::new();
    let root = tree.root.clone();
    let many = tree.add(&[&root], &[], policy(keys(0, 512, true))).unwrap();
    let more = tree.add(&[&many], &[&many], policy(keys(512, 1, true)));
    assert_eq!(more.unwrap_err().code(), Code::EntryPolicy, "513 revocations");

    let mut last = root.clone();
    for number in 0..64 {
        let on = if number == 0 { vec![] } else { vec![&last] };
        // The root names a key, too.
        let count = if number == 0 { 1023 } else { 1024 };
        last = tree.add(&[&last], &on, policy(keys(number * 1024, count, false))).unwrap();
    }
    let more = tree.add(&[&last], &[&last], policy(keys(0, 1, false)));
    assert_eq!(more.unwrap_err().code(), Code::EntryPolicy, "65,537 names");

    let beside: Vec<Entry> =
        (0..65).map(|number| tree.add(&[&root], &[], policy(keys(number, 1, false))).unwrap()).collect();
    let all: Vec<&Entry> = beside.iter().collect();
    let line = vec![Change { store: "log".into(), ..Default::default() }];
    tree.add(&all[..64], &all[..64], line.clone()).unwrap();
    // An entry cannot even name 65, so it names one too few.
    assert_eq!(tree.add(&all, &all[1..], line).unwrap_err().code(), Code::EntryPolicy, "65 members");
}

#[test]
fn a_policy_with_revocations_is_judged_up_to_a_bound() {
    let mut tree = Tree::new();
    let mut last = tree.add(&[&tree.root.clone()], &[], policy(keys(0, 1, true))).unwrap();
    for number in 2..1024 {
        last = tree.add(&[&last], &[&last], policy(keys(number, 1, false))).unwrap();
    }
    let more = tree.add(&[&last], &[&last], policy(keys(0, 1, false)));
    assert_eq!(more.unwrap_err().code(), Code::LimitExceeded);
}
