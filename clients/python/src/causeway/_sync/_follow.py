# Written by unasync.py from aio/_follow.py. Do not edit.
"""Streams that go on when they are lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from .._backoff import Backoff
from .._errors import CausewayError
from ._io import Channel, StreamMethod, sleep

if TYPE_CHECKING:
    from ._node import Node

Request = TypeVar("Request")
Message = TypeVar("Message")
Event = TypeVar("Event")


def follow(
    node: Node,
    method: Callable[[Channel], StreamMethod[Request, Message]],
    request: Callable[[], Request],
    take: Callable[[Message], Event | None],
) -> Iterator[Event]:
    """Opens a stream, and opens it anew when it is lost: the request asks for what comes after the last message.

    Yields what `take` makes of each message, and passes over None. A take that raises ends it.
    """
    backoff = Backoff()
    while True:
        lost: CausewayError | None = None
        try:
            stream = node.stream(method, request())
            with closing(stream.messages()) as messages:
                for message in messages:
                    backoff.reset()
                    event = take(message)
                    if event is not None:
                        yield event
        except CausewayError as error:
            lost = error
        refused = lost is not None and node.refused(lost)
        sleep(backoff.next(lost, refused))
