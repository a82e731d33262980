"""Phrases that every written form of a report shares, so that Markdown, pages and terminals say the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from journeyman.mission.model.events import EVENT_TYPES, PersonEvent
from journeyman.mission.model.reasons import Outcome, VerdictLabel
from journeyman.mission.report.model import Report
from journeyman.mission.report.plain_text import amount_text, one_line
from journeyman.mission.report.rows import (
    AdviceRow,
    ContextRow,
    CriterionRow,
    IterationRow,
    PersonRow,
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
    summary: str
    """The session in one sentence, without what the title says."""
    facts: tuple[tuple[str, str], ...]
    """What was claimed and by what that was verified: apart only where they differ, or the session goes on."""
    doubt: str
    """Why claim and evidence differ; empty when they agree."""


def claim_check(report: Report, stands: str = "") -> ClaimCheck:
    """How a report's session stands: the claim, what was verified, and whether the two differ.

    `stands` is where one stands that has not ended, as whoever looks at it now knows; the record's own word when empty.
    """
    word, now = report.outcome or report.status, report.outcome_now
    shown = stands if report.outcome is None and stands else word
    claimed = report.verdict or "no verdict"
    claimed += f" ({report.reason})" if report.reason else ""
    claimed += f" by {report.actor}" if report.actor else ""
    title, doubt = (
        OUTCOMES.get(shown, shown.replace("_", " ").capitalize()),
        _doubt(report.verdict, report.outcome, now),
    )
    agree = report.outcome is not None and not doubt
    apart = (("Claimed", claimed), ("Verified", f"{OUTCOMES.get(now, now)}, by {report.verified_by}"))
    return ClaimCheck(
        word=word,
        title=title,
        summary=_besides(title, report.summary),
        facts=(("Verdict", f"{claimed}, verified by {report.verified_by}"),) if agree else apart,
        doubt=doubt,
    )


def _besides(title: str, summary: str) -> str:
    """A summary without the title at its beginning."""
    rest = summary.removeprefix(title).lstrip(": ")
    return rest[:1].upper() + rest[1:] if rest != summary else summary


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


_ANSWERS: Final = {
    TryState.USED: "accepted",
    TryState.REJECTED: "refused",
    TryState.FAILED: "failed",
    TryState.OPEN: "open",
}


def advice_ended(row: AdviceRow) -> str:
    """What became of an answer: `accepted`, `open`, or why it was refused or never came."""
    why = ": ".join(part for part in (row.failure, row.reason) if part)
    return f"{_ANSWERS[row.state]} ({why})" if why else _ANSWERS[row.state]


def advice_tokens(row: AdviceRow) -> str:
    """The tokens of a question and its answer."""
    if row.state is TryState.OPEN:
        return ""
    used = row.input_tokens + row.output_tokens
    return f"{used:,}{' (estimated)' if used and row.usage_source == 'estimated' else ''}"


def advice_cost(row: AdviceRow) -> str:
    """What a question cost, where its price is known."""
    return "" if row.cost_microusd is None else amount_text("cost_usd", row.cost_microusd / 1_000_000)


def advice_totals(report: Report) -> list[str]:
    """A sentence for each advisor that was asked: how often, with what success, for how much."""
    told: list[str] = []
    for name in dict.fromkeys(row.advisor for row in report.advice):
        rows = [row for row in report.advice if row.advisor == name]
        ended = Counter(row.state for row in rows)
        words = ", ".join(f"{ended[state]:,} {word}" for state, word in _TOTALS.items() if ended[state])
        tokens = sum(row.input_tokens + row.output_tokens for row in rows)
        cost = sum(row.cost_microusd or 0 for row in rows)
        price = f", {amount_text('cost_usd', cost / 1_000_000)}" if cost else ""
        times = f"{len(rows):,} time{'' if len(rows) == 1 else 's'}"
        told.append(one_line(f"{name} was asked {times}: {words}; {tokens:,} tokens{price}."))
    return told


_TOTALS: Final = {
    TryState.USED: "accepted",
    TryState.REJECTED: "refused",
    TryState.FAILED: "without an answer",
    TryState.OPEN: "open",
}


def writer(who: str) -> str:
    """Who wrote lessons and follow-ups, as people read it."""
    return one_line(f"advisor {who.removeprefix('advisor:')}" if who.startswith("advisor:") else f"the {who}")


def checking_commands(report: Report) -> list[str]:
    """The commands with which a reader checks the record behind a report."""
    return [
        f"journeyman verify {report.session_id} --head {report.events}:{report.head_hash}",
        f"journeyman replay {report.session_id}",
    ]
