"""Entries: the signed vertices of a tree, and the rules that their bytes alone decide."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import pairwise

from ._canonical import decode, encode, read_varint
from ._errors import CausewayError
from ._ids import Id, PeerId, quote
from ._key import Key, is_sound_point, verify
from ._limits import (
    MAX_BODY_BYTES,
    MAX_CHANGES,
    MAX_LABEL_BYTES,
    MAX_LAST_ACCEPTED,
    MAX_NAME_BYTES,
    MAX_NONCE_BYTES,
    MAX_PARENTS,
    MAX_POLICIES,
    MAX_POLICY_KEYS,
    MIN_ROOT_NONCE_BYTES,
)
from .v1.entry_pb2 import PERMISSION_ADMIN, PUBLIC_ACCESS_WRITE, EntryBody, PolicyChange, SignedEntry

ENTRY_DOMAIN = b"causeway.entry.v1\0"
POLICY_STORE = "_policy"


@dataclass(frozen=True)
class Entry:
    """A vertex of a tree whose bytes and signature were verified.

    What only its ancestors can show, such as its height, its place in the policy and its author's right,
    ``Tree.fetch`` checks.
    """

    #: SHA-256 over signature and body.
    id: Id
    #: What the author has signed, decoded. Do not change it.
    body: EntryBody
    #: The bytes themselves: what is sent and stored.
    signed: SignedEntry

    @property
    def tree(self) -> Id:
        """The id of the entry's tree. That of a root is its own."""
        return Id(self.body.tree) if self.body.tree else self.id

    @property
    def author(self) -> PeerId:
        """The key that signed the entry."""
        return PeerId(self.body.author)

    @property
    def created_at(self) -> datetime:
        """The author's clock. It is only a claim."""
        return datetime.fromtimestamp(self.body.created_at_ms / 1000, timezone.utc)

    @classmethod
    def verify(cls, signed: SignedEntry) -> Entry:
        """Checks all that an entry's bytes decide: its encoding, its shape and its signature.

        Raises the code of what is not valid, such as ENTRY_SIGNATURE.
        """
        body = read_body(signed.body)
        if not verify(body.author, ENTRY_DOMAIN + signed.body, signed.signature):
            raise CausewayError("ENTRY_SIGNATURE", "The signature is not the author's.")
        return cls(id_of(signed), body, signed)


def id_of(signed: SignedEntry) -> Id:
    return Id(hashlib.sha256(signed.signature + signed.body).digest())


def sign_entry(key: Key, body: EntryBody) -> Entry:
    own = EntryBody()
    own.CopyFrom(body)
    own.author = key.peer
    encoded = encode(own)
    return sign_body(key, encoded, read_body(encoded))


def sign_body(key: Key, encoded: bytes, body: EntryBody) -> Entry:
    """Signs a body that was read."""
    signed = SignedEntry(body=encoded, signature=key.sign(ENTRY_DOMAIN + encoded))
    return Entry(id_of(signed), body, signed)


def read_body(encoded: bytes) -> EntryBody:
    """Decodes a body that is valid by itself. Raises the code of what is not."""
    need(len(encoded) <= MAX_BODY_BYTES, "ENTRY_TOO_LARGE", f"A body has at most {MAX_BODY_BYTES} bytes.")
    # The version comes first: the rest of another one may be laid out otherwise.
    if encoded[:1] == b"\x08":
        version, at = read_varint(encoded, 1)
        need(version <= 1, "ENTRY_VERSION", f"This client reads version 1 of entries, got {version}.")
        need(encoded[at : at + 2] != b"\x12\0", "ENTRY_TREE", "An entry that names a tree names it with 32 bytes.")
    body = decode(EntryBody, encoded)
    need(body.version == 1, "ENTRY_VERSION", "A body has a version, got none.")
    _check_body(body)
    return body


