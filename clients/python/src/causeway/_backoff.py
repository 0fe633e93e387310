"""How long to wait before a lost stream is asked for again, and which errors end it."""

from __future__ import annotations

import random

from ._errors import LASTING, CausewayError
from ._limits import MAX_BACKOFF_SECONDS, MIN_BACKOFF_SECONDS


class Backoff:
    """Waits longer each time, until something comes."""

    def __init__(self) -> None:
        self._last = 0.0

    def reset(self) -> None:
        self._last = 0.0

    def next(self, error: CausewayError | None, refused: bool = False) -> float:
        """Returns the seconds to wait, or raises the error if it stays.

        The first refusal of a token does not, since the next call handshakes anew.
        """
        if error is not None and error.code not in LASTING and not (refused and self._last == 0):
            raise error
        self._last = min(max(2 * self._last, MIN_BACKOFF_SECONDS), MAX_BACKOFF_SECONDS)
        # Clients that were cut off at once do not come back at once.
        seconds = self._last / 2 * (1 + random.random())
        return max(seconds, error.retry_after) if error is not None else seconds
