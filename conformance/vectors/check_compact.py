#!/usr/bin/env python3
"""Checks compact.json by a reader of compact pages that was written from docs/protocol.md (rules Z) alone."""

import hashlib
import json
import pathlib
import sys

ENTRIES, PAGE_BYTES, BODY_BYTES, NAMES, GROWTH = 1024, 262_144, 1_048_576, 132, 68


class Malformed(Exception):
    """The code of the error that the bytes cause."""


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value % 128 | 128)
        value //= 128
    return bytes(out + bytes([value]))


def field(tag, value):
    return bytes([tag]) + varint(len(value)) + value


class Page:
    def __init__(self, tree, data):
        self.data, self.at, self.rebuilt = data, 0, 0
        self.tree, self.hashes, self.authors, self.names = tree, [tree], [], []
        self.height = self.time = 0

    def take(self, length):
        if length > len(self.data) - self.at:
            raise Malformed("PROTOCOL")
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self, most=2**53 - 1):
        value = 0
        for shift in range(0, 56, 7):
            (byte,) = self.take(1)
            value += (byte & 127) << shift
            if byte < 128:
                if value > most:
                    break
                return value
        raise Malformed("PROTOCOL")

    def known(self, known, read):
        back = self.number()
        if back == 0:
            known.append(read())
            return known[-1]
        if back > len(known):
            raise Malformed("PROTOCOL")
        return known[-back]

    def hash(self, known):
        return self.known(known, lambda: self.take(32))

    def sum(self, before):
        doubled = self.number()
        value = before + (doubled // 2 if doubled % 2 == 0 else -(doubled + 1) // 2)
        if not 0 <= value < 2**53:
            raise Malformed("PROTOCOL")
        return value

    def entry(self):
        parents = self.number(256)
        if parents == 0:
            signature = self.take(self.number())
            return signature, self.take(self.number())
        signature = self.take(64)
        body = b"\x08\x01" + field(0x12, self.tree)
        body += b"".join(field(0x1A, self.hash(self.hashes)) for _ in range(parents))
        self.height = self.sum(self.height)
        body += b"\x20" + varint(self.height) if self.height else b""
        body += field(0x2A, self.hash(self.authors))
        self.time = self.sum(self.time)
        body += b"\x30" + varint(self.time) if self.time else b""
        shape = self.number()
        if shape & 1:
            body += b"".join(field(0x3A, self.hash(self.hashes)) for _ in range(self.number(64)))
        if shape >> 2 > 1024:
            raise Malformed("PROTOCOL")
        for _ in range(shape >> 2):
            change = self.known(self.names, lambda: self.take(self.number(NAMES)))
            payload = self.take(self.number())
            body += field(0x42, change + (field(0x1A, payload) if payload else b""))
        if shape & 2:
            body += field(0x4A, self.take(self.number()))
        return signature, body

    def read(self):
        count, total = self.number(), self.number()
        if count > ENTRIES or total > (PAGE_BYTES if count > 1 else BODY_BYTES + 64):
            raise Malformed("LIMIT_EXCEEDED")
        if total > GROWTH * len(self.data):
            raise Malformed("PROTOCOL")
        entries = []
        for _ in range(count):
            signature, body = self.entry()
            identity = hashlib.sha256(signature + body).digest()
            self.hashes.append(identity)
            total -= len(signature) + len(body)
            entries.append({"body": body.hex(), "signature": signature.hex(), "id": identity.hex()})
        if total != 0 or self.at != len(self.data):
            raise Malformed("PROTOCOL")
        return entries


def read(vector):
    try:
        return Page(bytes.fromhex(vector["tree"]), bytes.fromhex(vector["compact"])).read(), "none"
    except Malformed as error:
        return None, str(error)


def main():
    file = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).with_name("compact.json"))
    vectors = json.loads(file.read_text())
    for vector in vectors["pages"]:
        assert read(vector) == (vector["entries"], "none"), vector["name"]
    for vector in vectors["malformed"]:
        assert read(vector) == (None, vector["code"]), vector["name"]
    print(f"{len(vectors['pages'])} pages and {len(vectors['malformed'])} malformed ones hold.")


main()
