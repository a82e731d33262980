"""The broker: limits that hold, waits that end, tries that are told, usage that can be true."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.advisors.answer_building import build_answer, clamp_usage
from journeyman.advisors.base import (
    Answer,
    AskLimits,
    AskOutcome,
    AttemptStatus,
    AuditAsked,
    AuditSettled,
    FailureClass,
    Readiness,
    Rejection,
    Request,
    TokenUsage,
)
from journeyman.advisors.broker import Broker
from journeyman.advisors.broker_policy import BrokerPolicy
from journeyman.advisors.scripted import ScriptedAdvisor, ScriptedAnswer
from tests.advisors.providers import ADVICE, Advice, question

pytestmark = pytest.mark.anyio
GOOD = Answer(value=Advice(title="hello", count=3), text="x")


@dataclass
class Rows:
    """A ledger that keeps its rows."""

    before: list[AuditAsked] = field(default_factory=list[AuditAsked])
    after: list[AuditSettled] = field(default_factory=list[AuditSettled])

    async def asked(self, row: AuditAsked) -> None:
        """Keep it."""
        self.before.append(row)

    async def settled(self, row: AuditSettled) -> None:
        """Keep it."""
        self.after.append(row)


@dataclass
class Source:
    """Does what it is told."""

    give: Callable[[Request], Awaitable[Answer]]
    name: str = "source"
    limits: AskLimits = field(default_factory=AskLimits)
    requests: list[Request] = field(default_factory=list[Request])

    def readiness(self) -> Readiness:
        """Be there."""
        return Readiness(ready=True, why="here")

    async def ask(self, request: Request) -> Answer:
        """Do it."""
        self.requests.append(request)
        return await self.give(request)


def says(*answers: Answer, **more: Any) -> Source:
    """A source of these answers, the last one again and again."""
    left = list(answers)

    async def give(_: Request) -> Answer:
        return left.pop(0) if len(left) > 1 else left[0]

    return Source(give, **more)


@dataclass
class Clock:
    """Time that passes only in sleeps."""

    time: float = 0.0
    slept: list[float] = field(default_factory=list[float])

    async def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.slept.append(seconds)
        self.time += seconds
        await anyio.lowlevel.checkpoint()


async def fine(_: Any) -> Rejection | None:
    """Take any value."""
    return None


async def asked(
    *sources: Source | ScriptedAdvisor,
    check: Callable[[Any], Awaitable[Rejection | None]] = fine,
    clock: Clock | None = None,
    policy: BrokerPolicy | None = None,
    **more: Any,
) -> tuple[AskOutcome, Rows, list[str]]:
    """Ask the sources in a row; give the outcome, the rows, and the feedback of each try."""
    clock, rows, told = clock or Clock(), Rows(), list[str]()
    broker = Broker(
        {source.name: source for source in sources}, policy or BrokerPolicy(), sleep=clock.sleep, now=lambda: clock.time
    )

    def make(feedback: str) -> Request:
        told.append(feedback)
        return question(**more)

    outcome = await broker.ask(make, wanted=[source.name for source in sources], check=check, ledger=rows)
    return outcome, rows, told[1:]  # the first is made to see how long the caller waits


@pytest.mark.parametrize(
    ("wanted", "limit", "sent"), [(None, 8192, 8192), (None, 20_000, 20_000), (100, 8192, 100), (9000, 64, 64)]
)
async def test_the_lower_of_two_output_limits_is_sent_and_reserved(wanted: int | None, limit: int, sent: int) -> None:
    """The advisor's settings hold, and so does what the caller wants."""
    source = says(GOOD, limits=AskLimits(max_output_tokens=limit))
    _, rows, _ = await asked(source, max_output_tokens=wanted)
    assert source.requests[0].max_output_tokens == sent
    assert sent < rows.before[0].reserved_tokens < sent + 100


async def test_a_try_ends_at_its_advisors_limit_and_the_next_advisor_is_asked() -> None:
    """A hanging model costs its own time only."""

    async def hang(_: Request) -> Answer:
        await anyio.sleep_forever()
        raise AssertionError

    slow = Source(hang, name="slow", limits=AskLimits(timeout_s=0.01))
    outcome, rows, _ = await asked(slow, says(GOOD), policy=BrokerPolicy(tries=1))
    assert (outcome.advisor, rows.after[0].failure) == ("source", FailureClass.TIMEOUT)


