"""The commands with one line of help each: what `journeyman --help` shows without loading them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """Where a command lives and what it is for."""

    module: str
    section: str
    help: str


COMMANDS: Final[dict[str, CommandEntry]] = {
    "new": CommandEntry("files", "Missions", "Write a commented mission file, or draft one from a directive."),
    "schema": CommandEntry("files", "Missions", "Print the JSON Schema of mission files, for editors."),
    "check": CommandEntry("files", "Missions", "Validate a mission file and its tools without running it."),
    "tools": CommandEntry("tools", "Missions", "List and try the tools of a mission."),
    "run": CommandEntry("run", "Missions", "Run a mission until its criteria hold or its budget ends."),
    "conclude": CommandEntry("run", "", "Write the ending of a session whose process was killed at its deadline."),
    "resume": CommandEntry("run", "Missions", "Go on with a session that was paused, waits or crashed."),
    "logs": CommandEntry("run", "Sessions", "Print what the tools of a session have printed."),
    "list": CommandEntry("sessions", "Sessions", "List the sessions."),
    "show": CommandEntry("sessions", "Sessions", "Show where a session stands."),
    "watch": CommandEntry("sessions", "Sessions", "Follow a session live, from any terminal."),
    "history": CommandEntry("sessions", "Sessions", "Show what happened, event by event or by iteration."),
    "report": CommandEntry(
        "reports", "Sessions", "Print, write or compare reports: a page, Markdown, JSON, JUnit, GitHub."
    ),
    "view": CommandEntry("view", "Sessions", "Show a session in a browser, live."),
    "delete": CommandEntry("removal", "Sessions", "Remove sessions for good."),
    "prune": CommandEntry("removal", "Sessions", "Remove the sessions that ended long ago."),
    "prompt": CommandEntry("sessions", "Sessions", "Print the prompt that a model would see next."),
    "pause": CommandEntry("control", "People", "Stop a session at its next safe point."),
    "abort": CommandEntry("control", "People", "End a session now; running calls are cancelled."),
    "end": CommandEntry("control", "People", "End a session after its running calls have settled."),
    "approve": CommandEntry("control", "People", "Say yes to what a session asks."),
    "deny": CommandEntry("control", "People", "Say no to what a session asks."),
    "amend": CommandEntry("control", "People", "Give a running session another budget."),
    "note": CommandEntry("control", "People", "Add a note to a session's record."),
    "fork": CommandEntry("control", "People", "Start a new session from an iteration of another."),
    "effects": CommandEntry("control", "People", "List a session's effects, unknown ones first."),
    "resolve": CommandEntry("control", "People", "Say whether an unknown effect happened."),
    "verify": CommandEntry("records", "Records", "Check the hash chain and every blob of a session."),
    "replay": CommandEntry("records", "Records", "Derive every verdict and the report again and compare."),
    "export": CommandEntry(
        "records", "Records", "Write a session as a portable folder, or in the form of another tool."
    ),
    "bundle": CommandEntry(
        "bundles.commands",
        "Records",
        "Put a session with all that belongs to it into one signed file; check, read, share one.",
    ),
    "import": CommandEntry("records", "Records", "Take in an exported session, after checking it."),
    "task": CommandEntry(
        "task", "Coding agents", "Hand a task to a coding agent, under a contract that a machine checks."
    ),
    "follow-up": CommandEntry(
        "task", "Coding agents", "Ask for more: a note to a task, or a new session from its best attempt."
    ),
    "finish": CommandEntry("task", "Coding agents", "End a task and put out the files of its best attempt."),
    "agents": CommandEntry("agents", "Coding agents", "List the coding agents on this machine, and try one."),
    "guard": CommandEntry("guard.commands", "Guard", "Keep coding agents from calling work done that is not."),
    "mcp": CommandEntry("serving_mcp", "Serving", "Serve missions to an MCP client, such as a coding agent (stdio)."),
    "serve": CommandEntry(
        "serving", "Serving", "Serve sessions over HTTP: pages, an API and MCP, for callers with tokens."
    ),
    "token": CommandEntry("tokens", "Serving", "Make, list and revoke the tokens that `journeyman serve` takes."),
    "gym": CommandEntry("gym.commands", "Gym", "Score, play, watch, export and train on simulated incidents."),
    "model": CommandEntry("model", "System", "Serve a scripted model on this machine."),
    "doctor": CommandEntry("system", "System", "Check this installation and say what to repair."),
    "config": CommandEntry("system", "System", "Show settings and where each comes from."),
}
