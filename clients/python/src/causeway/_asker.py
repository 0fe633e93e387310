"""The asking side of a session: what to ask next, what to make of the answer, and what to send.

It makes no calls, so threads and asyncio share it. docs/protocol.md, "A session", has the rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ._entry import Entry, id_of
from ._errors import CausewayError
from ._limits import IDLE_ROUNDS, MAX_IDLE_ROUNDS, MAX_WAITING_BYTES, MAX_WANT, MORE_CELLS, PAGE_BYTES, PAGE_ENTRIES
from ._replica import BEGINNING, Place, Replica
from ._sketch import PREFIX_BYTES, VERSION, Cell, Difference, decode
from ._taken import verify_of
from .v1 import sync_pb2
from .v1.entry_pb2 import SignedEntry
from .v1.sync_pb2 import (
    SYNC_STATUS_DELTA,
    SYNC_STATUS_EQUAL,
    SYNC_STATUS_PARTIAL,
    SYNC_STATUS_RANGE,
    SYNC_STATUS_SKETCH,
    SyncTreeHeader,
    SyncTreeRequest,
)

SHORT_BYTES = 8

Step = SyncTreeRequest | sync_pb2.SendEntriesRequest
_Result = TypeVar("_Result")
# Yields calls, and is sent the answers to SendEntries; those to SyncTree come to `take`, message by message.
_Steps = Generator[Step, sync_pb2.SendEntriesResponse | None, _Result]


@dataclass(frozen=True)
class Synced:
    """What a session has moved: how many entries came, and how many went that the node lacked."""

    received: int
    sent: int


class Asker:
    """One session. Do what ``step`` says until it is None, and give what comes: see ``Tree.sync``."""

    def __init__(self, replica: Replica, peer: bytes) -> None:
        self._replica = replica
        self._peer = peer
        self._received = 0
        self._sent = 0
        self._state: tuple[int, bytes] = (0, b"")  # The node's count and digest, as it stated them last.
        self._waiting: list[Entry] = []  # Came before their parents.
        self._waiting_bytes = 0
        self._asked_short = False
        self._answer = _Answer(self, False)
        self._steps = self._run()
        #: The call to make: SyncTree or SendEntries. None: both sides are equal.
        self.step: Step | None = next(self._steps)

    @property
    def synced(self) -> Synced:
        return Synced(self._received, self._sent)

    def take(self, message: sync_pb2.SyncTreeResponse) -> None:
        """Takes a message of the answer to SyncTree, as it comes. Raises PROTOCOL."""
        self._answer.take(message)

    def taken(self) -> None:
        """Goes on after the answer to SyncTree."""
        if self._answer.header is None:
            raise broken("an answer without a header")
        self._go_on(None)

    def sent(self, answer: sync_pb2.SendEntriesResponse) -> None:
        """Goes on after SendEntries."""
        self._go_on(answer)

    def _go_on(self, answer: sync_pb2.SendEntriesResponse | None) -> None:
        try:
            self.step = self._steps.send(answer)
        except StopIteration:
            self.step = None

    def store(self, signed: SignedEntry, may_wait: bool) -> None:
        """Verifies an entry that came, and stores it, or keeps it until its parents come."""
        if bytes(id_of(signed)) not in self._replica:
            self._keep(verify_of(self._replica.tree, signed), may_wait)

    def _keep(self, entry: Entry, may_wait: bool) -> None:
        if may_wait and any(parent not in self._replica for parent in entry.body.parents):
            self._waiting_bytes += size_of(entry.signed)
            if self._waiting_bytes <= MAX_WAITING_BYTES:
                self._waiting.append(entry)
            return
        try:
            self._replica.add(entry)
        except CausewayError as error:
            raise broken(f"an entry that is not valid here: {error}") from error
        self._received += 1

    def _keep_waiting(self) -> None:
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        for entry in sorted(waiting, key=lambda entry: entry.body.height):
            if entry.id not in self._replica:
                self._keep(entry, True)

    def _run(self) -> _Steps[None]:
        idle, last, theirs = 0, Synced(0, 0), self._state
        while True:
            yield from self._round()
            self._waiting, self._waiting_bytes = [], 0
            count, digest = self._replica.state()
            if digest == self._state[1]:
                if count != self._state[0]:
                    raise broken("a count that is not that of the entries with its digest")
                self._replica.found_equal(self._peer)
                return
            # A busy node may change in each round; one that does so for long without an entry that moves, lies.
            idle = idle + 1 if self.synced == last else 0
            if idle >= MAX_IDLE_ROUNDS or (idle >= IDLE_ROUNDS and self._state == theirs):
                raise broken("nothing new, although both sides differ")
            last, theirs = self.synced, self._state

    def _round(self) -> _Steps[None]:
        replica = self._replica
        header = yield from self._ask(replica.question(self._peer))
        if header.status == SYNC_STATUS_EQUAL:
            if self._state != replica.state():
                raise broken("that both sides are equal, which they are not")
        elif header.status == SYNC_STATUS_DELTA:
            if header.want:
                yield from self._send(replica.named(cut(header.want)))
            elif not self._answer.more:
                yield from self._send(self._ahead(header))
        elif header.status in (SYNC_STATUS_SKETCH, SYNC_STATUS_RANGE):
            ahead = self._ahead(header)
            if ahead:
                yield from self._send(ahead)
            elif header.status == SYNC_STATUS_SKETCH:
                yield from self._by_cells(header)
            elif header.HasField("range"):
                yield from self._by_spans(header.range, BEGINNING, None)
            else:
                yield from self._by_ranges()
        else:
            raise broken("a status that does not answer the question")

    def _ahead(self, header: SyncTreeHeader) -> Sequence[Entry]:
        """Returns what the node lacks, if all of its tips are known and here; else nothing."""
        replica = self._replica
        if header.count == 0:
            return replica.within(BEGINNING, None)
        is_complete = hashlib.sha256(b"".join(sorted(header.tips))).digest() == header.tips_digest
        if not header.tips or not is_complete or any(tip not in replica for tip in header.tips):
            return ()
        return replica.beyond(header.tips)

    def _by_cells(self, header: SyncTreeHeader) -> _Steps[None]:
        """Peels the node's cells, asks for what is missing, and sends what the node lacks."""
        replica, cells = self._replica, list[Cell]()
        found = Difference([], [], False)
        for more in range(MORE_CELLS + 1):
            if header.status != SYNC_STATUS_SKETCH or header.sketch.version != VERSION:
                break
            start = start_of(header.sketch)
            if start not in (0, len(cells)):
                raise broken("other cells than those that follow")
            cells = cells[:start] + decode(header.sketch.cells, start, header.count)
            found = replica.sketch.compare(cells)
            if found.whole or more == MORE_CELLS or len(cells) >= len(replica.sketch.cells):
                break
            request = replica.request()
            request.sketch.MergeFrom(sketch_after(cells, header.sketch.state))
            header = yield from self._ask(request)
        yield from self._want(found.theirs, short=True)
        yield from self._send(replica.named(found.ours))
        if found.whole:
            return
        if self._state != replica.state():
            yield from self._by_ranges()

    def _by_ranges(self) -> _Steps[None]:
        """Compares all entries by chunks, from the root up."""
        replica = self._replica
        after: Place = BEGINNING
        while True:
            chunks, complete = replica.chunks(after)
            request = replica.request()
            request.range.after_height, request.range.after_id = after
            request.range.chunks.extend(chunks)
            request.range.complete = complete
            header = yield from self._ask(request, may_wait=True)
            if header.status != SYNC_STATUS_RANGE:
                raise broken("a status that does not answer the question")
            last = place_of(chunks[-1]) if chunks else after
            yield from self._by_spans(header.range, after, last)
            through = through_of(header.range)
            if through is None and complete:
                return
            after = last if through is None else through

    def _by_spans(self, answer: sync_pb2.RangeAnswer, after: Place, last: Place | None) -> _Steps[None]:
        """Asks for what the node names, and sends what it does not. The question went up to ``last``, or to the end."""
        through = through_of(answer)
        if through is not None and (last is None or not after < through <= last):
            raise broken("an answer about ranges that does not move forward")
        end = through or last
        at: Place | None = after
        ours: list[Entry] = []
        named: list[bytes] = []
        for span in answer.spans:
            begins, ends = (span.after_height, bytes(span.after_id)), through_of(span)
            is_ordered = at is not None and at <= begins and (ends is None or begins < ends)
            if not is_ordered or (end is not None and (ends is None or ends > end)):
                raise broken("an answer about other ranges than those in question")
            prefixes = cut(span.ids)
            here = set(prefixes)
            ours += [entry for entry in self._replica.within(begins, ends) if entry.id[:PREFIX_BYTES] not in here]
            named += prefixes
            at = ends
        yield from self._want(self._replica.missing(named), short=False)
        yield from self._send(ours)

    def _want(self, prefixes: Sequence[bytes], *, short: bool) -> _Steps[None]:
        """Asks for entries by the prefixes of their ids."""
        for at in range(0, len(prefixes), MAX_WANT):
            request, some = self._replica.request(), prefixes[at : at + MAX_WANT]
            if short and not self._asked_short:
                self._asked_short = True
                request.want_short = b"".join(prefix[:SHORT_BYTES] for prefix in some)
            else:
                request.want = b"".join(some)
            header = yield from self._ask(request, may_wait=True)
            if header.status != SYNC_STATUS_PARTIAL:
                raise broken("a status that does not answer the question")

    def _ask(self, request: SyncTreeRequest, *, may_wait: bool = False) -> _Steps[SyncTreeHeader]:
        self._answer = _Answer(self, may_wait)
        yield request
        header = self._answer.header
        assert header is not None, "An answer has a header: see `taken`."
        self._state = (header.count, header.tips_digest)
        self._keep_waiting()
        return header

    def _send(self, entries: Iterable[Entry]) -> _Steps[None]:
        """Sends entries, parents first. What is refused is found to be missing in the next round."""
        for page in pages(entry.signed for entry in entries):
            answer = yield sync_pb2.SendEntriesRequest(tree=self._replica.tree, entries=page)
            assert answer is not None, "SendEntries has an answer."
            self._sent += answer.added
            self._state = (answer.count, answer.tips_digest)


