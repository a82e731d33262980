"""A socket that listens before anybody is told where, so that the address works at once."""

from __future__ import annotations

import socket
from typing import Final

from journeyman.mission.values.errors import Unavailable

_BACKLOG: Final = 2_048


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; raises `Unavailable` where the address cannot be had."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, proto)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except BaseException:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise Unavailable(
            f"cannot listen on {host}:{port}: {why}; take another with --port, 0 for a free one",
            code="address_unavailable",
        ) from None
    return listener
