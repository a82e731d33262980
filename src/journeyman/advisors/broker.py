"""Broker: stands before all advisors. Who is asked, for how much, how often, and what is said when nobody answers.

In order: explicit off wins; then each advisor of the chain that is ready and consented to; each try reserves its cost
and commits its audit row before the prompt leaves; a rejected answer is asked for again with the reason; an advisor that
keeps failing is left alone for a while; at the end of the chain the caller goes on without advice, with a stable reason.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, Final

import anyio

from journeyman.advisors.answer_building import clamp_usage
from journeyman.advisors.audit_rows import REASKED, AttemptResult, AuditRows, Price
from journeyman.advisors.base import (
    Advisor,
    Answer,
    AskOutcome,
    FailureClass,
    Openable,
    Rejection,
    Request,
    UsageLedger,
)
from journeyman.advisors.broker_policy import BrokerPolicy
from journeyman.advisors.circuit_breaker import CircuitBreaker
from journeyman.advisors.client_models import ClientLink, ClientModels
from journeyman.advisors.coalesce import CoalescingAdvisor
from journeyman.advisors.model_choice import CLIENT, settings_name
from journeyman.advisors.pending_prompts import CLIENT_LEFT
from journeyman.concurrency.abandonable_tasks import SelfCancelled, run_abandonable
from journeyman.concurrency.rate_limiter import RateLimiter
from journeyman.mission.values.errors import BudgetRefused

MakeRequest = Callable[[str], Request]
Check = Callable[[Any], Awaitable[Rejection | None]]

RETRIED: Final = frozenset({FailureClass.RATE_LIMITED, FailureClass.TIMEOUT, FailureClass.TRANSPORT})
"""Failures of the wire: the same request may be sent again."""
FEEDBACK: Final[Mapping[FailureClass, str]] = {
    FailureClass.MALFORMED: "no JSON object could be read from it; answer with one JSON object and nothing else",
    FailureClass.SCHEMA_MISMATCH: "it does not fit the schema",
    FailureClass.TRUNCATED: "it was cut off; answer more briefly",
}
_CANCELLED: Final = Answer(failure=FailureClass.CANCELLED, reason=FailureClass.CANCELLED.value)
_DEADLINE: Final = "deadline"
_DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Resolution:
    """Whether an advisor would be used, for `doctor`."""

    name: str
    used: bool
    why: str
    address: str = ""
    """Host and port that it is asked at; empty where it has none of its own."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked and for whom."""

    make: MakeRequest
    check: Check
    ledger: UsageLedger
    session: str


@dataclass(slots=True)
class _RequestProgress:
    """Counts the tries of one logical request."""

    deadline: float
    made: int = 0
    feedback: str = ""
    failure: FailureClass | None = None
    reason: str = ""


