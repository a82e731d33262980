"""The commands with one line of help each: what `journeyman --help` shows without loading them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """Where a command lives and what it is for."""

    module: str
    section: str
    help: str


COMMANDS: Final[dict[str, Words]] = {
    "new": Words("files", "Missions", "Write a commented mission file, or draft one from a directive."),
    "check": Words("files", "Missions", "Validate a mission file and its tools without running it."),
    "run": Words("run", "Missions", "Run a mission until its criteria hold or its budget ends."),
    "conclude": Words("run", "", "Write the ending of a session whose process was killed at its deadline."),
    "resume": Words("run", "Missions", "Go on with a session that was paused, waits or crashed."),
    "list": Words("sessions", "Sessions", "List the sessions."),
    "show": Words("sessions", "Sessions", "Show where a session stands."),
    "watch": Words("sessions", "Sessions", "Follow a session live, from any terminal."),
    "history": Words("sessions", "Sessions", "Show what happened, event by event or by iteration."),
    "report": Words("reports", "Sessions", "Print or write the report: terminal, Markdown, JSON or HTML."),
    "prompt": Words("sessions", "Sessions", "Print the prompt that a model would see next."),
    "pause": Words("people", "People", "Stop a session at its next safe point."),
    "abort": Words("people", "People", "End a session now; running calls are cancelled."),
    "end": Words("people", "People", "End a session after its running calls have settled."),
    "approve": Words("people", "People", "Say yes to what a session asks."),
    "deny": Words("people", "People", "Say no to what a session asks."),
    "amend": Words("people", "People", "Give a running session another budget."),
    "note": Words("people", "People", "Add a note to a session's record."),
    "fork": Words("people", "People", "Start a new session from an iteration of another."),
    "effects": Words("people", "People", "List a session's effects, unknown ones first."),
    "resolve": Words("people", "People", "Say whether an unknown effect happened."),
    "verify": Words("records", "Records", "Check the hash chain and every blob of a session."),
    "replay": Words("records", "Records", "Derive every verdict and the report again and compare."),
    "export": Words("records", "Records", "Write a session as a portable folder."),
    "import": Words("records", "Records", "Take in an exported session, after checking it."),
    "gym": Words("gym.commands", "Gym", "Score, play, watch, export and train on simulated incidents."),
    "model": Words("model", "System", "Serve a scripted model on this machine."),
    "doctor": Words("system", "System", "Check this installation and say what to repair."),
    "config": Words("system", "System", "Show settings and where each comes from."),
}
