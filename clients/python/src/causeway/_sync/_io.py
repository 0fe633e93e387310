"""What differs between threads and asyncio: connections, locks, streams. `causeway.aio._io` has the other half."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator, Iterable
from typing import Any, Generic, TypeVar

import grpc

from .._address import Address, Route, tls_context
from .._errors import CausewayError, as_error
from .._limits import DIAL_SECONDS, SILENCE_SECONDS

Message = TypeVar("Message")
Channel = grpc.Channel
UnaryMethod = grpc.UnaryUnaryMultiCallable
StreamMethod = grpc.UnaryStreamMultiCallable
Lock = threading.Lock
sleep = time.sleep


def look(address: Address, roots: bytes | None) -> tuple[str, bytes | None]:
    """Opens a connection to see where it goes. Returns the ip, and of TLS the certificate. Raises UNREACHABLE."""
    try:
        with socket.create_connection((address.host, address.port), DIAL_SECONDS) as conn:
            ip = str(conn.getpeername()[0]).partition("%")[0]
            if not address.secure:
                return ip, None
            with tls_context(roots).wrap_socket(conn, server_hostname=address.host) as secure:
                return ip, secure.getpeercert(binary_form=True)
    except OSError as error:
        raise CausewayError("UNREACHABLE", f"The node cannot be reached: {error}.") from error


def open_channel(route: Route) -> Channel:
    if route.credentials is None:
        return grpc.insecure_channel(route.target, options=route.options)
    return grpc.secure_channel(route.target, route.credentials, options=route.options)


class Stream(Generic[Message]):
    """The messages of a stream. One that is silent for long is lost. It ends when the reader leaves."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._read_at = time.monotonic()
        self._reading = True

    def messages(self) -> Generator[Message, None, None]:
        silent = threading.Event()
        watchdog = self._watch(silent)
        try:
            for message in self._call:
                self._reading = False  # The reader may take its time.
                yield message
                self._read_at, self._reading = time.monotonic(), True
        except grpc.RpcError as error:
            if silent.is_set():
                raise CausewayError(
                    "DISCONNECTED", f"The node gave no sign of life for {SILENCE_SECONDS} s."
                ) from error
            raise as_error(error) from error
        finally:
            watchdog.set()
            self._call.cancel()

    def _watch(self, silent: threading.Event) -> threading.Event:
        """Cancels the call when it is silent, from a thread that ends with the event that this returns."""
        done = threading.Event()

        def run() -> None:
            while not done.wait(SILENCE_SECONDS / 4):
                if self._reading and time.monotonic() - self._read_at > SILENCE_SECONDS:
                    silent.set()
                    self._call.cancel()
                    return

        threading.Thread(target=run, name="causeway-silence", daemon=True).start()
        return done


def each(items: Iterable[Message]) -> Iterable[Message]:
    """Returns the items: asyncio has two kinds of sequences."""
    return items
