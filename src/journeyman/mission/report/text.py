"""Phrases that every written form of a report shares, so that Markdown, pages and terminals say the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.printable import visible_line

BUDGETS: Final[dict[str, str]] = {
    "iterations": "Iterations",
    "wall_clock_s": "Driven time",
    "tool_calls": "Tool calls",
    "tokens": "Tokens",
    "cost_usd": "Cost",
}
"""Budget kinds in the order in which reports show them, with their names for people."""

OUTCOMES: Final[dict[str, str]] = {"achieved": "Achieved", "not_achieved": "Not achieved", "unknown": "Unknown"}
MISSING: Final = "\N{EN DASH}"
"""Stands where there is no value."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the run claimed beside what its evidence shows."""

    word: str
    """`achieved`, `not_achieved`, `unknown`, or the status of a session that goes on."""
    title: str
    claimed: str
    verified: str
    doubt: str
    """Why claim and evidence differ; empty when they agree."""


def standing(report: JsonObject) -> Standing:
    """Give how a report's session stands: the claim, what was verified, and whether the two differ."""
    outcome, status = report["outcome"], str(report["status"])
    word = str(outcome) if outcome else status
    verdict, reason = report["verdict"] or "no verdict", report["reason"]
    claimed = f"{verdict} ({reason})" if reason else str(verdict)
    claimed += f" by {report['actor']}" if report["actor"] else ""
    now = str(report["outcome_now"])
    return Standing(
        word=word,
        title=OUTCOMES.get(word, word.replace("_", " ").capitalize()),
        claimed=claimed,
        verified=f"{OUTCOMES.get(now, now)}, by {report['verified_by']}",
        doubt=_doubt(str(verdict), str(outcome or ""), now),
    )


def _doubt(verdict: str, outcome: str, now: str) -> str:
    if outcome and outcome != now:
        return f"The session ended as {_words(outcome)}, but its evidence now says {_words(now)}."
    if verdict == "complete" and now != "achieved":
        return f"The run claims completion, but its evidence says {_words(now)}."
    if outcome and verdict == "terminate" and now == "achieved":
        return "The run was ended early, yet its evidence shows the criteria met."
    return ""


def _words(outcome: str) -> str:
    return OUTCOMES.get(outcome, outcome).lower()


def objects(value: Json) -> list[JsonObject]:
    """Give the objects of a list; nothing for anything else."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def members(value: Json) -> JsonObject:
    """Give an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def ratio(value: Json) -> float:
    """Give a number held to 0..1; 0 for anything else."""
    return min(1.0, max(0.0, float(value))) if isinstance(value, (int, float)) else 0.0


def one_line(value: Json, most: int = 300) -> str:
    """Give a value on one line of at most `most` characters; a reference to a blob names it and its size."""
    if isinstance(value, dict) and "$blob" in value:
        return f"blob {str(value['$blob'])[:12]}… ({value.get('bytes', '?')} bytes)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return visible_line(text, most)


def amount(kind: str, value: Json) -> str:
    """Give a budget amount with its unit; `no limit` for null."""
    if value is None:
        return "no limit"
    if not isinstance(value, (int, float)):
        return MISSING
    if kind == "cost_usd":
        return f"${value:,.2f}" if value == 0 or value >= 0.01 else f"${value:.6f}"
    if kind == "wall_clock_s":
        return length(value)
    return f"{value:,}"


def length(seconds: float) -> str:
    """Give a length of time for people: `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def moment(value: Json) -> str:
    """Give a time to the second in UTC; a dash for null."""
    if not value:
        return MISSING
    try:
        return datetime.fromisoformat(str(value)).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return one_line(value, 40)


def elapsed(start: Json, end: Json) -> str:
    """Give the time between two moments for people; empty when one is missing."""
    try:
        between = datetime.fromisoformat(str(end)) - datetime.fromisoformat(str(start))
    except (ValueError, TypeError):
        return ""
    return length(max(between, timedelta()).total_seconds())


def criterion_word(row: JsonObject) -> str:
    """Give a criterion's status for people; an abort condition that is unmet is clear, one that is met has struck."""
    status = str(row["status"])
    return {"met": "struck", "unmet": "clear"}.get(status, status) if row.get("abort_when_met") else status


def depths(criteria: Json, depth: int = 0) -> dict[str, int]:
    """Give how deep each of a mission's criteria stands in groups."""
    found: dict[str, int] = {}
    for row in objects(criteria):
        found[str(row.get("id"))] = depth
        found |= depths(row.get("criteria"), depth + 1)
    return found


def evidence_text(value: Json, most: int = 300) -> str:
    """Give evidence on one line; an object of plain values as `first 8, last 12`."""
    if (
        isinstance(value, dict)
        and "$blob" not in value
        and not any(isinstance(part, (dict, list)) for part in value.values())
    ):
        return one_line(", ".join(f"{name} {one_line(part)}" for name, part in value.items()) or "{}", most)
    return one_line(value, most)


def criterion_rule(row: JsonObject) -> str:
    """Give what a criterion of a report asks for on one line, and how often it must hold."""
    held = row.get("hold_for", 1)
    return one_line(row.get("sentence")) + (f", {held} measurements in a row" if held != 1 else "")


def proposer(row: JsonObject) -> str:
    """Give whose idea an iteration was, and how sure an advisor was of it."""
    sure = row.get("confidence")
    said = f" ({sure:.0%} sure)" if isinstance(sure, (int, float)) else ""
    return f"{row.get('source', '')}{said}"


def did(strategy: Json) -> str:
    """Give what an iteration set out to do on one line."""
    known = members(strategy)
    calls = known.get("calls")
    if isinstance(calls, list) and calls:
        names = [str(name) for name in calls]
        joined = (" ∥ " if known.get("parallel") else " → ").join(names[:6])
        return joined + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    if "script_lines" in known:
        return f"a script of {known['script_lines']} lines"
    return "no calls" if known else MISSING


_PEOPLE: Final[dict[str, str]] = {
    "ApprovalAsked": "asked for approval",
    "ApprovalAnswered": "answered",
    "Paused": "paused",
    "Resumed": "resumed",
    "BudgetAmended": "amended the budget",
    "NoteAdded": "noted",
    "EndAsked": "ended the session",
}


def person_did(row: JsonObject) -> tuple[str, str]:
    """Give what a person (or the engine, asking one) did, and the words or values that belong to it."""
    what = str(row.get("what"))
    verb = _PEOPLE.get(what, what)
    if what == "ApprovalAnswered":
        verb = "approved" if row.get("granted") else "denied"
    shown = {key: value for key, value in row.items() if key not in {"at", "actor", "what", "granted"}}
    if what == "BudgetAmended":
        changes = members(row.get("changes"))
        return verb, ", ".join(f"{BUDGETS.get(kind, kind)}: {amount(kind, value)}" for kind, value in changes.items())
    return verb, " · ".join(one_line(value) for value in shown.values() if value not in (None, ""))


def context_cells(row: JsonObject) -> tuple[str, str, str]:
    """Give how often a context call is made, when it was made last, and what it gave then."""
    often = f"every {row['every']} iterations" if row["every"] else "once"
    last = f"{row['state']}, before iteration {row['iteration']}" if row["state"] else "not made"
    shown = row.get("error") if row.get("error_class") else row.get("value")
    return often, last, "" if shown is None else one_line(shown)


def checking_commands(report: JsonObject) -> list[str]:
    """Give the commands with which a reader checks the record behind a report."""
    session = str(report["session_id"])
    return [
        f"journeyman verify {session} --head {report['events']}:{report['head_hash']}",
        f"journeyman replay {session}",
    ]
