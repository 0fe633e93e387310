"""A node that lies, or is lost, silent or closed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest

from causeway import CausewayError, Entry, Id, Key, Node, aio
from causeway._canonical import encode
from causeway._handshake import HANDSHAKE_DOMAIN
from causeway._taken import Taken
from causeway.v1 import sync_pb2, sync_pb2_grpc
from causeway.v1.entry_pb2 import PERMISSION_ADMIN, Change, EntryBody, PolicyChange, PolicyKey, SignedEntry

KEY = Key.generate()
Answer = Callable[[sync_pb2.SyncTreeRequest, grpc.ServicerContext], Iterator[sync_pb2.SyncTreeResponse]]


class FakeNode(sync_pb2_grpc.SyncServiceServicer):
    """Answers a fetch as a test says, and has a key of its own."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.arrived = threading.Event()

    def Handshake(self, request: sync_pb2.HandshakeRequest, context: object) -> sync_pb2.HandshakeResponse:
        nonce = bytes(32)
        signature = KEY.sign(HANDSHAKE_DOMAIN + request.nonce + nonce + request.binding.encode())
        return sync_pb2.HandshakeResponse(version=2, peer=KEY.peer, nonce=nonce, signature=signature)

    def RequestAccess(
        self, request: sync_pb2.RequestAccessRequest, context: grpc.ServicerContext
    ) -> sync_pb2.RequestAccessResponse:
        """Never answers."""
        ended = threading.Event()
        context.add_callback(ended.set)
        self.arrived.set()
        ended.wait(60)
        return sync_pb2.RequestAccessResponse()

    def SyncTree(
        self, request: sync_pb2.SyncTreeRequest, context: grpc.ServicerContext
    ) -> Iterator[sync_pb2.SyncTreeResponse]:
        return self._answer(request, context)


@contextmanager
def serving(answer: Answer) -> Iterator[Node]:
    with serving_fake(FakeNode(answer)) as node:  # type: ignore[abstract]
        yield node


