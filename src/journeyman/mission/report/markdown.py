"""The report as Markdown: readable as plain text and on a forge, safe against what tools wrote into it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from journeyman.mission.report.text import (
    BUDGETS,
    MISSING,
    amount,
    checking_commands,
    context_cells,
    criterion_rule,
    criterion_word,
    did,
    elapsed,
    evidence_text,
    members,
    moment,
    objects,
    one_line,
    person_did,
    proposer,
    ratio,
    standing,
)
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.printable import visible

SHOWN_AT_EACH_END: Final = 20
"""Iterations, effects and people shown from the start and from the end; those between are counted."""

_JOINER: Final = "\N{WORD JOINER}"
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", "|": "&#124;"}
_SPECIAL: Final = re.compile(r"[&<|]|[\\`*\[\]~$]|(?<![^\W_])_|_(?![^\W_])")
_LINKS: Final = re.compile(r"(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=@)", re.IGNORECASE)
"""Where forges see links, addresses and mentions in plain text."""
_BLOCK_START: Final = re.compile(r"^(\d{1,9})(?=[.)])|^(?=[-+=#:>])")


def markdown_report(report: JsonObject) -> str:
    """Give a report as Markdown (GitHub's flavour, also readable as plain text); the same report gives the same text."""
    parts = [
        _header(report),
        _quote(str(report["directive"])),
        _section("Criteria", _criteria(report)),
        _section("Budget", _budget(report)),
        _section("Context (no evidence)", _context(report)),
        _section(f"Iterations ({report['iterations_run']})", _iterations(report)),
        _section("Effects that are not simply done", _effects(report)),
        _section("People", _people(report)),
        _section("Lessons", _bullets(report["lessons"])),
        _section("Recommended follow-ups", _bullets(report["recommended_followups"])),
        _section("Record", _record(report)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(value: Json, most: int = 300) -> str:
    """Give a value as one line of Markdown text that is shown as it stands: no markup, HTML, link or table border."""
    text = _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], "\\" + found[0]), one_line(value, most))
    text = _LINKS.sub(_JOINER, text)
    return _BLOCK_START.sub(lambda found: f"{found[1]}\\" if found[1] else "\\", text)


def _header(report: JsonObject) -> str:
    how = standing(report)
    lines = [
        f"# {escaped(report['name'])}: {escaped(how.title)}",
        "",
        f"- **Claimed:** {escaped(how.claimed)}",
        f"- **Verified:** {escaped(how.verified)}",
    ]
    if how.doubt:
        lines.append(f"- **Look here:** {escaped(how.doubt)}")
    lines.append(f"- **Session:** {escaped(report['session_id'])} of tenant {escaped(report['tenant'])}")
    if report["parent"]:
        lines.append(f"- **Forked from:** {escaped(report['parent'])}")
    took = elapsed(report["started_at"], report["ended_at"])
    ended = f"ended {moment(report['ended_at'])}" if report["ended_at"] else "not ended"
    times = f"created {moment(report['created_at'])}, started {moment(report['started_at'])}, {ended}"
    lines.append(f"- **Time:** {escaped(times)}{f' ({took})' if took else ''}")
    return "\n".join(lines)


