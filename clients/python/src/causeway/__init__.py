"""A client of Causeway nodes: it reads, writes and follows trees with a key of its own, and verifies what it gets.

`causeway.aio` has the same for asyncio, `causeway.v1` the messages of the contract and its generated stubs.
"""

from . import aio
from ._asker import Synced
from ._entry import Entry
from ._errors import CausewayError, as_error
from ._ids import Id, PeerId
from ._key import Key
from ._replica import Replica
from ._sync import Node, Pushed, Session, Store, Tree, TreeEvent
from ._ticket import Ticket, TicketPeer

__all__ = [
    "CausewayError",
    "Entry",
    "Id",
    "Key",
    "Node",
    "PeerId",
    "Pushed",
    "Replica",
    "Session",
    "Store",
    "Synced",
    "Ticket",
    "TicketPeer",
    "Tree",
    "TreeEvent",
    "aio",
    "as_error",
]
