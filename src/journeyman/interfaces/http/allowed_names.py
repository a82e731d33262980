"""Under which names a server answers, and which pages may call it: what keeps other web sites' pages out."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from journeyman.interfaces.error_status import Refusal


def is_loopback(host: str) -> bool:
    """Tell whether an address or name means this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedNames:
    """Hosts and origins that a server takes."""

    loopback: bool
    """Whether it listens on this machine's loopback alone."""
    hosts: frozenset[str] = frozenset()
    """Names besides addresses and this machine's own; `*` is any."""
    origins: frozenset[str] = frozenset()
    """Origins of other pages that may call it, such as `https://app.example.com`."""
    own: frozenset[str] = field(default_factory=lambda: frozenset({socket.gethostname().lower()}))

    def check_host(self, given: str) -> None:
        """Raise where a request was meant for another name, as when a web site's name was pointed at this machine.

        Addresses are no names, so that nobody can point them elsewhere.
        """
        name = _hostname(given)
        if is_loopback(name) or name in self.hosts or "*" in self.hosts:
            return
        if not self.loopback and (name in self.own or _is_address(name)):
            return
        raise Refusal(
            421,
            "host_not_allowed",
            f"this server does not answer under the name {name[:100]!r}; start it with --allowed-host {name[:100]}",
        )

    def check_origin(self, origin: str, host: str) -> None:
        """Raise where the page of another site makes the request."""
        if not self.is_allowed(origin, host):
            raise Refusal(
                403,
                "origin_not_allowed",
                f"pages of {origin[:200]!r} may not call this server; start it with --allowed-origin {origin[:200]}",
            )

    def is_allowed(self, origin: str, host: str) -> bool:
        """Tell whether an origin is this server's own, or one that was named."""
        if origin in self.origins:
            return True
        try:
            return urlsplit(origin).netloc.lower() == host.lower() != ""
        except ValueError:
            return False


def _hostname(given: str) -> str:
    try:
        return (urlsplit(f"//{given}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
