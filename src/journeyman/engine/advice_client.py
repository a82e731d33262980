"""Asks a model on behalf of a session: the prompt out of the state, the audit into the record, the answer checked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any, Protocol, cast

from journeyman.advisors.base import (
    AskOutcome,
    AskPurpose,
    AuditAsked,
    AuditSettled,
    FailureClass,
    Message,
    Rejection,
    Request,
    UsageLedger,
)
from journeyman.engine.journal import Journal
from journeyman.engine.recent_iterations import RecentIterations
from journeyman.engine.script_steps import script_limits
from journeyman.mission.advice import Advised, ClosingAdvice, StrategyAdvice, ranked
from journeyman.mission.chain import is_of_kind
from journeyman.mission.model import events as e
from journeyman.mission.model.events import read
from journeyman.mission.model.state import Phase, State
from journeyman.mission.model.strategy import Strategy, problems
from journeyman.mission.prompt import Prompt, VerdictHistory, closing_prompt, references, strategy_prompt
from journeyman.mission.rules.calls import calls_left
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import BudgetRefused
from journeyman.stores.base import Reserve
from journeyman.stores.base import Settle as SettleBudget
from journeyman.tools.arguments import ArgumentSchema, compile_schema
from journeyman.tools.script import ScriptRun

MakeRequest = Callable[[str], Request]
"""Gives the request of a try; the text says why the try before was rejected, and is empty at first."""
Check = Callable[[Any], Awaitable[Rejection | None]]


class AdviceBroker(Protocol):
    """What the engine needs of the broker."""

    async def ask(
        self, make: MakeRequest, *, wanted: tuple[str, ...], check: Check, ledger: UsageLedger, session: str = ""
    ) -> AskOutcome:
        """A checked answer, or why there is none; never raises for what a model or provider does."""
        ...


class SessionUsageLedger:
    """Writes the audit pairs and reservations of one session's questions into its record."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def asked(self, row: AuditAsked) -> None:
        """Make the first half durable, with its reservation, before the prompt leaves."""
        event = e.AdviceAsked(
            ask=row.ask,
            request=row.request,
            purpose=row.purpose.value,
            advisor=row.advisor,
            iteration=self._journal.state.usage.iterations,
            prompt_bytes=row.prompt_bytes,
            prompt_key=row.prompt_key,
            reserved_tokens=row.reserved_tokens,
            reserved_microusd=row.reserved_microusd,
        )
        reserve = Reserve(
            reservation_id=self._id(row.ask),
            amounts={"tokens": row.reserved_tokens, "cost_microusd": row.reserved_microusd},
        )
        while True:
            self._refuse_over_budget(row)
            self._journal.record(event, budget=(reserve,))
            try:
                if await self._journal.commit():
                    return
            except BudgetRefused:
                self._journal.discard_derived()
                raise

    def _refuse_over_budget(self, row: AuditAsked) -> None:
        state = self._journal.state
        budget, usage = state.mission.budget, state.usage
        if state.people.end_asked is not None or state.phase is Phase.ENDED:
            raise BudgetRefused("the session is ending")
        if budget.tokens is not None and usage.tokens + row.reserved_tokens > budget.tokens:
            raise BudgetRefused(
                f"{budget.tokens - usage.tokens} tokens are left, the question needs {row.reserved_tokens}"
            )
        if budget.cost_usd is not None and usage.cost_microusd + row.reserved_microusd > budget.cost_usd * 1_000_000:
            raise BudgetRefused("the cost budget has no room for the question")

    async def settled(self, row: AuditSettled) -> None:
        """Note the second half; it becomes durable together with the strategy that the answer leads to."""
        cost = None if row.usage.cost_usd is None else round(row.usage.cost_usd * 1_000_000)
        tokens = row.usage.input_tokens + row.usage.output_tokens
        reserved = self._journal.state.advice.open.get(row.ask, (0, 0))
        amounts = {"tokens": tokens, "cost_microusd": reserved[1] if cost is None else cost}
        self._journal.record(
            e.AdviceSettled(
                ask=row.ask,
                failure=row.failure.value if row.failure is not None else "",
                reason=row.reason,
                model=row.model,
                answer_bytes=row.answer_bytes,
                input_tokens=row.usage.input_tokens,
                output_tokens=row.usage.output_tokens,
                usage_source=row.usage.source,
                cost_microusd=cost,
                price=row.price,
                duration_s=round(row.duration_s, 6),
            ),
            budget=(SettleBudget(reservation_id=self._id(row.ask), amounts=amounts),),
        )

    def _id(self, ask: str) -> str:
        return f"{self._journal.session_id}/ask/{ask}"


