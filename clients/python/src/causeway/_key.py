"""Ed25519 keys: what signs entries and proves who calls, and how signatures are verified."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ._errors import CausewayError
from ._ids import PeerId

if TYPE_CHECKING:
    from ._entry import Entry
    from .v1.entry_pb2 import EntryBody

_PRIME = 2**255 - 19
# The points of order 1, 2, 4 and 8 without the sign bit: their signatures hold for messages that nobody signed.
_SMALL_ORDER = frozenset(
    int.from_bytes(bytes.fromhex(digits), "little")
    for digits in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)


def is_sound_point(encoded: bytes) -> bool:
    """Reports whether 32 bytes are a point that every implementation reads alike."""
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    return y < _PRIME and y not in _SMALL_ORDER


def verify(peer: bytes, message: bytes, signature: bytes) -> bool:
    """Verifies a signature by RFC 8032 without the cofactor, with S < L and sound points."""
    if len(peer) != 32 or len(signature) != 64 or not is_sound_point(peer) or not is_sound_point(signature[:32]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(peer).verify(signature, message)
    except (InvalidSignature, ValueError):  # ValueError: no point of the curve.
        return False
    return True


class Key:
    """An Ed25519 key. It signs entries, and proves to nodes who calls."""

    peer: PeerId

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.peer = PeerId(private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> Key:
        """Returns a new random key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Key:
        """Returns the key of a seed of 32 bytes, which is its secret. Raises INVALID_ARGUMENT."""
        if len(seed) != 32:
            raise CausewayError("INVALID_ARGUMENT", f"A key's seed has 32 bytes, got {len(seed)}.")
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Key:
        """Reads a key file: the seed in 64 hex digits, as the command writes it.

        If there is none, it makes one with a new key, which only this user may read.
        """
        file = Path(path)
        with contextlib.suppress(FileNotFoundError):
            return cls._read(file)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Written beside it and linked, so that the file is whole, and of two programs at once both use the first key.
        handle, draft = tempfile.mkstemp(prefix=".key-", dir=file.parent)
        try:
            with os.fdopen(handle, "w") as out:
                out.write(cls.generate()._private.private_bytes_raw().hex() + "\n")
                out.flush()
                os.fsync(out.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, file)
        finally:
            os.unlink(draft)
        return cls._read(file)

    @classmethod
    def _read(cls, file: Path) -> Key:
        text = file.read_text().strip()
        if not re.fullmatch("[0-9a-f]{64}", text):
            raise CausewayError("INVALID_ARGUMENT", f"The file {file} has a key of 64 hex digits, got something else.")
        return cls.from_seed(bytes.fromhex(text))

    def sign_entry(self, body: EntryBody) -> Entry:
        """Encodes a body and signs it. The author is the key's own, whatever the body says.

        Raises the code of what is not valid.
        """
        from ._entry import sign_entry

        return sign_entry(self, body)

    def sign(self, message: bytes) -> bytes:
        """Signs bytes as they are. What is signed begins with a domain, so that it means one thing only."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"Key({self.peer})"  # It never shows the secret.
