"""The one error of the client, and how the errors of gRPC become it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status

from .v1.error_pb2 import ErrorDetail


class CausewayError(Exception):
    """Says why something failed.

    ``code`` is one of the stable codes of docs/errors.md, such as "CONFLICT" or "UNKNOWN_TREE".
    """

    code: str
    message: str
    #: Facts that belong to the code, such as "reason" or "version".
    data: Mapping[str, str]
    #: When to try again, in seconds; 0: the code alone decides.
    retry_after: float

    def __init__(
        self, code: str, message: str, data: Mapping[str, str] | None = None, retry_after: float = 0.0
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.data = data or {}
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[type[CausewayError], tuple[str, str, dict[str, str], float]]:
        return CausewayError, (self.code, self.message, dict(self.data), self.retry_after)


# Codes of gRPC that came without a detail.
_FALLBACKS = {
    grpc.StatusCode.CANCELLED: "CANCELLED",
    grpc.StatusCode.INVALID_ARGUMENT: "INVALID_ARGUMENT",
    grpc.StatusCode.DEADLINE_EXCEEDED: "TIMEOUT",
    grpc.StatusCode.NOT_FOUND: "UNIMPLEMENTED",
    grpc.StatusCode.PERMISSION_DENIED: "FORBIDDEN",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "LIMIT_EXCEEDED",
    grpc.StatusCode.UNIMPLEMENTED: "UNIMPLEMENTED",
    grpc.StatusCode.UNAVAILABLE: "DISCONNECTED",
    grpc.StatusCode.ABORTED: "DISCONNECTED",
    grpc.StatusCode.UNAUTHENTICATED: "UNAUTHENTICATED",
}


def as_error(error: grpc.RpcError) -> CausewayError:
    """Translates what a generated stub raised."""
    call = cast(grpc.Call, error)
    message = call.details() or ""
    for key, value in call.trailing_metadata() or ():
        if key == "grpc-status-details-bin" and isinstance(value, bytes):
            detail = _detail_of(value)
            if detail is not None:
                return CausewayError(detail.code, message, dict(detail.data), detail.retry_after_ms / 1000)
    code = _FALLBACKS.get(call.code(), "PROTOCOL")
    if "GOAWAY" in message or "RST_STREAM" in message or "Stream removed" in message:
        code = "DISCONNECTED"  # gRPC gives a lost connection several codes.
    return CausewayError(code, message)


def _detail_of(value: bytes) -> ErrorDetail | None:
    try:
        status = Status.FromString(value)
        for each in status.details:
            detail = ErrorDetail()
            if each.Unpack(detail) and detail.code:
                return detail
    except DecodeError:
        pass  # What comes from elsewhere, such as a proxy, may be anything.
    return None


# The codes after which the same question may be answered: the connection or the node comes back.
LASTING = frozenset(
    ["DISCONNECTED", "UNREACHABLE", "TIMEOUT", "CLOSED", "NOT_STARTED", "VIEW_BUILDING", "RESOURCE_EXHAUSTED"]
)
# The codes after which a call may have done its work although it failed.
LOST = frozenset(["DISCONNECTED", "UNREACHABLE", "TIMEOUT"])
