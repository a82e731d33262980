"""Predicates: right values, refused values, and limits that hold."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator

import pydantic_monty
import pytest

from journeyman.mission.values.canonical import Json
from journeyman.tools.predicate import PredicateLimits, PredicateResult, Predicates
from journeyman.tools.sandbox import Sandbox, WorkerCheckout, fault_of, limits

OBS: Json = {"metrics": {"loss": 0.25}, "tool_results": [{"name": "a", "ok": True}], "size": 3}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Warm workers for all tests of this file."""
    box = Sandbox()
    yield box
    box.close()


def ask(sandbox: Sandbox, expression: str, obs: Json = OBS, limits: PredicateLimits | None = None) -> PredicateResult:
    """Evaluate one expression."""
    return asyncio.run(Predicates(sandbox, limits).evaluate(expression, obs))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("obs['metrics']['loss'] < 0.5", True),
        ("[r['name'] for r in obs['tool_results'] if r['ok']]", ["a"]),
        ("obs['size'] ** 2 if obs else None  # a comment", 9),
        ("obs['size'] > 1\n  and obs['size'] < 9", True),
        ("(1, 2)", [1, 2]),
        ("sorted({'b', 'a'})", ["a", "b"]),
        ("obs.get('missing')", None),
    ],
)
def test_an_expression_gives_its_value(sandbox: Sandbox, expression: str, value: Json) -> None:
    """Ordinary Python expressions over plain JSON work, also over several lines."""
    assert ask(sandbox, expression) == PredicateResult(value)


@pytest.mark.parametrize(
    ("expression", "error_class"),
    [
        ("{1, 2}", "not_json"),
        ("float('inf')", "not_json"),
        ("float('nan')", "not_json"),
        ("obs.get", "exception"),
        ("len", "not_json"),
        ("obs['missing']", "exception"),
        ("obs.size", "exception"),
        ("1 / 0", "exception"),
        ("'x' * 10**6", "too_large"),
        ("9**9**9", "memory_limit"),
        ("'x' * 10**10", "memory_limit"),
        ("[0] * 10**9", "memory_limit"),
        ("sum(range(10**12))", "time_limit"),
        ("x = 1", "syntax"),
        ("1), evil((2", "syntax"),
        ("1)\n(2", "syntax"),
        ("open('/etc/passwd')", "syntax"),
        ("__import__('os').system('true')", "exception"),
        ("-" * 5000 + "1", "syntax"),
        ("(" * 500 + ")" * 500, "syntax"),
        ("\ud800", "syntax"),
        ("a\0b", "syntax"),
        ("", "syntax"),
        ("'a' + " * 5000 + "'b'", "syntax"),
    ],
)
def test_what_is_not_a_finite_json_value_is_an_error_within_its_limit(
    sandbox: Sandbox, expression: str, error_class: str
) -> None:
    """No hostile expression raises, hangs or hurts the next one."""
    began = time.monotonic()
    result = ask(sandbox, expression, limits=PredicateLimits(time_s=0.3, memory_bytes=20_000_000))
    assert result.error_class == error_class
    assert result.error
    assert result.value is None
    assert time.monotonic() - began < 30
    assert ask(sandbox, "obs['size']") == PredicateResult(3)


def test_observations_over_the_limit_are_refused(sandbox: Sandbox) -> None:
    """The size of the input is bounded too."""
    result = ask(sandbox, "1", ["x" * 2000], PredicateLimits(obs_bytes=1000))
    assert result.error_class == "too_large"


def test_nothing_of_one_evaluation_reaches_the_next(sandbox: Sandbox) -> None:
    """Each expression has a session of its own."""
    assert ask(sandbox, "[leak := 5]").value == [5]
    assert ask(sandbox, "obs.update({'size': 9}) or obs['size']").value == 9
    assert ask(sandbox, "obs['size']").value == 3


def test_the_same_expression_always_gives_the_same_value(sandbox: Sandbox) -> None:
    """Sets have one order and there is no clock, so a replay agrees with the run."""
    expression = "[str({'a', 'b', 'c', 'd'}), hash('x') if False else 0]"
    assert len({str(ask(sandbox, expression)) for _ in range(5)}) == 1


def test_a_looping_predicate_leaves_the_event_loop_free(sandbox: Sandbox) -> None:
    """Evaluation happens off the loop."""

    async def scene() -> int:
        task = asyncio.create_task(Predicates(sandbox, PredicateLimits(time_s=0.3)).evaluate("sum(range(10**12))", {}))
        turns = 0
        while not task.done():
            await asyncio.sleep(0)
            turns += 1
        return turns

    assert asyncio.run(scene()) > 100


def test_a_killed_worker_hurts_nobody() -> None:
    """The pool replaces a worker that died; a job that it dies in is told so."""

    def kill(turn: WorkerCheckout) -> str:
        with turn.checkout(limits(1, 2**20)) as session:
            os.kill(session.worker_pid or 0, signal.SIGKILL)
            try:
                session.feed_run("1")
            except pydantic_monty.MontyError as error:
                return fault_of(error).error_class
        return ""

    async def scene() -> tuple[str, list[PredicateResult]]:
        async with Sandbox() as box:
            died = await box.run(kill)
            return died, [await Predicates(box).evaluate("1 + 1", {}) for _ in range(4)]

    died, after = asyncio.run(scene())
    assert died == "crashed"
    assert after == [PredicateResult(2)] * 4


def test_check_reports_the_place_and_the_nearest_name(sandbox: Sandbox) -> None:
    """An author sees line, column and a hint before anything runs."""

    async def scene() -> tuple[str, ...]:
        predicates = Predicates(sandbox)
        assert await predicates.check("obs['a'] > 1") == ()
        found = [
            *await predicates.check("obs['a'] >"),
            *await predicates.check("obbs > 1"),
            *await predicates.check("(lambda: (yield 1))()"),
        ]
        return tuple(str(problem) for problem in found)

    broken, unknown, unsupported = asyncio.run(scene())
    assert broken.startswith("line 1: expression: invalid syntax")
    assert "'obbs' is not defined at column 1 (nearest: obs)" in unknown
    assert "yield" in unsupported
