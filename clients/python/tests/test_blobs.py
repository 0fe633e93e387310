"""Values that do not lie in their entry."""

from __future__ import annotations

import hashlib
import io
import os

import pytest
from conftest import Server

from causeway import CausewayError, Node
from causeway._blob import BlobReader, chunks_of
from causeway._limits import CHUNK_BYTES
from causeway.v1.state_pb2 import Blob
from causeway.v1.store_pb2 import GetBlobResponse


def test_put_and_read(server: Server) -> None:
    content = os.urandom(2 * CHUNK_BYTES + 1000)
    with Node(server.address, server.key) as node:
        tree = node.tree(server.tree)
        files = tree.store("files")
        for put in (content, io.BytesIO(content)):
            at = files.put_blob("photo", put, type="image/png")
            value = files.get("photo", at=[at]).value
            assert (value.type, value.blob.size) == ("image/png", len(content))
            assert b"".join(tree.blob(value.blob)) == content
        at = files.put_blob("empty", b"", type="text/plain")
        assert not files.get("empty", at=[at]).value.HasField("blob")
        with pytest.raises(CausewayError) as caught:
            list(tree.blob(Blob(id=bytes(32), size=1)))
        assert caught.value.code == "UNKNOWN_BLOB"


def test_chunks() -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 1, 100_000))

    content = os.urandom(CHUNK_BYTES + 10)
    for source in (content, io.BytesIO(content), Slow(content)):
        assert list(chunks_of(source)) == [content[:CHUNK_BYTES], content[CHUNK_BYTES:]]
    assert list(chunks_of(b"")) == list(chunks_of(io.BytesIO())) == []


CONTENT = b"x" * (CHUNK_BYTES + 10)
ONE, TWO = hashlib.sha256(CONTENT[:CHUNK_BYTES]).digest(), hashlib.sha256(CONTENT[CHUNK_BYTES:]).digest()
BLOB = Blob(id=hashlib.sha256(ONE + TWO).digest(), size=len(CONTENT))


def test_an_answer_is_cut_into_chunks() -> None:
    reading = BlobReader(BLOB)
    messages = [
        GetBlobResponse(list=ONE + TWO),
        GetBlobResponse(data=CONTENT[:100]),
        GetBlobResponse(data=CONTENT[100:]),
    ]
    assert b"".join(chunk for message in messages for chunk in reading.take(message)) == CONTENT
    assert reading.is_whole
    with pytest.raises(CausewayError):
        list(reading.take(GetBlobResponse(data=b"more")))


@pytest.mark.parametrize(
    "messages",
    [
        [GetBlobResponse(list=TWO + ONE)],
        [GetBlobResponse(list=ONE)],
        [GetBlobResponse(data=CONTENT)],
        [GetBlobResponse(list=ONE + TWO), GetBlobResponse(data=CONTENT[:-1] + b"y")],
    ],
    ids=["another list", "a list too short", "no list", "another last byte"],
)
def test_a_lie_is_found(messages: list[GetBlobResponse]) -> None:
    reading = BlobReader(BLOB)
    with pytest.raises(CausewayError) as caught:
        for message in messages:
            list(reading.take(message))
    assert caught.value.code == "PROTOCOL"
