"""The program that the conformance kit checks: answers lines of JSON, as conformance/README.md describes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from causeway import CausewayError, Entry, Id, Key, Node, PeerId, Replica, Ticket, TicketPeer
from causeway._binding import certificate_binding
from causeway._entry import id_of
from causeway._handshake import HANDSHAKE_DOMAIN
from causeway._key import verify
from causeway._taken import Taken
from causeway._token import sign_token
from causeway.v1.entry_pb2 import Change, EntryBody, SignedEntry

Request = dict[str, Any]
Answer = dict[str, object]


def unhex(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def take(request: Request) -> Answer:
    """Begins with nothing, and takes entries of any trees in their order."""
    trees: dict[bytes, Taken] = {}
    results = []
    for wire in request["entries"]:
        signed = SignedEntry(body=bytes.fromhex(wire["body"]), signature=bytes.fromhex(wire["signature"]))
        code = ""
        try:
            entry = Entry.verify(signed)
            tree = trees.get(entry.tree) or Taken(entry.tree)
            if bytes(entry.id) not in tree.heights:
                tree.take(entry)
            trees[entry.tree] = tree
        except CausewayError as error:
            code = error.code
        results.append({"id": bytes(id_of(signed)).hex(), "code": code})
    return {"results": results, "trees": [summary(tree) for tree in trees.values()]}


def summary(tree: Taken) -> Answer:
    tips = [tip.hex() for tip in tree.tips]
    return {"tree": bytes(tree.tree).hex(), "count": len(tree), "digest": tree.digest().hex(), "tips": tips}


def sign(request: Request) -> Answer:
    fields = request["fields"]
    body = EntryBody(
        version=1,
        tree=bytes.fromhex(fields["tree"] or ""),
        parents=unhex(fields["parents"]),
        height=fields["height"],
        created_at_ms=fields["createdAtMs"],
        policy=unhex(fields["policy"]),
        changes=[
            Change(store=each["store"], kind=each["kind"], payload=bytes.fromhex(each["payload"]))
            for each in fields["changes"]
        ],
        nonce=bytes.fromhex(fields["nonce"]),
    )
    entry = key_of(request).sign_entry(body)
    return {
        "id": bytes(entry.id).hex(),
        "body": entry.signed.body.hex(),
        "signature": entry.signed.signature.hex(),
    }


def key_of(request: Request) -> Key:
    return Key.from_seed(bytes.fromhex(request["seed"]))


def handshake(request: Request) -> Answer:
    nonces = bytes.fromhex(request["callerNonce"] + request["serverNonce"])
    signed = HANDSHAKE_DOMAIN + nonces + request["binding"].encode()
    return {"holds": verify(bytes.fromhex(request["peer"]), signed, bytes.fromhex(request["signature"]))}


def fetch(request: Request) -> Answer:
    """Takes a tree from a server, without a key of ours."""
    peer = PeerId(bytes.fromhex(request["peer"])) if "peer" in request else None
    tree = Taken(Id(bytes.fromhex(request["tree"])))
    ids: list[str] = []
    code = ""
    with Node(request["address"], peer=peer) as node:
        try:
            for entry in node.tree(tree.tree).fetch():
                tree.take(entry)
                ids.append(bytes(entry.id).hex())
        except CausewayError as error:
            code = error.code
    return {"code": code, "ids": ids, "count": len(tree), "digest": tree.digest().hex()}


def sync(request: Request) -> Answer:
    """Syncs a tree with a server, again and again."""
    signed = [
        SignedEntry(body=bytes.fromhex(each["body"]), signature=bytes.fromhex(each["signature"]))
        for each in request["entries"]
    ]
    entries = sorted(map(Entry.verify, signed), key=lambda entry: entry.body.height)
    replica = Replica(Id(bytes.fromhex(request["tree"])), entries)
    sessions = []
    with Node(request["address"]) as node:
        for _ in range(request["times"]):
            code = ""
            try:
                node.tree(replica.tree).sync(replica)
            except CausewayError as error:
                code = error.code
            sessions.append({"code": code, "count": len(replica), "digest": replica.digest().hex()})
    return {"sessions": sessions}


def read_ticket(request: Request) -> Answer:
    ticket = Ticket.parse(request["text"])
    peers = [{"peer": each.peer and each.peer.hex(), "addresses": list(each.addresses)} for each in ticket.peers]
    return {"tree": ticket.tree.hex(), "peers": peers, "invitation": ticket.invitation and ticket.invitation.hex()}


def print_ticket(request: Request) -> Answer:
    ticket = request["ticket"]
    peers = [
        TicketPeer(PeerId.parse(each["peer"]) if each["peer"] else None, each["addresses"]) for each in ticket["peers"]
    ]
    invitation = bytes.fromhex(ticket["invitation"]) if ticket["invitation"] else None
    return {"text": str(Ticket(Id(bytes.fromhex(ticket["tree"])), peers, invitation))}


ACTIONS: dict[str, Callable[[Request], Answer]] = {
    "take": take,
    "sign": sign,
    "handshake": handshake,
    "fetch": fetch,
    "sync": sync,
    "text": lambda request: {"text": str(Id(bytes.fromhex(request["id"])))},
    "id": lambda request: {"id": bytes(Id.parse(request["text"])).hex()},
    "peer": lambda request: {"peer": PeerId.parse(request["text"]).hex()},
    "ticket": read_ticket,
    "print-ticket": print_ticket,
    "token": lambda request: {"token": sign_token(key_of(request), request["claims"])},
    "binding": lambda request: {"binding": certificate_binding(bytes.fromhex(request["der"]))},
}


def answer(request: Request) -> Answer:
    action = ACTIONS.get(request["do"])
    if action is None:
        return {"error": {"code": "UNIMPLEMENTED", "message": f"There is no request {request['do']}."}}
    try:
        return action(request)
    except CausewayError as error:
        return {"error": {"code": error.code, "message": str(error)}}


if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps({"call": request["call"], **answer(request)}), flush=True)
