"""Checks entries.json without any of Causeway's own code: only hashlib, `cryptography` and the rules of entry.proto.

Usage: python3 check_entries.py [entries.json]. Prints a count and exits with 0, or what differs and exits with 1.
"""
import base64
import hashlib
import json
import pathlib
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

DOMAIN = b"causeway.entry.v1\0"
MAX_NUMBER = 2**53 - 1
PRIME = 2**255 - 19
ORDER_8 = [
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]
SMALL_ORDER = {0, 1, PRIME - 1, *(int.from_bytes(bytes.fromhex(y), "little") for y in ORDER_8)}


class Refused(Exception):
    """Carries the code."""

def need(holds, code):
    if not holds:
        raise Refused(code)


def read_varint(data, at):
    """Returns a varint and the position after it. It has at most eight bytes, since the value is below 2^53."""
    value = 0
    for length in range(8):
        need(at < len(data), "ENTRY_MALFORMED")
        byte = data[at]
        at += 1
        value |= (byte & 127) << (7 * length)
        if byte < 128:
            need(byte != 0 or length == 0, "ENTRY_NOT_CANONICAL")
            need(value <= MAX_NUMBER, "ENTRY_MALFORMED")
            return value, at
    raise Refused("ENTRY_MALFORMED")


def read_message(data, shape, check=lambda field, value: None):
    """Returns a message as {field: value}, with lists for repeated fields.

    `shape` names each field's kind: number, bytes or text. A + means repeated, a ! that it may be empty (its length is
    checked later, with a better code). `check` is called for each field as it is read.
    """
    found, at, last = {}, 0, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        field, wire = tag >> 3, tag & 7
        need(field > 0, "ENTRY_MALFORMED")
        kind = shape.get(field, "")
        need(field > last or (field == last and "+" in kind), "ENTRY_NOT_CANONICAL")
        last = field
        if kind == "number":
            need(wire == 0, "ENTRY_MALFORMED")
            value, at = read_varint(data, at)
            need(value != 0, "ENTRY_NOT_CANONICAL")
        else:
            need(kind != "" and wire == 2, "ENTRY_MALFORMED")
            length, at = read_varint(data, at)
            need(length <= len(data) - at, "ENTRY_MALFORMED")
            need(length > 0 or "+" in kind or "!" in kind, "ENTRY_NOT_CANONICAL")
            value, at = data[at : at + length], at + length
            if kind == "text":
                try:
                    value = value.decode("utf-8")
                except UnicodeDecodeError:
                    raise Refused("ENTRY_MALFORMED") from None
        check(field, value)
        found[field] = found.get(field, []) + [value] if "+" in kind else value
    return found


def check_ids(ids, most, code):
    ascending = all(a < b for a, b in zip(ids, ids[1:]))
    need(len(ids) <= most and ascending and all(len(one) == 32 for one in ids), code)


def is_sound_point(data):
    y = int.from_bytes(data, "little") & (2**255 - 1)
    return y < PRIME and y not in SMALL_ORDER


def check_name(name, least):
    need(least <= len(name.encode()) <= 64 and not re.search("[\\x00-\\x1f\\x7f-\\x9f]", name), "ENTRY_CHANGES")


def read_policy(payload):
    key_shape = {1: "bytes", 2: "number", 3: "text", 4: "number", 5: "bytes+"}
    try:
        policy = read_message(payload, {1: "text", 2: "number", 3: "bytes+"})
        keys = policy.get(3, [])
        need(policy.get(2, 0) <= 3 and len(keys) <= 1024, "ENTRY_POLICY")
        policy[3] = [read_message(key, key_shape) for key in keys]
    except Refused:
        raise Refused("ENTRY_POLICY") from None
    for key in policy[3]:
        need(len(key.get(1, b"")) == 32 and key.get(2, 0) <= 3 and key.get(4, 0) <= 1, "ENTRY_POLICY")
        need(len(key.get(3, "").encode()) <= 128, "ENTRY_POLICY")
        check_ids(key.get(5, []), 64, "ENTRY_POLICY")
        need(key.get(4) or 5 not in key, "ENTRY_POLICY")
    need(len({key[1] for key in policy[3]}) == len(policy[3]), "ENTRY_POLICY")
    return policy


