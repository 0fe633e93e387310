"""A tree that we have, perhaps in part: what a session asks with, and where it stores what comes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice

from ._entry import Entry
from ._errors import CausewayError
from ._ids import Id
from ._limits import (
    CHUNK_ENTRIES,
    FEW_NEW,
    MAX_CHUNKS,
    MAX_HAVES,
    REQUEST_CELLS,
    REQUEST_COUNTS,
    SOME_TIPS,
    SYNC_TIPS,
)
from ._sketch import PREFIX_BYTES, VERSION, Sketch
from ._taken import Taken
from .v1 import sync_pb2

RANGE_DOMAIN = b"causeway.range.v1\0"

#: A place in the order of entries: a height and an id. The first one is before the root.
Place = tuple[int, bytes]
BEGINNING: Place = (0, b"")


class Replica:
    """The entries of one tree, in memory, each verified, with all ancestors of each. ``Tree.sync`` fills it.

    Raises the code of the first of the entries that is not valid; give parents first.
    """

    def __init__(self, tree: Id, entries: Iterable[Entry] = ()) -> None:
        self.tree = tree
        self._taken = Taken(tree)
        self._entries: dict[bytes, Entry] = {}
        self.sketch = Sketch()
        self._ordered: list[Place] = []
        # By peer, what was here when it had the same.
        self._equal: dict[bytes, tuple[int, bytes]] = {}
        for entry in entries:
            self.add(entry)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, id: bytes) -> bool:
        return id in self._entries

    def __iter__(self) -> Iterator[Entry]:
        """Yields the entries in their order, parents first."""
        return (self._entries[own] for _, own in self.ordered())

    def add(self, entry: Entry) -> None:
        """Adds an entry, such as one that you have signed. Raises the code of what is wrong with its place."""
        if entry.id in self._entries:
            return
        if entry.tree != self.tree:
            raise CausewayError("ENTRY_TREE", f"The entry {entry.id} is of another tree.")
        self._taken.take(entry)
        self._entries[bytes(entry.id)] = entry
        self.sketch.add(entry.id)

    def digest(self) -> bytes:
        """Returns SHA-256 over the tips in ascending order. With the count it identifies the whole set."""
        return self._taken.digest()

    def ordered(self) -> list[Place]:
        if len(self._ordered) != len(self._entries):
            self._ordered = sorted((height, own) for own, height in self._taken.heights.items())
        return self._ordered

    def state(self) -> tuple[int, bytes]:
        return len(self), self.digest()

    def found_equal(self, peer: bytes) -> None:
        self._equal[peer] = self.state()

    def question(self, peer: bytes) -> sync_pb2.SyncTreeRequest:
        """Says in a few fields what is here: a probe if the peer had the same, as far as is known."""
        if not self._entries:
            return sync_pb2.SyncTreeRequest(tree=self.tree)
        request, tips = self.request(), sorted(self._taken.tips)
        request.tips.extend(tips if len(tips) <= SYNC_TIPS else random.sample(tips, SOME_TIPS))
        request.sketch.version = VERSION
        request.sketch.state = self.digest()
        equal = self._equal.get(peer)
        if equal != self.state():
            request.haves = b"".join(self._haves())
            request.sketch.cells = self.sketch.encode(REQUEST_CELLS)
            if equal is None or len(self) - equal[0] > FEW_NEW:
                request.sketch.counts = self.sketch.encode_counts(REQUEST_CELLS, REQUEST_COUNTS)
        return request

    def request(self) -> sync_pb2.SyncTreeRequest:
        """Begins a question in the midst of a session."""
        return sync_pb2.SyncTreeRequest(tree=self.tree, tips_digest=self.digest(), count=len(self))

    def _haves(self) -> list[bytes]:
        heights = set(have_heights(self.ordered()[-1][0]))
        lowest = [
            [own[:8] for _, own in islice(places, 2)]
            for height, places in groupby(self.ordered(), lambda place: place[0])
            if height in heights
        ][::-1]
        firsts, seconds = [ids[0] for ids in lowest], [ids[1] for ids in lowest if len(ids) > 1]
        return (firsts + seconds)[:MAX_HAVES]

    def chunks(self, after: Place) -> tuple[list[sync_pb2.RangeChunk], bool]:
        """Returns the chunks after a place, and whether they include the last entry."""
        places = [place for place in self.ordered() if place > after]
        found, at = list[sync_pb2.RangeChunk](), 0
        while at < len(places) and len(found) < MAX_CHUNKS:
            chunk = chunk_of(places[at : at + CHUNK_ENTRIES])
            found.append(chunk)
            at += chunk.count
        return found, at == len(places)

    def named(self, prefixes: Iterable[bytes]) -> list[Entry]:
        """Returns the entries whose ids begin so, in their order."""
        wanted = set(prefixes)
        return [self._entries[own] for _, own in self.ordered() if own[:PREFIX_BYTES] in wanted]

    def missing(self, prefixes: Iterable[bytes]) -> list[bytes]:
        """Returns those of the prefixes that no id here has, each once."""
        here = {own[:PREFIX_BYTES] for own in self._entries}
        return [prefix for prefix in dict.fromkeys(prefixes) if prefix not in here]

    def beyond(self, tips: Iterable[bytes]) -> list[Entry]:
        """Returns the entries that are neither among these, which are here, nor below them."""
        below, waiting = set(tips), list(tips)
        while waiting:
            for parent in self._entries[waiting.pop()].body.parents:
                if parent not in below:
                    below.add(parent)
                    waiting.append(parent)
        return [self._entries[own] for _, own in self.ordered() if own not in below]

    def within(self, after: Place, through: Place | None) -> list[Entry]:
        """Returns the entries after a place, up to another one or the end."""
        return [
            self._entries[place[1]]
            for place in self.ordered()
            if place > after and (through is None or place <= through)
        ]


def have_heights(top: int) -> list[int]:
    """Returns the heights at which a question names ids, from the top down."""
    heights, power = list[int](), 1.0
    while (step := int(power)) <= top:
        height = top - step
        if step >= 16:
            height -= height % (1 << ((step // 8).bit_length() - 1))
        if not heights or height < heights[-1]:
            heights.append(height)
        power *= 1.25
    return heights


def chunk_of(places: Sequence[Place]) -> sync_pb2.RangeChunk:
    """Returns the chunk with which a run of entries begins."""
    ends = (at + 1 for at, (_, own) in enumerate(places) if own[31] == 0 and own[30] & 3 == 0)
    count = next(ends, len(places))
    height, last = places[count - 1]
    hashed = hashlib.sha256(RANGE_DOMAIN + b"".join(own for _, own in places[:count]))
    return sync_pb2.RangeChunk(last_height=height, last_id=last, count=count, fingerprint=hashed.digest()[:16])