class AdviceClient:
    """Strategy advice and closing notes for one session."""

    def __init__(self, broker: AdviceBroker, journal: Journal, recent: RecentIterations, scripts: ScriptRun) -> None:
        self._broker = broker
        self._journal = journal
        self._recent = recent
        self._scripts = scripts
        self._schemas: dict[str, ArgumentSchema | str] = {}

    async def next_strategy(self) -> Advised | str:
        """A checked strategy and whose it is, or the reason why the planner must go on."""
        chosen: list[Strategy] = []

        async def check(value: Any) -> Rejection | None:
            return await self._check(value, chosen)

        rows = await self._rows()
        values = await self._values(references(self._journal.state))

        def make(feedback: str) -> Request:
            schema = _schema(StrategyAdvice)
            prompt = strategy_prompt(self._journal.state, rows, schema, feedback=feedback, values=values)
            return self._request(AskPurpose.STRATEGY, prompt, StrategyAdvice)

        outcome = await self._ask(make, check)
        if outcome.value is None or not chosen:
            return outcome.reason or (
                outcome.failure.value if outcome.failure is not None else FailureClass.NO_ADVISOR.value
            )
        advice = cast("StrategyAdvice", outcome.value)
        strategy = chosen[0]
        if not strategy.rationale:
            strategy = strategy.model_copy(update={"rationale": advice.revision_rationale})
        sure = None if advice.confidence is None else float(advice.confidence)
        return Advised(strategy, outcome.advisor, sure)

    async def closing_notes(self) -> tuple[e.ClosingNotes, str] | None:
        """Validated notes to lay over the report, and who wrote them; `None` keeps the report's own."""
        rows = await self._rows()
        endings = await self._endings()

        def make(feedback: str) -> Request:
            prompt = closing_prompt(self._journal.state, rows, endings, _schema(ClosingAdvice), feedback=feedback)
            return self._request(AskPurpose.LESSONS, prompt, ClosingAdvice)

        async def check(value: Any) -> Rejection | None:
            del value
            return None

        outcome = await self._ask(make, check)
        if not isinstance(outcome.value, ClosingAdvice):
            return None
        found = outcome.value
        notes = e.ClosingNotes(lessons=found.lessons, recommended_followups=found.recommended_followups)
        return notes, f"advisor:{outcome.advisor}"

    async def _ask(self, make: MakeRequest, check: Check) -> AskOutcome:
        return await self._broker.ask(
            make,
            wanted=self._journal.state.mission.advisors,
            check=check,
            ledger=SessionUsageLedger(self._journal),
            session=self._journal.session_id,
        )

    def _request(self, purpose: AskPurpose, prompt: Prompt, answer: Any) -> Request:
        state = self._journal.state
        left_s = self._journal.left_s()
        return Request(
            request_id=f"{state.usage.iterations}.{purpose.value}.{state.advice.asked}",
            purpose=purpose,
            messages=(Message("system", prompt.system), Message("user", prompt.user)),
            answer=answer,
            timeout_s=None if left_s is None else max(0.05, left_s),
        )

    async def _endings(self) -> VerdictHistory:
        """How each iteration was judged, out of the record: the state does not grow with history."""
        found = VerdictHistory()
        async for page in self._journal.committed_pages():
            for entry in page:
                event = read(entry).event if is_of_kind(entry, e.Decided.__name__) else None
                if isinstance(event, e.Decided):
                    found.take(event.iteration, event.verdict.value, event.reason.value)
        return found

    async def _rows(self) -> list[JsonObject]:
        return self._recent.resolved(await self._values(self._recent.references()))

    async def _values(self, names: Sequence[str]) -> dict[str, Json]:
        return {name: await self._journal.resolve({"$blob": name}) for name in names}

    async def _check(self, value: Any, chosen: list[Strategy]) -> Rejection | None:
        """Tell why none of the candidates can be used, or put the best one into `chosen`."""
        chosen.clear()
        advice = cast("StrategyAdvice", value)
        first: Rejection | None = None
        for strategy in ranked(self._journal.state, [advice.next_strategy, *advice.alternatives]):
            rejection = await self._rejection(self._journal.state, strategy)
            if rejection is None:
                chosen.append(strategy)
                return None
            first = first or rejection
        return first

    async def _rejection(self, state: State, strategy: Strategy) -> Rejection | None:
        allowed = state.mission.scripts == "allowed"
        found = problems(strategy, state.tools, scripts_allowed=allowed)
        if found:
            failure = FailureClass.SCRIPT_REJECTED if found[0].where == "script" else FailureClass.TOOL_NOT_ALLOWLISTED
            return Rejection(
                failure=failure,
                where=found[0].where,
                feedback=f"{found[0].where}: not allowed; allowed tools: {', '.join(sorted(state.tools))}",
            )
        left = calls_left(state)
        if left is not None and len(strategy.calls) > left:
            return Rejection(
                failure=FailureClass.OVER_BUDGET,
                where="calls",
                feedback=f"{len(strategy.calls)} calls, but {left} are left",
            )
        for index, call in enumerate(strategy.calls):
            wrong = self._argument_problems(state, call.tool, call.args)
            if wrong:
                return Rejection(
                    failure=FailureClass.TOOL_ARGS_INVALID,
                    where=f"calls.{index}.args",
                    feedback=f"calls.{index}.args of {call.tool}: {wrong}",
                )
        if strategy.script is not None:
            told = await self._scripts.check(strategy.script, sorted(state.tools), script_limits(state.mission))
            if told:
                return Rejection(
                    failure=FailureClass.SCRIPT_REJECTED,
                    where="script",
                    feedback=f"line {told[0].line}: the script cannot run here",
                )
        return None

    def _argument_problems(self, state: State, tool: str, args: dict[str, Json]) -> str:
        """The places that do not fit the pinned schema; no values, since they are answer text."""
        if tool not in self._schemas:
            self._schemas[tool] = compile_schema(state.tools[tool].input_schema)
        schema = self._schemas[tool]
        if isinstance(schema, str):
            return ""
        return "; ".join(f"{problem.where} does not fit its schema" for problem in schema.problems(args))


@cache
def _schema(model: Any) -> JsonObject:
    return cast("JsonObject", model.model_json_schema())
