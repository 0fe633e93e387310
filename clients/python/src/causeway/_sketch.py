"""Sketches: rateless invertible Bloom lookup tables over ids, which show in what two sets differ.

docs/protocol.md, "Sketch", defines the cells and their encoding.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ._canonical import read_varint
from ._errors import CausewayError
from ._limits import MAX_SKETCH_CELLS, MIN_SKETCH_CELLS

VERSION = 1
PREFIX_BYTES = 16
_CHECK_BYTES = 4
_CHECK_SEED = 0x43575359
_WORD = 0xFFFFFFFF


@dataclass
class Cell:
    """The xor of the ids in it, of their checks, and how many there are: in a difference, ours less theirs."""

    ids: int = 0
    checks: int = 0
    count: int = 0

    def add(self, prefix: int, check: int, sign: int) -> None:
        self.ids ^= prefix
        self.checks ^= check
        self.count += sign


@dataclass(frozen=True)
class Difference:
    """The prefixes of the ids that only one side has. It is whole if nothing is left over in the cells."""

    ours: list[bytes]
    theirs: list[bytes]
    whole: bool


class Sketch:
    """The cells of a set that grows: as many as suit its size."""

    def __init__(self) -> None:
        self.cells = [Cell() for _ in range(MIN_SKETCH_CELLS)]
        self._prefixes: list[bytes] = []

    def add(self, id: bytes) -> None:
        self._prefixes.append(id[:PREFIX_BYTES])
        if len(self._prefixes) > 4 * len(self.cells) and len(self.cells) < MAX_SKETCH_CELLS:
            self.cells = [Cell() for _ in range(2 * len(self.cells))]
            _add_all(self.cells, self._prefixes)
        else:
            _add_all(self.cells, self._prefixes[-1:])

    def encode(self, end: int) -> bytes:
        """Returns the first cells, as messages have them."""
        total, encoded = len(self._prefixes), bytearray()
        for index, cell in enumerate(self.cells[:end]):
            encoded += cell.ids.to_bytes(PREFIX_BYTES, "little") + cell.checks.to_bytes(_CHECK_BYTES, "little")
            encoded += _zigzag(cell.count - expected(total, index))
        return bytes(encoded)

    def encode_counts(self, start: int, end: int) -> bytes:
        """Returns the counts alone of some cells."""
        total = len(self._prefixes)
        counts = [self.cells[index].count - expected(total, index) for index in range(start, end)]
        return b"".join(_zigzag(count) for count in counts)

    def compare(self, theirs: list[Cell]) -> Difference:
        """Subtracts their cells, those that both sides have, and takes ids out as long as a cell shows one."""
        pairs = zip(self.cells, theirs, strict=False)
        return peel([Cell(a.ids ^ b.ids, a.checks ^ b.checks, a.count - b.count) for a, b in pairs])


def decode(encoded: bytes, start: int, total: int) -> list[Cell]:
    """Reads the cells from a number on of a side that has so many ids. Raises PROTOCOL."""
    cells: list[Cell] = []
    at, end = 0, PREFIX_BYTES + _CHECK_BYTES
    while at < len(encoded):
        if at + end >= len(encoded) or start + len(cells) >= MAX_SKETCH_CELLS:
            raise CausewayError("PROTOCOL", "The node sent cells that cannot be read.")
        ids = int.from_bytes(encoded[at : at + PREFIX_BYTES], "little")
        checks = int.from_bytes(encoded[at + PREFIX_BYTES : at + end], "little")
        try:
            number, at = read_varint(encoded, at + end)
        except CausewayError as error:
            raise CausewayError("PROTOCOL", "The node sent cells that cannot be read.") from error
        count = (number >> 1) ^ -(number & 1)
        cells.append(Cell(ids, checks, count + expected(total, start + len(cells))))
    return cells


def expected(total: int, index: int) -> int:
    """How many of all ids are in a cell on average."""
    return total if index == 0 else 8 * total * (index + 1) // (2 * index + 3) ** 2


def mapping(prefix: bytes, end: int) -> list[int]:
    """Returns the numbers below an end of the cells that an id is in."""
    s0, s1 = int.from_bytes(prefix[:4], "little"), int.from_bytes(prefix[4:8], "little")
    index, indexes = 0, []
    while index < end:
        indexes.append(index)
        r = s0 * 0x9E3779BB & _WORD
        s1 ^= s0
        s0 = _rotate(s0, 26) ^ s1 ^ (s1 << 9 & _WORD)
        s1 = _rotate(s1, 13)
        index += max(1, math.ceil((index + 1.5) * (65536 / math.sqrt(r + 1) - 1)))
    return indexes


def check_of(prefix: bytes) -> int:
    """MurmurHash3_x86_32 of the 16 bytes."""
    hashed = _CHECK_SEED
    for at in range(0, PREFIX_BYTES, 4):
        word = int.from_bytes(prefix[at : at + 4], "little") * 0xCC9E2D51 & _WORD
        hashed ^= _rotate(word, 15) * 0x1B873593 & _WORD
        hashed = (_rotate(hashed, 13) * 5 + 0xE6546B64) & _WORD
    hashed ^= PREFIX_BYTES
    hashed = (hashed ^ hashed >> 16) * 0x85EBCA6B & _WORD
    hashed = (hashed ^ hashed >> 13) * 0xC2B2AE35 & _WORD
    return hashed ^ hashed >> 16


def peel(cells: list[Cell]) -> Difference:
    """Takes ids out of the cells of a difference, which it changes."""
    sides: dict[int, list[bytes]] = {1: [], -1: []}
    waiting = list(range(len(cells)))
    left = 2 * len(cells)  # Cells of somebody who wants us to go on without end would.
    while waiting and left > 0:
        index = waiting.pop()
        cell = cells[index]
        if abs(cell.count) != 1:
            continue
        prefix, sign = cell.ids.to_bytes(PREFIX_BYTES, "little"), cell.count
        if check_of(prefix) != cell.checks:
            continue
        indexes = mapping(prefix, len(cells))
        if index not in indexes:
            continue
        sides[sign].append(prefix)
        left -= 1
        ids, checks = cell.ids, cell.checks
        for each in indexes:
            cells[each].add(ids, checks, -sign)
        waiting += indexes
    return Difference(sides[1], sides[-1], all(cell == Cell() for cell in cells))


def _add_all(cells: list[Cell], prefixes: Iterable[bytes]) -> None:
    for prefix in prefixes:
        number, check = int.from_bytes(prefix, "little"), check_of(prefix)
        for index in mapping(prefix, len(cells)):
            cells[index].add(number, check, 1)


def _rotate(word: int, by: int) -> int:
    return (word << by | word >> 32 - by) & _WORD


def _zigzag(number: int) -> bytes:
    left, encoded = (number << 1) ^ (number >> 63), bytearray()
    while left > 0x7F:
        encoded.append(left & 0x7F | 0x80)
        left >>= 7
    encoded.append(left)
    return bytes(encoded)