def check_root(body):
    need(not body["parents"], "ENTRY_TREE")
    need(body["height"] == 0, "ENTRY_HEIGHT")
    need(not body["policy"], "ENTRY_POLICY")
    need(len(body["nonce"]) >= 16, "ENTRY_NONCE")
    need(len(body["changes"]) == 1 and body["changes"][0]["store"] == "_policy", "ENTRY_ROOT")
    policy = read_policy(body["changes"][0]["payload"])
    need(1 <= len(policy.get(1, "").encode()) <= 128, "ENTRY_ROOT")
    keys = [{field: value for field, value in key.items() if field != 3} for key in policy[3]]  # names are free
    need(keys == [{1: body["author"], 2: 3}], "ENTRY_ROOT")


def read_body(data):
    """Returns the fields of a body, or raises Refused with the code."""
    need(len(data) <= 1_048_576, "ENTRY_TOO_LARGE")

    def check_version(field, value):  # first: the rest of another version may be laid out differently
        need(field != 1 or value == 1, "ENTRY_VERSION")

    shape = {1: "number", 2: "bytes!", 4: "number", 5: "bytes!", 6: "number", 9: "bytes"}
    shape |= {3: "bytes+", 7: "bytes+", 8: "bytes+"}
    raw = read_message(data, shape, check_version)
    need(1 in raw, "ENTRY_VERSION")
    need(len(raw.get(8, [])) <= 1024, "ENTRY_CHANGES")
    changes = [read_message(change, {1: "text", 2: "text", 3: "bytes"}) for change in raw.get(8, [])]
    body = {
        "version": raw[1], "tree": raw.get(2), "parents": raw.get(3, []), "height": raw.get(4, 0),
        "author": raw.get(5, b""), "createdAtMs": raw.get(6, 0), "policy": raw.get(7, []),
        "changes": [{"store": c.get(1, ""), "kind": c.get(2, ""), "payload": c.get(3, b"")} for c in changes],
        "nonce": raw.get(9, b""),
    }
    need(body["tree"] is None or len(body["tree"]) == 32, "ENTRY_TREE")
    need(len(body["author"]) == 32 and is_sound_point(body["author"]), "ENTRY_AUTHOR")
    check_ids(body["parents"], 256, "ENTRY_PARENTS")
    check_ids(body["policy"], 64, "ENTRY_POLICY")
    need(len(body["nonce"]) <= 32, "ENTRY_NONCE")
    for change in body["changes"]:
        check_name(change["store"], 1)
        check_name(change["kind"], 0)
        if change["store"].startswith("_"):
            need(change["store"] == "_policy", "ENTRY_CHANGES")
            policy = read_policy(change["payload"])
            need(body["tree"] is None or 1 not in policy, "ENTRY_POLICY")
    need([change["store"] for change in body["changes"]].count("_policy") <= 1, "ENTRY_POLICY")
    if body["tree"] is None:
        check_root(body)
    else:
        need(body["parents"], "ENTRY_PARENTS")
        need(body["height"] > 0, "ENTRY_HEIGHT")
    return body


def check_signature(author, data, signature):
    need(is_sound_point(signature[:32]), "ENTRY_SIGNATURE")
    try:
        Ed25519PublicKey.from_public_bytes(author).verify(signature, DOMAIN + data)
    except InvalidSignature:
        raise Refused("ENTRY_SIGNATURE") from None


def check_place(body, known):  # known: id -> (tree, height)
    for parent in body["parents"]:
        need(parent in known, "ENTRY_MISSING_PARENT")
        need(known[parent][0] == body["tree"], "ENTRY_TREE")
    need(body["height"] == 1 + max((known[parent][1] for parent in body["parents"]), default=-1), "ENTRY_HEIGHT")


