"""Addresses of nodes, and the channels to them: what is found out before gRPC is let loose."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

import grpc

from ._binding import INSECURE, LOOPBACK, certificate_binding
from ._errors import CausewayError
from ._ids import quote
from ._limits import MESSAGE_BYTES


@dataclass(frozen=True)
class Address:
    """http://HOST:PORT or https://HOST:PORT."""

    secure: bool
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises BAD_ADDRESS."""
        try:
            parts = urlsplit(text)
            if parts.scheme in ("http", "https") and parts.hostname and parts.path in ("", "/"):
                secure = parts.scheme == "https"
                return cls(secure, parts.hostname, parts.port or (443 if secure else 80))
        except ValueError:
            pass
        raise CausewayError(
            "BAD_ADDRESS",
            f"An address is http://HOST:PORT or https://HOST:PORT, got {quote(text)}. Else use `causeway tunnel`.",
        )

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Route:
    """One way to a node, as a first connection showed it. A channel goes this way and no other."""

    binding: str
    target: str
    options: tuple[tuple[str, str | int], ...]
    #: None for plain HTTP.
    credentials: grpc.ChannelCredentials | None


def tls_context(roots: bytes | None) -> ssl.SSLContext:
    """Checks certificates as for any https: address, with these authorities (PEM), or with the system's."""
    context = ssl.create_default_context(cadata=roots.decode() if roots is not None else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    return context


def route(address: Address, ip: str, certificate: bytes | None, *, insecure: bool) -> Route:
    """Returns the way over which a first connection went: to this ip, which showed this certificate (DER).

    gRPC does not show the certificates of its connections. So this trusts the one that was seen, and no other: every
    connection of the channel has the binding, or there is none. Raises BAD_ADDRESS for plain HTTP to another machine.
    """
    number = ipaddress.ip_address(ip)
    target = f"ipv6:[{ip}]:{address.port}" if number.version == 6 else f"ipv4:{ip}:{address.port}"
    options: list[tuple[str, str | int]] = [
        ("grpc.default_authority", address.authority),
        ("grpc.enable_http_proxy", 0),
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.max_receive_message_length", MESSAGE_BYTES),
        # Finds connections that died silently, also below a watch.
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 15_000),
    ]
    if certificate is None:
        binding = LOOPBACK if number.is_loopback else INSECURE
        if binding == INSECURE and not insecure:
            raise CausewayError(
                "BAD_ADDRESS",
                f"Anyone on the path can read plain HTTP to {address.authority}: use https:, or insecure=True.",
            )
        return Route(binding, target, tuple(options), None)
    options.append(("grpc.ssl_target_name_override", address.host))
    credentials = grpc.ssl_channel_credentials(ssl.DER_cert_to_PEM_cert(certificate).encode())
    return Route(certificate_binding(certificate), target, tuple(options), credentials)
