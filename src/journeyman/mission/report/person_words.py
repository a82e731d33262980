"""What a person did to a session, in words."""

from __future__ import annotations

from typing import cast

from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.report.phrases import person_action
from journeyman.mission.report.rows import PersonRow


def person_words(happened: EventRecord, event: e.PersonEvent) -> str:
    """Who did what, with the text or the values that belong to it."""
    kind, details = type(event).__name__, e.encode(cast("e.Event", event))
    details.pop("digest", None)
    verb, words = person_action(PersonRow(at=happened.at, actor=happened.actor, what=kind, details=details))
    return f"{happened.actor.removeprefix('person:')} {verb}{': ' if words else ''}{words}"
