"""Lists of sessions, page by page: a cursor says behind which session the next page begins."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Final

from pydantic import BaseModel, ConfigDict

from journeyman.hosting.host import SessionHost
from journeyman.hosting.session_views import SessionRow, session_row
from journeyman.mission.values.errors import InvalidInput, Problem
from journeyman.stores.base import SessionPlace, Summary

_READ: Final = 200
_MOST_READ: Final = 5_000
"""Rows that one request looks at; a filter that fits few is gone on with at the next cursor."""


class SessionPage(BaseModel):
    """Sessions, newest first."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[SessionRow]
    next_cursor: str | None
    """Give it as `cursor` for the next page; `None` on the last. A page may be short, or empty, before that."""


async def session_page(host: SessionHost, fits: Callable[[Summary], bool], limit: int, cursor: str) -> SessionPage:
    """A page of the sessions that fit."""
    store = host.journeyman.store
    place = _place(cursor) if cursor else None
    found: list[Summary] = []
    read = 0
    while len(found) < limit and read < _MOST_READ:
        wanted = max(_READ, limit + 1)
        rows = await store.sessions(before=place, limit=wanted)
        read += len(rows)
        for row in rows:
            if len(found) == limit:
                break
            place = SessionPlace(row.created_at, row.session_id)
            if fits(row):
                found.append(row)
        else:
            if len(rows) < wanted:
                place = None
                break
    next_cursor = None if place is None else _cursor(place)
    return SessionPage(items=[session_row(row, host.standing(row)) for row in found], next_cursor=next_cursor)


def _cursor(place: SessionPlace) -> str:
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def _place(cursor: str) -> SessionPlace:
    try:
        created_at, session_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(created_at, str) and isinstance(session_id, str):
            return SessionPlace(created_at, session_id)
    except (ValueError, TypeError):
        pass
    hint = "take `next_cursor` of the page before as it is, or leave it out for the first page"
    raise InvalidInput("the call", (Problem(where="cursor", message="is no cursor of this list", hint=hint),))
