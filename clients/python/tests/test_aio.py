"""The client for asyncio against a node of this checkout."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import certificates
import pytest
from conftest import Server

from causeway import CausewayError, Entry, Id, PeerId, Replica, Synced
from causeway.aio import Node
from causeway.v1.entry_pb2 import Change
from causeway.v1.store_pb2 import Item, WatchStoreResponse


def test_store_and_watch(server: Server) -> None:
    async def run() -> None:
        async with Node(server.address, server.key, peer=server.peer) as node:
            notes = node.tree(server.tree).store("notes")
            at = await notes.put("title", "Hello")
            assert (await notes.get("title", at=[at])).value.value == b"Hello"
            assert [item.key.key async for item in notes.list()] == ["title"]
            assert [Id(tree.id) async for tree in node.trees()] == [server.tree]
            with pytest.raises(CausewayError) as caught:
                await notes.put("title", "late", expect=[])
            assert caught.value.code == "CONFLICT"
            # Many calls share one handshake and one connection.
            await asyncio.gather(*(notes.add("count", 1) for _ in range(20)))
            item = await notes.get("count")
            assert item.value.sum + sum(each.sum for each in item.conflicts) == 20
            # The connection is lost, and the watch goes on.
            watch = notes.watch("title")
            assert [item.value.value async for item in items_until_synced(watch)] == [b"Hello"]
            await asyncio.to_thread(server.restart)
            while True:
                try:
                    await notes.put("title", "new")
                    break
                except CausewayError as error:
                    assert error.code == "DISCONNECTED"
            async for event in watch:
                if any(item.value.value == b"new" for item in event.items):
                    break

    async def items_until_synced(watch: AsyncIterator[WatchStoreResponse]) -> AsyncIterator[Item]:
        async for event in watch:
            for item in event.items:
                yield item
            if event.synced:
                return

    asyncio.run(asyncio.wait_for(run(), 60))


def test_sync(server: Server) -> None:
    async def run() -> None:
        async with Node(server.address, server.key) as node:
            tree, replica = node.tree(server.tree), Replica(server.tree)
            assert await tree.sync(replica) == Synced(2, 0)
            written = await tree.commit([Change(store="log", payload=b"one")])
            assert await tree.sync(replica) == Synced(1, 0)
            assert written in replica

    asyncio.run(asyncio.wait_for(run(), 60))


def test_fetch_and_push(server: Server) -> None:
    async def run() -> None:
        async with Node(server.address, server.key) as node:
            tree = node.tree(server.tree)
            ids = [await tree.commit([Change(store="log", payload=text)]) for text in (b"one", b"two")]
            entries = [entry async for entry in tree.fetch()]
            assert [entry.id for entry in entries[-2:]] == ids

            async def again() -> AsyncIterator[Entry]:
                for entry in entries:
                    yield entry

            assert (await tree.push(again())).known == len(entries)
            async with aclosing(tree.watch()) as events:  # type: ignore[type-var]
                async for event in events:
                    assert event.entries[0].id == server.tree
                    break

    asyncio.run(asyncio.wait_for(run(), 60))


def test_tls_and_wrong_peer(idle: Server, tmp_path: Path) -> None:
    roots, arguments = certificates.write(tmp_path)
    idle.start(*arguments)

    async def run() -> None:
        async with Node(idle.address, idle.key, roots=roots) as node:
            assert await node.peer() == idle.peer
            assert (await node.session()).binding.startswith("tls:")
        async with Node(idle.address, idle.key) as stranger:
            with pytest.raises(CausewayError) as caught:
                await stranger.peer()
            assert caught.value.code == "UNREACHABLE"
        async with Node(idle.address, idle.key, roots=roots, peer=PeerId(bytes(32))) as wrong:
            with pytest.raises(CausewayError) as caught:
                await wrong.peer()
            assert caught.value.code == "WRONG_PEER"

    asyncio.run(asyncio.wait_for(run(), 60))


def test_a_task_that_is_cancelled_ends(server: Server) -> None:
    async def run() -> None:
        async with Node(server.address, server.key) as node:
            watch = node.tree(server.tree).store("notes").watch()
            assert (await watch.__anext__()).synced
            waiting = asyncio.ensure_future(watch.__anext__())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    asyncio.run(asyncio.wait_for(run(), 60))
