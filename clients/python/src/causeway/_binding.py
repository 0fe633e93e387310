"""Channel bindings: texts that name the channel which a handshake and a token are for. See docs/protocol.md."""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

LOOPBACK = ""
INSECURE = "insecure"


def certificate_binding(der: bytes) -> str:
    """Returns "tls:" and tls-server-end-point of RFC 5929.

    That is the hash of the certificate, by the hash function of its own signature. SHA-256 takes the place of MD5 and
    SHA-1, and stands where the signature names none.
    """
    return "tls:" + hashlib.new(_hash_function_of(der), der).hexdigest()


def _hash_function_of(der: bytes) -> str:
    try:
        function = x509.load_der_x509_certificate(der).signature_hash_algorithm
    except UnsupportedAlgorithm:
        function = None
    if function is None or function.name in ("md5", "sha1"):
        return "sha256"
    return function.name.replace("-", "_")
