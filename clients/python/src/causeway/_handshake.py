"""The handshake: the node proves its key, for the channel that we see."""

from __future__ import annotations

import os

from ._errors import CausewayError
from ._ids import PeerId
from ._key import verify
from .v1.sync_pb2 import HandshakeRequest, HandshakeResponse

HANDSHAKE_DOMAIN = b"causeway.handshake.v2\0"
VERSION = 2
REUSABLE_TOKENS = "reusable-tokens"


def question(binding: str) -> HandshakeRequest:
    return HandshakeRequest(version=VERSION, nonce=os.urandom(32), binding=binding)


def check(asked: HandshakeRequest, answer: HandshakeResponse, expected: PeerId | None) -> PeerId:
    """Returns the key that the node has proven. Raises WRONG_PEER or INCOMPATIBLE."""
    signed = HANDSHAKE_DOMAIN + asked.nonce + answer.nonce + asked.binding.encode()
    if len(answer.nonce) != 32 or not verify(answer.peer, signed, answer.signature):
        raise CausewayError("WRONG_PEER", "The node could not prove its key.")
    if answer.version != VERSION:
        raise CausewayError(
            "INCOMPATIBLE", f"This client speaks version {VERSION} of the protocol, not {answer.version}."
        )
    peer = PeerId(answer.peer)
    if expected is not None and peer != expected:
        raise CausewayError("WRONG_PEER", f"The node is {peer}, expected {expected}.")
    return peer