def _check_body(body: EntryBody) -> None:
    need(len(body.tree) in (0, 32), "ENTRY_TREE", "A tree's id has 32 bytes.")
    is_author = len(body.author) == 32 and is_sound_point(body.author)
    need(is_author, "ENTRY_AUTHOR", "The author is no sound Ed25519 key of 32 bytes.")
    need(are_ids(body.parents, MAX_PARENTS), "ENTRY_PARENTS", f"Parents are at most {MAX_PARENTS} ids, ascending.")
    need(
        are_ids(body.policy, MAX_POLICIES), "ENTRY_POLICY", f"Policy entries are at most {MAX_POLICIES} ids, ascending."
    )
    need(len(body.nonce) <= MAX_NONCE_BYTES, "ENTRY_NONCE", f"A nonce has at most {MAX_NONCE_BYTES} bytes.")
    need(len(body.changes) <= MAX_CHANGES, "ENTRY_CHANGES", f"An entry has at most {MAX_CHANGES} changes.")
    _check_changes(body)
    if not body.tree:
        _check_root(body)
        return
    need(len(body.parents) > 0, "ENTRY_PARENTS", "An entry that is no root has parents.")
    need(body.height > 0, "ENTRY_HEIGHT", "An entry that is no root has a height of at least 1.")


def _check_changes(body: EntryBody) -> None:
    policies = 0
    for change in body.changes:
        is_named = change.store != "" and _is_name(change.store) and _is_name(change.kind)
        need(
            is_named, "ENTRY_CHANGES", f"A store and a kind have at most {MAX_NAME_BYTES} bytes, no control characters."
        )
        if not change.store.startswith("_"):
            continue
        need(change.store == POLICY_STORE, "ENTRY_CHANGES", f"Stores with _ are reserved, got {quote(change.store)}.")
        policy = read_policy(change.payload)
        policies += 1
        is_place = policies == 1 and (policy.tree_name == "" or not body.tree)
        need(is_place, "ENTRY_POLICY", "An entry changes the policy at most once, and only a root names its tree.")


def read_policy(payload: bytes) -> PolicyChange:
    """Decodes a change of the policy. Raises ENTRY_POLICY."""
    try:
        policy = decode(PolicyChange, payload)
    except CausewayError as error:
        raise CausewayError("ENTRY_POLICY", f"A change of the policy cannot be read: {error}") from error
    is_bounded = policy.public_access <= PUBLIC_ACCESS_WRITE and len(policy.keys) <= MAX_POLICY_KEYS
    need(is_bounded, "ENTRY_POLICY", f"A policy has at most {MAX_POLICY_KEYS} keys, and a public access that exists.")
    for key in policy.keys:
        is_key = len(key.peer) == 32 and len(key.name.encode()) <= MAX_LABEL_BYTES
        is_right = key.permission <= PERMISSION_ADMIN and (key.revoked or not key.last_accepted)
        need(
            is_key and is_right and are_ids(key.last_accepted, MAX_LAST_ACCEPTED),
            "ENTRY_POLICY",
            "A change of the policy says of each key what it may do.",
        )
    distinct = len({key.peer for key in policy.keys}) == len(policy.keys)
    need(distinct, "ENTRY_POLICY", "A change of the policy names each key once.")
    return policy


def _check_root(body: EntryBody) -> None:
    need(not body.parents, "ENTRY_TREE", "An entry with parents names its tree.")
    need(body.height == 0, "ENTRY_HEIGHT", f"A root has the height 0, got {body.height}.")
    need(not body.policy, "ENTRY_POLICY", "A root names no policy entries.")
    need(len(body.nonce) >= MIN_ROOT_NONCE_BYTES, "ENTRY_NONCE", "A root has a nonce of at least 16 bytes.")
    is_policy = len(body.changes) == 1 and body.changes[0].store == POLICY_STORE
    need(is_policy, "ENTRY_ROOT", "A root has exactly one change: the first policy.")
    policy = read_policy(body.changes[0].payload)
    [*keys] = policy.keys
    is_admin = len(keys) == 1 and keys[0].peer == body.author and keys[0].permission == PERMISSION_ADMIN
    is_named = 1 <= len(policy.tree_name.encode()) <= MAX_LABEL_BYTES
    need(
        is_named and is_admin and not keys[0].revoked,
        "ENTRY_ROOT",
        "A root names its tree, and its author alone, as admin.",
    )


def need(holds: bool, code: str, message: str) -> None:
    if not holds:
        raise CausewayError(code, message)


def are_ids(ids: Sequence[bytes], most: int) -> bool:
    """Reports whether these are at most so many ids, strictly ascending."""
    ascending = all(a < b for a, b in pairwise(ids))
    return len(ids) <= most and ascending and all(len(one) == 32 for one in ids)


def _is_name(name: str) -> bool:
    return len(name.encode()) <= MAX_NAME_BYTES and not re.search("[\\x00-\\x1f\\x7f-\\x9f]", name)
