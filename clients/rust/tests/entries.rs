//! The golden vectors of entries: each valid one reads, verifies and signs again to the same bytes; each invalid one is
//! refused with its code.

use std::collections::HashMap;

use causeway::{Body, Code, Draft, Entry, Id, Key, SignedEntry};
use serde_json::Value;

fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/vectors/entries.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

/// Bytes are hex, or a list of pieces, each hex or a repeated run.
fn expand(value: &Value) -> Vec<u8> {
    let Value::Array(pieces) = value else { return hex(value.as_str().unwrap()) };
    let piece = |piece: &Value| match piece.get("repeat") {
        Some(run) => hex(run.as_str().unwrap()).repeat(piece["times"].as_u64().unwrap() as usize),
        None => hex(piece.as_str().unwrap()),
    };
    pieces.iter().flat_map(piece).collect()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn id(value: &Value) -> Id {
    Id::try_from(hex(value.as_str().unwrap()).as_slice()).unwrap()
}

fn signed(vector: &Value) -> SignedEntry {
    SignedEntry { body: expand(&vector["body"]), signature: expand(&vector["signature"]) }
}

fn check_fields(body: &Body, fields: &Value, name: &str) {
    let ids = |name| list(fields, name).iter().map(id).collect::<Vec<_>>();
    assert_eq!(body.tree.map(|tree| tree.0.to_vec()), fields["tree"].as_str().map(hex), "{name}");
    assert_eq!(body.parents, ids("parents"), "{name}");
    assert_eq!(Some(body.height), fields["height"].as_u64(), "{name}");
    assert_eq!(body.author.to_string(), fields["author"].as_str().unwrap(), "{name}");
    assert_eq!(Some(body.created_at_ms), fields["createdAtMs"].as_u64(), "{name}");
    assert_eq!(body.policy, ids("policy"), "{name}");
    assert_eq!(body.nonce, hex(fields["nonce"].as_str().unwrap()), "{name}");
    let changes = list(fields, "changes").iter().flat_map(|change| {
        let times = change["times"].as_u64().unwrap_or(1) as usize;
        vec![change.get("repeat").unwrap_or(change); times]
    });
    let changes: Vec<_> = changes.collect();
    assert_eq!(body.changes.len(), changes.len(), "{name}");
    for (change, expected) in body.changes.iter().zip(changes) {
        assert_eq!(change.store, expected["store"].as_str().unwrap(), "{name}");
        assert_eq!(change.kind, expected["kind"].as_str().unwrap(), "{name}");
        assert_eq!(change.payload, expand(&expected["payload"]), "{name}");
    }
}

#[test]
fn valid_entries_verify_and_sign_again_to_the_same_bytes() {
    let mut known: HashMap<Id, (Id, u64)> = HashMap::new();
    let vectors = vectors();
    let valid = list(&vectors, "valid");
    assert!(valid.len() >= 40);
    for vector in valid {
        let name = vector["name"].as_str().unwrap();
        let entry = Entry::verify(signed(vector)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(entry.id(), id(&vector["id"]), "{name}");
        assert_eq!(entry.id().to_string(), vector["cid"].as_str().unwrap(), "{name}");
        assert_eq!(vector["cid"].as_str().unwrap().parse::<Id>().unwrap(), entry.id(), "{name}");
        check_fields(entry.body(), &vector["fields"], name);
        assert_eq!(entry.body().encode(), entry.signed().body, "{name}");
        if let Some(seed) = vector["seed"].as_str() {
            let body = entry.body().clone();
            // A draft may have its ids in any order.
            let (mut parents, mut policy) = (body.parents, body.policy);
            parents.reverse();
            policy.reverse();
            let Body { tree, height, created_at_ms, changes, nonce, .. } = body;
            let draft = Draft { tree, parents, height, created_at_ms, policy, changes, nonce };
            let again = Entry::sign(&Key::from_hex(seed).unwrap(), draft).unwrap();
            assert_eq!(again, entry, "{name}");
        }
        if vector["alone"].as_bool() != Some(true) {
            let checked = entry.check_place(|parent| known.get(parent).copied());
            checked.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        known.insert(entry.id(), (entry.tree(), entry.body().height));
    }
}

#[test]
fn invalid_entries_are_refused_with_their_code() {
    let vectors = vectors();
    let mut checked = 0;
    for vector in list(&vectors, "invalid") {
        let name = vector["name"].as_str().unwrap();
        let found = Entry::verify(signed(vector));
        let refused = match vector["decidedBy"].as_str().unwrap() {
            "body" => Body::decode(&expand(&vector["body"])).err().or(found.err()),
            "signature" => {
                assert!(Body::decode(&expand(&vector["body"])).is_ok(), "{name}");
                found.err()
            }
            "parents" => {
                let known = |parent: &Id| {
                    let known = list(vector, "known").iter().find(|known| id(&known["id"]) == *parent)?;
                    Some((id(&known["tree"]), known["height"].as_u64().unwrap()))
                };
                found.unwrap_or_else(|error| panic!("{name}: {error}")).check_place(known).err()
            }
            // The bytes of these entries hold; src/dag/vectors.rs is about their authors.
            "policy" => {
                found.unwrap_or_else(|error| panic!("{name}: {error}"));
                continue;
            }
            other => panic!("{name}: unknown stage {other}"),
        };
        let code = refused.unwrap_or_else(|| panic!("{name}: accepted")).code();
        assert_eq!(code.as_str(), vector["code"].as_str().unwrap(), "{name}");
        checked += 1;
    }
    assert!(checked >= 128, "{checked}");
}

/// Returns the bytes with one of them changed, left out or doubled, at each place.
fn mutants(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..bytes.len()).flat_map(move |at| {
        let with = |bit: u8| [&bytes[..at], &[bytes[at] ^ bit], &bytes[at + 1..]].concat();
        let without = [&bytes[..at], &bytes[at + 1..]].concat();
        let doubled = [&bytes[..at], &bytes[at..=at], &bytes[at..]].concat();
        [with(1), with(4), with(8), with(0x80), without, doubled]
    })
}

#[test]
fn whatever_is_read_has_one_encoding() {
    let (mut read, mut refused) = (0, 0);
    for vector in list(&vectors(), "valid") {
        let bytes = expand(&vector["body"]);
        for mutant in mutants(&bytes[..bytes.len().min(600)]) {
            match Body::decode(&mutant) {
                Ok(body) => {
                    assert_eq!(body.encode(), mutant);
                    read += 1;
                }
                Err(error) => {
                    assert!(error.code().as_str().starts_with("ENTRY_"), "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(read > 1000 && refused > 1000, "{read} {refused}");
}

#[test]
fn a_root_is_signed_and_a_draft_that_is_not_valid_is_not() {
    let key = Key::generate();
    let root = Entry::sign_root(&key, "notes", causeway::PublicAccess::Read).unwrap();
    assert_eq!(root.tree(), root.id());
    assert_eq!(root.author(), key.peer());
    assert_eq!(Entry::verify(root.signed().clone()).unwrap(), root);
    let long = Entry::sign_root(&key, &"a".repeat(129), causeway::PublicAccess::None).unwrap_err();
    assert_eq!(long.code(), Code::EntryRoot);
    let early = Draft { tree: Some(root.id()), parents: vec![root.id()], ..Draft::default() };
    assert_eq!(Entry::sign(&key, early).unwrap_err().code(), Code::EntryHeight);
}
