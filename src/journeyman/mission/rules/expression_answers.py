"""Judging is pure, the sandbox is not: judge again and again, each time with more answers known."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias, TypeVar

from journeyman.mission.criteria.evidence import ExpressionResult, RunPredicate
from journeyman.mission.values.canonical import JsonObject

Ask: TypeAlias = Callable[[str, JsonObject], Awaitable[ExpressionResult]]
"""Evaluates an expression over an observation, in the sandbox."""
Judged = TypeVar("Judged")
_NOT_YET: Final = ExpressionResult(error="not asked yet")


async def judge_with_answers(judge: Callable[[RunPredicate], Judged], ask: Ask) -> Judged:
    """What `judge` gives once every expression that it asks for has been evaluated.

    Judging costs microseconds, an expression a round to the sandbox; so judging stays a plain function. What it gives
    without an answer is thrown away, but tells nearly all that it asks for: a few passes find the answers of however
    many measurements, where one pass for each question would take the square of their number.
    """
    known: dict[tuple[str, str], ExpressionResult] = {}
    while True:
        missing: dict[tuple[str, str], tuple[str, JsonObject]] = {}

        def run(
            expression: str, obs: JsonObject, missing: dict[tuple[str, str], tuple[str, JsonObject]] = missing
        ) -> ExpressionResult:
            question = (expression, json.dumps(obs, check_circular=False))
            answer = known.get(question)
            if answer is None:
                missing[question] = (expression, obs)
                return _NOT_YET
            return answer

        found = judge(run)
        if not missing:
            return found
        for question, (expression, obs) in missing.items():
            known[question] = await ask(expression, obs)
