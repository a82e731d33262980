"""Conditional requests: entity tags from the head of a record."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Header

from journeyman.engine.standing import Standing
from journeyman.hosting.conditional_store import record_moved
from journeyman.mission.chain import Head
from journeyman.mission.values.errors import InvalidInput, Problem

_TAG: Final = re.compile(r'"([0-9]{1,12})-([0-9a-f]{64})[.a-z_]*"')

IfNoneMatch = Annotated[
    str, Header(alias="If-None-Match", description="A tag from before: 304 where nothing has changed.")
]
IfMatch = Annotated[
    str,
    Header(
        alias="If-Match",
        description="The `ETag` of the session as it was looked at: 412 where its record has gone on since.",
    ),
]


def tag_of(head: Head, standing: Standing, *, is_faulty: bool = False) -> str:
    """The tag of a session: where its record ends, and where it stands, which leases and faults change, too."""
    return f'"{head.seq}-{head.hash.hex()}.{standing.value}{".fault" if is_faulty else ""}"'


def is_same(given: str, tag: str) -> bool:
    """Tell whether `If-None-Match` names a tag."""
    return given.strip() == "*" or tag in {part.strip().removeprefix("W/") for part in given.split(",")}


def seen_head(given: str, session_id: str) -> Head | None:
    """The head that `If-Match` names; `None` where nothing is asked."""
    if not given or given.strip() == "*":
        return None
    found = _TAG.fullmatch(given.strip())
    if found is not None:
        return Head(int(found[1]), bytes.fromhex(found[2]))
    if given.strip().startswith(('"', 'W/"')):
        raise record_moved(session_id)  # a tag, though none of ours: it cannot be the present one
    hint = "send the `ETag` of the session as it came, quotes included"
    raise InvalidInput("the call", (Problem(where="If-Match", message=f"{given[:100]!r} is no tag", hint=hint),))
