"""Addresses of pages: no text of a record becomes one but as a single quoted segment or value."""

from __future__ import annotations

from urllib.parse import quote, urlencode


def address(*segments: str | int, **query: str | int | None) -> str:
    """The path of these segments with a query; values that are empty or `None` are left out of it."""
    path = "/" + "/".join(quote(str(one), safe="") for one in segments)
    told = {name.rstrip("_"): value for name, value in query.items() if value not in ("", None)}
    return f"{path}?{urlencode(told)}" if told else path


def of_session(session_id: str, *segments: str | int, **query: str | int | None) -> str:
    """The address of a session, or of a page below it."""
    return address("sessions", session_id, *segments, **query)
