"""What `gym eval` says at the end: a table for people, the same as JSON, and what models used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import typer

from journeyman.evaluation.episode_log import Scored
from journeyman.evaluation.usage import ModelUsage
from journeyman.gym.actions import Role
from journeyman.gym.evaluate import Estimate
from journeyman.interfaces.cli.rendering import console, table
from journeyman.interfaces.cli.shared import NOT_ACHIEVED
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.canonical import Json

if TYPE_CHECKING:
    from journeyman.evaluation.model_run import ModelRunReport  # brings the advisors, which only models need


def tell(report: ModelRunReport, output: Path | None) -> None:
    """Say what models used and what was left out, and end with 1 where something was."""
    used = report.used
    if used.calls:
        say(f"this run: {_spent(used)}", err=True)
    for name, why in report.stopped.items():
        say(f"{name} stopped early: {why}", err=True)
    if not report.left_out:
        return
    reasons = ", ".join(f"{reason}: {count}" for reason, count in report.left_out.most_common())
    how = "the same command plays them" if output is not None else "--output FILE keeps what is played for a rerun"
    count = report.left_out.total()
    some = "1 episode is" if count == 1 else f"{count} episodes are"
    say(f"{some} left out, not scored ({reasons}); {how}", err=True)
    raise typer.Exit(NOT_ACHIEVED)


def dollars(usage: ModelUsage) -> str:
    """Word a cost."""
    count = usage.unpriced_calls
    unknown = f"{count:,} call{'s' if count > 1 else ''} of unknown price" if count else ""
    known = f"${usage.priced_usd:,.4f}" if usage.priced_usd or not count else ""
    return " and ".join(part for part in (known, unknown) if part)


def _spent(usage: ModelUsage) -> str:
    tokens = f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out"
    return f"{usage.calls:,} calls, {tokens}, {dollars(usage)}"


def plain(row: Scored) -> dict[str, Json]:
    """A summary as JSON."""
    found = row.found
    return {
        "policy": row.policy,
        "tier": row.tier,
        "episodes": found.episodes,
        "left_out": row.left_out,
        "success": _interval(found.success),
        "score": _interval(found.score),
        "steps_to_success": _interval(found.steps_to_success),
        "roles": {role.label: _interval(found.roles[role]) for role in Role},
        "rogue_recall": _interval(found.rogue_recall),
        "false_flags": _interval(found.false_flags),
        "usage": None if row.usage is None else cast("Json", asdict(row.usage)),
    }


def _interval(value: Estimate | None) -> Json:
    return None if value is None else {"mean": value.mean, "low": value.low, "high": value.high}


def print_table(rows: Sequence[Scored], split: str) -> None:
    """Print a column per policy and tier."""
    made = table("", *(f"{row.policy}, {row.tier}" for row in rows))
    found = [row.found for row in rows]
    made.add_row("success", *(str(one.success) for one in found))
    made.add_row("steps to success (MTTR)", *(_or_none(one.steps_to_success) for one in found))
    made.add_row("team score", *(str(one.score) for one in found))
    for role in Role:
        made.add_row(f"score of {role.label}", *(str(one.roles[role]) for one in found))
    made.add_row("rogues caught", *(_or_none(one.rogue_recall) for one in found))
    made.add_row("false flags per episode", *(str(one.false_flags) for one in found))
    if any(row.usage is not None for row in rows):
        for title, words in _MODEL_ROWS.items():
            made.add_row(title, *("" if row.usage is None else words(row) for row in rows))
    tasks = " or ".join(str(count) for count in sorted({one.episodes for one in found}))
    say(f"{tasks} {split} tasks each; mean [95 % bootstrap interval]")
    console().print(made)


def _or_none(value: Estimate | None) -> str:
    return "none" if value is None else str(value)


def _unreadable(usage: ModelUsage) -> str:
    reasons = "; ".join(f"{reason}: {count}" for reason, count in usage.unreadable.items())
    return f"{sum(usage.unreadable.values())} of {usage.turns}{f' ({reasons})' if reasons else ''}"


_MODEL_ROWS: Final[dict[str, Callable[[Scored], str]]] = {
    "episodes, left out": lambda row: f"{row.found.episodes}, {row.left_out}",
    "calls": lambda row: f"{_used(row).calls:,}",
    "tokens in, out": lambda row: f"{_used(row).input_tokens:,}, {_used(row).output_tokens:,}",
    "cost": lambda row: dollars(_used(row)),
    "no action could be read": lambda row: _unreadable(_used(row)),
    "action not carried out": lambda row: f"{_used(row).not_carried_out} of {_used(row).turns}",
}


def _used(row: Scored) -> ModelUsage:
    return row.usage or ModelUsage()
