"""Judging is pure, the sandbox is not: judge again and again, each time with one more answer known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeAlias, TypeVar

from journeyman.mission.criteria.evidence import Answered, RunPredicate
from journeyman.mission.values.canonical import JsonObject

Ask: TypeAlias = Callable[[str, JsonObject], Awaitable[Answered]]
"""Evaluates an expression over an observation, in the sandbox."""
Judged = TypeVar("Judged")


class _Unanswered(Exception):
    """An expression is met for the first time."""

    def __init__(self, expression: str, obs: JsonObject) -> None:
        super().__init__(expression)
        self.expression = expression
        self.obs = obs


async def with_answers(judge: Callable[[RunPredicate], Judged], ask: Ask) -> Judged:
    """Give what `judge` gives once every expression that it asks for has been evaluated.

    Judging costs microseconds, an expression a round to the sandbox; so judging stays a plain function. It asks the
    same questions in the same order each time, so the place of a question tells its answer.
    """
    answers: list[Answered] = []
    while True:
        given = iter(answers)

        def run(expression: str, obs: JsonObject, given: Iterator[Answered] = given) -> Answered:
            answer = next(given, None)
            if answer is None:
                raise _Unanswered(expression, obs)
            return answer

        try:
            return judge(run)
        except _Unanswered as missing:
            answers.append(await ask(missing.expression, missing.obs))
