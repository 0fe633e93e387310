"""Nothing is signed but what was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from causeway import CausewayError, Id, Key
from causeway._canonical import encode
from causeway._prepared import Asked, sign_prepared
from causeway.v1.entry_pb2 import Change, EntryBody
from causeway.v1.state_pb2 import Blob, CounterAdd, MapDelete, MapPut
from causeway.v1.store_pb2 import Add, Delete, Expectation, KeyChange, Put, Versions
from causeway.v1.store_pb2 import Key as StoreKey

KEY = Key.generate()
TREE = Id(b"\1" + bytes(31))
OTHER = b"\7" * 32
NONCE = b"8 bytes."
NAME = StoreKey(store="notes", key="k")
ASKED = KeyChange(key=NAME, put=Put(value=b"v", type="text/plain"), replaces=Versions())
DAY_MS = 86_400_000

Lie = Callable[[EntryBody, MapPut], object]


def prepare(lie: Lie = lambda body, put: None) -> bytes:
    put = MapPut(key="k", value=b"v", type="text/plain")
    body = EntryBody(
        version=1,
        tree=TREE,
        parents=[TREE],
        height=1,
        author=KEY.peer,
        created_at_ms=int(time.time() * 1000),
        changes=[Change(store="notes", kind="cw.put")],
        nonce=NONCE,
    )
    lie(body, put)
    if body.changes:
        body.changes[0].payload = encode(put)
    return encode(body)


def sign(encoded: bytes, change: KeyChange = ASKED, expect: tuple[Expectation, ...] = ()) -> None:
    entry = sign_prepared(KEY, encoded, Asked(TREE, NONCE, [change], expect))
    assert entry.signed.body == encoded


def refuse(encoded: bytes, change: KeyChange = ASKED, expect: tuple[Expectation, ...] = ()) -> None:
    with pytest.raises(CausewayError) as caught:
        sign(encoded, change, expect)
    assert caught.value.code == "PROTOCOL"


def set_field(name: str, value: object) -> Lie:
    return lambda body, put: setattr(body, name, value)


def set_put(name: str, value: object) -> Lie:
    return lambda body, put: setattr(put, name, value)


LIES: dict[str, Lie] = {
    "version": set_field("version", 2),
    "tree": set_field("tree", OTHER),
    "author": set_field("author", OTHER),
    "nonce": set_field("nonce", OTHER),
    "no nonce": set_field("nonce", b""),
    "no changes": lambda body, put: body.ClearField("changes"),
    "another change": lambda body, put: body.changes.append(body.changes[0]),
    "store": lambda body, put: setattr(body.changes[0], "store", "other"),
    "kind": lambda body, put: setattr(body.changes[0], "kind", "cw.delete"),
    "key": set_put("key", "other"),
    "value": set_put("value", OTHER),
    "type": set_put("type", "text/html"),
    "blob": lambda body, put: put.blob.MergeFrom(Blob(id=OTHER, size=1)),
    "replaces": lambda body, put: put.replaces.append(OTHER),
    "too early": lambda body, put: setattr(body, "created_at_ms", body.created_at_ms - 2 * DAY_MS),
    "too late": lambda body, put: setattr(body, "created_at_ms", body.created_at_ms + 2 * DAY_MS),
}


def test_the_truth_is_signed() -> None:
    sign(prepare())


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_is_not_signed(lie: Lie) -> None:
    refuse(prepare(lie))


def test_other_encodings_are_not_signed() -> None:
    honest = prepare()
    for encoded in (honest + b"\x7a\1\1", b"\x08\x81\0" + honest[2:], honest[:-1], b""):
        refuse(encoded)


def test_the_node_names_versions_only_where_they_were_left_open() -> None:
    named = prepare(lambda body, put: put.replaces.append(OTHER))
    unsorted = prepare(lambda body, put: put.replaces.extend([OTHER, bytes(TREE)]))
    change = KeyChange(key=NAME, put=ASKED.put)
    sign(named, change)
    refuse(unsorted, change)
    sign(named, change, (Expectation(key=NAME, versions=[OTHER]),))
    refuse(named, change, (Expectation(key=NAME, versions=[TREE]),))
    refuse(named, change, (Expectation(key=NAME),))


def body_of(kind: str, payload: bytes) -> bytes:
    def lie(body: EntryBody, put: MapPut) -> None:
        del body.changes[:]

    body = EntryBody.FromString(prepare(lie))
    body.changes.append(Change(store="notes", kind=kind, payload=payload))
    return encode(body)


def test_deletes_and_adds() -> None:
    delete, add = KeyChange(key=NAME, delete=Delete()), KeyChange(key=NAME, add=Add(delta=-7))
    sign(body_of("cw.delete", encode(MapDelete(key="k", replaces=[OTHER]))), delete)
    refuse(body_of("cw.delete", encode(MapDelete(key="l"))), delete)
    refuse(body_of("cw.put", encode(MapPut(key="k"))), delete)
    sign(body_of("cw.add", encode(CounterAdd(key="k", on=[OTHER], delta=-7))), add)
    refuse(body_of("cw.add", encode(CounterAdd(key="k", delta=7))), add)
    # Nothing is left to add to: a put of the number, which replaces nothing.
    sign(body_of("cw.put", encode(MapPut(key="k", value=b"-7", type="text/plain"))), add)
    refuse(body_of("cw.put", encode(MapPut(key="k", value=b"-7", type="text/plain", replaces=[OTHER]))), add)
    refuse(body_of("cw.put", encode(MapPut(key="k", value=b"7", type="text/plain"))), add)


def test_opaque_changes() -> None:
    change = Change(store="log", kind="line", payload=b"one")
    body = EntryBody.FromString(prepare())
    del body.changes[:]
    body.changes.append(change)
    assert sign_prepared(KEY, encode(body), Asked(TREE, NONCE, other=[change])).body == body
    with pytest.raises(CausewayError):
        sign_prepared(KEY, encode(body), Asked(TREE, NONCE, other=[Change(store="log", kind="line", payload=b"two")]))
