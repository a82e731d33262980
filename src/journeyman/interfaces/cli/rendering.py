"""Sessions as text: short summaries, tables, the report on a terminal."""

from __future__ import annotations

from typing import Any, Final, cast

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from journeyman.interfaces.cli.terminal import SafeConsole
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.reasons import Status
from journeyman.mission.model.state import State
from journeyman.mission.report.text import context_cells, proposer
from journeyman.mission.values.canonical import Json, JsonObject

MARKS: Final = {"met": "✓", "unmet": "✗", "inconclusive": "?"}
_TURNED: Final = {"met": "unmet", "unmet": "met", "inconclusive": "inconclusive"}
_ABORTS: Final = {"met": "struck", "unmet": "clear", "inconclusive": "inconclusive"}
COLOURS: Final = {
    "met": "green",
    "unmet": "red",
    "inconclusive": "magenta",
    "achieved": "green",
    "not_achieved": "red",
    "unknown": "magenta",
}


def console() -> Console:
    """Give the console for results; plain where it is no terminal, wide enough not to fold there."""
    out = SafeConsole(highlight=False, soft_wrap=False, emoji=False)
    return out if out.is_terminal else SafeConsole(highlight=False, width=160, no_color=True, emoji=False)


def mark_of(status: str, *, aborts: bool) -> str:
    """Give the sign of how a criterion stands; an abort condition is well as long as it is not met."""
    return MARKS[_TURNED[status] if aborts else status]


def word_of(status: str, *, aborts: bool) -> str:
    """Give the word for how a criterion stands."""
    return _ABORTS[status] if aborts else status


def _verdict(state: State) -> str:
    return f"{state.verdict.label}/{state.verdict.reason}" if state.verdict is not None else ""


def summary_text(state: State) -> str:
    """Give how a session stands in a few plain lines."""
    ended = state.status is Status.ENDED
    head = f"{state.mission.name} ({state.session_id}): "
    head += f"{state.outcome} · {_verdict(state)}" if ended else f"{state.status.value}"
    lines = [head]
    for criterion in walk(state.mission.criteria):
        known = state.progress.criteria.get(criterion.id)
        status = known.status.value if known is not None else "inconclusive"
        evidence = known.result.evidence if known is not None else "never evaluated"
        stale = "" if known is None or not known.result.carried else " (not measured now)"
        lines.append(f"  {mark_of(status, aborts=criterion.abort_when_met)} {criterion.id}: ")
        lines[-1] += f"{word_of(status, aborts=criterion.abort_when_met)}{stale} · {short(evidence)}"
    used = state.usage
    lines.append(f"  {used.iterations} iterations, {used.tool_calls} tool calls, {used.wall_clock_s:.1f} s")
    return "\n".join(lines)