@dataclass(slots=True)
class Broker:
    """Asks advisors on behalf of one tenant."""

    advisors: Mapping[str, Advisor]
    policy: BrokerPolicy = field(default_factory=BrokerPolicy)
    price: Price | None = None
    key: bytes = b"journeyman"
    """Keys the prompt hashes in the audit; a secret of the tenant."""
    clients: ClientModels | None = None
    """Whom the advisor `client` means, session by session; `None` where no client can connect."""
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep
    now: Callable[[], float] = anyio.current_time
    jitter: Callable[[], float] = random.random
    _slots: anyio.CapacityLimiter | None = None
    _rate_limiters: dict[str, RateLimiter] = field(default_factory=dict[str, RateLimiter])
    _shared: dict[str, CoalescingAdvisor] = field(default_factory=dict[str, CoalescingAdvisor])
    _breakers: dict[str, CircuitBreaker] = field(default_factory=dict[str, CircuitBreaker])

    def resolve(self, wanted: Sequence[str]) -> list[Resolution]:
        """Tell for each wanted advisor whether it would be used, and why not."""
        return [self._resolved(name) for name in wanted]

    def _resolved(self, name: str) -> Resolution:
        if not self.policy.enabled or name == "none":
            return Resolution(name, used=False, why="advice is switched off")
        if name == CLIENT and name not in self.advisors:
            why = "nobody can connect here; run it in `journeyman mcp` or `journeyman serve`"
            here = self.clients is not None
            return Resolution(name, used=here, why="asks the model of the session's own client" if here else why)
        advisor = self.advisors.get(name)
        if advisor is None:
            known = ", ".join(sorted(self.advisors)) or "none"
            return Resolution(name, used=False, why=f"no advisor of this name is configured; configured: {known}")
        ready = advisor.readiness()
        if not ready.ready:
            return Resolution(name, used=False, why=ready.why)
        if (ready.costs or ready.leaves_machine) and not self.policy.consent & {name, settings_name(name), "*"}:
            what = "costs money" if ready.costs else "sends prompts off this machine"
            return Resolution(name, used=False, why=f"it {what}; allow it with `consent` in the settings")
        if self._breaker(name).is_open_at(self.now()):
            return Resolution(name, used=False, why="it failed too often lately and is left alone for a while")
        return Resolution(name, used=True, why=ready.why, address=ready.address)

    def _breaker(self, name: str) -> CircuitBreaker:
        if name not in self._breakers:
            self._breakers[name] = CircuitBreaker(self.policy.breaker_failures, self.policy.breaker_rest_s)
        return self._breakers[name]

    async def aclose(self) -> None:
        """Close every advisor that holds connections."""
        for advisor in [*self._shared.values(), *self.advisors.values()]:
            close = getattr(advisor, "aclose", None)
            if close is not None:
                await close()

    async def ask(
        self, make: MakeRequest, *, wanted: Sequence[str], check: Check, ledger: UsageLedger, session: str = ""
    ) -> AskOutcome:
        """A checked answer, or why there is none. Never raises for what a model or provider does.

        `session` is whose question it is: the advisor `client` means that session's own client.
        """
        if not self.policy.enabled or tuple(wanted) in ((), ("none",)):
            return AskOutcome(failure=FailureClass.DISABLED, reason=FailureClass.DISABLED.value)
        timeout_s = make("").timeout_s
        limit_s = float("inf") if timeout_s is None else timeout_s
        state = _RequestProgress(self.now() + limit_s)
        with anyio.move_on_after(None if timeout_s is None else timeout_s):
            return await self._chain(_Question(make, check, ledger, session), wanted, state)
        return AskOutcome(failure=FailureClass.TIMEOUT, reason=_DEADLINE, tries=state.made)

    async def _chain(self, question: _Question, wanted: Sequence[str], state: _RequestProgress) -> AskOutcome:
        for name in wanted:
            resolution = self._resolved(name)
            if not resolution.used:
                state.failure = state.failure or FailureClass.NO_ADVISOR
                state.reason = state.reason or FailureClass.NO_ADVISOR.value
                continue
            asked = name
            if self.clients is not None and name == CLIENT and name not in self.advisors:
                value, asked = await self._ask_clients(self.clients, question, state)
            else:
                value = await self._ask_one(self._advisor(name), question, state)
            if value is not None:
                return AskOutcome(value=value, advisor=asked, tries=state.made)
            if state.failure is FailureClass.OVER_BUDGET:
                break  # a smaller model would need the same reservation; the caller goes on without advice
        return AskOutcome(failure=state.failure, reason=state.reason, tries=state.made)

    async def _ask_clients(
        self, clients: ClientModels, question: _Question, state: _RequestProgress
    ) -> tuple[Any, str]:
        """What the session's own client answers, and the name of its link; where one leaves, the next that comes is asked."""
        while (link := await clients.link_for(question.session)) is not None:
            value = await self._ask_one(self._client_advisor(clients, link), question, state)
            if value is not None or state.reason != CLIENT_LEFT:
                return value, link.name
            clients.leave(link)
        state.failure = state.failure or FailureClass.NO_ADVISOR
        state.reason = state.reason or "no_client"
        return None, CLIENT

    def _client_advisor(self, clients: ClientModels, link: ClientLink) -> Advisor:
        """Asks one client, whose questions may share a request and never wait for those of others."""
        if link.name not in self._shared:
            for name in [name for name in self._shared if name.startswith(f"{CLIENT}:") and clients.link(name) is None]:
                del self._shared[name]
                self._breakers.pop(name, None)
            self._shared[link.name] = CoalescingAdvisor(link.model, link.coalescing)
        return self._shared[link.name]

    async def _ask_one(self, advisor: Advisor, question: _Question, state: _RequestProgress) -> Any:
        for attempt in range(self.policy.tries):
            request = _apply_limits(question.make(state.feedback), advisor)
            tried = await self._attempt(advisor, request, question, state)
            if tried is None:
                return None
            answer = tried.answer
            state.failure, state.reason = tried.failure, tried.reason
            if tried.failure is None:
                return answer.value
            if tried.reason == CLIENT_LEFT:
                return None
            if tried.rejection is not None:
                state.feedback = tried.rejection.feedback
            elif tried.failure in REASKED:
                state.feedback = "; ".join(answer.problems) or FEEDBACK.get(tried.failure, tried.failure.value)
            elif tried.failure not in RETRIED and not answer.again:
                return None
            if answer.failure in RETRIED and not await self._wait_before_retry(
                advisor, attempt, answer.retry_after_s, state
            ):
                return None
            if self._breaker(advisor.name).is_open_at(self.now()):
                return None
        return None

    async def _wait_before_retry(
        self, advisor: Advisor, attempt: int, retry_after_s: float | None, state: _RequestProgress
    ) -> bool:
        """Wait before the next try; False when there is none, since the caller or nobody waits so long."""
        wait_s = self._wait_s(attempt, retry_after_s)
        last = attempt + 1 >= self.policy.tries
        too_long = wait_s > self.policy.retry_after_most_s or self.now() + wait_s >= state.deadline
        if retry_after_s is not None and (last or too_long):
            self._breaker(advisor.name).hold_until(self.now() + min(wait_s, _DAY_S))
        if last or too_long:
            return False
        await self.sleep(wait_s)
        return True

    def _wait_s(self, attempt: int, retry_after_s: float | None) -> float:
        if retry_after_s is not None:
            return max(0.0, retry_after_s)
        return min(self.policy.backoff_most_s, self.policy.backoff_s * 2**attempt) * (0.5 + self.jitter() / 2)

    async def _attempt(
        self, advisor: Advisor, request: Request, question: _Question, state: _RequestProgress
    ) -> AttemptResult | None:
        """Make one try with its audit pair; `None` when the budget has no room for it."""
        state.made += 1
        ask = f"{request.request_id}#{state.made}"
        prompt = "\0".join(f"{message.role}:{message.text}" for message in request.messages).encode(errors="replace")
        rows = AuditRows(key=self.key, price=self.price, assumed_usd_per_token=self.policy.assumed_usd_per_token)
        row = rows.asked(advisor, request, ask, prompt)
        if isinstance(advisor, Openable):
            await advisor.open()  # before the audit row and the try's clock: no prompt leaves while an SDK loads
        # A shared call holds the limits itself, once for all its questions.
        async with nullcontext() if isinstance(advisor, CoalescingAdvisor) else self._concurrency_slot(advisor.name):
            try:
                await question.ledger.asked(row)
            except BudgetRefused:
                state.failure, state.reason = FailureClass.OVER_BUDGET, FailureClass.OVER_BUDGET.value
                return None
            began = self.now()
            tried, took_s = AttemptResult(_CANCELLED), 0.0
            try:
                answer = await self._timed(advisor, request)
                tried, took_s = AttemptResult(replace(answer, usage=clamp_usage(request, answer))), self.now() - began
                if answer.failure is None:
                    tried = replace(tried, rejection=await question.check(answer.value))
            finally:
                if tried.answer is _CANCELLED:
                    tried, took_s = self._cut_off(state), self.now() - began
                with anyio.CancelScope(shield=True):
                    await question.ledger.settled(rows.settled(advisor, ask, tried, row, took_s))
        self._breaker(advisor.name).record(failed=tried.answer.failure in RETRIED, at=self.now())
        return tried

    def _cut_off(self, state: _RequestProgress) -> AttemptResult:
        if self.now() >= state.deadline:
            return AttemptResult(Answer(failure=FailureClass.TIMEOUT, reason=_DEADLINE))
        return AttemptResult(_CANCELLED)

    async def _timed(self, advisor: Advisor, request: Request) -> Answer:
        with anyio.move_on_after(request.timeout_s):
            try:
                return await run_abandonable(advisor.ask(request))  # its goodbyes are not waited for
            except SelfCancelled:
                return Answer(failure=FailureClass.CANCELLED, reason="cancelled_itself")
        return Answer(failure=FailureClass.TIMEOUT, reason=FailureClass.TIMEOUT.value)

    def _advisor(self, name: str) -> Advisor:
        if settings_name(name) not in self.policy.coalesce:
            return self.advisors[name]
        if name not in self._shared:
            self._shared[name] = CoalescingAdvisor(self.advisors[name], gate=lambda: self._concurrency_slot(name))
        return self._shared[name]

    @asynccontextmanager
    async def _concurrency_slot(self, name: str) -> AsyncGenerator[None]:
        async with self._limiter():
            await self._wait_for_rate(name)
            yield

    def _limiter(self) -> anyio.CapacityLimiter:
        if self._slots is None:
            self._slots = anyio.CapacityLimiter(self.policy.concurrency)
        return self._slots

    async def _wait_for_rate(self, name: str) -> None:
        own = settings_name(name)
        for whose, rate in (("", self.policy.per_minute), (own, self.policy.rates.get(own))):
            if rate is not None:
                limiter = self._rate_limiters.setdefault(whose, RateLimiter(60.0 / rate))
                await self.sleep(limiter.reserve_wait_s(self.now()))


def _apply_limits(request: Request, advisor: Advisor) -> Request:
    """The request of one try: the advisor's limits, and the caller's where they are lower."""
    limits = advisor.limits
    most = limits.max_output_tokens
    wanted = most if request.max_output_tokens is None else min(most, request.max_output_tokens)
    timeout_s = limits.timeout_s if request.timeout_s is None else min(limits.timeout_s, request.timeout_s)
    return replace(request, max_output_tokens=wanted, timeout_s=timeout_s)
