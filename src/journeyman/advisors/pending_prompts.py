"""Questions that wait for somebody to fetch and answer them: each answered once, none for ever.

What is brought is handed to whoever asked as it came: reading it may take long, and is not the bringer's business.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, TypeVar

import anyio

from journeyman.advisors.answer_building import estimate_usage
from journeyman.advisors.base import Answer, AskLimits, FailureClass, Request
from journeyman.advisors.client_settings import ANSWER_WITHIN_S

AnswerT = TypeVar("AnswerT")
_REMEMBERED = 10_000


CLIENT_LEFT: Final = "client_left"


class SubmitResult(StrEnum):
    """What became of an answer that somebody brought."""

    TAKEN = "taken"
    ALREADY = "already"
    """It was answered before; a repeated message changes nothing."""
    UNKNOWN = "unknown"
    """Nobody asks this, or nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class PendingPrompt:
    """A question on the desk."""

    prompt_id: str
    request: Request = field(repr=False)


@dataclass(slots=True)
class _Pending(Generic[AnswerT]):
    prompt: PendingPrompt
    done: asyncio.Future[AnswerT]


@dataclass(slots=True)
class PendingPrompts(Generic[AnswerT]):
    """Holds unanswered questions. Whoever is there may answer; the first answer counts."""

    answer_within_s: float = ANSWER_WITHIN_S
    """A question that nobody answered for so long is taken back: people and agents are slower than models."""
    now: Callable[[], float] = time.monotonic
    """Also outside an event loop: `doctor` asks who is ready."""
    mark: str = field(default_factory=lambda: secrets.token_hex(4))
    """Stands in every id, so that a late answer to a question of another process is not taken for one of ours."""
    _count: int = 0
    _open: dict[str, _Pending[AnswerT]] = field(default_factory=dict[str, "_Pending[AnswerT]"])
    _settled: OrderedDict[str, None] = field(default_factory=OrderedDict[str, None])
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait_for_answer(self, request: Request) -> AnswerT | None:
        """Put a question on the desk and wait for its answer; `None` when nobody gives one in time."""
        self._count += 1
        prompt = PendingPrompt(f"p{self._count}-{self.mark}", request)
        done: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        row = self._open[prompt.prompt_id] = _Pending(prompt, done)
        self._notify()
        try:
            with anyio.move_on_after(self.answer_within_s):
                return await row.done
            return None
        finally:
            self._open.pop(prompt.prompt_id, None)
            self._notify()

    def pending(self, limit: int | None = None) -> list[PendingPrompt]:
        """The questions that wait, oldest first."""
        return [row.prompt for row in list(self._open.values())[:limit]]

    def submit(self, prompt_id: str, brought: AnswerT) -> SubmitResult:
        """Bring an answer; an unknown or late one changes nothing."""
        row = self._open.pop(prompt_id, None)
        if row is None or row.done.done():
            return SubmitResult.ALREADY if prompt_id in self._settled else SubmitResult.UNKNOWN
        self._settled[prompt_id] = None
        while len(self._settled) > _REMEMBERED:
            self._settled.popitem(last=False)
        row.done.set_result(brought)
        return SubmitResult.TAKEN

    async def wait_for_prompt(self, wait_s: float) -> bool:
        """Wait until there is a question; tell whether there is one."""
        with anyio.move_on_after(wait_s):
            while not self._open:
                await self._changed.wait()
        return bool(self._open)

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def client_left(request: Request) -> Answer:
    """What becomes of a question whose client is gone: a failure of the wire, so that it may be asked elsewhere."""
    return Answer(failure=FailureClass.TRANSPORT, reason=CLIENT_LEFT, usage=estimate_usage(request))


@dataclass(slots=True, eq=False)
class PromptQueueAdvisor(Generic[AnswerT]):
    """What the advisors have in common whose answers somebody else comes to fetch questions for."""

    name: str
    prompts: PendingPrompts[AnswerT] = field(default_factory=PendingPrompts[AnswerT])
    alive_s: float = 120.0
    """Whoever did not come for so long is taken to be gone."""
    _seen_at: float = field(init=False)
    """When somebody came last; whoever connects is there."""
    _left: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._seen_at = self.prompts.now()

    @property
    def limits(self) -> AskLimits:
        """What one try may take."""
        return AskLimits(timeout_s=self.prompts.answer_within_s)

    @property
    def is_anybody_there(self) -> bool:
        """Whether somebody came lately."""
        return not self._left.is_set() and self.prompts.now() - self._seen_at <= self.alive_s

    def mark_alive(self) -> None:
        """Note that somebody came."""
        self._seen_at = self.prompts.now()

    def leave(self) -> None:
        """Note that nobody will come any more: whoever waits for an answer waits no more."""
        self._left.set()

    async def wait_for_answer(self, request: Request) -> AnswerT | None:
        """What is brought for a question; `None` when nothing is in time, or nobody comes for it any more."""
        answered: list[AnswerT | None] = []

        async def waited() -> None:
            answered.append(await self.prompts.wait_for_answer(request))
            group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            group.start_soon(waited)
            while self.is_anybody_there:
                with anyio.move_on_after(max(0.05, self._seen_at + self.alive_s - self.prompts.now())):
                    await self._left.wait()
            group.cancel_scope.cancel()
        return answered[0] if answered else None

    def unanswered(self, request: Request) -> Answer:
        """The failure of a question that nobody answered."""
        if self.is_anybody_there:
            return Answer(failure=FailureClass.TIMEOUT, reason="prompt_expired")
        return client_left(request)