class Policies:
    """What entries stand on, and who may write there. Which policy entries are void is not judged (see protocol.md)."""

    def __init__(self):
        self.entries = {}  # id -> (height, author, the policy entries after it, its policy change or None)

    def closure(self, tips):
        found, left = set(), list(tips)
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                left += self.entries[name]["below"]
        return found

    def take(self, name, body):
        after = set().union(*(self.entries[parent]["after"] for parent in body["parents"]))
        tips = {tip for tip in after if not any(tip in self.closure(self.entries[o]["below"]) for o in after if o != tip)}
        named = [] if tips <= {body["tree"]} else sorted(tips)
        need(body["policy"] == named, "ENTRY_POLICY")
        change = next((read_policy(c["payload"]) for c in body["changes"] if c["store"] == "_policy"), None)
        if body["tree"]:
            need(self.right(body["author"], tips) >= (3 if change else 2), "ENTRY_FORBIDDEN")
        for key in change[3] if change else []:
            for last in key.get(5, []):
                need(last in body["parents"] and self.entries[last]["author"] == key[1], "ENTRY_POLICY")
        self.entries[name] = {
            "height": body["height"], "author": body["author"], "change": change,
            "below": tips, "after": {name} if change else tips,
        }

    def right(self, author, tips):
        access, key = 1, None
        for name in sorted(self.closure(tips), key=lambda name: (self.entries[name]["height"], name)):
            change = self.entries[name]["change"]
            access = change.get(2, access)
            key = next((one for one in change[3] if one[1] == author), key)
        public = max(access - 1, 0)
        if key is None:
            return public
        return min(public, 1) if key.get(4) else max(public, key.get(2, 0))


def expand(value):
    if isinstance(value, list):
        value = "".join(piece if isinstance(piece, str) else piece["repeat"] * piece["times"] for piece in value)
    return bytes.fromhex(value)


def plain(value):
    """Returns a decoded body as the vectors write it, except for payloads, which stay bytes."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


def check_valid(vector, known, policies):
    data, signature = expand(vector["body"]), expand(vector["signature"])
    body = read_body(data)
    check_signature(body["author"], data, signature)
    name = hashlib.sha256(signature + data).digest()
    cid = "b" + base64.b32encode(b"\x01\x55\x12\x20" + name).decode().lower().rstrip("=")
    assert name.hex() == vector["id"] and cid == vector["cid"], "id"
    changes = []
    for change in vector["fields"]["changes"]:
        one = change.get("repeat", change)
        changes += [{**one, "payload": expand(one["payload"])}] * change.get("times", 1)
    fields = {name: value if name == "changes" else plain(value) for name, value in body.items()}
    assert fields == {**vector["fields"], "changes": changes}, "fields"
    if vector["seed"] is not None:
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["seed"]))
        assert key.sign(DOMAIN + data) == signature, "signing again"
    if "root" in vector:
        policy = read_policy(body["changes"][0]["payload"])
        access = ["NONE", "NONE", "READ", "WRITE"][policy.get(2, 0)]
        assert {"name": policy[1], "publicAccess": access} == vector["root"], "root"
    if not vector.get("alone"):
        check_place(body, known)
        policies.take(name, body)
    known[name] = (body["tree"] or name, body["height"])


def verdict(vector, known_valid, policies):
    """Returns the code of an invalid vector, and what decided it."""
    data, signature, stage = expand(vector["body"]), expand(vector["signature"]), "body"
    try:
        body = read_body(data)
        need(len(signature) == 64, "ENTRY_SIGNATURE")
        stage = "signature"
        check_signature(body["author"], data, signature)
        if vector["decidedBy"] == "policy":
            check_place(body, known_valid)
            stage = "policy"
            policies.take(hashlib.sha256(signature + data).digest(), body)
            return "none", "nothing"
        stage = "parents"
        known = {bytes.fromhex(e["id"]): (bytes.fromhex(e["tree"]), e["height"]) for e in vector.get("known", [])}
        check_place(body, known)
    except Refused as refused:
        return str(refused), stage
    return "none", "nothing"


def main(path):
    vectors = json.loads(pathlib.Path(path).read_text())
    wrong, known, policies = [], {}, Policies()
    for vector in vectors["valid"]:
        try:
            check_valid(vector, known, policies)
        except (Refused, AssertionError) as problem:
            wrong.append(f"valid: {vector['name']}: {problem}")
    for vector in vectors["invalid"]:
        got = verdict(vector, known, policies)
        if got != (vector["code"], vector["decidedBy"]):
            wrong.append(f"invalid: {vector['name']}: wants {vector['code']} by {vector['decidedBy']}, got {got}")
    print("\n".join(wrong) or f"{len(vectors['valid'])} valid and {len(vectors['invalid'])} invalid entries agree.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("entries.json")))