def short(value: Json, most: int = 100) -> str:
    """Give a value on one line."""
    text = " ".join((value if isinstance(value, str) else repr(value)).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def table(*columns: str) -> Table:
    """Give an empty table in the house form."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def report_page(report: JsonObject) -> RenderableType:
    """Give a report for the terminal."""
    parts: list[RenderableType] = [_header(report), _criteria(report), _budget(report), _iterations(report)]
    if report.get("context"):
        parts.append(_context(report))
    effects = cast("list[JsonObject]", report["effects"])
    odd = [effect for effect in effects if effect["state"] != "done"]
    if odd:
        parts.append(_effects("Effects that are not simply done", odd))
    for title, key in (("Lessons", "lessons"), ("Recommended follow-ups", "recommended_followups"), ("Notes", "notes")):
        rows = cast("list[str]", report[key])
        if rows:
            parts.append(Text(f"\n{title}", style="bold"))
            parts += [Text(f"  • {row}") for row in rows]
    parts.append(Text(f"\nrecord: {report['events']} events, head {report['head_hash']}", style="dim"))
    return Group(*parts)


def _header(report: JsonObject) -> RenderableType:
    outcome = str(report["outcome"] or report["status"])
    body = Text.assemble(
        (outcome, f"bold {COLOURS.get(outcome, 'cyan')}"),
        f"  claimed {report['verdict'] or 'nothing'}/{report['reason'] or '-'} by {report['actor'] or '-'}\n",
        (f"verified by {report['verified_by']}\n", "dim"),
        str(report["directive"]),
    )
    return Panel(body, title=f"{report['name']} · {report['session_id']}", title_align="left")


def _criteria(report: JsonObject) -> RenderableType:
    made = table("", "criterion", "kind", "progress", "", "evidence")
    for row in cast("list[dict[str, Any]]", report["criteria"]):
        status = str(row["status"])
        kind = f"{row['kind']}{' abort' if row['abort_when_met'] else '' if row['required'] else ' optional'}"
        bar = ProgressBar(total=1, completed=float(row["progress"]), width=16)
        evidence = short(row["evidence"]) + (" (not measured now)" if row.get("carried") else "")
        mark = Text(
            mark_of(status, aborts=bool(row["abort_when_met"])),
            style=COLOURS[_TURNED[status] if row["abort_when_met"] else status],
        )
        made.add_row(mark, str(row["id"]), kind, bar, f"{row['progress']:.0%}", evidence)
    return made


def _budget(report: JsonObject) -> RenderableType:
    made = table("budget", "used", "of")
    ceilings, used = cast("JsonObject", report["budget"]), cast("JsonObject", report["used"])
    for name, spent in used.items():
        ceiling = ceilings.get(name)
        made.add_row(
            name,
            f"{spent:g}" if isinstance(spent, (int, float)) else str(spent),
            "no limit" if ceiling is None else f"{ceiling}",
        )
    return Group(Text(""), made)


def _iterations(report: JsonObject) -> RenderableType:
    rows = cast("list[dict[str, Any]]", report["iterations"])
    untold = cast("dict[str, int]", report.get("left_out", {})).get("iterations", 0)
    made = table("iteration", "by", "did", "verdict", "evidence")
    shown = rows if len(rows) <= 30 else [*rows[:10], None, *rows[-19:]]
    for row in shown:
        if row is None:
            made.add_row("…", "", f"{untold + len(rows) - 29} iterations between", "", "")
            continue
        strategy = row.get("strategy", {})
        did = ", ".join(strategy.get("calls", [])) or strategy.get("rationale", "")
        marks = " ".join(f"{item['id']}{MARKS[item['status']]}" for item in row.get("evaluation", []))
        made.add_row(
            str(row["index"]),
            proposer(row),
            short(did, 60),
            f"{row.get('verdict', '')}/{row.get('reason', '')}",
            short(marks, 60),
        )
    return Group(Text(""), made)


def _context(report: JsonObject) -> RenderableType:
    made = table("context", "arguments", "when", "last time", "result")
    for row in cast("list[JsonObject]", report["context"]):
        often, last, shown = context_cells(row)
        made.add_row(str(row["tool"]), short(row["args"], 50), often, last, short(shown, 70))
    return Group(Text(""), made)


def _effects(title: str, effects: list[JsonObject]) -> RenderableType:
    return Group(Text(f"\n{title}", style="bold"), effects_table(effects))


def effects_table(effects: list[JsonObject]) -> Table:
    """Give a row per effect."""
    made = table("effect", "tool", "class", "state", "arguments", "error")
    for effect in effects:
        error = f"{effect.get('error_class', '')} {effect.get('error', '')}".strip() or str(effect.get("note", ""))
        made.add_row(
            str(effect["effect"]),
            str(effect["tool"]),
            str(effect["class"]),
            str(effect["state"]),
            short(effect["args"], 50),
            short(_with_probe(error, effect.get("probe")), 160),
        )
    return made


def _with_probe(error: str, probe: Json) -> str:
    """Say why nobody knows: what became of the call, and of the question whether it happened."""
    if not isinstance(probe, dict):
        return error
    return f"{error}; asked {probe['tool'] or 'nobody'}: {probe['error_class']} {probe['error']}"
