"""Browsers that came in by a link with a token: they hold a cookie that only this start of the server takes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from journeyman.hosting.tokens import AccessToken

_LASTS: Final = timedelta(hours=12)
_MOST: Final = 1_000
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class BrowserSessions:
    """Makes cookies and knows them again.

    The cookie is no token: it ends after twelve hours and with the process, and the token's own end ends it too. Cookies
    go to every port of a host, so its name holds the port, and what it opens is worth little to whoever else listens.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: dict[str, AccessToken] = {}
        """Token by id, as it came in."""

    def cookie(self, token: AccessToken, now: datetime, name: str) -> str:
        """The value of `Set-Cookie` for a browser that brought a token."""
        self._known.pop(token.id, None)
        self._known[token.id] = token
        while len(self._known) > _MOST:
            self._known.pop(next(iter(self._known)))
        text = f"{token.id}.{int((now + _LASTS).timestamp())}"
        whole = f"{text}.{self._seal(text)}"
        return f"{name}={whole}; Path=/; Max-Age={int(_LASTS.total_seconds())}; HttpOnly; SameSite=Strict"

    def token_of(self, cookie: str, now: datetime) -> AccessToken | None:
        """The token behind a cookie's value."""
        text, _, sealed = cookie.rpartition(".")
        if not hmac.compare_digest(sealed.encode("utf-8", "surrogatepass"), self._seal(text).encode()):
            return None
        name, _, until = text.partition(".")
        return self._known.get(name) if now.timestamp() < int(until) else None

    def _seal(self, text: str) -> str:
        drawn = hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(drawn).decode().rstrip("=")


def cookie_name(port: int | None) -> str:
    """The name of the cookie of a server at a port."""
    return f"journeyman_{port or 0}"


def is_from_own_page(headers: Mapping[str, str], *, own_origin: bool | None) -> bool:
    """Tell whether a page of this server made the request, as browsers say; false where they say nothing.

    `own_origin` is what the `Origin` header says; `None` where there is none.
    """
    site = headers.get("sec-fetch-site")
    if own_origin is False or (site is not None and site != "same-origin"):
        return False
    return own_origin is True or site == "same-origin"
