"""A set of entries of one tree that holds all ancestors of each: what a fetch has, and asks with."""

from __future__ import annotations

import hashlib
import random

from ._entry import Entry, id_of, need
from ._errors import CausewayError
from ._ids import Id
from ._limits import SYNC_TIPS
from ._policy import Policies
from .v1 import sync_pb2
from .v1.entry_pb2 import SignedEntry


class Taken:
    def __init__(self, tree: Id) -> None:
        self.tree = tree
        self.heights: dict[bytes, int] = {}
        self.tips: set[bytes] = set()
        self._policies = Policies(tree)

    def __len__(self) -> int:
        return len(self.heights)

    def take(self, entry: Entry) -> None:
        """Adds an entry whose parents are there. Raises the code of what is wrong with its place."""
        height = 0
        for parent in entry.body.parents:
            below = self.heights.get(parent)
            if below is None:
                raise CausewayError(
                    "ENTRY_MISSING_PARENT", f"The entry {entry.id} came before its parent {Id(parent)}."
                )
            height = max(height, below + 1)
        need(entry.body.height == height, "ENTRY_HEIGHT", f"The entry {entry.id} has another height than {height}.")
        self._policies.take(entry)
        self.heights[bytes(entry.id)] = height
        self.tips.difference_update(entry.body.parents)
        self.tips.add(bytes(entry.id))

    def take_signed(self, signed: SignedEntry) -> Entry | None:
        """Verifies an entry that a node sent, and adds it. Returns None if it is there already. Raises PROTOCOL."""
        if bytes(id_of(signed)) in self.heights:
            return None
        entry = verify_of(self.tree, signed)
        try:
            self.take(entry)
        except CausewayError as error:
            raise CausewayError("PROTOCOL", f"The node sent an entry that is not valid here: {error}") from error
        return entry

    def digest(self) -> bytes:
        """Returns SHA-256 over the tips in ascending order. With the count it identifies the whole set."""
        return hashlib.sha256(b"".join(sorted(self.tips))).digest()

    def request(self) -> sync_pb2.SyncTreeRequest:
        """Names what is here: nothing at first, later tips, so that the node leaves out what is below them."""
        if not self.heights:
            return sync_pb2.SyncTreeRequest(tree=self.tree)
        tips = random.sample(sorted(self.tips), min(len(self.tips), SYNC_TIPS))
        return sync_pb2.SyncTreeRequest(tree=self.tree, tips=tips, tips_digest=self.digest(), count=len(self))

    def is_equal(self, header: sync_pb2.SyncTreeHeader) -> bool:
        return header.count == len(self) and header.tips_digest == self.digest()


def verify_of(tree: Id, signed: SignedEntry) -> Entry:
    """Checks an entry of a tree that a node sent. One that is not valid breaks the protocol."""
    try:
        entry = Entry.verify(signed)
        need(entry.tree == tree, "ENTRY_TREE", f"The entry {entry.id} is of another tree.")
    except CausewayError as error:
        raise CausewayError("PROTOCOL", f"The node sent an entry that is not valid: {error}") from error
    return entry
