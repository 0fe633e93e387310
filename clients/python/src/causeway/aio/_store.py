"""A store of a tree: keys with values, and the numbers that adds sum up to."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import IO, TYPE_CHECKING

from .._blob import chunks_of
from .._errors import LOST, CausewayError
from .._ids import Id
from .._limits import GET_KEYS, LIST_PAGE
from .._reads import change_of, put_of, read_options
from ..v1 import store_pb2
from ..v1.store_pb2_grpc import StoreServiceStub
from ._follow import follow

if TYPE_CHECKING:
    from ._node import Node
    from ._tree import Tree


class Store:
    """A handle of one store of a tree.

    Reads take ``at``, the ids of writes that they must see, and ``wait``, for how many seconds they wait for these (at
    most 30, 5 unless said): otherwise they raise NOT_HERE_YET. Writes return the id of their entry, and take

    - ``expect``: they raise CONFLICT unless the key has exactly these versions at the node then (none: absent),
    - ``replaces``: the versions that they replace, or to which they add. Default: those of ``expect``, and without that
      what the node shows,
    - ``durable``: they return only once the entry is flushed to the node's disk.
    """

    def __init__(self, node: Node, tree: Tree, name: str) -> None:
        self._node = node
        self._tree = tree
        self.name = name

    async def get(self, key: str, *, at: Sequence[bytes] = (), wait: float = 0) -> store_pb2.Item:
        """Returns a key with its value and conflicts. ``item.HasField("value")`` is false if the key is absent."""
        [item] = await self.get_many([key], at=at, wait=wait)
        return item

    async def get_many(
        self, keys: Sequence[str], *, at: Sequence[bytes] = (), wait: float = 0
    ) -> Sequence[store_pb2.Item]:
        """Returns keys in their order, in as many calls as it takes."""
        items: list[store_pb2.Item] = []
        while len(items) < len(keys):
            asked = [self._key(key) for key in keys[len(items) : len(items) + GET_KEYS]]
            request = store_pb2.GetRequest(tree=self._tree.id, keys=asked, read=read_options(at, wait))
            page = await self._node.call(lambda channel: StoreServiceStub(channel).Get, request)
            if not 1 <= len(page.items) <= len(asked):
                raise CausewayError("PROTOCOL", f"The node returned {len(page.items)} items for {len(asked)} keys.")
            items += page.items
        return items

    def list(self, prefix: str = "", *, at: Sequence[bytes] = (), wait: float = 0) -> AsyncIterator[store_pb2.Item]:
        """Yields the keys that begin with a prefix, in ascending order, with their values."""
        request = store_pb2.ListRequest(
            tree=self._tree.id, store=self.name, prefix=prefix, page_size=LIST_PAGE, read=read_options(at, wait)
        )
        return self._node.pages(lambda channel: StoreServiceStub(channel).List, request, lambda page: page.items)

    def conflicts(
        self, prefix: str = "", *, at: Sequence[bytes] = (), wait: float = 0
    ) -> AsyncIterator[store_pb2.Item]:
        """Yields the keys that have conflicts, with all versions. Write with ``replaces`` of all to resolve one."""
        request = store_pb2.ListConflictsRequest(
            tree=self._tree.id, store=self.name, prefix=prefix, page_size=LIST_PAGE, read=read_options(at, wait)
        )
        return self._node.pages(
            lambda channel: StoreServiceStub(channel).ListConflicts, request, lambda page: page.items
        )

    def history(self, key: str, *, at: Sequence[bytes] = (), wait: float = 0) -> AsyncIterator[store_pb2.PastVersion]:
        """Yields what entries did to a key, newest first."""
        request = store_pb2.HistoryRequest(tree=self._tree.id, key=self._key(key), read=read_options(at, wait))
        return self._node.pages(lambda channel: StoreServiceStub(channel).History, request, lambda page: page.versions)

    async def put(
        self,
        key: str,
        value: str | bytes,
        *,
        type: str | None = None,
        replaces: Sequence[bytes] | None = None,
        expect: Sequence[bytes] | None = None,
        durable: bool = False,
    ) -> Id:
        """Puts a value under a key: text, or bytes. ``type`` is its media type, such as "application/json"."""
        change = change_of(self._key(key), put=put_of(value, type), replaces=replaces)
        return await self._write(change, expect, durable)

    async def put_blob(
        self,
        key: str,
        content: bytes | IO[bytes],
        *,
        type: str = "",
        replaces: Sequence[bytes] | None = None,
        expect: Sequence[bytes] | None = None,
        durable: bool = False,
    ) -> Id:
        """Puts a value of up to 2 GiB, of which the entry has only the hash. It reads a file one chunk at a time.

        ``item.value.blob`` is then what ``Tree.blob`` reads.
        """
        put, hashes = store_pb2.Put(type=type), b""
        for chunk in chunks_of(content):
            hashes += await self._put_chunk(chunk)
            put.blob.size += len(chunk)
        if hashes:
            put.blob.id = await self._put_chunk(hashes)
        return await self._write(change_of(self._key(key), put=put, replaces=replaces), expect, durable)

    async def _put_chunk(self, chunk: bytes) -> bytes:
        """Stores a chunk, and returns its hash. If the connection is lost it sends the chunk again: no harm is done."""
        request = store_pb2.PutChunkRequest(tree=self._tree.id, data=chunk)
        try:
            await self._node.call(lambda channel: StoreServiceStub(channel).PutChunk, request)
        except CausewayError as error:
            if error.code not in LOST:
                raise
            await self._node.call(lambda channel: StoreServiceStub(channel).PutChunk, request)
        return hashlib.sha256(chunk).digest()

    async def delete(
        self,
        key: str,
        *,
        replaces: Sequence[bytes] | None = None,
        expect: Sequence[bytes] | None = None,
        durable: bool = False,
    ) -> Id:
        """Removes the versions of a key."""
        return await self._write(change_of(self._key(key), replaces=replaces), expect, durable)

    async def add(
        self,
        key: str,
        delta: int,
        *,
        replaces: Sequence[bytes] | None = None,
        expect: Sequence[bytes] | None = None,
        durable: bool = False,
    ) -> Id:
        """Adds to the number under a key: from -2^52 to 2^52 - 1."""
        return await self._write(change_of(self._key(key), add=delta, replaces=replaces), expect, durable)

    def watch(self, prefix: str = "", after: int = 0) -> AsyncIterator[store_pb2.WatchStoreResponse]:
        """Yields the keys that begin with a prefix, as they are now, then an event with ``synced``, then each change.

        Pass the ``sequence`` of an event as ``after`` to go on after it (0: begin with all keys). It goes on by itself
        when the connection is lost, and keys may then come again, until you leave it or an error stays.
        """
        sequence, synced = after, False

        def request() -> store_pb2.WatchStoreRequest:
            return store_pb2.WatchStoreRequest(
                tree=self._tree.id, store=self.name, prefix=prefix, after_sequence=sequence
            )

        def take(message: store_pb2.WatchStoreResponse) -> store_pb2.WatchStoreResponse | None:
            nonlocal sequence, synced
            sequence = max(sequence, message.sequence)
            is_event = bool(message.items) or (message.synced and not synced)
            synced = synced or message.synced
            return message if is_event else None

        return follow(self._node, lambda channel: StoreServiceStub(channel).WatchStore, request, take)

    async def _write(self, change: store_pb2.KeyChange, expect: Sequence[bytes] | None, durable: bool) -> Id:
        expectations = [] if expect is None else [store_pb2.Expectation(key=change.key, versions=expect)]
        return await self._tree.write([change], expect=expectations, durable=durable)

    def _key(self, key: str) -> store_pb2.Key:
        return store_pb2.Key(store=self.name, key=key)
