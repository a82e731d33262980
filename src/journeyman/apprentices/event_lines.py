"""What an agent does, a line each, for people who follow it."""

from __future__ import annotations

from journeyman.agents.drivers.events import (
    AgentEnded,
    AgentEvent,
    AgentMessage,
    Notice,
    PermissionAnswered,
    SessionStarted,
    ToolFinished,
    ToolStarted,
)
from journeyman.mission.values.printable import visible_line


def event_line(event: AgentEvent, at_s: float) -> str:
    """One line for what happens; empty for what tells a person nothing."""
    match event:
        case SessionStarted():
            line = " ".join(part for part in ("session", event.session_id, event.version, event.model) if part)
        case ToolStarted():
            line = f"{event.kind.value}: {event.command or ' '.join((event.name, *event.paths))}"
        case ToolFinished():
            line = event.status.value + (f", exit code {event.exit_code}" if event.exit_code is not None else "")
        case PermissionAnswered():
            line = f"asked, and {'allowed' if event.allowed else 'refused'} by {event.by.value}"
        case AgentMessage() | Notice():
            line = event.text
        case AgentEnded():
            line = f"ended: {event.how.value} {event.detail or event.stop_reason}".rstrip()
        case _:
            return ""
    return f"{at_s:6.1f} s  {visible_line(line, 160)}"
