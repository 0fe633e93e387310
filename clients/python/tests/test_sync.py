"""The client against a node of this checkout."""

from __future__ import annotations

import socket
from itertools import islice
from pathlib import Path

import certificates
import pytest
from conftest import Server

from causeway import CausewayError, Entry, Id, Key, Node, PeerId, Pushed, Replica, Synced, Ticket
from causeway.v1 import node_pb2, node_pb2_grpc, store_pb2
from causeway.v1.entry_pb2 import Change, EntryBody


def code_of(error: pytest.ExceptionInfo[CausewayError]) -> str:
    return error.value.code


def test_handshake(server: Server) -> None:
    with Node(server.address, server.key, peer=server.peer) as node:
        assert node.peer() == server.peer
        assert node.tree(server.tree).get().tree.name == "notes"
        tokens = node.session().tokens
        assert tokens is not None and tokens.reusable
        assert [Id(tree.id) for tree in node.trees()] == [server.tree]
    with pytest.raises(CausewayError) as caught:
        node.tree(server.tree).get()
    assert code_of(caught) == "CLOSED"
    with Node(server.address, server.key, peer=PeerId(bytes(32))) as wrong, pytest.raises(CausewayError) as caught:
        wrong.tree(server.tree).get()
    assert code_of(caught) == "WRONG_PEER"


def test_addresses() -> None:
    for address in ("", "iroh:abc", "http://", "127.0.0.1:4100", "ftp://a", "http://a/path", "http://a:x", "http://["):
        with pytest.raises(CausewayError) as caught:
            Node(address)
        assert code_of(caught) == "BAD_ADDRESS", address
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Node(address) as node, pytest.raises(CausewayError) as caught:
        node.peer()
    assert code_of(caught) == "UNREACHABLE"


def test_rights(server: Server) -> None:
    with Node(server.address) as anybody:
        with pytest.raises(CausewayError) as caught:
            anybody.tree(server.tree).get()
        assert code_of(caught) == "UNKNOWN_TREE"
        with pytest.raises(CausewayError) as caught:
            anybody.tree(server.tree).store("notes").put("a", "b")
        assert code_of(caught) == "UNAUTHENTICATED"
    with Node(server.address, server.key) as node, pytest.raises(CausewayError) as caught:
        node.call(lambda channel: node_pb2_grpc.NodeServiceStub(channel).GetNode, node_pb2.GetNodeRequest())
    assert code_of(caught) == "FORBIDDEN"


def test_ticket(server: Server) -> None:
    ticket = server.run("ticket", str(server.tree))["ticket"]
    assert Ticket.parse(ticket).peers[0].peer == server.peer
    node, tree = Node.from_ticket(ticket, server.key)
    with node:
        assert tree.id == server.tree
        assert tree.get().tree.count == 2


def test_tls(idle: Server, tmp_path: Path) -> None:
    roots, arguments = certificates.write(tmp_path)
    idle.start(*arguments)
    with Node(idle.address, idle.key) as stranger, pytest.raises(CausewayError) as caught:
        stranger.peer()
    assert code_of(caught) == "UNREACHABLE"
    with Node(idle.address, idle.key, roots=roots) as node:
        tree = node.tree(idle.tree)
        assert tree.get().tree.name == "notes"
        before = node.session().binding
        assert before.startswith("tls:")
        # The node starts again at its address with another certificate of the same authority.
        _, arguments = certificates.write(tmp_path)
        idle.restart(*arguments)
        with pytest.raises(CausewayError) as caught:
            tree.get()
        assert code_of(caught) == "DISCONNECTED"
        assert tree.get().tree.name == "notes"
        assert node.session().binding != before


def test_store(server: Server) -> None:
    with Node(server.address, server.key) as node:
        notes = node.tree(server.tree).store("notes")
        first = notes.put("title", "Grüße", expect=[], durable=True)
        item = notes.get("title", at=[first], wait=1)
        assert (item.value.value.decode(), item.value.type, item.value.entry) == ("Grüße", "text/plain", first)
        with pytest.raises(CausewayError) as caught:
            notes.put("title", "late", expect=[])
        assert code_of(caught) == "CONFLICT"
        assert caught.value.data["version"] == first.hex()
        second = notes.put("title", '{"a":1}', type="application/json", expect=[first])
        # A write that has not seen the second one stands beside it.
        beside = notes.put("title", b"\0\xff", replaces=[first])
        [conflict] = notes.conflicts(at=[second, beside])
        assert len(conflict.conflicts) == 1
        gone = notes.delete("title", replaces=[second, beside])
        assert not notes.get("title", at=[gone]).HasField("value")
        assert [past.version.entry for past in notes.history("title")][0::3] == [gone, first]
        with pytest.raises(CausewayError) as caught:
            notes.get("title", at=[bytes(31) + b"1"], wait=0.001)
        assert code_of(caught) == "NOT_HERE_YET" and caught.value.retry_after > 0
        with pytest.raises(CausewayError) as caught:
            notes.get("k" * 513)
        assert code_of(caught) == "LIMIT_EXCEEDED"


def test_numbers(server: Server) -> None:
    with Node(server.address, server.key) as node:
        likes = node.tree(server.tree).store("likes")
        at = [likes.add("a", delta) for delta in (1, 41, -(2**52), 2**52 - 1)]
        assert likes.get("a", at=at).value.sum == 41
        likes.delete("a")
        # Nothing is left to add to, so the node writes a put of the number.
        item = likes.get("a", at=[likes.add("a", -7)])
        assert (item.value.sum, item.value.value) == (-7, b"-7")


