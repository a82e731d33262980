"""Rows to train from, one attempt each: chat, preference pairs and rewards. Pure.

An attempt is an iteration that was evaluated: what was proposed and done, and how the criteria stood then. A criterion
counts where it was judged on fresh evidence: what was carried over, inconclusive or without evidence grades nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from journeyman.bundles.exports.atif import text_of
from journeyman.bundles.exports.trajectory import IterationSteps, SessionTrajectory
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.events import CriterionResult, encode_result
from journeyman.mission.values.canonical import Json, JsonObject


@dataclass(frozen=True, slots=True)
class AttemptText:
    """What a coding agent was asked and what it answered, in place of an iteration's own text."""

    prompt: str
    answer: str


def chat_rows(session: SessionTrajectory, texts: Mapping[int, AttemptText] | None = None) -> Iterator[JsonObject]:
    """Each attempt as messages, in the form of OpenAI's chat with tools; `texts` by iteration."""
    for turn in session.turns:
        yield {
            "id": _id(session, turn), "messages": [*_prompt(session, turn, texts), *_answer(turn, texts)],
            "tools": [*session.tools], "reward": reward_of(session, turn), "outcome": session.outcome,
        }  # fmt: skip


def reward_rows(session: SessionTrajectory, texts: Mapping[int, AttemptText] | None = None) -> Iterator[JsonObject]:
    """Each attempt that something was found of, with its reward from 0 to 1 and the evidence for it."""
    for turn in session.turns:
        reward = reward_of(session, turn)
        if reward is not None:
            yield {
                "id": _id(session, turn), "prompt": _prompt(session, turn, texts), "completion": _answer(turn, texts),
                "reward": reward, "criteria": [encode_result(result) for result in _graded(session, turn)],
            }  # fmt: skip


def preference_rows(session: SessionTrajectory, texts: Mapping[int, AttemptText] | None = None) -> Iterator[JsonObject]:
    """Each two attempts of which one did better, the better one chosen; ties are left out.

    Both are answers to the same question, what the mission asks for: what a later attempt knew of an earlier one is not in it.
    """
    graded = [(reward, turn) for turn in session.turns if (reward := reward_of(session, turn)) is not None]
    for place, (one, first) in enumerate(graded):
        for other, second in graded[place + 1 :]:
            if one == other:
                continue
            chosen, rejected = (first, second) if one > other else (second, first)
            yield {
                "id": f"{_id(session, chosen)}>{_id(session, rejected)}", "prompt": [_asked(session)],
                "chosen": _answer(chosen, texts), "rejected": _answer(rejected, texts),
                "chosen_reward": max(one, other), "rejected_reward": min(one, other),
            }  # fmt: skip


def reward_of(session: SessionTrajectory, turn: IterationSteps) -> float | None:
    """The share of the required criteria that were met, each unmet one by its progress; `None` where nothing was found."""
    graded = _graded(session, turn)
    if not graded:
        return None
    return sum(1.0 if row.status is CriterionStatus.MET else min(row.progress, 1.0) for row in graded) / len(graded)


def _graded(session: SessionTrajectory, turn: IterationSteps) -> list[CriterionResult]:
    criteria = session.mission.get("criteria")
    asked = [row for row in criteria if isinstance(row, dict)] if isinstance(criteria, list) else []
    aside = {str(row.get("id")) for row in asked if row.get("required") is False or row.get("abort_when_met")}
    return [
        row
        for row in turn.results
        if row.id not in aside
        and not row.carried
        and row.evidence is not None
        and row.status is not CriterionStatus.INCONCLUSIVE
    ]


def _id(session: SessionTrajectory, turn: IterationSteps) -> str:
    return f"{session.session_id}@{turn.index}"


def _asked(session: SessionTrajectory) -> Json:
    criteria = session.mission.get("criteria")
    told = f"\n\nIt is done when:\n{json.dumps(criteria, ensure_ascii=False, indent=2)}" if criteria else ""
    return {"role": "user", "content": f"{session.directive}{told}"}


def _prompt(session: SessionTrajectory, turn: IterationSteps, texts: Mapping[int, AttemptText] | None) -> list[Json]:
    """What was known before this attempt: the question, and the attempts before it with what they gave."""
    text = (texts or {}).get(turn.index)
    if text is not None:
        return [{"role": "user", "content": text.prompt}]
    rows: list[Json] = [_asked(session)]
    for before in session.turns:
        if before.index >= turn.index:
            break
        rows += _answer(before, texts)
        rows.append({"role": "user", "content": f"That was judged {before.verdict}. {_judged(before)}".strip()})
    return rows


def _judged(turn: IterationSteps) -> str:
    return " ".join(f"{row.id}: {row.status.value} ({text_of(row.evidence)})." for row in turn.results)


def _answer(turn: IterationSteps, texts: Mapping[int, AttemptText] | None) -> list[Json]:
    text = (texts or {}).get(turn.index)
    if text is not None:
        return [{"role": "assistant", "content": text.answer}]
    calls: list[Json] = [
        {"id": use.call_id, "type": "function",
         "function": {"name": use.tool, "arguments": json.dumps(use.arguments, ensure_ascii=False, sort_keys=True)}}
        for use in turn.uses
    ]  # fmt: skip
    said: JsonObject = {"role": "assistant", "content": turn.rationale}
    rows: list[Json] = [{**said, "tool_calls": calls} if calls else said]
    results: list[Json] = [
        {"role": "tool", "tool_call_id": use.call_id, "content": use.error or text_of(use.value)} for use in turn.uses
    ]
    return rows + results
