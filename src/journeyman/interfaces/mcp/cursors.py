"""Cursors of lists: opaque to clients, and refused where they are not ours."""

from __future__ import annotations

import base64
import binascii

from journeyman.mission.values.errors import InvalidInput, Problem


def cursor_of(*parts: str) -> str:
    """A cursor that says where the next page begins."""
    return base64.urlsafe_b64encode("\0".join(parts).encode()).decode().rstrip("=")


def parts_of(cursor: str, count: int) -> tuple[str, ...] | None:
    """What a cursor says; `None` for the first page. Raises `InvalidInput` for one that was not given out."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = base64.b64decode(padded, altchars=b"-_", validate=True).decode().split("\0")
    except (binascii.Error, ValueError):
        parts = []
    if len(parts) != count:
        hint = "leave it out for the first page, and take next_cursor of a page for the one behind it"
        raise InvalidInput("the call", (Problem(where="cursor", message="was not given out here", hint=hint),))
    return tuple(parts)
