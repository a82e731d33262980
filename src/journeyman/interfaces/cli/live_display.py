"""What a person sees while a mission runs: a live page on a terminal, one line per verdict elsewhere."""

from __future__ import annotations

import sys
from collections import deque
from contextlib import suppress
from typing import Final, Protocol

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from journeyman.interfaces.cli.event_lines import ABORTS, MARKS, EventLines, is_failure, strategy_summary
from journeyman.interfaces.cli.terminal import SafeConsole
from journeyman.mission.criteria.base import walk
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.fold.progress import total_progress
from journeyman.mission.model.events import EventRecord
from journeyman.mission.model.reasons import Outcome
from journeyman.mission.model.state import State

_KEPT_LINES: Final = 6


class Display(Protocol):
    """Shows events as they happen."""

    def show(self, happened: EventRecord, state: State) -> None:
        """Take one event in."""
        ...

    def close(self) -> None:
        """Leave the last picture standing."""
        ...


def open_display(*, quiet: bool) -> Display:
    """The display that fits: none, a live page, or plain lines. All write to standard error."""
    if quiet:
        return QuietDisplay()
    return LiveDisplay() if sys.stderr.isatty() else LineDisplay()


class QuietDisplay:
    """Shows nothing."""

    def show(self, happened: EventRecord, state: State) -> None:
        """Take one event in."""

    def close(self) -> None:
        """Leave nothing."""


class LineDisplay:
    """One plain line for each verdict, question and ending."""

    def __init__(self) -> None:
        self._open = True
        self._words = EventLines()

    def show(self, happened: EventRecord, state: State) -> None:
        """Print the event if it is worth a line."""
        line = self._words.line(happened, state)
        if line and self._open:
            try:
                sys.stderr.write(f"{line}\n")
                sys.stderr.flush()
            except (BrokenPipeError, ValueError):  # nobody reads any more: the mission goes on
                self._open = False

    def close(self) -> None:
        """Nothing is left to do."""


class LiveDisplay:
    """A page that redraws itself."""

    def __init__(self) -> None:
        self._lines: deque[Text] = deque(maxlen=_KEPT_LINES)
        self._words = EventLines()
        self._live = Live(console=SafeConsole(stderr=True), refresh_per_second=8, transient=False)
        self._live.start()

    def show(self, happened: EventRecord, state: State) -> None:
        """Redraw with the event."""
        line = self._words.line(happened, state)
        if line:
            self._lines.append(Text(line, style="red" if is_failure(happened.event) else ""))
        with suppress(BrokenPipeError, OSError):
            self._live.update(session_page(state, list(self._lines)))

    def close(self) -> None:
        """Draw a last time and leave the page standing; closing again does nothing."""
        with suppress(BrokenPipeError, OSError):
            self._live.stop()


def session_page(state: State, lines: list[Text]) -> RenderableType:
    """The whole picture of a session."""
    head = Text.assemble(
        (state.mission.name, "bold"),
        f"  {state.session_id}  iteration {state.iteration.index}  ",
        (_standing(state), _colour(state)),
    )
    return Group(
        head,
        Text(f"now: {strategy_summary(state.iteration.strategy)}", overflow="ellipsis", no_wrap=True),
        criteria_table(state),
        budget_table(state),
        *lines,
    )


def _standing(state: State) -> str:
    if state.outcome:
        return f"{state.outcome} ({_verdict(state)})"
    return f"{state.status.value} {_verdict(state)}".rstrip()


def _verdict(state: State) -> str:
    return f"{state.verdict.label}/{state.verdict.reason}" if state.verdict is not None else ""


def _colour(state: State) -> str:
    return _COLOURS.get(state.outcome, "cyan") if state.outcome is not None else "cyan"


_COLOURS: Final = {
    Outcome.ACHIEVED: "bold green",
    Outcome.NOT_ACHIEVED: "bold red",
    Outcome.UNKNOWN: "bold magenta",
}


def criteria_table(state: State) -> Table:
    """A row with a progress bar for each criterion."""
    table = Table.grid(padding=(0, 1))
    for criterion in walk(state.mission.criteria):
        known = state.progress.criteria.get(criterion.id)
        status = known.status if known is not None else CriterionStatus.INCONCLUSIVE
        mark, colour = (ABORTS if criterion.abort_when_met else MARKS)[status]
        progress = known.progress if known is not None else 0.0
        evidence = str(known.result.evidence) if known is not None else "not yet evaluated"
        role = " (abort)" if criterion.abort_when_met else "" if criterion.required else " (optional)"
        name = f"{criterion.id}{role}"
        fresh = "" if known is None or not known.result.carried else " (not measured now)"
        table.add_row(
            Text(mark, style=colour),
            Text(name),
            ProgressBar(total=1, completed=progress, width=24),
            f"{progress:>4.0%}",
            Text(_short(evidence) + fresh, style="dim"),
        )
    total = total_progress(state.mission, state.progress.criteria)
    table.add_row(
        "", Text("progress", style="bold"), ProgressBar(total=1, completed=total, width=24), f"{total:>4.0%}", ""
    )
    return table


def budget_table(state: State) -> Table:
    """A burn-down row for each budget that has a ceiling."""
    table = Table.grid(padding=(0, 1))
    budget, used = state.mission.budget, state.usage
    rows: list[tuple[str, float, float | None]] = [
        ("iterations", used.iterations, budget.iterations),
        ("seconds", used.wall_clock_s, budget.wall_clock_s),
        ("tool calls", used.tool_calls, budget.tool_calls),
        ("tokens", used.tokens, budget.tokens),
        ("usd", used.cost_microusd / 1e6, budget.cost_usd),
    ]
    for name, spent, ceiling in rows:
        if ceiling is not None:
            bar = ProgressBar(
                total=max(float(ceiling), 1e-9),
                completed=min(float(spent), float(ceiling)),
                width=24,
                complete_style="blue",
            )
            table.add_row(" ", Text(name, style="dim"), bar, f"{spent:g} of {ceiling:g}")
    return table


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:59] + "…"