class _Answer:
    """The answer to one question: a header, then pages."""

    def __init__(self, asker: Asker, may_wait: bool) -> None:
        self._asker = asker
        self._may_wait = may_wait
        self.header: SyncTreeHeader | None = None
        self.more = False
        self._entries = 0

    def take(self, message: sync_pb2.SyncTreeResponse) -> None:
        if message.HasField("header") != (self.header is None):
            raise broken("an answer that does not begin with one header")
        if self.header is None:
            self.header = message.header
            return
        entries = message.page.entries
        if not entries or self.more or self.header.status == SYNC_STATUS_EQUAL:
            raise broken("a page where none belongs")
        if len(entries) > 1 and (len(entries) > PAGE_ENTRIES or sum(map(size_of, entries)) > PAGE_BYTES):
            raise broken("a page that is too large")
        self.more = message.page.more
        self._entries += len(entries)
        if self._entries > self.header.count:
            raise broken("more entries than it says it has")
        for signed in entries:
            self._asker.store(signed, self._may_wait)


def broken(sent: str) -> CausewayError:
    return CausewayError("PROTOCOL", f"The node sent {sent}.")


def size_of(signed: SignedEntry) -> int:
    return len(signed.body) + len(signed.signature)


def cut(packed: bytes) -> list[bytes]:
    """Returns the prefixes of ids that a message has in one piece."""
    if len(packed) % PREFIX_BYTES != 0:
        raise broken("prefixes of ids of another length")
    return [packed[at : at + PREFIX_BYTES] for at in range(0, len(packed), PREFIX_BYTES)]


