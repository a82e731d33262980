"""What the mission's commands print, in the log of their session: it was caught, since results hold it."""

from __future__ import annotations

from journeyman.interfaces.cli.terminal import print_as_others
from journeyman.mission.model import events as e
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.state import State
from journeyman.mission.report.answer_text import answer_text
from journeyman.mission.values.canonical import Json


def log_output(happened: EventRecord, state: State) -> None:
    """Add what a command has printed to the log, under a line that says whose it is."""
    event = happened.event
    if not isinstance(event, e.Settled):
        return
    effect = state.effects.get(event.effect)
    if effect is None or effect.intended.tool not in state.mission.commands:
        return
    printed = _printed(event.value)
    if printed:
        ended = (
            event.error.partition(":")[0] or answer_text(state.mission, effect.intended.tool, event).partition(":")[0]
        )
        head = f"{happened.at} {effect.intended.tool} (effect {event.effect}){f' {ended}' if ended else ''}"
        print_as_others(f"{head}\n{printed}")


def _printed(value: Json) -> str:
    if not isinstance(value, dict):
        return ""
    if "$blob" in value:
        return f"({value.get('bytes')} bytes of results: journeyman export writes them)\n"
    streams = [text for name in ("stdout", "stderr") if isinstance(text := value.get(name), str) and text.strip()]
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in streams)
