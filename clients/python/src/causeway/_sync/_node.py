# Written by unasync.py from aio/_node.py. Do not edit.
"""A node: a client of one node, with the credentials that all calls share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import grpc

from .. import _address, _handshake
from .._errors import CausewayError, as_error
from .._ids import Id, PeerId
from .._key import Key
from .._limits import CALL_SECONDS, DIAL_SECONDS, LIST_PAGE
from .._ticket import Ticket
from .._token import Tokens
from ..v1 import tree_pb2
from ..v1.sync_pb2_grpc import SyncServiceStub
from ..v1.tree_pb2_grpc import TreeServiceStub
from ._io import Channel, Lock, Stream, StreamMethod, UnaryMethod, look, open_channel
from ._tree import Tree

Request = TypeVar("Request")
Answer = TypeVar("Answer")
Item = TypeVar("Item")


class Session:
    """A node whose key was checked, and the channel to it."""

    def __init__(self, channel: Channel, binding: str, peer: PeerId, tokens: Tokens | None) -> None:
        self.channel = channel
        self.binding = binding
        self.peer = peer
        self.tokens = tokens

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """What proves our key, for one call."""
        return () if self.tokens is None else (("authorization", f"Bearer {self.tokens.next()}"),)


class Node:
    """A client of the node at an address: http://HOST:PORT or https://HOST:PORT. It does not connect yet.

    The first call connects and lets the node prove its key; each call carries a token that proves ours. Without a key
    you see what is open to everybody. ``peer`` names the node that is expected: any other is refused with WRONG_PEER.
    ``roots`` are certificate authorities in PEM, in place of the system's. ``insecure`` allows plain HTTP to other
    machines. A call without an answer ends after ``timeout`` seconds. Raises BAD_ADDRESS.
    """

    def __init__(
        self,
        address: str,
        key: Key | None = None,
        *,
        peer: PeerId | None = None,
        roots: bytes | None = None,
        insecure: bool = False,
        timeout: float = CALL_SECONDS,
    ) -> None:
        #: Where the node is.
        self.address = address
        self._address = _address.Address.parse(address)
        self._key = key
        self._peer = peer
        self._roots = roots
        self._insecure = insecure
        self._timeout = timeout
        self._lock = Lock()
        self._session: Session | None = None
        self._closed = False

    @classmethod
    def from_ticket(cls, ticket: Ticket | str, key: Key | None = None, **options: Any) -> tuple[Node, Tree]:
        """Returns a client of the first node of a ticket that serves HTTP, and the ticket's tree."""
        ticket = Ticket.parse(ticket) if isinstance(ticket, str) else ticket
        for peer in ticket.peers:
            for address in peer.addresses:
                if address.startswith(("http:", "https:")):
                    node = cls(address, key, peer=peer.peer, **options)
                    return node, node.tree(ticket.tree)
        raise CausewayError("BAD_ADDRESS", "The ticket has no http: or https: address: use `causeway tunnel`.")

    def __enter__(self) -> Node:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection and the calls on it. Other calls raise CLOSED from now on."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            session.channel.close()

    def peer(self) -> PeerId:
        """Returns the node's key, after the handshake that proves it."""
        return (self.session()).peer

    def tree(self, id: bytes | str) -> Tree:
        """Returns a handle of a tree. It makes no call."""
        return Tree(self, Id.of(id))

    def trees(self) -> Iterator[tree_pb2.Tree]:
        """Yields the trees that we may read, ordered by id."""
        request = tree_pb2.ListTreesRequest(page_size=LIST_PAGE)
        return self.pages(lambda channel: TreeServiceStub(channel).ListTrees, request, lambda page: page.trees)

    def session(self) -> Session:
        """Returns the channel to the node, and what proves our key there, for a generated stub of your own."""
        with self._lock:
            if self._closed:
                raise CausewayError("CLOSED", "The client of this node is closed.")
            if self._session is None:
                self._session = self._connect()
            return self._session

    def _connect(self) -> Session:
        ip, certificate = look(self._address, self._roots)
        route = _address.route(self._address, ip, certificate, insecure=self._insecure)
        channel = open_channel(route)
        try:
            asked = _handshake.question(route.binding)
            answer = SyncServiceStub(channel).Handshake(asked, timeout=DIAL_SECONDS)
            peer = _handshake.check(asked, answer, self._peer)
        except grpc.RpcError as error:
            channel.close()
            raise as_error(error) from error
        except BaseException:
            channel.close()
            raise
        if self._key is None:
            return Session(channel, route.binding, peer, None)
        # Over plain HTTP whoever reads a token could use it again.
        reusable = _handshake.REUSABLE_TOKENS in answer.features and route.binding != "insecure"
        return Session(channel, route.binding, peer, Tokens(self._key, peer, route.binding, reusable))

    def call(self, method: Callable[[Channel], UnaryMethod[Request, Answer]], request: Request) -> Answer:
        """Makes a call with one answer, by a method of a generated stub. Raises CausewayError.

        If the node refuses the token, it handshakes anew and calls once more: the node may have started again with
        another certificate or key, and nothing was done.
        """
        for last in (False, True):
            session = self.session()
            try:
                return method(session.channel)(request, timeout=self._timeout, metadata=session.metadata)
            except grpc.RpcError as error:
                known = as_error(error)
                if self._closed and known.code == "CANCELLED":
                    raise CausewayError("CLOSED", "The client of this node was closed during a call.") from error
                if not self.refused(known, session) or last:
                    raise known from error
        raise AssertionError("The loop returns or raises.")

    def stream(self, method: Callable[[Channel], StreamMethod[Request, Answer]], request: Request) -> Stream[Answer]:
        """Opens a stream, by a method of a generated stub."""
        session = self.session()
        return Stream(method(session.channel)(request, metadata=session.metadata))

    def pages(
        self,
        method: Callable[[Channel], UnaryMethod[Request, Answer]],
        request: Request,
        items: Callable[[Answer], Iterable[Item]],
    ) -> Iterator[Item]:
        """Yields the items of all pages of a list."""
        paged: Any = request
        while True:
            page = self.call(method, request)
            for item in items(page):
                yield item
            token: str = getattr(page, "next_page_token")  # noqa: B009 - all answers of lists have it.
            if not token:
                return
            paged.page_token = token

    def refused(self, error: CausewayError, session: Session | None = None) -> bool:
        """Reports whether the node did not take our token although it should, and forgets what was agreed with it.

        A lost connection is forgotten too: the node may come back with another certificate.
        """
        is_refused = (
            self._key is not None
            and error.code == "UNAUTHENTICATED"
            and error.data.get("reason") not in (None, "missing")
        )
        if (is_refused or error.code == "DISCONNECTED") and session in (None, self._session):
            self._session = None
        return is_refused

    @property
    def key(self) -> Key:
        """The key that signs. Raises UNAUTHENTICATED if there is none."""
        if self._key is None:
            raise CausewayError("UNAUTHENTICATED", "Who writes signs with a key: pass one to Node.")
        return self._key
