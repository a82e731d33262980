"""The forms in which results go to standard output."""

from __future__ import annotations

from enum import StrEnum


class Output(StrEnum):
    """What goes to standard output."""

    text = "text"
    json = "json"
    ndjson = "ndjson"
