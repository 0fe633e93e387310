//! Checks of a body that a node has prepared for this program's key. Whoever signs it states all that is in it, so it
//! must say what was asked for, and no more. Its place in the tree stays the node's word.

use prost::Message;

use crate::{
    dag::body::Body,
    dag::id::{Id, PeerId},
    dag::policy::POLICY_STORE,
    error::{Code, Error, Result},
    proto::{Change, CounterAdd, KeyChange, MapDelete, MapPut, Put, key_change::What},
};

/// How far the clocks of the node and of this program may be apart.
const CLOCK_OFF_MS: u64 = 86_400_000;
const NAMES: usize = 64;

/// What a node was asked to prepare, beside the changes.
pub(crate) struct Asked<'a> {
    pub tree: Id,
    pub author: PeerId,
    pub nonce: &'a [u8],
    pub now_ms: u64,
}

/// Checks that a prepared body says what was asked for. Fails with `PROTOCOL`.
pub(crate) fn check_prepared(bytes: &[u8], asked: &Asked, says: impl FnOnce(&[Change]) -> bool) -> Result<Body> {
    let lied = |how: &str| {
        Err(Error::new(Code::Protocol, format!("The body that the node prepared {how}: it is not signed.")))
    };
    let body = match Body::decode(bytes) {
        Ok(body) => body,
        Err(error) => return lied(&format!("is not valid ({error})")),
    };
    if body.tree != Some(asked.tree) {
        return lied("is for another tree");
    }
    if body.author != asked.author {
        return lied("is for another key");
    }
    if body.changes.iter().any(|change| change.store == POLICY_STORE) {
        return lied("changes the policy");
    }
    if !says(&body.changes) {
        return lied("has other changes than were asked for");
    }
    if body.nonce != asked.nonce {
        return lied("has another nonce than was asked for");
    }
    if body.created_at_ms.abs_diff(asked.now_ms) > CLOCK_OFF_MS {
        return lied(&format!("is dated {}, too far from the time here, {}", body.created_at_ms, asked.now_ms));
    }
    Ok(body)
}

/// Reports whether a change does to a key what was asked for. `replaces` are the versions that it may replace or add
/// to, ascending; None leaves them to the node. All payloads have one encoding, so equal bytes say the same.
pub(crate) fn says(change: &Change, asked: &KeyChange, replaces: Option<&[Vec<u8>]>) -> bool {
    let Some(key) = &asked.key else { return false };
    change.store == key.store && payload_says(change, &key.key, asked.what.as_ref(), replaces) == Some(true)
}

