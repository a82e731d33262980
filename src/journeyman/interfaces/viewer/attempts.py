"""Attempts of coding agents: a row each on the session's page, and a page each with what was told, done and changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import anyio
from starlette.requests import Request

from journeyman.apprentices.task_folder import AttemptRecord, TaskFolder
from journeyman.interfaces.pages.elements import none, pill, table, terms
from journeyman.interfaces.pages.markup import NOTHING, Html, tag, text
from journeyman.interfaces.viewer.addresses import of_session
from journeyman.interfaces.viewer.frame import Page, heading, section
from journeyman.interfaces.viewer.visit import Visit
from journeyman.mission.model.state import State
from journeyman.mission.report.plain_text import amount_text, duration_text, one_line
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import NotFound
from journeyman.wiring import tasks_folder

_MOST_BYTES: Final = 1_000_000
_MOST_STEPS: Final = 1_000
_ENDINGS: Final = {"finished": "good", "failed": "bad", "refused": "bad", "": "going"}
_SOURCES: Final = {"claim": "unsure", "process": "good", "files": "good"}


def _folder(visit: Visit, session_id: str) -> TaskFolder:
    return TaskFolder(tasks_folder(visit.host.journeyman.settings) / session_id)


def attempts_section(visit: Visit, state: State) -> list[Html]:
    """The attempts of a task; nothing for other missions."""
    if state.mission.task is None:
        return []
    rows = [_row(state.session_id, one) for one in _folder(visit, state.session_id).records()]
    columns = ["Attempt", "Ended", "Files changed", "Took", "Tokens and cost", "The agent's last words (a claim)"]
    shown = table("Attempts", columns, rows, "plain") if rows else none("None was made yet.")
    return [section("attempts", "Attempts", shown)]


def _row(session_id: str, one: AttemptRecord) -> list[Html]:
    link = tag(
        "a", text(f"{one.number} by {one_line(one.agent, 60)}"), href=of_session(session_id, "attempts", one.number)
    )
    touched = tag("span", text(f"{len(one.touched)} protected put back"), class_="stale") if one.touched else NOTHING
    return [
        link,
        pill(one.ended or "working", _ENDINGS.get(one.ended, "warn")),
        tag("div", text(f"{len(one.changed):,} "), touched),
        text(duration_text(one.duration_s)),
        text(f"{one.tokens:,}, {amount_text('cost_usd', one.cost_usd)}"),
        tag("span", text(one_line(one.message, 400)), class_="evidence"),
    ]  # fmt: skip


async def attempt_page(request: Request, visit: Visit) -> Page:
    """One attempt: its prompt, its trace, its changes as a diff."""
    session_id, number = str(request.path_params["session_id"]), int(request.path_params["number"])
    row = await visit.row(session_id)
    folder = _folder(visit, session_id)
    one = next((known for known in folder.records() if known.number == number), None)
    if one is None:
        raise NotFound(f"session {session_id} has no attempt {number}; its page lists those that there are")
    prompt = await _text(folder.prompt(number))
    trace = await _text(folder.place(number) / "trace.jsonl")
    diff = await _text(folder.place(number) / "changes.diff")
    facts = [
        ("Agent", one.agent),
        ("Ended", f"{one.ended or 'working'}{f': {one.detail}' if one.detail else ''}"),
        ("Took", duration_text(one.duration_s)),
        ("Tokens", f"{one.tokens:,}"),
        ("Cost", amount_text("cost_usd", one.cost_usd)),
        ("Calls of tools", f"{one.tool_calls:,}"),
        ("Protected files put back", ", ".join(one.touched)),
        ("Judged as", one.digest),
    ]
    back = tag("p", tag("a", text(f"Session {session_id}"), href=of_session(session_id)))
    return Page(
        title=f"Attempt {number} of {row.name}",
        header=heading(f"Attempt {number}", one_line(row.name, 200), above="Attempt of a coding agent"),
        parts=[
            tag("section", back, tag("dl", *terms((a, b) for a, b in facts if b), class_="facts"), id="facts",
                aria_label="Facts"),
            section("changes", "Changes to what the task began with", _diff(diff)),
            section("trace", "Trace", *_trace(trace)),
            section("prompt", "What it was told", tag("pre", text(prompt or "nothing"), class_="card", tabindex="0",
                    aria_label="Prompt")),
        ],
        here=of_session(session_id) if visit.only else "/",
    )  # fmt: skip


async def _text(path: Path) -> str:
    """The beginning of a file of an attempt; empty where there is none."""

    def read() -> str:
        try:
            with path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except OSError:
            return ""
        more = "\n… [the rest is in the file]" if len(data) > _MOST_BYTES else ""
        return data[:_MOST_BYTES].decode("utf-8", "replace") + more

    return await anyio.to_thread.run_sync(read)


def _diff(diff: str) -> Html:
    if not diff:
        return none("Nothing was changed.")
    rows = [tag("span", text(line + "\n"), class_=_line_kind(line)) for line in diff.split("\n")]
    return tag("pre", *rows, class_="card diff", tabindex="0", aria_label="Diff")


def _line_kind(line: str) -> str:
    if line.startswith(("+++", "---", "diff ", "index ")):
        return "file"
    return {"+": "added", "-": "removed", "@": "place"}.get(line[:1], "same")


def _trace(trace: str) -> list[Html]:
    """Its steps; what only the agent says is marked as its claim."""
    steps: list[list[Html]] = []
    lines = trace.splitlines()
    for line in lines[:_MOST_STEPS]:
        try:
            row: JsonObject = json.loads(line)
        except ValueError:
            continue
        steps.append(_step(row))
    if not steps:
        return [none("Nothing was written down.")]
    more = (
        [tag("p", text(f"{len(lines) - _MOST_STEPS:,} more steps are in the file."), class_="left-out")]
        if len(lines) > _MOST_STEPS
        else []
    )
    return [table("Trace", ["At", "Shown by", "What", "Came out"], steps, "plain"), *more]


def _step(row: JsonObject) -> list[Html]:
    if "left_out" in row:
        return [NOTHING, NOTHING, text(f"{row['left_out']} steps are left out"), NOTHING]
    source, at = str(row.get("source", "")), row.get("at_s")
    paths = row.get("paths")
    names = ", ".join(map(str, paths)) if isinstance(paths, list) else ""
    what = one_line(f"{row.get('type', '')}: {row.get('what') or names}", 500)
    out = [str(row[name]) for name in ("status", "exit_code") if row.get(name) not in (None, "")]
    shown = str(row.get("output") or "")
    output = tag("details", tag("summary", text("output")), tag("pre", text(shown), tabindex="0")) if shown else NOTHING
    confirmed = (
        tag("span", text("the files do not show it"), class_="stale") if row.get("confirmed") is False else NOTHING
    )
    return [
        text(duration_text(at) if isinstance(at, (int, float)) else ""),
        pill(source, _SOURCES.get(source, "plain-tone")),
        tag("span", text(what), class_="evidence"),
        tag("div", text(" ".join(out)), confirmed, output),
    ]
