"""Blobs: values that do not lie in their entry. How they are cut into chunks, and how an answer is verified."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import IO

from ._entry import need
from ._errors import CausewayError
from ._limits import CHUNK_BYTES, MAX_BLOB_BYTES
from .v1 import store_pb2
from .v1.state_pb2 import Blob


def chunks_of(content: bytes | IO[bytes]) -> Iterator[bytes]:
    """Yields chunks of the one size; only the last may be shorter. Raises LIMIT_EXCEEDED."""
    size = 0
    pending = b"" if not isinstance(content, bytes) else content
    ended = isinstance(content, bytes)
    while True:
        while not isinstance(content, bytes) and not ended and len(pending) < CHUNK_BYTES:
            more = content.read(CHUNK_BYTES - len(pending))
            ended = not more
            pending += more or b""
        chunk, pending = pending[:CHUNK_BYTES], pending[CHUNK_BYTES:]
        if not chunk:
            return
        size += len(chunk)
        if size > MAX_BLOB_BYTES:
            raise CausewayError("LIMIT_EXCEEDED", f"A blob has at most {MAX_BLOB_BYTES} bytes.")
        yield chunk


class BlobReader:
    """Cuts an answer of GetBlob into chunks, and verifies each by the blob's id."""

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._list = b""
        self._pending = b""
        #: How many bytes are verified.
        self.done = 0

    def restart(self) -> int:
        """Forgets what is not whole, since the stream was lost. Returns where to go on."""
        self._pending = b""
        return self.done

    @property
    def is_whole(self) -> bool:
        return self.done == self._blob.size

    def take(self, message: store_pb2.GetBlobResponse) -> Iterator[bytes]:
        """Yields the chunks that are whole now. Raises PROTOCOL."""
        if message.list:
            count = -(-self._blob.size // CHUNK_BYTES)
            is_own = len(message.list) == 32 * count and hashlib.sha256(message.list).digest() == self._blob.id
            need(is_own, "PROTOCOL", "The node sent another list than that of the blob.")
            self._list = message.list
        self._pending += message.data
        while self._pending:
            size = min(CHUNK_BYTES, self._blob.size - self.done)
            if len(self._pending) < size:
                return
            at = self.done // CHUNK_BYTES * 32
            is_within = size > 0 and len(self._list) >= at + 32
            need(is_within, "PROTOCOL", "The node sent bytes beyond the blob, or before its list.")
            chunk, self._pending = self._pending[:size], self._pending[size:]
            is_own = hashlib.sha256(chunk).digest() == self._list[at : at + 32]
            need(is_own, "PROTOCOL", "The node sent other bytes than those of the blob.")
            self.done += size
            yield chunk