def _quote(text: str) -> str:
    lines = visible(text).split("\n")
    return "\n".join(f"> {escaped(line, 10_000)}".rstrip() for line in lines)


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(columns)} |", f"|{'|'.join(' --- ' for _ in columns)}|"]
    lines += [f"| {' | '.join(cell or MISSING for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _criteria(report: JsonObject) -> str:
    rows: list[list[str]] = []
    for row in objects(report["criteria"]):
        role = "abort condition" if row["abort_when_met"] else "required" if row["required"] else "optional"
        stale = " (not measured now)" if row.get("carried") else ""
        rows.append(
            [
                escaped(row["id"]),
                role,
                escaped(criterion_rule(row)),
                f"{criterion_word(row)}{stale}",
                f"{ratio(row['progress']):.0%}",
                escaped(evidence_text(row["evidence"])),
            ]
        )
    return _table(["criterion", "role", "asks for", "status", "progress", "evidence"], rows)


def _budget(report: JsonObject) -> str:
    ceilings, used = members(report["budget"]), members(report["used"])
    rows: list[list[str]] = []
    for kind, title in BUDGETS.items():
        spent, ceiling = used.get(kind), ceilings.get(kind)
        share = ""
        if isinstance(spent, (int, float)) and isinstance(ceiling, (int, float)) and ceiling:
            share = f"{spent / ceiling:.0%}"
        rows.append([title, amount(kind, spent), amount(kind, ceiling), share])
    return _table(["budget", "used", "of", "share"], rows)


def _context(report: JsonObject) -> str:
    rows: list[list[str]] = []
    for row in objects(report.get("context")):
        often, last, shown = context_cells(row)
        rows.append([escaped(row["tool"]), escaped(row["args"], 120), often, last, escaped(shown)])
    return _table(["tool", "arguments", "when", "last time", "result"], rows) if rows else ""


def _iterations(report: JsonObject) -> str:
    found = objects(report["iterations"])
    rows: list[list[str]] = []
    for row in found:
        evaluation = objects(row.get("evaluation"))
        met = sum(item["status"] == "met" for item in evaluation)
        verdict = f"{row['verdict']} ({row['reason']})" if row.get("verdict") else "open"
        rows.append(
            [
                str(row["index"]),
                escaped(proposer(row)),
                escaped(did(row.get("strategy")), 120),
                escaped(members(row.get("strategy")).get("rationale", ""), 120),
                escaped(verdict),
                f"{met} of {len(evaluation)} met" if evaluation else "",
            ]
        )
    told = _folded(["iteration", "by", "did", "why", "verdict", "criteria"], rows, "iterations")
    left_out = members(report.get("left_out")).get("iterations")
    return (
        f"{told}\n\n{left_out} iterations between them are in the record: `journeyman history --all`."
        if left_out
        else told
    )


def _folded(columns: Sequence[str], rows: list[list[str]], what: str) -> str:
    if not rows:
        return ""
    between = len(rows) - 2 * SHOWN_AT_EACH_END
    if between <= 0:
        return _table(columns, rows)
    first = _table(columns, rows[:SHOWN_AT_EACH_END])
    last = _table(columns, rows[-SHOWN_AT_EACH_END:])
    return f"{first}\n\n… {between:,} {what} lie between …\n\n{last}"


def _effects(report: JsonObject) -> str:
    rows: list[list[str]] = []
    for row in objects(report["effects"]):
        if row["state"] == "done" and not row.get("reconciled_by"):
            continue
        error = [row.get("error_class"), row.get("error"), row.get("note")]
        by = row.get("reconciled_by")
        rows.append(
            [
                escaped(row["effect"]),
                escaped(row["tool"]),
                escaped(row["class"]),
                escaped(row["state"])
                + (f" (reconciled by {escaped(by)})" if by else "")
                + (", left running" if row.get("left_running") else ""),
                escaped(row["args"], 120),
                escaped(": ".join(str(part) for part in error if part), 200),
            ]
        )
    return _folded(["effect", "tool", "class", "state", "arguments", "error or note"], rows, "effects")


def _people(report: JsonObject) -> str:
    rows: list[list[str]] = []
    for row in objects(report["people"]):
        verb, words = person_did(row)
        rows.append([escaped(moment(row["at"])), escaped(row["actor"]), escaped(verb), escaped(words)])
    return _folded(["when", "who", "did", "words"], rows, "actions")


def _bullets(value: Json) -> str:
    return "\n".join(f"- {escaped(row)}" for row in value) if isinstance(value, list) else ""


def _record(report: JsonObject) -> str:
    line = (
        f"{report['events']:,} events, head {escaped(report['head_hash'])}, "
        f"mission digest {escaped(report['mission_digest'])}."
    )
    return f"{line}\n\nCheck it:\n\n" + "\n".join(
        f"    {one_line(command, 1000)}" for command in checking_commands(report)
    )