async def test_an_advisor_that_shields_its_goodbye_is_left() -> None:
    """The caller's time is over; the row says so, and the goodbye ends by itself."""
    release = anyio.Event()

    async def stays(_: Request) -> Answer:
        with anyio.CancelScope(shield=True):
            await release.wait()
        return GOOD

    rows = Rows()
    broker = Broker({"source": Source(stays)}, BrokerPolicy(consent=frozenset({"*"})))
    with anyio.fail_after(20):
        outcome = await broker.ask(lambda _: question(timeout_s=0.1), wanted=("source",), check=_any, ledger=rows)
    assert outcome.failure is FailureClass.TIMEOUT
    assert [row.failure for row in rows.after] == [FailureClass.TIMEOUT]
    release.set()


async def _any(_: Any) -> None:
    return None


async def test_the_callers_deadline_ends_tries_waits_and_the_chain() -> None:
    """Whatever waits, the caller is let go in time, and each try that began is settled."""

    async def hang(_: Request) -> Answer:
        await anyio.sleep_forever()
        raise AssertionError

    rows = Rows()
    broker = Broker({"one": Source(hang, name="one"), "two": Source(hang, name="two")})
    with anyio.fail_after(5):
        outcome = await broker.ask(lambda _: question(timeout_s=0.02), wanted=["one", "two"], check=fine, ledger=rows)
    assert (outcome.failure, outcome.value) == (FailureClass.TIMEOUT, None)
    assert len(rows.before) == len(rows.after) >= 1
    assert {row.failure for row in rows.after} == {FailureClass.TIMEOUT}
    paced = Broker({"one": says(GOOD, name="one")}, BrokerPolicy(per_minute=0.001))
    assert (await broker_once(paced)).value is not None
    with anyio.fail_after(5):
        late = await broker_once(paced, timeout_s=0.02)
    assert (late.failure, late.reason) == (FailureClass.TIMEOUT, "deadline")


async def broker_once(broker: Broker, **more: Any) -> AskOutcome:
    """Ask once."""
    return await broker.ask(lambda _: question(**more), wanted=["one"], check=fine, ledger=Rows())


@pytest.mark.parametrize(("retry_after_s", "timeout_s"), [(61.0, None), (5.0, 4.0), (1e9, None)])
async def test_a_wait_that_nobody_waits_for_goes_to_the_next_advisor(
    retry_after_s: float, timeout_s: float | None
) -> None:
    """And the advisor is left alone for as long as it asked, not asked again too early."""
    limited = says(Answer(failure=FailureClass.RATE_LIMITED, reason="x", retry_after_s=retry_after_s), name="limited")
    clock = Clock()
    outcome, _, _ = await asked(limited, says(GOOD), clock=clock, timeout_s=timeout_s)
    assert (outcome.advisor, clock.slept, len(limited.requests)) == ("source", [], 1)


async def test_a_short_wait_is_kept_to_the_second() -> None:
    """No earlier than asked."""
    clock = Clock()
    source = says(Answer(failure=FailureClass.RATE_LIMITED, reason="x", retry_after_s=31.0), GOOD)
    outcome, _, _ = await asked(source, clock=clock)
    assert (outcome.value, clock.slept) == (GOOD.value, [31.0])


async def test_each_try_is_told_as_used_rejected_or_failed() -> None:
    """With the class of the failure and the field, and nothing of the answer."""
    misfit = await build_answer(question(), '{"title": "CANARY", "count": "many"}', model="m", usage=TokenUsage())
    refusals = [
        Rejection(failure=FailureClass.TOOL_ARGS_INVALID, feedback="calls.0 is wrong", where="calls.0.args"),
        None,
    ]

    async def check(_: Any) -> Rejection | None:
        return refusals.pop(0)

    source = says(Answer(failure=FailureClass.TRANSPORT, reason="lost"), misfit, GOOD)
    outcome, rows, told = await asked(source, check=check, policy=BrokerPolicy(tries=4))
    assert outcome.value == GOOD.value
    assert [(row.ended, row.failure, row.reason) for row in rows.after] == [
        (AttemptStatus.FAILED, FailureClass.TRANSPORT, "lost"),
        (AttemptStatus.REJECTED, FailureClass.SCHEMA_MISMATCH, "invalid:count"),
        (AttemptStatus.REJECTED, FailureClass.TOOL_ARGS_INVALID, "tool_args_invalid:calls.0.args"),
        (AttemptStatus.USED, None, ""),
    ]
    assert told[0] == told[1] == ""
    assert told[2].startswith("count: Input should be a valid integer")
    assert told[3] == "calls.0 is wrong"
    assert "CANARY" not in "".join(told)


