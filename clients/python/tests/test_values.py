"""Ids, keys, tickets and errors."""

from __future__ import annotations

import pickle
import stat
from pathlib import Path

import pytest

from causeway import CausewayError, Id, Key, PeerId, Ticket
from causeway._backoff import Backoff
from causeway._limits import MAX_BACKOFF_SECONDS, MAX_TICKET_ADDRESSES, MAX_TICKET_CHARACTERS, MIN_BACKOFF_SECONDS


def code_of(error: pytest.ExceptionInfo[CausewayError]) -> str:
    return error.value.code


def test_ids() -> None:
    name = Id(bytes(range(32)))
    assert Id.parse(str(name)) == name == Id.of(str(name)) == Id.of(bytes(name))
    text = str(name)
    for wrong in ("", "b", "bafkrei", text.upper(), text + "a", "z" + text[1:], text[:-1] + "b", "é" * 59):
        with pytest.raises(CausewayError) as caught:
            Id.parse(wrong)
        assert code_of(caught) == "INVALID_ARGUMENT"
    for wrong in ("", "0" * 63, "A" * 64, "g" * 64, "0" * 64 + "\n"):
        with pytest.raises(CausewayError):
            PeerId.parse(wrong)
    with pytest.raises(CausewayError):
        Id(b"short")


def test_key_files(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "app.key"
    key = Key.open(path)
    assert Key.open(path).peer == key.peer
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["app.key"]
    assert key.peer.hex() in repr(key) and path.read_text().strip() not in repr(key)
    for wrong in ("", "00", "g" * 64):
        path.write_text(wrong)
        with pytest.raises(CausewayError) as caught:
            Key.open(path)
        assert code_of(caught) == "INVALID_ARGUMENT"


def test_tickets() -> None:
    tree, peer, other, secret = Id(bytes(32)), "08" * 32, "09" * 32, "0a" * 32
    text = (
        f"causeway:?db={tree}&by={peer}&in={secret}&pr=http://127.0.0.1:4100&pr=iroh:abc%3Fx%3D1"
        f"&by={other}&pr=https://b.example"
    )
    ticket = Ticket.parse(text)
    assert str(ticket) == text
    assert ticket.tree == tree and ticket.invitation == bytes.fromhex(secret) and secret not in repr(ticket)
    assert [str(each.peer) for each in ticket.peers] == [peer, other]
    assert list(ticket.peers[0].addresses) == ["http://127.0.0.1:4100", "iroh:abc?x=1"]
    later = Ticket.parse(f"causeway:?pr=http://a&new=1&by={peer}&db={tree}")
    assert str(later.peers[0].peer) == peer


def test_wrong_tickets() -> None:
    tree, peer, other, secret = Id(bytes(32)), "08" * 32, "09" * 32, "0a" * 32
    many = "&pr=http://a" * MAX_TICKET_ADDRESSES
    Ticket.parse(f"causeway:?db={tree}{many}")
    for wrong in (
        "",
        "causeway:?",
        "http://a",
        f"causeway:?db={tree}",
        f"causeway:?db={tree}&db={tree}&pr=http://a",
        "causeway:?db=x&pr=http://a",
        f"causeway:?db={tree}&pr=http://a&in={secret}&in={secret}",
        f"causeway:?db={tree}&pr=http://a&in=00",
        f"causeway:?db={tree}&by={peer}&pr=http://a&by={peer}&pr=http://b",
        f"causeway:?db={tree}&by={peer}&pr=http://a&by={other}",
        f"causeway:?db={tree}{many}&pr=http://a",
        f"causeway:?db={tree}&pr=" + "a" * MAX_TICKET_CHARACTERS,
        f"causeway:?db={tree}&pr=%zz",
    ):
        with pytest.raises(CausewayError) as caught:
            Ticket.parse(wrong)
        assert code_of(caught) == "INVALID_ARGUMENT", wrong[:80]


def test_errors() -> None:
    error = CausewayError("CONFLICT", "later", {"version": "a"}, 0.5)
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.message, again.data, again.retry_after) == ("CONFLICT", "later", {"version": "a"}, 0.5)
    assert str(error) == "CONFLICT: later"


def test_backoff() -> None:
    wait, lost = Backoff(), CausewayError("DISCONNECTED", "lost")
    waits = [wait.next(lost) for _ in range(20)]
    assert MIN_BACKOFF_SECONDS / 2 <= waits[0] <= MIN_BACKOFF_SECONDS
    assert MAX_BACKOFF_SECONDS / 2 <= waits[-1] <= MAX_BACKOFF_SECONDS
    assert wait.next(CausewayError("RESOURCE_EXHAUSTED", "later", {}, 60)) == 60
    wait.reset()
    assert wait.next(None) <= MIN_BACKOFF_SECONDS
    with pytest.raises(CausewayError):
        wait.next(CausewayError("UNKNOWN_TREE", "gone"))
    refused = CausewayError("UNAUTHENTICATED", "another key", {"reason": "audience"})
    wait.reset()
    wait.next(refused, refused=True)
    with pytest.raises(CausewayError):
        wait.next(refused, refused=True)
