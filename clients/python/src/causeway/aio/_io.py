"""What differs between asyncio and threads: connections, locks, streams. `causeway._sync._io` has the other half."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable
from typing import Any, Generic, TypeVar

import grpc
import grpc.aio

from .._address import Address, Route, tls_context
from .._errors import CausewayError, as_error
from .._limits import DIAL_SECONDS, SILENCE_SECONDS

Message = TypeVar("Message")
Channel = grpc.aio.Channel
UnaryMethod = grpc.aio.UnaryUnaryMultiCallable
StreamMethod = grpc.aio.UnaryStreamMultiCallable
Lock = asyncio.Lock
sleep = asyncio.sleep


async def look(address: Address, roots: bytes | None) -> tuple[str, bytes | None]:
    """Opens a connection to see where it goes. Returns the ip, and of TLS the certificate. Raises UNREACHABLE."""
    tls = {"ssl": tls_context(roots), "server_hostname": address.host} if address.secure else {}
    try:
        opening: Any = asyncio.open_connection(address.host, address.port, **tls)  # type: ignore[arg-type]
        _, writer = await asyncio.wait_for(opening, DIAL_SECONDS)
    except (OSError, asyncio.TimeoutError) as error:
        raise CausewayError("UNREACHABLE", f"The node cannot be reached: {error or 'it does not answer'}.") from error
    try:
        ip = str(writer.get_extra_info("peername")[0]).partition("%")[0]
        secure = writer.get_extra_info("ssl_object")
        return ip, secure.getpeercert(binary_form=True) if secure is not None else None
    finally:
        writer.transport.abort()


def open_channel(route: Route) -> Channel:
    if route.credentials is None:
        return grpc.aio.insecure_channel(route.target, options=route.options)
    return grpc.aio.secure_channel(route.target, route.credentials, options=route.options)


class Stream(Generic[Message]):
    """The messages of a stream. One that is silent for long is lost. It ends when the reader leaves."""

    def __init__(self, call: grpc.aio.UnaryStreamCall[Any, Message]) -> None:
        self._call = call

    async def messages(self) -> AsyncGenerator[Message, None]:
        try:
            while True:
                message = await asyncio.wait_for(self._call.read(), SILENCE_SECONDS)
                if message is grpc.aio.EOF:
                    return
                yield message  # type: ignore[misc]
        except asyncio.TimeoutError as error:
            raise CausewayError("DISCONNECTED", f"The node gave no sign of life for {SILENCE_SECONDS} s.") from error
        except grpc.RpcError as error:
            raise as_error(error) from error
        finally:
            self._call.cancel()


async def each(items: Iterable[Message] | AsyncIterable[Message]) -> AsyncGenerator[Message, None]:
    """Yields the items of either kind of sequence."""
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
