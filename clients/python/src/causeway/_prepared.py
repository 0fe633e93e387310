"""Signs a body that a node has prepared, if it says what was asked for and no more.

Whoever signs a body states all that is in it. Only what the tree alone can show stays the node's word: parents, height
and policy entries.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from ._canonical import decode
from ._entry import Entry, are_ids, need, read_body, sign_body
from ._errors import CausewayError
from ._ids import Id
from ._key import Key
from ._limits import MAX_CLOCK_OFF_MS, MAX_REPLACES
from .v1 import state_pb2, store_pb2
from .v1.entry_pb2 import Change


@dataclass(frozen=True)
class Asked:
    """What a node was asked to prepare."""

    tree: Id
    nonce: bytes
    changes: Sequence[store_pb2.KeyChange] = ()
    expect: Sequence[store_pb2.Expectation] = ()
    #: Opaque changes, which come after the others.
    other: Sequence[Change] = field(default=())


def sign_prepared(key: Key, encoded: bytes, asked: Asked) -> Entry:
    """Raises PROTOCOL for a body that says something else."""
    try:
        body = read_body(encoded)
    except CausewayError as error:
        raise CausewayError("PROTOCOL", f"The node prepared a body that is not valid: {error}") from error
    _need(body.tree == asked.tree, "is for another tree")
    _need(body.author == key.peer, "is for another key")
    _need(body.nonce == asked.nonce, "has another nonce than was asked for")
    _need(abs(body.created_at_ms - time.time() * 1000) <= MAX_CLOCK_OFF_MS, "is dated too far from the time here")
    wanted = len(asked.changes)
    holds = (
        len(body.changes) == wanted + len(asked.other)
        and not any(change.store.startswith("_") for change in body.changes)
        and all(_says(change, each, asked.expect) for change, each in zip(body.changes, asked.changes, strict=False))
        and list(body.changes[wanted:]) == list(asked.other)
    )
    _need(holds, "has other changes than were asked for")
    return sign_body(key, encoded, body)


def _need(holds: bool, lie: str) -> None:
    need(holds, "PROTOCOL", f"The body that the node prepared {lie}: it was not signed.")


def _says(change: Change, asked: store_pb2.KeyChange, expect: Sequence[store_pb2.Expectation]) -> bool:
    """Reports whether a change says what was asked for, in all its fields.

    The node fills in only what was left open: the versions that it replaces, and whether an add has to be a put, of the
    number where nothing is left to add to.
    """
    if change.store != asked.key.store:
        return False
    names = _names_of(asked, expect)
    try:
        if asked.HasField("put"):
            return _says_put(change, asked.key.key, asked.put, names)
        if asked.HasField("delete"):
            if change.kind != "cw.delete":
                return False
            delete = decode(state_pb2.MapDelete, change.payload)
            expected = state_pb2.MapDelete(key=asked.key.key, replaces=delete.replaces)
            return delete == expected and _are_names(delete.replaces, names)
        if not asked.HasField("add"):
            return False
        if change.kind == "cw.put":
            number = store_pb2.Put(value=str(asked.add.delta).encode(), type="text/plain")
            return _says_put(change, asked.key.key, number, [] if names is None else names)
        if change.kind != "cw.add":
            return False
        add = decode(state_pb2.CounterAdd, change.payload)
        if names == [bytes(32)]:
            names = []  # Adds to no version name none.
        wanted = state_pb2.CounterAdd(key=asked.key.key, on=add.on, delta=asked.add.delta)
        return add == wanted and _are_names(add.on, names)
    except CausewayError:
        return False  # A payload that is not in its canonical encoding.


def _says_put(change: Change, key: str, put: store_pb2.Put, names: list[bytes] | None) -> bool:
    if change.kind != "cw.put":
        return False
    says = decode(state_pb2.MapPut, change.payload)
    blob = put.blob if put.HasField("blob") else None
    expected = state_pb2.MapPut(key=key, value=put.value, type=put.type, blob=blob, replaces=says.replaces)
    return says == expected and _are_names(says.replaces, names)


def _names_of(asked: store_pb2.KeyChange, expect: Sequence[store_pb2.Expectation]) -> list[bytes] | None:
    """Returns the versions that a change must replace, ascending; None: any."""
    if asked.HasField("replaces"):
        return sorted(set(asked.replaces.entries))
    for each in expect:
        if each.key == asked.key and len(each.versions) <= MAX_REPLACES:
            return sorted(set(each.versions))
    return None


def _are_names(names: Sequence[bytes], asked: list[bytes] | None) -> bool:
    return are_ids(names, MAX_REPLACES) and (asked is None or list(names) == asked)
