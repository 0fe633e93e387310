"""What a read must see, and what a put writes."""

from __future__ import annotations

from collections.abc import Sequence

from .v1 import store_pb2


def read_options(at: Sequence[bytes], wait: float) -> store_pb2.ReadOptions:
    """``at`` has the ids of the writes that a read must see, ``wait`` how many seconds it waits for them: 0 means 5."""
    return store_pb2.ReadOptions(at=at, wait_ms=int(wait * 1000))


def put_of(value: str | bytes, type: str | None) -> store_pb2.Put:
    """Text has the media type text/plain, bytes have none, unless it is said."""
    if isinstance(value, str):
        return store_pb2.Put(value=value.encode(), type="text/plain" if type is None else type)
    return store_pb2.Put(value=value, type=type or "")


def change_of(
    key: store_pb2.Key,
    *,
    put: store_pb2.Put | None = None,
    add: int | None = None,
    replaces: Sequence[bytes] | None = None,
) -> store_pb2.KeyChange:
    """Puts, adds, or if neither is given deletes."""
    names = None if replaces is None else store_pb2.Versions(entries=replaces)
    if put is not None:
        return store_pb2.KeyChange(key=key, put=put, replaces=names)
    if add is not None:
        return store_pb2.KeyChange(key=key, add=store_pb2.Add(delta=add), replaces=names)
    return store_pb2.KeyChange(key=key, delete=store_pb2.Delete(), replaces=names)
