"""Computes the state of state.json from docs/state.md alone, without any of Causeway's own code or other modules.

Signatures are not verified, and which entries are void is taken from the file: entries.json has vectors for both.

Usage: python3 check_state.py [state.json]. Prints a count and exits with 0, or what differs and exits with 1.
"""
import hashlib
import json
import pathlib
import re
import sys

MAX_NUMBER = 2**53 - 1
ZERO = bytes(32)


class Malformed(Exception):
    pass


def need(holds):
    if not holds:
        raise Malformed


def read_varint(data, at):
    """Returns a number below 2^53 and the position after it."""
    value = 0
    for length in range(8):
        need(at < len(data))
        byte = data[at]
        at += 1
        value |= (byte & 127) << (7 * length)
        if byte < 128:
            need(value <= MAX_NUMBER and (byte != 0 or length == 0))
            return value, at
    raise Malformed


def read_message(data, shape):
    """Returns a message as {field: value}. `shape` names each field's kind: number, bytes, text, or names (repeated)."""
    found, at, last = {}, 0, 0
    while at < len(data):
        tag, at = read_varint(data, at)
        field, wire, kind = tag >> 3, tag & 7, shape.get(tag >> 3)
        need(kind is not None and (field > last or (field == last and kind == "names")))
        last = field
        need(wire == (0 if kind == "number" else 2))
        value, at = read_varint(data, at)
        if kind != "number":
            need(value <= len(data) - at)
            value, at = data[at : at + value], at + value
        need(kind == "names" or value not in (0, b""))
        if kind == "text":
            try:
                value = value.decode("utf-8")
            except UnicodeDecodeError:
                raise Malformed from None
        found[field] = found.get(field, []) + [value] if kind == "names" else value
    return found


def read_payload(kind, data):
    """Returns a payload as a dict, or raises Malformed."""
    if kind == "cw.put":
        raw = read_message(data, {1: "text", 2: "bytes", 3: "text", 4: "bytes", 5: "names"})
        made = {"value": raw.get(2, b""), "type": raw.get(3, ""), "names": raw.get(5, []), "blob": None}
        if 4 in raw:
            blob = read_message(raw[4], {1: "bytes", 2: "number"})
            need(2 not in raw and len(blob.get(1, b"")) == 32 and 1 <= blob.get(2, 0) <= 2**31)
            made["blob"] = {"id": blob[1].hex(), "size": blob[2]}
        need(len(made["value"]) <= 65_536 and re.fullmatch("[\x20-\x7e]{0,128}", made["type"]))
    elif kind == "cw.delete":
        raw = read_message(data, {1: "text", 2: "names"})
        made = {"names": raw.get(2, [])}
    else:
        raw = read_message(data, {1: "text", 2: "names", 3: "number"})
        zigzag = raw.get(3, 0)
        made = {"names": raw.get(2, []), "delta": -(zigzag + 1) // 2 if zigzag % 2 else zigzag // 2}
    key, names = raw.get(1, ""), made["names"]
    need(1 <= len(key.encode()) <= 512 and "\0" not in key)
    need(len(names) <= 64 and all(len(name) == 32 for name in names))
    need(all(a < b for a, b in zip(names, names[1:])))
    return {**made, "key": key}


def read_entry(body, signature):
    """Returns an entry as {id, height, changes}. Its body is valid, so it is not checked."""
    fields, at = {}, 0
    while at < len(body):
        tag, at = read_varint(body, at)
        value, at = read_varint(body, at)
        if tag & 7 == 2:
            value, at = body[at : at + value], at + value
        fields.setdefault(tag >> 3, []).append(value)
    shape = {1: "text", 2: "text", 3: "bytes"}
    changes = [read_message(change, shape) for change in fields.get(8, [])]
    return {
        "id": hashlib.sha256(signature + body).digest(),
        "height": fields.get(4, [0])[0],
        "changes": [(c.get(1, ""), c.get(2, ""), c.get(3, b"")) for c in changes],
    }


def effects_of(entry):
    """Returns what an entry does, as {(store, key): {put, replaces, adds}}."""
    effects = {}
    for store, kind, data in entry["changes"]:
        if kind not in ("cw.put", "cw.delete", "cw.add") or store.startswith("_"):
            continue
        try:
            payload = read_payload(kind, data)
        except Malformed:
            continue
        effect = effects.setdefault((store, payload["key"]), {"put": None, "replaces": [], "adds": []})
        if kind == "cw.add":
            effect["adds"] += [(name, payload["delta"]) for name in payload["names"] or [ZERO]]
        else:
            effect["put"] = payload if kind == "cw.put" else None
            effect["replaces"] = payload["names"]
    return effects


def base_of(value):
    """Returns the integer that a value is, or None."""
    if not re.fullmatch(rb"0|-?[1-9][0-9]*", value):
        return None
    number = int(value)
    return number if -(2**63) <= number < 2**63 else None


def sum_of(base, adds):
    if base is None and adds is None:
        return None
    return str(((base or 0) + (adds or 0) + 2**63) % 2**64 - 2**63)


def state_of(standing):
    """Returns {(store, key): heads} for the keys that are present."""
    versions, replaced, adds = {}, {}, {}
    for entry in standing:
        for path, effect in effects_of(entry).items():
            versions.setdefault(path, [])
            if effect["put"] is not None:
                put = effect["put"]
                shown = {"value": put["value"], "type": put["type"], **({"blob": put["blob"]} if put["blob"] else {})}
                versions[path].append((entry["height"], entry["id"], shown, base_of(put["value"])))
            replaced.setdefault(path, set()).update(effect["replaces"])
            for name, delta in effect["adds"]:
                sums = adds.setdefault(path, {})
                sums[name] = sums.get(name, 0) + delta
    state = {}
    for path, here in versions.items():
        sums = adds.get(path, {})
        if ZERO in sums:
            here = here + [(0, ZERO, {"value": b"", "type": ""}, 0)]
        heads = sorted((one for one in here if one[1] not in replaced.get(path, set())), key=lambda one: one[:2], reverse=True)
        if heads:
            state[path] = [
                {"entry": name.hex(), **shown, "sum": sum_of(base, sums.get(name))}
                for _, name, shown, base in heads
            ]
    return state


def expand(value):
    if isinstance(value, list):
        value = "".join(piece if isinstance(piece, str) else piece["repeat"] * piece["times"] for piece in value)
    return bytes.fromhex(value)


def main(path):
    vectors = json.loads(pathlib.Path(path).read_text())["vectors"]
    wrong = []
    for vector in vectors:
        entries = [read_entry(expand(entry["body"]), expand(entry["signature"])) for entry in vector["entries"]]
        void = {bytes.fromhex(name) for name in vector["void"]}
        need(void <= {entry["id"] for entry in entries})
        got = state_of([entry for entry in entries if entry["id"] not in void])
        wants = {
            (key["store"], key["key"]): [{**head, "value": expand(head["value"])} for head in key["heads"]]
            for key in vector["state"]
        }
        if got != wants:
            wrong.append(f"{vector['name']}: wants {wants}, got {got}")
        # Also the order of keys: ascending by their bytes.
        order = [(key["store"].encode(), key["key"].encode()) for key in vector["state"]]
        if order != sorted(order):
            wrong.append(f"{vector['name']}: the keys are not in order")
    print("\n".join(wrong) or f"{len(vectors)} states agree.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("state.json")))
