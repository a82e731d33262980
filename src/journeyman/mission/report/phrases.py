"""Phrases that every written form of a report shares, so that Markdown, pages and terminals say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from journeyman.mission.model.events import EVENT_TYPES, PersonEvent
from journeyman.mission.model.reasons import Outcome, VerdictLabel
from journeyman.mission.report.model import Report
from journeyman.mission.report.plain_text import MISSING, amount_text, one_line
from journeyman.mission.report.rows import (
    AdviceRow,
    ContextRow,
    CriterionRow,
    IterationRow,
    PersonRow,
    StrategyShown,
    TryState,
)
from journeyman.mission.values.canonical import Json

BUDGETS: Final[dict[str, str]] = {
    "iterations": "Iterations",
    "wall_clock_s": "Driven time",
    "tool_calls": "Tool calls",
    "tokens": "Tokens",
    "cost_usd": "Cost",
}
"""Budget kinds in the order in which reports show them, with their names for people."""

OUTCOMES: Final[dict[str, str]] = {"achieved": "Achieved", "not_achieved": "Not achieved", "unknown": "Unknown"}


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """What the run claimed beside what its evidence shows."""

    word: str
    """`achieved`, `not_achieved`, `unknown`, or the status of a session that goes on."""
    title: str
    claimed: str
    verified: str
    doubt: str
    """Why claim and evidence differ; empty when they agree."""


def claim_check(report: Report) -> ClaimCheck:
    """How a report's session stands: the claim, what was verified, and whether the two differ."""
    word, now = report.outcome or report.status, report.outcome_now
    claimed = report.verdict or "no verdict"
    claimed += f" ({report.reason})" if report.reason else ""
    claimed += f" by {report.actor}" if report.actor else ""
    return ClaimCheck(
        word=word,
        title=OUTCOMES.get(word, word.replace("_", " ").capitalize()),
        claimed=claimed,
        verified=f"{OUTCOMES.get(now, now)}, by {report.verified_by}",
        doubt=_doubt(report.verdict, report.outcome, now),
    )


def _doubt(verdict: str, outcome: Outcome | None, now: Outcome) -> str:
    if outcome not in (None, now):
        return f"The session ended as {_words(outcome)}, but its evidence now says {_words(now)}."
    if verdict == VerdictLabel.COMPLETE and now is not Outcome.ACHIEVED:
        return f"The run claims completion, but its evidence says {_words(now)}."
    if outcome is not None and verdict == VerdictLabel.TERMINATE and now is Outcome.ACHIEVED:
        return "The run was ended early, yet its evidence shows the criteria met."
    return ""


def _words(outcome: str) -> str:
    return OUTCOMES.get(outcome, outcome).lower()


_ABORTS: Final = {"met": "struck", "unmet": "clear"}
TONES: Final[dict[str, str]] = {
    "achieved": "good", "met": "good", "clear": "good", "not_achieved": "bad", "unmet": "bad", "struck": "bad",
    "unknown": "unsure", "inconclusive": "unsure",
}  # fmt: skip
"""How good the news of a word is; words that are not here are of what goes on."""


def criterion_word(status: str, *, aborts: bool) -> str:
    """A criterion's status for people; an abort condition that is unmet is clear, one that is met has struck."""
    return _ABORTS.get(status, status) if aborts else status


def role(row: CriterionRow) -> str:
    """What a criterion is for."""
    return "abort condition" if row.abort_when_met else "required" if row.required else "optional"


def group_depths(criteria: Json, depth: int = 0) -> dict[str, int]:
    """How deep each of a mission's criteria stands in groups."""
    found: dict[str, int] = {}
    for row in criteria if isinstance(criteria, list) else []:
        if isinstance(row, dict):
            found[str(row.get("id"))] = depth
            found |= group_depths(row.get("criteria"), depth + 1)
    return found


def criterion_rule(row: CriterionRow) -> str:
    """What a criterion of a report asks for on one line, and how often it must hold."""
    return one_line(row.sentence) + (f", {row.hold_for} measurements in a row" if row.hold_for != 1 else "")


def proposer_text(row: IterationRow) -> str:
    """Whose idea an iteration was, and how sure an advisor was of it."""
    return row.source + (f" ({row.confidence:.0%} sure)" if row.confidence is not None else "")


def iteration_summary(strategy: StrategyShown | None) -> str:
    """What an iteration set out to do on one line."""
    if strategy is None:
        return MISSING
    names = strategy.calls
    if names:
        joined = (" ∥ " if strategy.parallel else " → ").join(names[:6])
        return joined + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f"a script of {strategy.script_lines} lines" if strategy.script_lines is not None else "no calls"


def person_action(row: PersonRow) -> tuple[str, str]:
    """What a person (or the engine, asking one) did, and the words or values that belong to it."""
    kind = EVENT_TYPES.get(row.what)
    verb = kind.verb if kind is not None and issubclass(kind, PersonEvent) else row.what
    if row.what == "ApprovalAnswered":
        verb = "approved" if row.details.get("granted") else "denied"
    if row.what == "BudgetAmended":
        changes = row.details.get("changes")
        return verb, ", ".join(
            f"{BUDGETS.get(kind, kind)}: {amount_text(kind, value)}"
            for kind, value in (changes.items() if isinstance(changes, dict) else ())
            if value is None or isinstance(value, (int, float))
        )
    shown = [value for key, value in row.details.items() if key != "granted"]
    return verb, " · ".join(one_line(value) for value in shown if value not in (None, ""))


def context_cells(row: ContextRow) -> tuple[str, str, str]:
    """How often a context call is made, when it was made last, and what it gave then."""
    often = f"every {row.every} iterations" if row.every else "once"
    last = f"{row.state}, before iteration {row.iteration}" if row.state else "not made"
    shown = row.error if row.error_class else row.value
    return often, last, "" if shown is None else one_line(shown)


def advice_ended(row: AdviceRow) -> str:
    """How a question ended: `used`, `open`, or why its answer was rejected or never came."""
    why = ": ".join(part for part in (row.failure, row.reason) if part)
    return f"{row.state} ({why})" if why else row.state


def advice_used(row: AdviceRow) -> str:
    """What a question cost; the price stands there only where it is known."""
    tokens = f"{row.input_tokens + row.output_tokens:,} tokens"
    estimated = " (estimated)" if row.usage_source == "estimated" else ""
    cost = "" if row.cost_microusd is None else f", {amount_text('cost_usd', row.cost_microusd / 1_000_000)}"
    return f"{tokens}{estimated}{cost}" if row.state is not TryState.OPEN else ""


def checking_commands(report: Report) -> list[str]:
    """The commands with which a reader checks the record behind a report."""
    return [
        f"journeyman verify {report.session_id} --head {report.events}:{report.head_hash}",
        f"journeyman replay {report.session_id}",
    ]
