"""Questions that share a call: how many calls, who fails, who waits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from journeyman.advisors.base import (
    Answer,
    AskLimits,
    AskOutcome,
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
from journeyman.advisors.coalesce import BatchAnswers, CoalescePolicy, CoalescingAdvisor
from tests.advisors.providers import Advice, question

pytestmark = pytest.mark.anyio


def tasks_of(request: Request) -> list[dict[str, Any]]:
    """The tasks of a shared call; empty for a lone one."""
    text = request.messages[-1].text
    return json.loads(text)["tasks"] if text.startswith('{"tasks"') else []


def counted(text: str) -> dict[str, Any]:
    """Answer a question `n 7` with its number."""
    return {"title": "t", "count": int(text.split()[1])}


@dataclass
class Model:
    """Answers every task with its own number; `spoil` may change a shared answer."""

    spoil: Callable[[list[dict[str, Any]]], list[dict[str, Any]]] = lambda parts: parts
    failure: FailureClass | None = None
    name: str = "model"
    calls: list[Request] = field(default_factory=list[Request])
    wait: asyncio.Event | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    limits: AskLimits = field(default_factory=AskLimits)

    def readiness(self) -> Readiness:
        """Be ready."""
        return Readiness(ready=True, why="here")

    async def ask(self, request: Request) -> Answer:
        """Answer."""
        self.calls.append(request)
        self.begun.set()
        if self.wait is not None:
            await self.wait.wait()
        await asyncio.sleep(0)
        usage = TokenUsage(input_tokens=101, output_tokens=7, source="reported")
        if self.failure is not None:
            return Answer(failure=self.failure, reason=self.failure.value, usage=usage)
        tasks = tasks_of(request)
        if not tasks:
            return Answer(value=Advice.model_validate(counted(request.messages[-1].text)), usage=usage)
        parts = [{"task": task["task"], "answer": counted(task["messages"][-1]["text"])} for task in tasks]
        return Answer(value=BatchAnswers.model_validate({"answers": self.spoil(parts)}), usage=usage)


async def asked(shared: CoalescingAdvisor, count: int) -> list[Answer]:
    """Ask so many questions at once."""
    return await asyncio.gather(*(shared.ask(question(text=f"n {index}")) for index in range(count)))


async def test_many_questions_need_few_calls_and_each_gets_its_own_answer() -> None:
    """ceil(N / M), whatever the order of the parts; the shares of usage add up."""
    model = Model(spoil=lambda parts: parts[::-1])
    answers = await asked(CoalescingAdvisor(model, CoalescePolicy(most=10)), 34)
    assert [answer.value.count for answer in answers] == list(range(34))
    assert len(model.calls) == 4
    assert sum(answer.usage.input_tokens for answer in answers) == 4 * 101
    nonces = [task["task"] for call in model.calls for task in tasks_of(call)]
    assert len(set(nonces)) == 34


async def test_a_lone_question_is_sent_as_it_is() -> None:
    """No wrapper, no share."""
    model = Model()
    (answer,) = await asked(CoalescingAdvisor(model), 1)
    assert (answer.value.count, answer.usage.input_tokens) == (0, 101)
    assert model.calls[0].messages == question(text="n 0").messages


@pytest.mark.parametrize(
    ("spoil", "failure", "reason"),
    [
        (lambda parts: parts[1:], FailureClass.MALFORMED, "batch_missing"),
        (lambda parts: [parts[0], *parts], FailureClass.MALFORMED, "batch_twice"),
        (lambda parts: [{**parts[0], "answer": {"title": 1}}, *parts[1:]], FailureClass.SCHEMA_MISMATCH, "batch_part"),
        (lambda parts: [{**parts[0], "task": "guessed"}, *parts[1:]], FailureClass.MALFORMED, "batch_missing"),
    ],
)
async def test_a_bad_part_fails_only_its_own_caller(spoil: Any, failure: FailureClass, reason: str) -> None:
    """The others have their answers; the failed one goes alone the next time."""
    model = Model(spoil=spoil)
    shared = CoalescingAdvisor(model)
    answers = await asked(shared, 5)
    assert (answers[0].failure, answers[0].reason) == (failure, reason)
    assert [answer.value.count for answer in answers[1:]] == [1, 2, 3, 4]
    again = await shared.ask(question(text="n 0"))
    assert again.value.count == 0
    assert not tasks_of(model.calls[-1])


@pytest.mark.parametrize(
    "failure", [FailureClass.REFUSED, FailureClass.RATE_LIMITED, FailureClass.AUTH, FailureClass.TRUNCATED]
)
async def test_the_class_of_a_failure_survives_the_batch(failure: FailureClass) -> None:
    """A refusal stays a refusal."""
    answers = await asked(CoalescingAdvisor(Model(failure=failure)), 3)
    assert {answer.failure for answer in answers} == {failure}


async def test_a_caller_that_left_is_not_asked_for() -> None:
    """Before sending it drops out of the call; when all have left, the call is cancelled."""
    model = Model()
    shared = CoalescingAdvisor(model)
    staying, leaving = (asyncio.create_task(shared.ask(question(text=f"n {index}"))) for index in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).value.count == 0
    assert not tasks_of(model.calls[0])
    slow = Model(wait=asyncio.Event())
    shared = CoalescingAdvisor(slow)
    callers = [asyncio.create_task(shared.ask(question(text=f"n {index}"))) for index in range(2)]
    await slow.begun.wait()
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    await asyncio.sleep(0)
    assert not shared._running


async def test_who_asks_while_the_last_caller_leaves_is_answered() -> None:
    """It joined a batch that was about to be cancelled, and was cancelled with it: its whole session ended so."""
    shared = CoalescingAdvisor(Model())
    leaving = asyncio.create_task(shared.ask(question(text="n 0")))
    await asyncio.sleep(0)
    leaving.cancel()
    coming = asyncio.create_task(shared.ask(question(text="n 1")))
    assert (await coming).value.count == 1
    assert leaving.cancelled()


async def test_a_large_question_goes_alone_and_tokens_limit_a_batch() -> None:
    """Size is not only a count."""
    model = Model()
    shared = CoalescingAdvisor(model, CoalescePolicy(small_tokens=100, most_tokens=150))
    texts = ["n 1 " + "x" * 300, "n 2 " + "x" * 300, "n 3 " + "x" * 3000]
    answers = await asyncio.gather(*(shared.ask(question(text=text)) for text in texts))
    assert [answer.value.count for answer in answers] == [1, 2, 3]
    assert len(model.calls) == 3


@dataclass
class Rows:
    """A ledger that keeps rows."""

    asked_rows: list[AuditAsked] = field(default_factory=list[AuditAsked])
    settled_rows: list[AuditSettled] = field(default_factory=list[AuditSettled])

    async def asked(self, row: AuditAsked) -> None:
        """Keep it."""
        self.asked_rows.append(row)

    async def settled(self, row: AuditSettled) -> None:
        """Keep it."""
        self.settled_rows.append(row)


async def test_the_broker_shares_calls_when_its_policy_says_so() -> None:
    """One audit pair per question, one call per batch, one slot per call."""
    model, rows = Model(), Rows()
    broker = Broker({"model": model}, BrokerPolicy(coalesce=frozenset({"model"}), concurrency=1))

    async def fine(_: Any) -> Rejection | None:
        return None

    async def one(index: int) -> AskOutcome:
        return await broker.ask(lambda _: question(text=f"n {index}"), wanted=["model"], check=fine, ledger=rows)

    outcomes = await asyncio.gather(*(one(index) for index in range(25)))
    assert [outcome.value.count for outcome in outcomes] == list(range(25))
    assert len(model.calls) == 3
    assert len(rows.asked_rows) == len(rows.settled_rows) == 25
    await broker.aclose()