def test_lists_and_watch(server: Server) -> None:
    with Node(server.address, server.key) as node:
        tree = node.tree(server.tree)
        notes = tree.store("notes")
        keys = [f"a/{index:03}" for index in range(230)]
        changes = [
            store_pb2.KeyChange(key=store_pb2.Key(store="notes", key=key), put=store_pb2.Put(value=b"x" * 100))
            for key in keys
        ]
        at = tree.write(changes)
        assert [item.key.key for item in notes.get_many(keys, at=[at])] == keys
        assert [item.key.key for item in notes.list("a/1")] == keys[100:200]
        assert list(tree.stores()) == ["notes"]
        seen = []
        for event in notes.watch("a/22"):
            seen += [item.key.key for item in event.items]
            if event.synced:
                break
        assert seen == keys[220:]
        # The connection is lost, and the watch goes on.
        watch = notes.watch("a/22")
        next(watch)
        server.restart()
        while True:
            try:
                notes.put("a/225", "new")
                break
            except CausewayError as error:
                assert error.code == "DISCONNECTED"
        assert any(item.value.value == b"new" for event in watch for item in event.items)


def test_commit_watch_and_entries(server: Server) -> None:
    with Node(server.address, server.key) as node:
        tree = node.tree(server.tree)
        written = [tree.commit([Change(store="log", kind="line", payload=text)]) for text in (b"one", b"two")]
        assert [entry.id for entry in tree.entries(stores=["log"])] == written
        newest = next(tree.entries(newest_first=True))
        assert newest.id == written[1] and newest.author == server.key.peer
        assert tree.entry(written[0]).body.changes[0].payload == b"one"
        with pytest.raises(CausewayError) as caught:
            tree.entry(bytes(32))
        assert code_of(caught) == "UNKNOWN_ENTRY"
        seen: list[Id] = []
        after = 0
        for event in tree.watch(stores=["log"]):
            seen += [entry.id for entry in event.entries]
            after = event.sequence
            if len(seen) == 2:
                break
        assert seen == written
        third = tree.commit([Change(store="log", payload=b"three")])
        [event] = islice(tree.watch(after), 1)
        assert [entry.id for entry in event.entries] == [third]


def test_fetch_and_push(server: Server) -> None:
    with Node(server.address, server.key) as node:
        tree = node.tree(server.tree)
        for index in range(12):
            tree.commit([Change(store="log", payload=bytes([index]) * 100_000)])
        entries = list(tree.fetch())
        assert len(entries) == tree.get().tree.count and entries[0].id == server.tree
        assert next(iter(tree.fetch())).id == server.tree
        with pytest.raises(CausewayError) as caught:
            list(node.tree(bytes(32)).fetch())
        assert code_of(caught) == "UNKNOWN_TREE"
        assert tree.push(entries) == Pushed(0, len(entries))
        last = entries[-1]

        def following(height: int, key: Key) -> Entry:
            change = Change(store="log", payload=b"mine")
            parents, policy = [last.id], last.body.policy
            body = EntryBody(
                version=1, tree=server.tree, parents=parents, height=height, policy=policy, changes=[change]
            )
            return key.sign_entry(body)

        height = last.body.height + 1
        assert tree.push([following(height, server.key)]) == Pushed(1, 0)
        assert tree.submit([following(height, server.key)]).known == 1
        refused = {"ENTRY_HEIGHT": following(1, server.key), "ENTRY_FORBIDDEN": following(height, Key.generate())}
        for code, entry in refused.items():
            with pytest.raises(CausewayError) as caught:
                tree.push([entry])
            assert code_of(caught) == code and caught.value.data["id"] == str(entry.id)
            with pytest.raises(CausewayError) as caught:
                tree.submit([entry])
            assert code_of(caught) == code


def test_sync(server: Server) -> None:
    with Node(server.address, server.key) as node:
        tree = node.tree(server.tree)
        replica = Replica(tree.id)
        assert tree.sync(replica) == Synced(2, 0)
        last = list(replica)[-1]

        def following(parent: Entry, payload: bytes, policy: list[bytes]) -> Entry:
            change, height = Change(store="log", payload=payload), parent.body.height + 1
            parents = [parent.id]
            body = EntryBody(version=1, tree=tree.id, parents=parents, height=height, policy=policy, changes=[change])
            return server.key.sign_entry(body)

        # Both sides write, on a chain and beside each other.
        chain = [last]
        for index in range(5):
            chain.append(following(chain[-1], bytes([index]), [last.id]))
            replica.add(chain[-1])
        beside = [following(last, b"here %d" % index, [last.id]) for index in range(300)]
        for entry in beside:
            replica.add(entry)
        tree.push(following(last, b"there %d" % index, [last.id]) for index in range(200))
        assert tree.sync(replica) == Synced(200, 305)
        assert tree.get().tree.count == len(replica) == 507
        assert {entry.id for entry in tree.entries()} == {entry.id for entry in replica}
        assert tree.sync(replica) == Synced(0, 0)
        # What was kept elsewhere begins another replica.
        part = Replica(tree.id, [entry for entry in replica if entry.body.height < 3])
        assert tree.sync(part) == Synced(4, 0) and part.digest() == replica.digest()
        with pytest.raises(CausewayError) as caught:
            Replica(tree.id, [chain[-1]])
        assert code_of(caught) == "ENTRY_MISSING_PARENT"
        with pytest.raises(CausewayError) as caught:
            Replica(Id(bytes(32)), [replica_root(replica)])
        assert code_of(caught) == "ENTRY_TREE"


def replica_root(replica: Replica) -> Entry:
    return next(iter(replica))