@contextmanager
def serving_fake(fake: FakeNode) -> Iterator[Node]:
    server = grpc.server(ThreadPoolExecutor(2))
    sync_pb2_grpc.add_SyncServiceServicer_to_server(fake, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with Node(f"http://127.0.0.1:{port}") as node:
            yield node
    finally:
        server.stop(None).wait()


def following(parent: Entry, key: Key = KEY) -> Entry:
    change = Change(store="log", payload=b"line")
    height = parent.body.height + 1
    return key.sign_entry(EntryBody(version=1, tree=parent.tree, parents=[parent.id], height=height, changes=[change]))


def chain(count: int, key: Key = KEY) -> list[Entry]:
    """Returns a root by a key, and entries that follow each other."""
    policy = PolicyChange(tree_name="notes", keys=[PolicyKey(peer=key.peer, permission=PERMISSION_ADMIN)])
    change = Change(store="_policy", payload=encode(policy))
    entries = [key.sign_entry(EntryBody(version=1, nonce=bytes(16), changes=[change]))]
    while len(entries) < count:
        entries.append(following(entries[-1], key))
    return entries


def header_of(entries: Sequence[Entry]) -> sync_pb2.SyncTreeHeader:
    taken = Taken(entries[0].id)
    for entry in entries:
        taken.take(entry)
    return sync_pb2.SyncTreeHeader(count=len(taken), tips_digest=taken.digest())


def answer_of(header: sync_pb2.SyncTreeHeader | None, signed: Sequence[SignedEntry]) -> list[sync_pb2.SyncTreeResponse]:
    page = sync_pb2.SyncTreeResponse(page=sync_pb2.EntryPage(entries=signed))
    return [page] if header is None else [sync_pb2.SyncTreeResponse(header=header), page]


HONEST = chain(4)
SIGNED = [entry.signed for entry in HONEST]
HEADER = header_of(HONEST)
LIES = {
    "a parent that is left out": (HEADER, [SIGNED[0], SIGNED[2]], "ENTRY_MISSING_PARENT"),
    "an entry of another tree": (HEADER, [SIGNED[0], chain(1, Key.generate())[0].signed], "ENTRY_TREE"),
    "a signature of another entry": (
        HEADER,
        [SIGNED[0], SignedEntry(body=SIGNED[1].body, signature=SIGNED[2].signature)],
        "ENTRY_SIGNATURE",
    ),
    "an entry by somebody else": (
        HEADER,
        [*SIGNED, following(HONEST[3], Key.generate()).signed],
        "ENTRY_FORBIDDEN",
    ),
    "another digest than that": (sync_pb2.SyncTreeHeader(count=4, tips_digest=bytes(32)), SIGNED, ""),
    "another count than that": (sync_pb2.SyncTreeHeader(count=5, tips_digest=HEADER.tips_digest), SIGNED, ""),
    "less than the header says": (HEADER, SIGNED[:2], ""),
    "pages without a header": (None, SIGNED, ""),
    "nothing, although there is some": (HEADER, [], ""),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_is_found(lie: tuple[sync_pb2.SyncTreeHeader | None, list[SignedEntry], str]) -> None:
    header, signed, because = lie
    with serving(lambda request, context: iter(answer_of(header, signed))) as node:
        with pytest.raises(CausewayError) as caught:
            list(node.tree(HONEST[0].id).fetch())
        assert caught.value.code == "PROTOCOL"
        cause = caught.value.__cause__
        assert because == (cause.code if isinstance(cause, CausewayError) else "")


def test_a_fetch_goes_on() -> None:
    asked: list[sync_pb2.SyncTreeRequest] = []

    def answer(request: sync_pb2.SyncTreeRequest, context: grpc.ServicerContext) -> Iterator[sync_pb2.SyncTreeResponse]:
        asked.append(request)
        if len(asked) == 1:  # The connection is lost after some entries.
            yield from answer_of(HEADER, SIGNED[:3])
            context.abort(grpc.StatusCode.UNAVAILABLE, "lost")
        yield from answer_of(HEADER, SIGNED[1:])  # Some come again.

    with serving(answer) as node:
        assert list(node.tree(HONEST[0].id).fetch()) == HONEST
    first, second = asked
    assert not first.tips
    assert ([Id(tip) for tip in second.tips], second.count) == ([HONEST[2].id], 3)


def silent(request: sync_pb2.SyncTreeRequest, context: grpc.ServicerContext) -> Iterator[sync_pb2.SyncTreeResponse]:
    """Gives a header, and then no sign of life."""
    ended = threading.Event()
    context.add_callback(ended.set)
    yield sync_pb2.SyncTreeResponse(header=HEADER)
    ended.wait(60)


def test_silence_is_a_lost_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("causeway._sync._io.SILENCE_SECONDS", 0.1)
    monkeypatch.setattr("causeway.aio._io.SILENCE_SECONDS", 0.1)
    request = sync_pb2.SyncTreeRequest(tree=HONEST[0].id)
    with serving(silent) as node:
        messages = node.stream(lambda channel: sync_pb2_grpc.SyncServiceStub(channel).SyncTree, request).messages()
        assert next(messages).HasField("header")
        with pytest.raises(CausewayError) as caught:
            next(messages)
        assert caught.value.code == "DISCONNECTED"

        async def run() -> None:
            async with aio.Node(node.address) as other:
                stream = await other.stream(lambda channel: sync_pb2_grpc.SyncServiceStub(channel).SyncTree, request)
                with pytest.raises(CausewayError) as caught:
                    assert [message.HasField("header") async for message in stream.messages()] == [True]
                assert caught.value.code == "DISCONNECTED"

        asyncio.run(asyncio.wait_for(run(), 60))


def test_a_call_ends_when_its_node_is_closed() -> None:
    fake = FakeNode(silent)  # type: ignore[abstract]
    with serving_fake(fake) as node, ThreadPoolExecutor(1) as pool:
        calling = pool.submit(node.tree(HONEST[0].id).request_access)
        assert fake.arrived.wait(60)
        node.close()
        with pytest.raises(CausewayError) as caught:
            calling.result(60)
        assert caught.value.code == "CLOSED"
