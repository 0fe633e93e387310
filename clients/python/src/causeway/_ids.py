"""Ids of entries and trees, and the keys that name peers: bytes as the messages of the contract have them."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TypeVar

from ._errors import CausewayError
from ._limits import QUOTED_CHARACTERS

_CID_PREFIX = b"\x01\x55\x12\x20"  # Version 1, raw, sha2-256, 32 bytes.

_Bytes = TypeVar("_Bytes", bound="_Bytes32")


def quote(text: str) -> str:
    """Returns the beginning of a text that somebody else has chosen."""
    return repr(text[:QUOTED_CHARACTERS])


class _Bytes32(bytes):
    __slots__ = ()

    def __new__(cls: type[_Bytes], value: bytes) -> _Bytes:
        if len(value) != 32:
            raise CausewayError("INVALID_ARGUMENT", f"{cls.__name__} has 32 bytes, got {len(value)}.")
        return super().__new__(cls, value)


class Id(_Bytes32):
    """Names an entry by its hash, or a tree by that of its root. Its text is a CIDv1: "bafkrei…"."""

    __slots__ = ()

    def __str__(self) -> str:
        return "b" + base64.b32encode(_CID_PREFIX + self).decode().lower().rstrip("=")

    def __repr__(self) -> str:
        return f"Id.parse({str(self)!r})"

    @classmethod
    def parse(cls, text: str) -> Id:
        """Parses the text form. Raises INVALID_ARGUMENT."""
        try:
            cid = base64.b32decode(text[1:].upper() + "======")
            if len(text) == 59 and cid.startswith(_CID_PREFIX) and str(cls(cid[4:])) == text:
                return cls(cid[4:])
        except (binascii.Error, ValueError):
            pass
        raise CausewayError("INVALID_ARGUMENT", f"An id is a CIDv1 such as bafkrei…, got {quote(text)}.")

    @classmethod
    def of(cls, value: bytes | str) -> Id:
        """Returns an id from its bytes or its text. Raises INVALID_ARGUMENT."""
        return cls.parse(value) if isinstance(value, str) else cls(value)


class PeerId(_Bytes32):
    """An Ed25519 public key: of a node, or of the author of an entry. Its text has 64 hex digits."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.hex()

    def __repr__(self) -> str:
        return f"PeerId.parse({self.hex()!r})"

    @classmethod
    def parse(cls, text: str) -> PeerId:
        """Parses the text form. Raises INVALID_ARGUMENT."""
        if not re.fullmatch("[0-9a-f]{64}", text):
            raise CausewayError("INVALID_ARGUMENT", f"A PeerId is 64 lowercase hex digits, got {quote(text)}.")
        return cls(bytes.fromhex(text))
