"""Judging asks the sandbox for each answer once, in few passes."""

from __future__ import annotations

import asyncio

from journeyman.mission.criteria.evidence import ExpressionResult, RunPredicate
from journeyman.mission.rules.expression_answers import judge_with_answers
from journeyman.mission.values.canonical import JsonObject


def test_many_questions_are_found_in_two_passes_and_each_is_asked_once() -> None:
    """A pass for each question would cost the square of their number, and hold the deadline up."""
    passes, asked = [0], list[int]()

    def judge(run: RunPredicate) -> list[bool | None]:
        passes[0] += 1
        return [run("obs['n'] > 1", {"n": n}).truth for n in (*range(100), *range(100))]

    async def ask(_: str, obs: JsonObject) -> ExpressionResult:
        n = obs["n"]
        assert isinstance(n, int)
        asked.append(n)
        return ExpressionResult(n > 1)

    assert asyncio.run(judge_with_answers(judge, ask)) == [n > 1 for n in (*range(100), *range(100))]
    assert (passes[0], asked) == (2, list(range(100)))


def test_a_question_that_hangs_on_an_answer_is_asked_in_a_further_pass() -> None:
    """What judging asks for may depend on what it was told."""

    async def ask(expression: str, _: JsonObject) -> ExpressionResult:
        return ExpressionResult(expression == "one")

    def judge(run: RunPredicate) -> str:
        return "both" if run("one", {}).truth is True and run("two", {}).truth is False else "not both"

    assert asyncio.run(judge_with_answers(judge, ask)) == "both"