fn payload_says(change: &Change, key: &str, what: Option<&What>, replaces: Option<&[Vec<u8>]>) -> Option<bool> {
    let payload = change.payload.as_slice();
    let put = |asked: Put, replaces: Vec<Vec<u8>>| {
        let Put { value, r#type, blob, .. } = asked;
        let put = MapPut { key: key.into(), value, r#type, blob, replaces, ..Default::default() };
        put.encode_to_vec() == payload
    };
    Some(match (what?, change.kind.as_str()) {
        (What::Put(asked), "cw.put") => {
            let names = names_or(replaces, MapPut::decode(payload).ok()?.replaces)?;
            put(asked.clone(), names)
        }
        (What::Delete(_), "cw.delete") => {
            let replaces = names_or(replaces, MapDelete::decode(payload).ok()?.replaces)?;
            MapDelete { key: key.into(), replaces, ..Default::default() }.encode_to_vec() == payload
        }
        (What::Add(asked), "cw.add") => {
            let zero: &[Vec<u8>] = &[vec![0; 32]];
            let given = CounterAdd::decode(payload).ok()?.on;
            // An add to no version names none.
            let names = if given.is_empty() && replaces == Some(zero) { given } else { names_or(replaces, given)? };
            CounterAdd { key: key.into(), on: names, delta: asked.delta, ..Default::default() }.encode_to_vec()
                == payload
        }
        // An add to a key of which nothing is left is put as the number.
        (What::Add(asked), "cw.put") => {
            let value = asked.delta.to_string().into();
            let number = Put { value, r#type: "text/plain".into(), ..Default::default() };
            put(number, replaces.unwrap_or_default().to_vec())
        }
        _ => false,
    })
}

/// Returns the names that were asked for, or those that the node chose if they can be names at all.
fn names_or(asked: Option<&[Vec<u8>]>, given: Vec<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
    let ascends = given.windows(2).all(|pair| pair[0] < pair[1]);
    let sound = given.len() <= NAMES && ascends && given.iter().all(|name| name.len() == 32);
    asked.map(<[_]>::to_vec).or_else(|| sound.then_some(given))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Add, Blob, Delete, Key};

    fn change(kind: &str, payload: impl Message) -> Change {
        Change { store: "notes".into(), kind: kind.into(), payload: payload.encode_to_vec() }
    }

    fn asked(what: What) -> KeyChange {
        let key = Key { store: "notes".into(), key: "title".into() };
        KeyChange { key: Some(key), what: Some(what), ..Default::default() }
    }

    fn id(byte: u8) -> Vec<u8> {
        vec![byte; 32]
    }

    #[test]
    fn a_put_is_the_value_and_the_versions_that_were_asked_for() {
        let ask = asked(What::Put(Put { value: b"Hello".into(), r#type: "text/plain".into(), ..Default::default() }));
        let put = MapPut {
            key: "title".into(),
            value: b"Hello".into(),
            r#type: "text/plain".into(),
            replaces: vec![id(1), id(2)],
            ..Default::default()
        };
        let given = change("cw.put", put.clone());
        assert!(says(&given, &ask, None));
        assert!(says(&given, &ask, Some(&[id(1), id(2)])));
        assert!(!says(&given, &ask, Some(&[id(1)])));
        assert!(!says(&given, &ask, Some(&[])));
        let lies = [
            MapPut { key: "other".into(), ..put.clone() },
            MapPut { blob: Some(Blob { id: id(1), size: 1, ..Default::default() }), ..put.clone() },
            MapPut { value: b"Help".into(), ..put.clone() },
            MapPut { r#type: "".into(), ..put.clone() },
            MapPut { replaces: vec![id(2), id(1)], ..put.clone() },
            MapPut { replaces: vec![vec![1; 31]], ..put.clone() },
        ];
        for lie in lies {
            assert!(!says(&change("cw.put", lie.clone()), &ask, None), "{lie:?}");
        }
        assert!(!says(&Change { store: "other".into(), ..given.clone() }, &ask, None));
        assert!(!says(&Change { kind: "cw.delete".into(), ..given.clone() }, &ask, None));
        let unknown_field = [given.payload.as_slice(), b"\xf8\x01\x01"].concat();
        assert!(!says(&Change { payload: unknown_field, ..given }, &ask, None));
    }

    #[test]
    fn a_delete_names_the_versions_that_were_asked_for() {
        let ask = asked(What::Delete(Delete {}));
        let given = change("cw.delete", MapDelete { key: "title".into(), replaces: vec![id(1)] });
        assert!(says(&given, &ask, None) && says(&given, &ask, Some(&[id(1)])));
        assert!(!says(&given, &ask, Some(&[id(2)])));
    }

    #[test]
    fn an_add_may_come_as_a_put_of_the_number() {
        let ask = asked(What::Add(Add { delta: -3 }));
        let add = |on: Vec<Vec<u8>>, delta| change("cw.add", CounterAdd { key: "title".into(), on, delta });
        assert!(says(&add(vec![id(1)], -3), &ask, None));
        assert!(says(&add(vec![], -3), &ask, Some(&[id(0)])));
        assert!(!says(&add(vec![], -3), &ask, Some(&[id(1)])));
        assert!(!says(&add(vec![id(1)], -4), &ask, None));
        let put = |value: &str, replaces| {
            let put = MapPut {
                key: "title".into(),
                value: value.into(),
                r#type: "text/plain".into(),
                replaces,
                ..Default::default()
            };
            change("cw.put", put)
        };
        assert!(says(&put("-3", vec![]), &ask, None));
        assert!(!says(&put("-3", vec![id(1)]), &ask, None));
        assert!(!says(&put("-4", vec![]), &ask, None));
    }

    #[test]
    fn a_body_that_says_anything_else_is_not_signed() {
        let (tree, author) = (Id([1; 32]), crate::Key::generate().peer());
        let ask = Asked { tree, author, nonce: &[5; 8], now_ms: 1_800_000_000_000 };
        let line = Change { store: "log".into(), kind: "line".into(), payload: b"x".into() };
        let honest = Body {
            tree: Some(tree),
            parents: vec![tree],
            height: 1,
            author,
            created_at_ms: ask.now_ms,
            policy: Vec::new(),
            changes: vec![line.clone()],
            nonce: vec![5; 8],
        };
        let check = |bytes: &[u8]| check_prepared(bytes, &ask, |changes| changes == [line.clone()]);
        assert_eq!(check(&honest.encode()).unwrap(), honest);
        let lies = [
            Body { tree: Some(Id([2; 32])), ..honest.clone() },
            Body { author: crate::Key::generate().peer(), ..honest.clone() },
            Body { changes: vec![line.clone(), line.clone()], ..honest.clone() },
            Body { nonce: vec![6; 8], ..honest.clone() },
            Body { created_at_ms: ask.now_ms - CLOCK_OFF_MS - 1, ..honest.clone() },
            Body { height: 0, ..honest.clone() },
        ];
        for lie in lies {
            assert_eq!(check(&lie.encode()).unwrap_err().code(), Code::Protocol, "{lie:?}");
        }
        let unknown_field = [honest.encode().as_slice(), b"\xf8\x01\x01"].concat();
        assert_eq!(check(&unknown_field).unwrap_err().code(), Code::Protocol);
    }
}
