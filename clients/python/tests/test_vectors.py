"""The shared vectors of all implementations."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from conftest import CHECKOUT

from causeway import CausewayError, Entry, Id, Key, PeerId, Ticket
from causeway._binding import certificate_binding
from causeway._entry import read_body
from causeway._handshake import HANDSHAKE_DOMAIN
from causeway._key import verify
from causeway._replica import chunk_of, have_heights
from causeway._sketch import Sketch, check_of, decode, expected, mapping
from causeway._taken import Taken
from causeway._token import Tokens, sign_token
from causeway.v1.entry_pb2 import SignedEntry


def read(name: str) -> Any:
    return json.loads((CHECKOUT / "conformance" / "vectors" / name).read_text())


def expand(value: Any) -> bytes:
    """Bytes as the vectors write them: hex, or a list of pieces that may repeat."""
    if isinstance(value, list):
        value = "".join(piece if isinstance(piece, str) else piece["repeat"] * piece["times"] for piece in value)
    return bytes.fromhex(value)


def signed_of(vector: Any) -> SignedEntry:
    return SignedEntry(body=expand(vector["body"]), signature=expand(vector["signature"]))


def take_valid() -> dict[bytes, Taken]:
    trees: dict[bytes, Taken] = {}
    for vector in read("entries.json")["valid"]:
        if not vector.get("alone"):
            entry = Entry.verify(signed_of(vector))
            trees.setdefault(entry.tree, Taken(entry.tree)).take(entry)
    return trees


@pytest.mark.parametrize("vector", read("entries.json")["valid"], ids=lambda vector: vector["name"])
def test_valid_entry(vector: Any) -> None:
    entry = Entry.verify(signed_of(vector))
    assert str(entry.id) == vector["cid"]
    assert entry.id == Id.parse(vector["cid"]) == bytes.fromhex(vector["id"])
    assert entry.body.height == vector["fields"]["height"]
    if vector["seed"] is not None:
        again = Key.from_seed(bytes.fromhex(vector["seed"])).sign_entry(entry.body)
        assert again == entry


def test_valid_entries_have_their_place() -> None:
    assert sum(len(tree) for tree in take_valid().values()) > 30


def verdict(vector: Any, trees: dict[bytes, Taken]) -> tuple[str, str]:
    """Returns the code of an invalid vector, and what decided it."""
    stage = "body"
    try:
        read_body(expand(vector["body"]))
        if len(expand(vector["signature"])) == 64:
            stage = "signature"
        entry = Entry.verify(signed_of(vector))
        stage = vector["decidedBy"]
        if stage == "policy":
            trees[entry.tree].take(entry)
        known = Taken(entry.tree)
        for each in vector.get("known", []):
            if bytes.fromhex(each["tree"]) != entry.tree:
                return "ENTRY_TREE", stage  # Whoever fetches one tree has no entry of another.
            known.heights[bytes.fromhex(each["id"])] = each["height"]
        known.take(entry)
    except CausewayError as error:
        return error.code, stage
    return "none", "nothing"


def test_invalid_entries() -> None:
    trees = take_valid()
    vectors = read("entries.json")["invalid"]
    assert len(vectors) > 130
    wrong = {
        vector["name"]: got
        for vector in vectors
        if (got := verdict(vector, trees)) != (vector["code"], vector["decidedBy"])
    }
    assert wrong == {}


def test_entries_of_states() -> None:
    for vector in read("state.json")["vectors"]:
        entries = [Entry.verify(signed_of(each)) for each in vector["entries"]]
        tree = Taken(entries[0].id)
        for entry in entries:
            tree.take(entry)
        assert len(tree) == len(entries)


def test_bindings() -> None:
    vectors = read("bindings.json")
    for vector in vectors["certificates"]:
        assert certificate_binding(bytes.fromhex(vector["der"])) == vector["binding"], vector["name"]
    for vector in vectors["handshakes"]:
        nonces = bytes.fromhex(vector["callerNonce"]) + bytes.fromhex(vector["serverNonce"])
        signed = HANDSHAKE_DOMAIN + nonces + vector["binding"].encode()
        peer, signature = bytes.fromhex(vector["peer"]), bytes.fromhex(vector["signature"])
        assert verify(peer, signed, signature)
        assert not verify(peer, signed + b"x", signature)
    assert len(vectors["refusedHandshakes"]) >= 10
    for vector in vectors["refusedHandshakes"]:
        nonces = bytes.fromhex(vector["callerNonce"]) + bytes.fromhex(vector["serverNonce"])
        signed = HANDSHAKE_DOMAIN + nonces + vector["binding"].encode()
        peer, signature = bytes.fromhex(vector["peer"]), bytes.fromhex(vector["signature"])
        assert not verify(peer, signed, signature), vector["name"]
    for vector in vectors["tokens"]:
        if vector["reason"] == "":
            assert sign_token(Key.from_seed(bytes.fromhex(vector["seed"])), vector["claims"]) == vector["token"]


def expand_text(value: Any) -> str:
    """Texts as the vectors write them: a text, or a list of pieces that may repeat."""
    pieces = [value] if isinstance(value, str) else value
    return "".join(piece if isinstance(piece, str) else piece["repeat"] * piece["times"] for piece in pieces)


def refuses(parse: Any, text: str) -> bool:
    try:
        parse(text)
    except CausewayError as error:
        return error.code == "INVALID_ARGUMENT"
    return False


def test_texts_of_ids() -> None:
    vectors = read("texts.json")
    assert len(vectors["ids"]) >= 5 and len(vectors["refusedIds"]) >= 20 and len(vectors["refusedPeers"]) >= 8
    for vector in vectors["ids"]:
        assert Id.parse(vector["text"]).hex() == vector["id"]
        assert str(Id(bytes.fromhex(vector["id"]))) == vector["text"]
    assert [each["name"] for each in vectors["refusedIds"] if not refuses(Id.parse, each["text"])] == []
    assert [each["name"] for each in vectors["refusedPeers"] if not refuses(PeerId.parse, each["text"])] == []


def test_texts_of_tickets() -> None:
    vectors = read("tickets.json")
    assert len(vectors["tickets"]) >= 14 and len(vectors["refused"]) >= 30
    for vector in vectors["tickets"]:
        ticket, wanted = Ticket.parse(expand_text(vector["text"])), vector["ticket"]
        peers = [(each.peer and each.peer.hex(), list(each.addresses)) for each in ticket.peers]
        assert peers == [(each["peer"], [expand_text(text) for text in each["addresses"]]) for each in wanted["peers"]]
        invitation = ticket.invitation and ticket.invitation.hex()
        assert (ticket.tree.hex(), invitation) == (wanted["tree"], wanted["invitation"]), vector["name"]
        assert str(ticket) == expand_text(vector["printed"])
    wrong = [each["name"] for each in vectors["refused"] if not refuses(Ticket.parse, expand_text(each["text"]))]
    assert wrong == []


def test_tokens_are_renewed() -> None:
    key = Key.generate()
    once, often = Tokens(key, key.peer, "", False), Tokens(key, key.peer, "", True)
    assert once.next(1000) != once.next(1000)
    first = often.next(1000)
    assert often.next(1029) == first
    assert often.next(1030) != first
    # The clock was set back.
    assert often.next(1000) != often.next(1030)


def test_sketches() -> None:
    vectors = read("sketch.json")
    for vector in vectors["mappings"]:
        prefix = bytes.fromhex(vector["id"])[:16]
        assert (check_of(prefix), mapping(prefix, 65_536)) == (vector["check"], vector["cellsBelow65536"])
    for vector in vectors["expectedCounts"]:
        assert expected(vector["total"], vector["cell"]) == vector["expected"]
    sketches: dict[str, Sketch] = {}
    for vector in vectors["sets"]:
        sketch = sketches[vector["name"]] = Sketch()
        first, last = vector["ids"]
        for number in range(first, last + 1):
            sketch.add(hashlib.sha256(f"causeway sketch vector {number}".encode()).digest())
        assert sketch.encode(64).hex() == vector["encodedCells"]
        assert sketch.encode_counts(64, 256).hex() == vector["encodedCounts64To256"]
        assert decode(sketch.encode(64), 0, vector["total"]) == sketch.cells[:64]
    wanted = vectors["difference"]
    found = sketches[wanted["ours"]].compare(sketches[wanted["theirs"]].cells[: wanted["cells"]])
    sides = [sorted(prefix.hex() for prefix in side) for side in (found.ours, found.theirs)]
    assert (found.whole, *sides) == (wanted["complete"], wanted["onlyOurs"], wanted["onlyTheirs"])


def test_haves_and_chunks() -> None:
    vectors = read("sketch.json")
    for vector in vectors["haves"]:
        assert have_heights(vector["maxHeight"]) == vector["heights"]
    ranges = vectors["ranges"]
    places = [(ranges["height"], bytes.fromhex(each)) for each in ranges["ids"]]
    for vector in ranges["chunks"]:
        chunk = chunk_of(places)
        assert (chunk.last_id.hex(), chunk.count) == (vector["last"]["id"], vector["count"])
        assert chunk.fingerprint.hex() == vector["fingerprint"]
        places = places[chunk.count :]
    assert not places
