"""A model as a player: asks an advisor for a role's action, through the broker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import anyio

from journeyman.advisors.base import AskOutcome, AskPurpose, FailureClass, Message, Rejection, Request
from journeyman.advisors.broker import Broker
from journeyman.evaluation.model_trace import ModelTrace
from journeyman.evaluation.usage import EpisodeLedger
from journeyman.gym.text.action import Read, TextAction
from journeyman.gym.text.parse import read_text
from journeyman.gym.text.play import Turn

_ROUNDS: Final = 3
"""Times that the broker is asked for one action while the provider fails; each time it makes its own tries."""
_LASTING: Final = frozenset({FailureClass.AUTH, FailureClass.UNSUPPORTED, FailureClass.DISABLED})
"""Failures that the next request would meet too."""
_UNREADABLE: Final = {FailureClass.TRUNCATED: "the reply was cut for length", FailureClass.REFUSED: "the model refused"}


class ProviderFailed(Exception):
    """The provider gave nothing: the episode cannot go on, and says nothing about the model."""

    def __init__(self, failure: FailureClass, reason: str) -> None:
        super().__init__(reason)
        self.reason: Final = reason or failure.value
        self.lasting: Final = failure in _LASTING


class SpendLimitReached(Exception):
    """What is left of the spend limit does not cover the next request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlayer:
    """Lets one advisor answer the turns of one episode."""

    broker: Broker
    advisor: str
    ledger: EpisodeLedger
    episode: str
    """Names the episode in request ids."""
    answer_tokens: int
    timeout_s: float
    waiting: Callable[[str, float], None]
    """Told why and for how long the provider is left alone."""
    trace: ModelTrace
    """Takes in what was said."""

    async def __call__(self, turns: Sequence[Turn]) -> list[Read]:
        """Ask for the actions of one step, all at once.

        Raises:
            Unanswered: the provider failed.
            SpendLimitReached: a request would have gone beyond the spend limit.
        """
        reads: dict[int, Read] = {}
        faults: list[Exception] = []

        async def one(number: int, turn: Turn) -> None:
            try:
                replies: list[object] = []
                reads[number] = await self._read(turn, replies)
                self.trace.answered(turn, replies, reads[number])
            except (ProviderFailed, SpendLimitReached) as fault:
                faults.append(fault)

        async with anyio.create_task_group() as group:
            for number, turn in enumerate(turns):
                group.start_soon(one, number, turn)
        if faults:
            raise faults[0]
        return [reads[number] for number in range(len(turns))]

    async def _read(self, turn: Turn, replies: list[object]) -> Read:
        rest_s = self.broker.policy.breaker_rest_s
        for again in range(_ROUNDS):
            found, outcome = await self._ask(turn, again, replies)
            if outcome.failure is None and found is not None:
                return found
            if outcome.failure is FailureClass.OVER_BUDGET:
                raise SpendLimitReached
            why = _unreadable(outcome, found)
            if why:
                return Read(TextAction(turn.role), why)
            fault = ProviderFailed(outcome.failure or FailureClass.TRANSPORT, outcome.reason)
            if fault.lasting or again + 1 == _ROUNDS:
                raise fault
            self.waiting(fault.reason, rest_s)
            await anyio.sleep(rest_s)
        raise AssertionError  # the last round returns or raises

    async def _ask(self, turn: Turn, again: int, replies: list[object]) -> tuple[Read | None, AskOutcome]:
        found: list[Read] = []

        async def check(value: Any) -> Rejection | None:
            read = read_text(value, turn.role)
            replies.append(value)
            found[:] = [read]
            return Rejection(failure=FailureClass.SCHEMA_MISMATCH, feedback=read.reason) if read.reason else None

        def make(feedback: str) -> Request:
            return Request(
                request_id=f"{self.episode}.{turn.step}.{turn.role}.{again}",
                purpose=AskPurpose.ACTION,
                messages=_messages(turn, feedback),
                max_output_tokens=self.answer_tokens,
                timeout_s=self.timeout_s,
            )

        outcome = await self.broker.ask(make, wanted=(self.advisor,), check=check, ledger=self.ledger)
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


def _unreadable(outcome: AskOutcome, found: Read | None) -> str:
    """Say why a model that did answer gave no action, in few different words; empty when the provider failed."""
    if outcome.failure is FailureClass.SCHEMA_MISMATCH and found is not None:
        # The reason for the model names what it wrote; one that is counted must not.
        return str(found.failure)
    if outcome.failure is FailureClass.MALFORMED and outcome.reason == "empty":
        return "the reply is empty"
    return _UNREADABLE.get(outcome.failure, "") if outcome.failure is not None else ""
