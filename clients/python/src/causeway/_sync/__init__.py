# Written by unasync.py from aio/__init__.py. Do not edit.
"""The client of Causeway nodes for threads."""

from ._node import Node, Session
from ._store import Store
from ._tree import Pushed, Tree, TreeEvent

__all__ = ["Node", "Pushed", "Session", "Store", "Tree", "TreeEvent"]
