"""The page that a terminal shows of a session: rows that are cut at its width and never folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import Group, RenderableType
from rich.text import Text

from journeyman.interfaces.cli.event_lines import AT_END
from journeyman.interfaces.cli.rendering import status_of
from journeyman.interfaces.cli.status_marks import mark_of
from journeyman.mission.criteria.base import Criterion, walk
from journeyman.mission.fold.progress import total_progress
from journeyman.mission.model.reasons import Outcome, SessionStatus
from journeyman.mission.model.state import CriterionState, State
from journeyman.mission.report.call_text import MOST, strategy_text
from journeyman.mission.report.criterion_text import rule_of, seen_text, standing_text
from journeyman.mission.report.plain_text import amount_text

_MOST_CRITERIA: Final = 12
_NAME_CELLS: Final = 24
_BAR_CELLS: Final = 12
_COLOURS: Final = {
    Outcome.ACHIEVED: "bold green",
    Outcome.NOT_ACHIEVED: "bold red",
    Outcome.UNKNOWN: "bold magenta",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a page shows besides the session's state."""

    stands: str
    """Where the session stands while it has not ended."""
    lines: Sequence[Text] = ()
    """The newest events."""
    clock: str = ""
    """How long it has been watched, with a sign that it is alive."""
    running: Sequence[str] = ()
    """What is under way, with how long."""
    question: Sequence[str] = ()
    """What a person is asked, row by row."""
    typed: str = ""
    """What the person has typed."""
    driving_s: float = 0.0
    """Seconds since the newest event, while it is driven: the state does not count them yet."""
    columns: int | None = None
    """How wide the terminal is; `None` where nobody knows."""


def session_page(state: State, moment: Moment) -> RenderableType:
    """The whole picture of a session."""
    head = Text.assemble(
        (f"{moment.clock} ", "cyan") if moment.clock else "",
        (state.mission.name, "bold"),
        f"  {state.session_id}  iteration {state.iteration.index}  ",
        (_standing(state, moment.stands), _COLOURS.get(state.outcome, "cyan") if state.outcome is not None else "cyan"),
    )
    begin = f"now: {_proposed_by(state)}: "
    most = MOST if moment.columns is None else max(1, moment.columns - len(begin))
    rows = [head, Text(begin + strategy_text(state.iteration.strategy, most))]
    rows += [Text(f"  … {row}", style="cyan") for row in moment.running]
    rows += [*criteria_rows(state), *budget_rows(state, moment.driving_s), *moment.lines]
    rows = [Text.assemble(row, no_wrap=True, overflow="ellipsis") for row in rows]
    if moment.question:  # whole, on as many lines as it takes: nobody says yes to what was cut off
        rows.append(Text("─" * 40, style="dim"))
        rows += [
            Text(row, style="bold" if place == 0 else "", overflow="fold") for place, row in enumerate(moment.question)
        ]
        rows.append(Text(f"approve? type y or n, then Enter: {moment.typed}▏", style="bold yellow"))
    return Group(*rows)


def proposer(state: State) -> str:
    """Whose idea the iteration is, and why not the advisor's where the mission has one."""
    source = state.iteration.source or "nobody yet"
    asked = bool(state.mission.advisors) and source == "planner" and state.advice.rejected
    return f"{source} (no advice: {state.advice.rejected})" if asked else source


def _proposed_by(state: State) -> str:
    return "at the end" if state.iteration.source == AT_END else proposer(state)


def _standing(state: State, stands: str) -> str:
    verdict = f"{state.verdict.label}/{state.verdict.reason}" if state.verdict is not None else ""
    if state.outcome:
        return f"{state.outcome} ({verdict})"
    return f"{'waiting for you' if state.status is SessionStatus.WAITING else stands} {verdict}".rstrip()


def criteria_rows(state: State) -> list[Text]:
    """A row for each criterion: its mark, a bar, and the number with what it needs."""
    whole = walk(state.mission.criteria)
    name_cells = min(_NAME_CELLS, max((cell_len(_named(one)) for one in whole), default=0))
    rows: list[Text] = []
    for criterion in whole[:_MOST_CRITERIA]:
        known = state.progress.criteria.get(criterion.id)
        mark = mark_of(status_of(known), aborts=criterion.abort_when_met)
        # An abort condition has no way to go: how far it is from striking stands in its words.
        part = None if criterion.abort_when_met or known is None else known.progress
        words = _criterion_words(criterion, known)
        rows.append(
            Text.assemble(
                (mark.sign, mark.colour), f" {_cells(_named(criterion), name_cells)} ", _bar(part), " ", (words, "dim")
            )
        )
    if len(whole) > _MOST_CRITERIA:
        rows.append(Text(f"  and {len(whole) - _MOST_CRITERIA} more: journeyman show {state.session_id}", style="dim"))
    total = total_progress(state.mission, state.progress.criteria)
    rows.append(Text.assemble(("  " + _cells("progress", name_cells), "bold"), " ", _bar(total), f" {total:.0%}"))
    return rows


def _named(criterion: Criterion) -> str:
    role = " (abort)" if criterion.abort_when_met else "" if criterion.required else " (optional)"
    return f"{criterion.id}{role}"


def _criterion_words(criterion: Criterion, known: CriterionState | None) -> str:
    if known is None:
        return "not yet evaluated"
    words = standing_text(rule_of(criterion), known.result) or seen_text(known.result.evidence, 60)
    return f"{words} (not measured now)" if known.result.carried else words


def budget_rows(state: State, driving_s: float = 0.0) -> list[Text]:
    """A burn-down row for each ceiling, and what was used of tokens and money whenever there is any.

    `driving_s` is driven time that the state does not count yet.
    """
    budget, used = state.mission.budget, state.usage
    kinds: list[tuple[str, str, float, float | None]] = [
        ("iterations", "iterations", used.iterations, budget.iterations),
        ("driven time", "wall_clock_s", used.wall_clock_s + driving_s, budget.wall_clock_s),
        ("tool calls", "tool_calls", used.tool_calls, budget.tool_calls),
        ("tokens", "tokens", used.tokens, budget.tokens),
        ("cost", "cost_usd", used.cost_microusd / 1e6, budget.cost_usd),
    ]
    rows: list[Text] = []
    for name, kind, spent, ceiling in kinds:
        if ceiling is None and not (kind in ("tokens", "cost_usd") and spent):
            continue
        share = None if ceiling is None else min(1.0, spent / ceiling) if ceiling else 1.0
        told = amount_text(kind, spent) + ("" if ceiling is None else f" of {amount_text(kind, ceiling)}")
        rows.append(Text.assemble(("  " + _cells(name, 11), "dim"), " ", _bar(share, "blue"), f" {told}"))
    return rows


def _bar(part: float | None, colour: str = "green") -> Text:
    if part is None:
        return Text(" " * _BAR_CELLS)
    full = round(min(1.0, max(0.0, part)) * _BAR_CELLS)
    return Text.assemble(("━" * full, colour), ("╌" * (_BAR_CELLS - full), "dim"))


def _cells(text: str, count: int) -> str:
    return set_cell_size(text if cell_len(text) <= count else f"{text[: count - 1]}…", count)
