# Written by unasync.py from aio/_tree.py. Do not edit.
"""A tree at a node: its entries, and the stores that they add up to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._asker import Asker, Synced
from .._backoff import Backoff
from .._blob import BlobReader
from .._entry import Entry
from .._errors import LOST, CausewayError
from .._ids import Id
from .._limits import LIST_PAGE, MAX_IDLE_ROUNDS, PAGE_BYTES, PAGE_ENTRIES, WRITE_NONCE_BYTES
from .._prepared import Asked, sign_prepared
from .._reads import read_options
from .._replica import Replica
from .._taken import Taken, verify_of
from ..v1 import store_pb2, sync_pb2, tree_pb2
from ..v1.entry_pb2 import PERMISSION_WRITE, Change, Permission, SignedEntry
from ..v1.state_pb2 import Blob
from ..v1.store_pb2_grpc import StoreServiceStub
from ..v1.sync_pb2_grpc import SyncServiceStub
from ..v1.tree_pb2_grpc import TreeServiceStub
from ._follow import follow
from ._io import each, sleep

if TYPE_CHECKING:
    from ._node import Node
    from ._store import Store


@dataclass(frozen=True)
class TreeEvent:
    """What a watch of a tree yields."""

    #: What arrived at the node, parents first. Each is verified.
    entries: Sequence[Entry]
    #: Where to go on: pass it as the ``after`` of another watch.
    sequence: int
    #: Entries sent before may now be void, or no longer void: read the tree again.
    policy_changed: bool


@dataclass(frozen=True)
class Pushed:
    """What became of entries that were pushed: how many were new to the node, and how many were there already."""

    added: int
    known: int


class Tree:
    """A handle of one tree at a node: the signed entries that hang from one root."""

    def __init__(self, node: Node, id: Id) -> None:
        self._node = node
        self.id = id

    def get(self) -> tree_pb2.GetTreeResponse:
        """Returns what the node says of the tree, and its tips: at most 4,096. Raises UNKNOWN_TREE."""
        request = tree_pb2.GetTreeRequest(tree=self.id)
        return self._node.call(lambda channel: TreeServiceStub(channel).GetTree, request)

    def entries(
        self, *, newest_first: bool = False, stores: Sequence[str] = (), include_void: bool = False
    ) -> Iterator[Entry]:
        """Yields the entries of the tree, all pages, each verified. ``stores``: only those that change one of these."""
        request = tree_pb2.ListEntriesRequest(
            tree=self.id, page_size=LIST_PAGE, newest_first=newest_first, stores=stores, include_void=include_void
        )
        pages = self._node.pages(
            lambda channel: TreeServiceStub(channel).ListEntries, request, lambda page: page.entries
        )
        for listed in pages:
            yield verify_of(self.id, listed.signed)

    def entry(self, id: bytes | str) -> Entry:
        """Returns one entry, verified. Raises UNKNOWN_ENTRY."""
        name = Id.of(id)
        request = tree_pb2.GetEntriesRequest(ids=[name])
        found = self._node.call(lambda channel: TreeServiceStub(channel).GetEntries, request)
        if not found.entries:
            raise CausewayError("UNKNOWN_ENTRY", f"The node does not have the entry {name}.")
        entry = verify_of(self.id, found.entries[0].signed)
        if entry.id != name:
            raise CausewayError("PROTOCOL", f"The node sent the entry {entry.id} for {name}.")
        return entry

    def watch(self, after: int = 0, *, stores: Sequence[str] = (), include_void: bool = False) -> Iterator[TreeEvent]:
        """Yields the entries in the order of their arrival at the node, after a sequence (0: all), then each new one.

        It goes on where it was when the connection is lost, until you leave it or an error stays.
        """
        sequence = after

        def request() -> tree_pb2.WatchTreeRequest:
            return tree_pb2.WatchTreeRequest(
                tree=self.id, after_sequence=sequence, stores=stores, include_void=include_void
            )

        def take(message: tree_pb2.WatchTreeResponse) -> TreeEvent | None:
            nonlocal sequence
            entries = [verify_of(self.id, listed.signed) for listed in message.entries]
            sequence = max(sequence, message.sequence)
            is_event = bool(entries) or message.policy_changed
            return TreeEvent(entries, message.sequence, message.policy_changed) if is_event else None

        return follow(self._node, lambda channel: TreeServiceStub(channel).WatchTree, request, take)

    def submit(
        self, entries: Iterable[Entry], *, durable: bool = False, expect: Sequence[store_pb2.Expectation] = ()
    ) -> tree_pb2.SubmitEntriesResponse:
        """Stores entries that their authors have signed, parents first: at most 1,024 and 256 KiB, or one larger one.

        Raises the code of the first that is refused; the others are stored. See ``push`` for more.
        """
        signed = [entry.signed for entry in entries]
        request = tree_pb2.SubmitEntriesRequest(tree=self.id, entries=signed, durable=durable, expect=expect)
        return self._node.call(lambda channel: TreeServiceStub(channel).SubmitEntries, request)

    def commit(self, changes: Sequence[Change], *, durable: bool = False) -> Id:
        """Writes one entry of opaque changes with our key: what a store of keys is too narrow for. Returns its id."""
        key, nonce = self._node.key, os.urandom(WRITE_NONCE_BYTES)
        request = tree_pb2.PrepareCommitRequest(tree=self.id, changes=changes, author=key.peer, nonce=nonce)
        prepared = self._node.call(lambda channel: TreeServiceStub(channel).PrepareCommit, request)
        entry = sign_prepared(key, prepared.body, Asked(self.id, nonce, other=changes))
        return self._send(entry, durable, ())

    def write(
        self,
        changes: Sequence[store_pb2.KeyChange],
        *,
        expect: Sequence[store_pb2.Expectation] = (),
        durable: bool = False,
    ) -> Id:
        """Writes changes of several keys in one entry, which our key signs. Returns its id, for ``at`` of reads.

        The node prepares the entry, and it is signed only if it says what was asked for: otherwise this raises
        PROTOCOL. Raises CONFLICT if a key does not have exactly the versions that ``expect`` names.
        """
        key, nonce = self._node.key, os.urandom(WRITE_NONCE_BYTES)
        request = store_pb2.PrepareWriteRequest(
            tree=self.id, changes=changes, expect=expect, author=key.peer, nonce=nonce
        )
        prepared = self._node.call(lambda channel: StoreServiceStub(channel).PrepareWrite, request)
        entry = sign_prepared(key, prepared.body, Asked(self.id, nonce, changes, expect))
        return self._send(entry, durable, expect)

    def _send(self, entry: Entry, durable: bool, expect: Sequence[store_pb2.Expectation]) -> Id:
        """Submits an entry, and sends it again if the connection was lost: one that is there counts as known."""
        try:
            self.submit([entry], durable=durable, expect=expect)
        except CausewayError as lost:
            if lost.code not in LOST:
                raise
            try:
                self.submit([entry], durable=durable, expect=expect)
            except CausewayError as error:
                if error.code != "CONFLICT":
                    raise
                # The entry may conflict with what it has itself written.
                try:
                    self.entry(entry.id)
                except CausewayError:
                    raise error from None
        return entry.id

    def store(self, name: str) -> Store:
        """Returns a handle of a store. A store exists because changes name it."""
        from ._store import Store

        return Store(self._node, self, name)

    def stores(self, *, at: Sequence[bytes] = (), wait: float = 0) -> Iterator[str]:
        """Yields the names of the stores that have keys."""
        request = store_pb2.ListStoresRequest(tree=self.id, page_size=LIST_PAGE, read=read_options(at, wait))
        return self._node.pages(lambda channel: StoreServiceStub(channel).ListStores, request, lambda page: page.stores)

    def request_access(
        self,
        permission: Permission.ValueType = PERMISSION_WRITE,
        message: str = "",
        invitation: bytes | None = None,
    ) -> sync_pb2.RequestAccessResponse:
        """Asks for the right to read or to write, and returns how the request stands.

        An invitation of a ticket gives it at once; otherwise an admin decides: ask again later.
        """
        request = sync_pb2.RequestAccessRequest(
            tree=self.id, permission=permission, message=message, invitation=invitation or b""
        )
        return self._node.call(lambda channel: SyncServiceStub(channel).RequestAccess, request)

    def fetch(self) -> Iterator[Entry]:
        """Takes a whole tree, as a newcomer that has nothing.

        Yields each entry once, after its parents, verified: its signature and shape, that all its parents came before,
        its height, its place in the policy, and the right of its author. It goes on when the connection is lost. When
        it ends, the entries are all that the node has: their tips have the digest, and they have the count, that the
        node states. Entries that are void since a later change of the policy come too: whoever wrote them had the
        right then.

        It remembers some hundred bytes of each entry. A node may send a tree that does not end: leave the loop when you
        have enough.
        """
        taken, backoff, idle = Taken(self.id), Backoff(), 0
        while True:
            before, header = len(taken), sync_pb2.SyncTreeHeader()
            lost: CausewayError | None = None
            try:
                stream = self._node.stream(lambda channel: SyncServiceStub(channel).SyncTree, taken.request())
                with closing(stream.messages()) as messages:
                    for message in messages:
                        if message.HasField("header"):
                            header = message.header
                        for signed in message.page.entries:
                            entry = taken.take_signed(signed)
                            if entry is not None:
                                yield entry
            except CausewayError as error:
                lost = error
            if lost is None and taken.is_equal(header):
                return
            idle = 0 if len(taken) > before else idle + 1
            if idle == 0:
                backoff.reset()
            elif idle >= MAX_IDLE_ROUNDS:
                raise lost or CausewayError("PROTOCOL", "The node sends nothing new, although both sides differ.")
            if lost is not None:
                sleep(backoff.next(lost, self._node.refused(lost)))

    def sync(self, replica: Replica) -> Synced:
        """Makes a tree that we have, perhaps in part, equal to the node's: takes what we lack, sends what it lacks.

        What comes is verified as in ``fetch``, and is in the replica at once. The cost follows the difference, not the
        tree. When this returns, both sides had the same entries. If the connection is lost, this raises DISCONNECTED:
        call it again, and it goes on where it was. Raises PROTOCOL if the node lies, or does not take what we send.
        """
        asker = Asker(replica, (self._node.session()).peer)
        try:
            while asker.step is not None:
                if isinstance(asker.step, sync_pb2.SendEntriesRequest):
                    asker.sent(self._node.call(lambda channel: SyncServiceStub(channel).SendEntries, asker.step))
                    continue
                stream = self._node.stream(lambda channel: SyncServiceStub(channel).SyncTree, asker.step)
                with closing(stream.messages()) as messages:
                    for message in messages:
                        asker.take(message)
                asker.taken()
        except CausewayError as error:
            self._node.refused(error)
            raise
        return asker.synced

    def blob(self, blob: Blob) -> Iterator[bytes]:
        """Yields the bytes of a blob that a version of the tree has, one chunk at a time, each verified.

        It goes on where it was when the connection is lost.
        """
        reading, backoff = BlobReader(blob), Backoff()
        while True:
            request = store_pb2.GetBlobRequest(tree=self.id, blob=blob, offset=reading.restart(), verifiable=True)
            lost: CausewayError | None = None
            try:
                stream = self._node.stream(lambda channel: StoreServiceStub(channel).GetBlob, request)
                with closing(stream.messages()) as messages:
                    for message in messages:
                        for chunk in reading.take(message):
                            backoff.reset()
                            yield chunk
            except CausewayError as error:
                lost = error
            if reading.is_whole:
                return
            sleep(backoff.next(lost, lost is not None and self._node.refused(lost)))

    def push(self, entries: Iterable[Entry]) -> Pushed:
        """Sends entries to a node that has their tree, parents first, in as many pages as it takes.

        If one is refused, this raises its code, with "id" in the data; those before it are stored, and you may push the
        same entries again.
        """
        added = known = size = 0
        page: list[SignedEntry] = []
        for entry in each(entries):
            more = entry.signed.ByteSize()
            if page and (len(page) == PAGE_ENTRIES or size + more > PAGE_BYTES):
                sent = self._send_page(page)
                added, known = added + sent.added, known + sent.known
                page, size = [], 0
            page.append(entry.signed)
            size += more
        if page:
            sent = self._send_page(page)
            added, known = added + sent.added, known + sent.known
        return Pushed(added, known)

    def _send_page(self, page: Sequence[SignedEntry]) -> sync_pb2.SendEntriesResponse:
        request = sync_pb2.SendEntriesRequest(tree=self.id, entries=page)
        answer = self._node.call(lambda channel: SyncServiceStub(channel).SendEntries, request)
        if answer.refused:
            first = answer.refused[0]
            data = {"id": str(Id(first.id))} if len(first.id) == 32 else {}
            raise CausewayError(first.code, first.message, data)
        return answer
