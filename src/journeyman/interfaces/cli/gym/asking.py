"""Asks an advisor for a role's action, through the broker, and keeps account of what that costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import anyio

from journeyman.advisors.base import Asked as AskedRow
from journeyman.advisors.base import Failure, Message, Outcome, Purpose, Rejection, Request, Settled
from journeyman.advisors.broker import Broker
from journeyman.gym.text.action import Read, TextAction
from journeyman.gym.text.parse import read_text
from journeyman.gym.text.play import Turn
from journeyman.interfaces.cli.gym.keeping import Asked
from journeyman.mission.values.errors import BudgetRefused

_ROUNDS: Final = 3
"""Times that the broker is asked for one action while the provider fails; each time it makes its own tries."""
_LASTING: Final = frozenset({Failure.AUTH, Failure.UNSUPPORTED, Failure.DISABLED})
"""Failures that the next request would meet too."""
_UNREADABLE: Final = {Failure.TRUNCATED: "the reply was cut for length", Failure.REFUSED: "the model refused"}


class Unanswered(Exception):
    """The provider gave nothing: the episode cannot go on, and says nothing about the model."""

    def __init__(self, failure: Failure, reason: str) -> None:
        super().__init__(reason)
        self.reason: Final = reason or failure.value
        self.lasting: Final = failure in _LASTING


class CeilingReached(Exception):
    """What is left of the ceiling does not cover the next request."""


@dataclass(slots=True)
class Purse:
    """What a run may use, and what it has used."""

    max_usd: float | None
    max_tokens: int | None
    assumed_usd_per_token: float
    """Counted for calls that cost money but whose price nobody knows."""
    usd: float = 0.0
    tokens: int = 0
    _reserved: dict[str, tuple[float, int]] = field(default_factory=dict[str, tuple[float, int]])
    _change: anyio.Condition = field(default_factory=anyio.Condition)

    @property
    def limited(self) -> bool:
        """Whether there is a ceiling."""
        return self.max_usd is not None or self.max_tokens is not None

    def covers(self, usd: float, tokens: int) -> bool:
        """Tell whether so much in all stays under the ceiling."""
        dear = self.max_usd is not None and usd > self.max_usd
        return not dear and (self.max_tokens is None or tokens <= self.max_tokens)

    async def reserve(self, key: str, usd: float, tokens: int) -> None:
        """Set aside what a request may use at most, once other requests have shown what they really used.

        Raises:
            BudgetRefused: no other request is under way, and there is no room.
        """
        async with self._change:
            while not self._fits(usd, tokens):
                if not self._reserved:
                    raise BudgetRefused("the ceiling leaves no room for the request")
                await self._change.wait()
            self._reserved[key] = (usd, tokens)

    def _fits(self, usd: float, tokens: int) -> bool:
        held = list(self._reserved.values())
        return self.covers(
            self.usd + usd + sum(one[0] for one in held), self.tokens + tokens + sum(one[1] for one in held)
        )

    async def settle(self, key: str, usd: float | None, tokens: int) -> float:
        """Count what a request used, and give the dollars that were counted."""
        async with self._change:
            reserved, _ = self._reserved.pop(key, (0.0, 0))
            unpriced = tokens * self.assumed_usd_per_token if reserved else 0.0
            counted = unpriced if usd is None else usd
            self.usd += counted
            self.tokens += tokens
            self._change.notify_all()
            return counted


@dataclass(slots=True)
class Bill:
    """The broker's ledger of one episode."""

    purse: Purse
    used: Asked = field(default_factory=Asked)
    usd: float = 0.0
    """As the purse counts them, unknown prices included."""

    @property
    def tokens(self) -> int:
        """Give the tokens of all requests."""
        return self.used.input_tokens + self.used.output_tokens

    async def asked(self, row: AskedRow) -> None:
        """Take the request's most out of the purse before it leaves."""
        await self.purse.reserve(row.ask, row.reserved_microusd / 1_000_000, row.reserved_tokens)

    async def settled(self, row: Settled) -> None:
        """Count what it used."""
        usage = row.usage
        self.usd += await self.purse.settle(row.ask, usage.cost_usd, usage.input_tokens + usage.output_tokens)
        self.used += Asked(
            calls=1,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            priced_usd=usage.cost_usd or 0.0,
            unpriced_calls=int(usage.cost_usd is None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Lets one advisor answer the turns of one episode."""

    broker: Broker
    advisor: str
    bill: Bill
    episode: str
    """Names the episode in request ids."""
    answer_tokens: int
    timeout_s: float
    waiting: Callable[[str, float], None]
    """Told why and for how long the provider is left alone."""

    async def __call__(self, turns: Sequence[Turn]) -> list[Read]:
        """Give the actions of one step, all asked for at once.

        Raises:
            Unanswered: the provider failed.
            CeilingReached: a request would have gone beyond the ceiling.
        """
        reads: dict[int, Read] = {}
        faults: list[Exception] = []

        async def one(number: int, turn: Turn) -> None:
            try:
                reads[number] = await self._read(turn)
            except (Unanswered, CeilingReached) as fault:
                faults.append(fault)

        async with anyio.create_task_group() as group:
            for number, turn in enumerate(turns):
                group.start_soon(one, number, turn)
        if faults:
            raise faults[0]
        return [reads[number] for number in range(len(turns))]

    async def _read(self, turn: Turn) -> Read:
        rest_s = self.broker.policy.breaker_rest_s
        for again in range(_ROUNDS):
            found, outcome = await self._ask(turn, again)
            if outcome.failure is None and found is not None:
                return found
            if outcome.failure is Failure.OVER_BUDGET:
                raise CeilingReached
            why = _unreadable(outcome, found)
            if why:
                return Read(TextAction(turn.role), why)
            fault = Unanswered(outcome.failure or Failure.TRANSPORT, outcome.reason)
            if fault.lasting or again + 1 == _ROUNDS:
                raise fault
            self.waiting(fault.reason, rest_s)
            await anyio.sleep(rest_s)
        raise AssertionError  # the last round returns or raises

    async def _ask(self, turn: Turn, again: int) -> tuple[Read | None, Outcome]:
        found: list[Read] = []

        async def check(value: Any) -> Rejection | None:
            read = read_text(value, turn.role)
            found[:] = [read]
            return Rejection(failure=Failure.SCHEMA_MISMATCH, feedback=read.reason) if read.reason else None

        def make(feedback: str) -> Request:
            return Request(
                request_id=f"{self.episode}.{turn.step}.{turn.role}.{again}",
                purpose=Purpose.ACTION,
                messages=_messages(turn, feedback),
                max_output_tokens=self.answer_tokens,
                timeout_s=self.timeout_s,
            )

        outcome = await self.broker.ask(make, wanted=(self.advisor,), check=check, ledger=self.bill)
        return next(iter(found), None), outcome


def _messages(turn: Turn, feedback: str) -> tuple[Message, ...]:
    said: list[Message] = []
    for one in turn.messages:
        role = one["role"]
        said.append(Message(role if role in ("system", "assistant") else "user", one["content"]))
    if feedback:
        told = f"{said[-1].text}\n\nYour last reply was not used: {feedback}. Answer again, with one JSON object."
        said[-1] = replace(said[-1], text=told)
    return tuple(said)


def _unreadable(outcome: Outcome, found: Read | None) -> str:
    """Say why a model that did answer gave no action, in few different words; empty when the provider failed."""
    if outcome.failure is Failure.SCHEMA_MISMATCH and found is not None:
        # The reason for the model names what it wrote; one that is counted must not.
        return "there is no such action_type" if found.reason.startswith("action_type") else found.reason
    if outcome.failure is Failure.MALFORMED and outcome.reason == "empty":
        return "the reply is empty"
    return _UNREADABLE.get(outcome.failure, "") if outcome.failure is not None else ""
