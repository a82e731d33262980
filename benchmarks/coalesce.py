"""Coalescing 100 concurrent small requests through the real broker, beside the same broker without it.

The model is in this process and takes 5 ms a call, so that what is measured is the broker's own work. The lone request
is measured with and without coalescing in turn, as medians.
"""

from __future__ import annotations

import asyncio
import json
import math
import statistics
import time
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from benchmarks.report import Meter, Row
from journeyman.advisors.base import (
    Answer,
    AskLimits,
    AskOutcome,
    AskPurpose,
    AuditAsked,
    AuditSettled,
    FailureClass,
    Message,
    Readiness,
    Rejection,
    Request,
    TokenUsage,
)
from journeyman.advisors.broker import Broker
from journeyman.advisors.broker_policy import BrokerPolicy
from journeyman.advisors.coalesce import BatchAnswers, CoalescePolicy

REQUESTS: Final = 100
LONE: Final = 40
MODEL_S: Final = 0.005


class Number(BaseModel):
    """A small answer."""

    number: int


@dataclass
class Model:
    """Answers each task with its own number; spoils the part of one task if so wished."""

    name: str = "model"
    spoiled: int = -1
    failure: FailureClass | None = None
    calls: int = 0
    limits: AskLimits = field(default_factory=AskLimits)

    def readiness(self) -> Readiness:
        """Be ready."""
        return Readiness(ready=True, why="in this process")

    async def ask(self, request: Request) -> Answer:
        """Answer after a while."""
        self.calls += 1
        await asyncio.sleep(MODEL_S)
        usage = TokenUsage(input_tokens=100, output_tokens=10, source="reported")
        if self.failure is not None:
            return Answer(failure=self.failure, reason=self.failure.value, usage=usage)
        text = request.messages[-1].text
        if request.answer is not BatchAnswers:
            return Answer(value=Number(number=int(text)), usage=usage)
        parts: list[dict[str, Any]] = []
        for task in json.loads(text)["tasks"]:
            number = int(task["messages"][-1]["text"])
            answer: dict[str, Any] = {"number": "no number"} if number == self.spoiled else {"number": number}
            parts.append({"task": task["task"], "answer": answer})
        return Answer(value=BatchAnswers.model_validate({"answers": parts[::-1]}), usage=usage)


@dataclass
class Rows:
    """A ledger that counts."""

    begun: list[AuditAsked] = field(default_factory=list[AuditAsked])
    ended: list[AuditSettled] = field(default_factory=list[AuditSettled])

    async def asked(self, row: AuditAsked) -> None:
        """Keep it."""
        self.begun.append(row)

    async def settled(self, row: AuditSettled) -> None:
        """Keep it."""
        self.ended.append(row)


async def _fine(_: Any) -> Rejection | None:
    return None


async def _one(broker: Broker, number: int, rows: Rows) -> AskOutcome:
    request = Request(
        request_id=f"r{number}", purpose=AskPurpose.GRADE, messages=(Message("user", str(number)),), answer=Number
    )
    return await broker.ask(lambda _: request, wanted=["model"], check=_fine, ledger=rows)


async def _all(model: Model, *, tries: int = 1, shared: bool = True) -> tuple[list[AskOutcome], Rows, float]:
    names = frozenset({"model"}) if shared else frozenset[str]()
    broker = Broker({"model": model}, BrokerPolicy(coalesce=names, tries=tries, concurrency=4, backoff_s=0))
    rows, began = Rows(), time.perf_counter()
    outcomes = await asyncio.gather(*(_one(broker, number, rows) for number in range(REQUESTS)))
    took = time.perf_counter() - began
    await broker.aclose()
    return outcomes, rows, took


async def _lone(progress: Meter) -> tuple[float, float]:
    seconds: dict[bool, list[float]] = {True: [], False: []}
    brokers = {
        shared: Broker({"model": Model()}, BrokerPolicy(coalesce=frozenset({"model"} if shared else ())))
        for shared in (True, False)
    }
    for number in range(LONE):
        for shared, broker in brokers.items():
            began = time.perf_counter()
            await _one(broker, number, Rows())
            seconds[shared].append(time.perf_counter() - began)
        progress.step()
    return statistics.median(seconds[True]), statistics.median(seconds[False])


async def _run(progress: Meter) -> list[Row]:
    progress.start("requests", LONE + 4)
    most = CoalescePolicy().most
    model, plain = Model(), Model()
    outcomes, rows, took_s = await _all(model)
    _, _, plain_s = await _all(plain, shared=False)
    right = sum(row.value == Number(number=number) for number, row in enumerate(outcomes))
    spoilt, _, _ = await _all(Model(spoiled=13))
    bad = [number for number, row in enumerate(spoilt) if row.value is None]
    healed, _, _ = await _all(Model(spoiled=13), tries=2)
    kept = 0
    classes = (
        FailureClass.REFUSED,
        FailureClass.RATE_LIMITED,
        FailureClass.AUTH,
        FailureClass.TRUNCATED,
        FailureClass.TRANSPORT,
    )
    for failure in classes:
        failed, _, _ = await _all(Model(failure=failure))
        kept += {row.failure for row in failed} == {failure}
    progress.step(4)
    lone_s, alone_s = await _lone(progress)
    added_ms = round((lone_s - alone_s) * 1000, 2)
    calls = math.ceil(REQUESTS / most)
    return [
        Row("calls for 100 requests", model.calls, "calls", f"= {calls}", model.calls == calls),
        Row("audit pairs", len(rows.ended), "pairs", "= 100", len(rows.begun) == len(rows.ended) == REQUESTS),
        Row("right answers", right, "requests", "= 100", right == REQUESTS),
        Row("all 100 answered, shared", round(took_s, 4), "s"),
        Row("all 100 answered, one call each, 4 at a time", round(plain_s, 4), "s"),
        Row("a lone request waits longer by", added_ms, "ms", "<= 5", added_ms <= 5),
        Row("callers failed by one bad part", len(bad), "callers", "= 1 (its own)", bad == [13]),
        Row("callers failed after its second try", sum(row.value is None for row in healed), "callers", "= 0",
            all(row.value is not None for row in healed)),
        Row("failure classes kept", kept, "classes", f"= {len(classes)}", kept == len(classes)),
    ]  # fmt: skip


def run(progress: Meter) -> list[Row]:
    """Measure."""
    return asyncio.run(_run(progress))
