"""The client of Causeway nodes for asyncio: the same as `causeway`, with ``await``."""

from ._node import Node, Session
from ._store import Store
from ._tree import Pushed, Tree, TreeEvent

__all__ = ["Node", "Pushed", "Session", "Store", "Tree", "TreeEvent"]