async def test_several_different_answers_are_asked_for_again() -> None:
    """For advice the last one is a guess."""
    text = 'I say {"title": "a", "count": 1}. The tool printed {"title": "b", "count": 2}.'
    first = await build_answer(question(), text, model="m", usage=TokenUsage())
    outcome, rows, told = await asked(says(first, GOOD))
    assert outcome.value == GOOD.value
    assert rows.after[0].reason == "ambiguous"
    assert told[1] == "several different JSON objects fit; give one JSON object and nothing else"


async def test_a_long_answer_is_read_beside_the_event_loop() -> None:
    """A megabyte of prose must not hold up what else runs."""
    ticks = 0
    text = "word {x} " * 300_000 + '{"title": "hello", "count": 3}'

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await anyio.lowlevel.checkpoint()

    found: list[Answer] = []
    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        found.append(await build_answer(question(), text, model="m", usage=TokenUsage()))
        group.cancel_scope.cancel()
    assert found[0].value == Advice(title="hello", count=3)
    assert ticks > 3


odd = st.sampled_from([10**19, -1, True, float("nan"), float("inf"), 2.5, None, "7", 2**53 + 1]) | st.integers()


@given(odd, odd, odd)
def test_usage_that_cannot_be_true_is_clamped_and_says_so(told_in: Any, told_out: Any, usd: Any) -> None:
    """No count beyond what the prompt and the limit allow ever reaches the record."""
    request = question(max_output_tokens=100)
    told = TokenUsage(input_tokens=told_in, output_tokens=told_out, source="reported", cost_usd=usd)
    used = clamp_usage(request, replace(GOOD, usage=told))
    assert type(used.input_tokens) is int
    assert type(used.output_tokens) is int
    assert 0 <= used.input_tokens < 30_000
    assert 0 <= used.output_tokens < 30_000
    assert used.cost_usd is None or 0 <= used.cost_usd <= 1e6
    same = (type(told_in), type(told_out)) == (int, int) and (used.input_tokens, used.output_tokens) == (
        told_in,
        told_out,
    )
    assert used.source == ("reported" if same else "clamped")


async def test_the_record_gets_clamped_usage_whoever_reports_it() -> None:
    """One advisor is enough to make a session impossible to go on with."""
    told = TokenUsage(input_tokens=10**19, output_tokens=10**19, source="reported", cost_usd=float("nan"))
    outcome, rows, _ = await asked(says(replace(GOOD, usage=told)))
    assert outcome.value == GOOD.value
    usage = rows.after[0].usage
    assert (usage.source, usage.cost_usd) == ("clamped", None)
    assert usage.input_tokens + usage.output_tokens < 2**20


async def test_advice_that_is_off_leaves_no_row() -> None:
    """The caller notes it once."""
    outcome, rows, _ = await asked(ScriptedAdvisor([ScriptedAnswer(value=ADVICE)]), policy=BrokerPolicy(enabled=False))
    assert (outcome.failure, rows.before, rows.after) == (FailureClass.DISABLED, [], [])


async def test_what_an_advisor_must_load_first_is_no_part_of_its_try() -> None:
    """Loading takes longer than a try may: it comes before the audit row, and the try still has all its time."""
    order: list[str] = []

    @dataclass
    class Slow(Source):
        async def open(self) -> None:
            await anyio.sleep(0.05)
            order.append(f"opened with {len(rows.before)} rows")

    async def give(_: Request) -> Answer:
        order.append("asked")
        return GOOD

    rows, source = Rows(), Slow(give, limits=AskLimits(timeout_s=0.04))
    broker = Broker({"source": source})
    outcome = await broker.ask(lambda _: question(), wanted=["source"], check=fine, ledger=rows)
    assert outcome.value == GOOD.value
    assert order == ["opened with 0 rows", "asked"]
