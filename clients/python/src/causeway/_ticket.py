"""Tickets: a tree and where to get it, to hand to somebody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote as escape
from urllib.parse import unquote_plus

from ._errors import CausewayError
from ._ids import Id, PeerId, quote
from ._limits import MAX_TICKET_ADDRESSES, MAX_TICKET_CHARACTERS, MAX_TICKET_PEERS

_SCHEME = "causeway:?"


@dataclass(frozen=True)
class TicketPeer:
    """A node that a ticket names, with its addresses. Only the issuer may be without a key."""

    peer: PeerId | None
    addresses: Sequence[str]


@dataclass(frozen=True)
class Ticket:
    """A tree and where to get it: causeway:?db=TREE&by=PEER&pr=ADDRESS…"""

    tree: Id
    #: The issuer, and others that have the tree.
    peers: Sequence[TicketPeer]
    #: The secret of a one-time invitation, 32 bytes, or None. Keep it secret until it has been used.
    invitation: bytes | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> Ticket:
        """Parses a ticket. Ignores parameters of newer versions. Raises INVALID_ARGUMENT."""
        if not text.startswith(_SCHEME) or len(text) > MAX_TICKET_CHARACTERS:
            raise _bad(f"begins with {_SCHEME} and has at most {MAX_TICKET_CHARACTERS} characters, got {quote(text)}")
        trees: list[Id] = []
        invitations: list[bytes] = []
        peers: list[tuple[PeerId | None, list[str]]] = [(None, [])]
        for parameter in text[len(_SCHEME) :].split("&"):
            name, _, escaped = parameter.partition("=")
            value = _unescape(escaped)
            if name == "db":
                trees.append(Id.parse(value))
            elif name == "in":
                invitations.append(bytes(PeerId.parse(value)))  # It has the same text form.
            elif name == "by":
                _add_peer(peers, PeerId.parse(value))
            elif name == "pr":
                peers[-1][1].append(value)
        if len(trees) != 1:
            raise _bad(f"names exactly one tree (db=…), got {len(trees)}")
        if len(invitations) > 1:
            raise _bad("has at most one invitation (in=…)")
        if len(peers) > MAX_TICKET_PEERS:
            raise _bad(f"names at most {MAX_TICKET_PEERS} peers, got {len(peers)}")
        for _, addresses in peers:
            if not 1 <= len(addresses) <= MAX_TICKET_ADDRESSES:
                raise _bad(f"has 1 to {MAX_TICKET_ADDRESSES} addresses a peer (pr=…), got {len(addresses)}")
        return cls(trees[0], [TicketPeer(*peer) for peer in peers], invitations[0] if invitations else None)

    def __str__(self) -> str:
        parts = [f"db={self.tree}"]
        for index, peer in enumerate(self.peers):
            if peer.peer is not None:
                parts.append(f"by={peer.peer}")
            if index == 0 and self.invitation is not None:
                parts.append(f"in={self.invitation.hex()}")
            parts += [f"pr={escape(address, safe=':/')}" for address in peer.addresses]
        return _SCHEME + "&".join(parts)


def _unescape(escaped: str) -> str:
    if not re.search("%(?![0-9A-Fa-f]{2})", escaped):
        try:
            return unquote_plus(escaped, errors="strict")
        except UnicodeDecodeError:
            pass
    raise _bad(f"has parameters that are escaped as in an address, got {quote(escaped)}")


def _add_peer(peers: list[tuple[PeerId | None, list[str]]], peer: PeerId) -> None:
    """Takes a by=…: the addresses that follow are that peer's. The first one may follow its addresses."""
    if any(other == peer for other, _ in peers):
        raise _bad("names each peer once (by=…)")
    if len(peers) == 1 and peers[0][0] is None:
        peers[0] = (peer, peers[0][1])
    else:
        peers.append((peer, []))


def _bad(expected: str) -> CausewayError:
    return CausewayError("INVALID_ARGUMENT", f"A ticket {expected}.")
