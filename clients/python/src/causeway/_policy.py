"""Who may write what in a tree: decides it for each entry in turn, by the entry's ancestors alone.

docs/protocol.md, "Policy", defines the words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ._entry import POLICY_STORE, Entry, need, read_policy
from ._errors import CausewayError
from ._ids import Id
from ._limits import (
    MAX_JUDGED,
    MAX_POLICIES,
    MAX_POLICY_ENTRIES,
    MAX_POLICY_LINKS,
    MAX_POLICY_NAMES,
    MAX_REVOCATIONS,
    MAX_SUPPORTS,
)
from .v1.entry_pb2 import PERMISSION_ADMIN, PERMISSION_READ, PERMISSION_WRITE, PolicyChange, PolicyKey

FULL, REVOKES = "full", "revokes"


@dataclass
class _State:
    """Who may do what."""

    public: int = 0
    keys: dict[bytes, PolicyKey] = field(default_factory=dict)

    def permission(self, peer: bytes) -> int:
        open_to_all = max(self.public - 1, 0)  # What everybody may do counts one more than the same right of a key.
        key = self.keys.get(peer)
        if key is None:
            return open_to_all
        return min(open_to_all, PERMISSION_READ) if key.revoked else max(open_to_all, key.permission)


@dataclass(eq=False)
class _Point:
    """A set of policy entries, none below another. Equal points are one."""

    ids: tuple[bytes, ...]
    closure: frozenset[bytes]
    state: _State | None = None


@dataclass(eq=False)
class _PolicyEntry:
    id: bytes
    height: int
    author: bytes
    point: _Point | None  # What the entry stands on; None for the root.
    change: PolicyChange
    supports: list[bytes]


@dataclass(frozen=True)
class _Verdict:
    standing: str
    level: int  # A lower level is more senior.


class Policies:
    """Takes the entries of a tree, parents first."""

    def __init__(self, root: Id) -> None:
        self._root = bytes(root)
        self._after: dict[
            bytes, tuple[_Point, bytes]
        ] = {}  # The point of an only child, and the author, of every entry.
        self._changes: dict[bytes, _PolicyEntry] = {}
        self._points: dict[tuple[bytes, ...], _Point] = {}

    def take(self, entry: Entry) -> None:
        """Adds an entry whose parents are there. Raises ENTRY_POLICY or ENTRY_FORBIDDEN."""
        body, own = entry.body, bytes(entry.id)
        change = next((read_policy(each.payload) for each in body.changes if each.store == POLICY_STORE), None)
        if own == self._root:
            assert change is not None, "A root has a policy: its bytes were verified."
            self._add(_PolicyEntry(own, 0, body.author, None, change, []))
            return
        point = self._point_of(body.parents)
        names = () if point.ids == (self._root,) else point.ids
        need(tuple(body.policy) == names, "ENTRY_POLICY", "The entry does not name the policy that its parents imply.")
        needed = PERMISSION_WRITE if change is None else PERMISSION_ADMIN
        is_allowed = self._state_at(point).permission(body.author) >= needed
        need(is_allowed, "ENTRY_FORBIDDEN", f"The author of the entry {entry.id} had no right to write it.")
        if change is None:
            self._after[own] = (point, body.author)
            return
        for key in change.keys:
            is_own = all(last in body.parents and self._after[last][1] == key.peer for last in key.last_accepted)
            need(
                is_own, "ENTRY_POLICY", "The last entries of a revoked key are its own, and parents of the revocation."
            )
        supports = self._supports_of(point.closure, body.author)
        self._add(_PolicyEntry(own, body.height, body.author, point, change, supports))

    def _add(self, entry: _PolicyEntry) -> None:
        self._changes[entry.id] = entry
        self._after[entry.id] = (self._intern((entry.id,)), entry.author)

    def _point_of(self, parents: Iterable[bytes]) -> _Point:
        """Returns the point of an entry with these parents."""
        points = {self._after[parent][0] for parent in parents}
        if len(points) == 1:
            return points.pop()
        union = {one for point in points for one in point.ids}
        below = {one for other in union for one in self._after[other][0].closure if one != other}
        return self._intern(tuple(sorted(union - below)))

    def _intern(self, ids: tuple[bytes, ...]) -> _Point:
        known = self._points.get(ids)
        if known is not None:
            return known
        closure: set[bytes] = set()
        revocations = keys = links = 0
        waiting = list(ids)
        while waiting:
            one = waiting.pop()
            if one in closure:
                continue
            closure.add(one)
            entry = self._changes[one]
            keys += len(entry.change.keys)
            revocations += sum(key.revoked for key in entry.change.keys)
            if entry.point is not None:
                links += len(entry.point.ids)
                waiting += entry.point.ids
        is_bounded = len(ids) <= MAX_POLICIES and len(closure) <= MAX_POLICY_ENTRIES and revocations <= MAX_REVOCATIONS
        is_bounded = is_bounded and keys <= MAX_POLICY_NAMES and links <= MAX_POLICY_LINKS
        need(is_bounded, "ENTRY_POLICY", "The policy that the entry stands on is larger than a policy may be.")
        if revocations > 0 and len(closure) > MAX_JUDGED:
            raise CausewayError(
                "LIMIT_EXCEEDED", f"This client judges policies with revocations of at most {MAX_JUDGED} entries."
            )
        point = _Point(ids, frozenset(closure))
        self._points[ids] = point
        return point

    def _state_at(self, at: _Point) -> _State:
        """Applies the effective entries of a point's closure, in their order."""
        if at.state is None:
            judged, state = self._judge(at.closure), _State()
            for entry in self._ordered(at.closure):
                standing = judged[entry.id].standing if entry.id in judged else None
                for key in entry.change.keys:
                    if standing == FULL or (standing == REVOKES and key.revoked):
                        state.keys[key.peer] = key
                if standing == FULL and entry.change.public_access:
                    state.public = entry.change.public_access
            at.state = state
        return at.state

    def _ordered(self, closure: Iterable[bytes]) -> list[_PolicyEntry]:
        return sorted((self._changes[one] for one in closure), key=lambda entry: (entry.height, entry.id))

    def _judge(self, closure: Iterable[bytes]) -> dict[bytes, _Verdict]:
        """Decides the standings in a closed set, level by level from the root down. Leaves out what is void."""
        judged: dict[bytes, _Verdict] = {}
        waiting = self._ordered(closure)
        revocations = [entry for entry in waiting if any(key.revoked for key in entry.change.keys)]
        level = 0
        while waiting:
            candidates = [entry for entry in waiting if self._level_of(entry, judged) == level]
            if not candidates:
                break  # Entries of a level may only follow those of the level above.
            chosen = {entry.id for entry in candidates}
            waiting = [entry for entry in waiting if entry.id not in chosen]
            above = [entry for entry in revocations if entry.id in judged]
            standing = [entry for entry in candidates if not self._is_hit(entry, above)]
            judged.update((entry.id, _Verdict(REVOKES, level)) for entry in standing)
            same = [entry for entry in revocations if entry.id in judged and judged[entry.id].level == level]
            full = [entry for entry in standing if not self._is_hit(entry, same)]
            judged.update((entry.id, _Verdict(FULL, level)) for entry in full)
            level += 1
        return judged

    def _level_of(self, entry: _PolicyEntry, judged: dict[bytes, _Verdict]) -> int:
        """Returns one below the most senior of its supports that are fully effective, or -1 if there is none yet."""
        if entry.id == self._root:
            return 0
        verdicts = [judged[one] for one in entry.supports if one in judged]
        return min((one.level + 1 for one in verdicts if one.standing == FULL), default=-1)

    def _is_hit(self, entry: _PolicyEntry, revocations: list[_PolicyEntry]) -> bool:
        for by in revocations:
            if by is entry or (entry.point is not None and by.id in entry.point.closure):
                continue
            for key in by.change.keys:
                # An ancestor of a last entry that is a policy entry lies in the closure of that one's point.
                accepted = any(entry.id in self._after[last][0].closure for last in key.last_accepted)
                if key.revoked and key.peer == entry.author and not accepted:
                    return True
        return False

    def _supports_of(self, closure: Iterable[bytes], author: bytes) -> list[bytes]:
        """Returns the grants of admin on which an author's policy entry stands, the most senior ones."""
        judged = self._judge(closure)
        grants: list[_PolicyEntry] = []
        takers: list[_PolicyEntry] = []
        for entry in self._ordered(closure):
            standing = judged[entry.id].standing if entry.id in judged else None
            for key in entry.change.keys:
                if key.peer != author or standing is None:
                    continue
                if key.revoked or (standing == FULL and key.permission != PERMISSION_ADMIN):
                    takers.append(entry)
                elif standing == FULL:
                    grants.append(entry)
        left = [
            grant
            for grant in grants
            if not any(taker is not grant and grant.id in self._after[taker.id][0].closure for taker in takers)
        ]
        left.sort(key=lambda entry: judged[entry.id].level)  # They are in the order of height and id already.
        return [entry.id for entry in left[:MAX_SUPPORTS]]