def through_of(range: sync_pb2.RangeAnswer | sync_pb2.RangeSpan) -> Place | None:
    """Returns where a range ends; None: at the end."""
    return (range.through_height, bytes(range.through_id)) if range.through_id else None


def place_of(chunk: sync_pb2.RangeChunk) -> Place:
    """Returns where a chunk ends."""
    return chunk.last_height, bytes(chunk.last_id)


def start_of(sketch: sync_pb2.Sketch) -> int:
    """Returns the number of the first cell: its field has the name of a keyword."""
    return int(getattr(sketch, "from"))


def sketch_after(cells: Sequence[Cell], state: bytes) -> sync_pb2.Sketch:
    """Asks for the cells that follow."""
    sketch = sync_pb2.Sketch(version=VERSION, state=state)
    setattr(sketch, "from", len(cells))
    return sketch


def pages(entries: Iterable[SignedEntry]) -> Iterator[list[SignedEntry]]:
    """Yields runs of entries that a page may have."""
    page: list[SignedEntry] = []
    size = 0
    for signed in entries:
        more = signed.ByteSize()
        if page and (len(page) == PAGE_ENTRIES or size + more > PAGE_BYTES):
            yield page
            page, size = [], 0
        page.append(signed)
        size += more
    if page:
        yield page
