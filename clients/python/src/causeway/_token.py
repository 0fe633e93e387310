"""Tokens: JWTs that prove our key to one node over channels of one binding."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Mapping

from ._ids import PeerId
from ._key import Key
from ._limits import TOKEN_SECONDS


def sign_token(key: Key, claims: Mapping[str, object]) -> str:
    """Returns a JWT with these claims."""
    parts = [{"alg": "EdDSA", "typ": "JWT"}, claims]
    text = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{text}.{_base64(key.sign(text.encode()))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Tokens:
    """Returns a token for each call: a new one, or if they are reusable the last one until half of its life is over."""

    def __init__(self, key: Key, node: PeerId, binding: str, reusable: bool) -> None:
        self._key = key
        self._claims = {"iss": str(key.peer), "aud": str(node), "binding": binding}
        self.reusable = reusable
        self._lock = threading.Lock()
        self._last = ""
        self._signed_at = 0.0

    def next(self, now: float | None = None) -> str:
        now = time.time() if now is None else now
        with self._lock:
            age = now - self._signed_at
            if not self.reusable or not self._last or not 0 <= age < TOKEN_SECONDS / 2:
                times = {"exp": int(now) + TOKEN_SECONDS, "iat": int(now)}
                claims: dict[str, object] = {**self._claims, **times, "jti": secrets.token_hex(16)}
                if self.reusable:
                    claims["reusable"] = True
                self._last, self._signed_at = sign_token(self._key, claims), now
            return self._last
