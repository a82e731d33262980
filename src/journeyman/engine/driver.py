"""Driver: takes a session's lease and does what `next_command` says until nothing is left to do."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, cast

import anyio

from journeyman.apprentices.task_paths import judged_folder
from journeyman.engine.advice_client import AdviceClient
from journeyman.engine.call_runner import CallRunner, reservation_id
from journeyman.engine.cancellation_watcher import LEAST_SLEEP_S, CancellationWatcher
from journeyman.engine.catalog_task import EMPTY_CATALOG, CatalogTask, ToolsNotOpened, open_in_background
from journeyman.engine.checks.criterion_facts import check_facts
from journeyman.engine.checks.requested_check import RequestedCheck
from journeyman.engine.clock import later
from journeyman.engine.completed_calls import CompletedCalls
from journeyman.engine.journal import Journal
from journeyman.engine.process_identity import owner_name
from journeyman.engine.recent_iterations import RecentIterations
from journeyman.engine.record_reading import newest_iterations, read_events
from journeyman.engine.runtime import Runtime, expression_result
from journeyman.engine.script_steps import step_script
from journeyman.engine.timeout import run_with_timeout
from journeyman.engine.tool_policy import alarm_problems, context_problems, missing_tools, pinned_tool
from journeyman.mission.advice import Advised, wants_advice
from journeyman.mission.criteria.evidence import ExpressionResult
from journeyman.mission.fold.timing import seconds_between
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.reasons import Phase, VerdictReason, WaitFor
from journeyman.mission.model.state import State
from journeyman.mission.prompt import RECENT
from journeyman.mission.rules import commands as c
from journeyman.mission.rules import derived_events
from journeyman.mission.rules.calls import intended
from journeyman.mission.rules.decide import out_of_time
from journeyman.mission.rules.evaluate import evaluated, watched
from journeyman.mission.rules.expression_answers import judge_with_answers
from journeyman.mission.rules.next_command import next_command, unasked_by
from journeyman.mission.values.canonical import Json, JsonObject, parsed
from journeyman.mission.values.errors import BudgetRefused, CallerError, CouldNotStart, InvalidInput, WorldError
from journeyman.mission.values.value import replace
from journeyman.stores.base import Reserve
from journeyman.tools.base import Catalog, Replayable, Tool
from journeyman.tools.deadline import AFTER_S, Deadline

LEAST_JUDGEMENT_S: Final = 0.1
"""Time that expressions have after the deadline, however late it is: what was measured in time is judged."""


class Driver:
    """Drives one session in this process."""

    def __init__(
        self,
        world: Runtime,
        journal: Journal,
        requested: RequestedCheck | None = None,
        most_iterations: int | None = None,
    ) -> None:
        self._world = world
        self._most_iterations = most_iterations
        """How many iterations are finished at most before the session is put down; one that is under way counts."""
        self._last_iteration: int | None = None
        """How many iterations the session has had by then."""
        self._requested = requested
        """What is to be checked, where the mission only judges."""
        self._journal = journal
        self._recent = RecentIterations()
        self._past = CompletedCalls()
        self._deadline = Deadline()
        """What tools are held to: the mission's, in the machine's monotonic time."""
        self._watcher = CancellationWatcher(journal, world.clock, world.watch_s, self._move_deadline)
        self._last_judgement: float | None = None
        """Once the deadline is past: when judging ends."""
        broker = world.broker
        self._advising = AdviceClient(broker, journal, self._recent, world.scripts) if broker is not None else None
        self._handlers: dict[type[Any], Callable[[Any], Awaitable[None]]] = {
            c.Propose: self._propose,
            c.Ask: self._ask,
            c.Intend: self._intend,
            c.Run: self._run,
            c.Skip: self._skip,
            c.AskWorld: self._ask_world,
            c.GiveUp: self._give_up,
            c.StepScript: self._step_script,
            c.Check: self._check,
            c.Watch: self._watch_arrivals,
            c.Evaluate: self._evaluate,
            c.Decide: self._decide,
            c.Assume: self._assume,
            c.Wait: self._wait,
            c.Wake: self._wake,
            c.End: self._end,
        }

    async def drive(self) -> State:
        """The state in which the session stops: ended, paused, or waiting for a person.

        Raises `LeaseHeld` when another process drives it and `LeaseLost` when one took over meanwhile.
        """
        journal, world = self._journal, self._world
        async with self._leased() as owner:
            state = await journal.load()
            if not self._goes_on(state, owner):
                return state
            if self._most_iterations is not None:
                under_way = state.phase not in (Phase.PROPOSE, Phase.NEXT)
                self._last_iteration = state.usage.iterations + self._most_iterations - under_way
            await self._gather_history(state)
            self._claim(owner)
            if self._requested is not None:
                journal.record(self._requested.event)
            self._move_deadline()
            origin = self._folder(state)
            try:
                opening = open_in_background(
                    world.open_catalog, state.mission, origin, self._deadline, state.session_id
                )
                async with opening as tools:
                    await self._with_tools(tools)
            except CallerError as error:
                await self._end_unless_started(error)
                raise
        return journal.state

    def _goes_on(self, state: State, owner: str) -> bool:
        """Tell whether there is something to do. A mission that only judges waits for somebody who asks it to."""
        command = next_command(state)
        if state.mission.checks_only and not isinstance(command, c.End):
            asked_for = not isinstance(command, c.Nothing) or command.why in ("check", "approval")
            return self._requested is not None and asked_for
        return not isinstance(command, c.Nothing) or (command.why == "effect" and bool(unasked_by(state, owner)))

    def _checked(self, state: State) -> Path:
        """Where checks look: what the last attempt left where the mission is a task, else where the tools work."""
        if state.mission.task is None or self._world.tasks is None:
            return self._folder(state)
        return judged_folder(self._world.tasks / state.session_id, state.task.last)

    def _folder(self, state: State) -> Path:
        """Where tools work."""
        return self._requested.folder if self._requested is not None else Path(state.identity.origin)

    @contextlib.asynccontextmanager
    async def _leased(self) -> AsyncGenerator[str]:
        """Hold the session's lease; gives the owner's name."""
        journal, world = self._journal, self._world
        owner = world.owner or f"{world.driver_mark}{owner_name(world.clock.new_id())}"
        journal.lease = await world.store.claim(journal.session_id, owner, world.lease_ttl_s)
        try:
            yield owner
        finally:
            with anyio.CancelScope(shield=True):
                await world.store.release(journal.lease)

    def _claim(self, owner: str) -> None:
        lease = self._journal.lease
        self._journal.record(e.Claimed(owner=owner, token=lease.token if lease is not None else 0))

    async def conclude(self, reason: VerdictReason, why: str) -> State:
        """Write the ending of a session without its tools.

        What was under way when its process was killed is not made again; whether it changed the world nobody knows.
        """
        async with self._leased() as owner:
            if (await self._journal.load()).phase is not Phase.ENDED:
                self._claim(owner)
                await self._end_late(why, reason)
        return self._journal.state

    async def _end_late(self, why: str, reason: VerdictReason = VerdictReason.MAX_WALL_CLOCK) -> None:
        """Write the ending of a session, or that it waits for more time; no tool is there any more."""
        journal = self._journal
        self._calls = CallRunner(self._world, journal, EMPTY_CATALOG)
        self._calls.skip(journal.state.in_flight, why)
        if reason is VerdictReason.MAX_WALL_CLOCK and journal.state.mission.on_exhausted == "ask":
            journal.record(e.WaitStarted(reason=WaitFor.BUDGET))
        else:
            journal.record(e.EndAsked(reason=reason, note=why))
            await self._loop()
        await journal.commit()

    async def _gather_history(self, state: State) -> None:
        """Gather what models must be told of the record; the state holds what deciding needs."""
        journal, store = self._journal, self._world.store
        if self._advising is not None and state.mission.advisors:
            for happened in await newest_iterations(store, journal.session_id, RECENT, journal.head):
                self._recent.take(happened)
            journal.listeners.append(lambda happened, _: self._recent.take(happened))

    async def _with_tools(self, tools: CatalogTask) -> None:
        """Drive once the tools are there; at the deadline the ending is written first, and then what hangs is closed."""
        try:
            self._catalog = await tools.catalog(self._world.clock, self._journal.left_s)
        except ToolsNotOpened:
            await self._end_late("the tools were not there in time")
            return
        except WorldError as error:
            await self._end_unless_started(error)
            raise CouldNotStart(str(error), code=error.code, retry_after_s=error.retry_after_s) from error
        if isinstance(self._catalog, Replayable):
            journal = self._journal
            async for happened in read_events(self._world.store, journal.session_id, journal.head):
                self._past.take(happened, journal.state)
            journal.listeners.append(self._past.take)
        await self._replay_into_catalog()
        await self._with_catalog(self._catalog)

    async def _end_unless_started(self, error: CallerError | WorldError) -> None:
        """End a session that never had the tools that its mission says: nothing of it was done that could go on."""
        journal = self._journal
        if journal.lease is None or journal.state.tools or journal.state.tools_ref:
            return
        while not isinstance(next_command(journal.state), c.Nothing):  # again where somebody appended first
            journal.record(e.EndAsked(reason=VerdictReason.COULD_NOT_START, note=str(error)[:2000]))
            command = next_command(journal.state)
            if not isinstance(command, c.End):
                return
            await self._end(command)
            error.ended_session = True

    async def _with_catalog(self, catalog: Catalog) -> None:
        journal = self._journal
        tools = await catalog.tools()
        changed = self._pin(tools)
        probes = {tool.name: tool.probe for tool in tools if tool.probe is not None}
        self._calls = CallRunner(self._world, journal, catalog, changed=changed, probes=probes)
        async with anyio.create_task_group() as group:
            group.start_soon(self._heartbeat)
            group.start_soon(self._watcher.run)
            try:
                await self._loop()
            except anyio.get_cancelled_exc_class():
                await self._commit_on_cancel()
                raise
            group.cancel_scope.cancel()

    async def _replay_into_catalog(self) -> None:
        """Bring a world that lives in this process alone to where the record is."""
        due = self._past.not_replayed()
        if due and isinstance(self._catalog, Replayable):
            await self._catalog.replay(due)

    async def _commit_on_cancel(self) -> None:
        """Keep what has happened when the driver is told to stop: Ctrl-C loses nothing."""
        with anyio.move_on_after(5, shield=True), contextlib.suppress(WorldError):
            await self._journal.commit()

    def _pin(self, tools: Sequence[Tool]) -> frozenset[str]:
        """Pin the tools of a new session; give the names that changed since an old one pinned them."""
        journal = self._journal
        state = journal.state
        rows = {tool.name: pinned_tool(state.mission, tool) for tool in tools}
        if not state.tools and not state.tools_ref:
            problems = (*missing_tools(state.mission, rows), *context_problems(state.mission, rows))
            if problems := problems or alarm_problems(state.mission, rows):
                raise InvalidInput("mission", problems)
            kept = journal.externalize(cast("Json", list(rows.values())))
            journal.record(e.CatalogPinned(tools=cast("list[JsonObject] | JsonObject", kept)))
            return frozenset()
        return frozenset(
            name for name, spec in state.tools.items() if name not in rows or rows[name]["pin"] != spec.pin
        )

    async def _heartbeat(self) -> None:
        world = self._world
        while True:
            await world.clock.sleep(world.lease_ttl_s / 3)
            lease = self._journal.lease
            if lease is not None:
                self._journal.lease = await world.store.renew(lease, world.lease_ttl_s)

    async def _loop(self) -> None:
        journal = self._journal
        while True:
            self._move_deadline()
            command = next_command(journal.state)
            if isinstance(command, c.Nothing) or self._had_enough(command):
                if await self._commit():
                    return
                continue
            await self._handlers[type(command)](command)
            if journal.pending_count > 200:
                await self._commit()

    def _had_enough(self, command: c.Command) -> bool:
        """Tell whether the next iteration would be one more than this process was asked for."""
        last = self._last_iteration
        return last is not None and isinstance(command, c.Propose) and self._journal.state.usage.iterations >= last

    def _move_deadline(self) -> None:
        """Hold the tools to what the mission has left: a person may have given it more, and waiting for one costs none."""
        self._deadline.move(self._journal.left_s())

    async def _commit(self) -> bool:
        """Commit; give False when the state moved, so that the command must be derived anew."""
        try:
            return await self._journal.commit()
        except BudgetRefused as refused:
            self._journal.discard_derived()
            if self._journal.state.mission.on_exhausted == "ask":
                self._journal.record(e.WaitStarted(reason=WaitFor.BUDGET))
            else:
                self._journal.record(e.EndAsked(reason=VerdictReason.TENANT_BUDGET, note=str(refused)))
            await self._journal.commit()
            return False

    async def _propose(self, command: c.Propose) -> None:
        del command
        if self._advising is not None and wants_advice(self._journal.state):
            if not await self._commit():
                return
            if await self._advised(self._advising):
                return
        who = "engine" if self._journal.state.mission.checks_only else "planner"
        self._journal.record(derived_events.proposed(self._journal.state), actor=who)

    async def _advised(self, advising: AdviceClient) -> bool:
        """Ask for a strategy; give False when the planner must go on. A person's abort cuts the question off."""
        found: list[Advised | str] = []

        async def ask() -> None:
            found.append(await advising.next_strategy())

        await self._watcher.run_cancellable(ask)
        journal = self._journal
        if not found:  # cut off: the state says what comes next, once it knows of it
            return out_of_time(journal.state) or not self._is_over()
        advice = found[0]
        if isinstance(advice, str):
            if advice != journal.state.advice.rejected:
                journal.record(e.AdviceRejected(request="strategy", purpose="strategy", reason=advice))
            return False
        while journal.state.people.end_asked is None and not journal.state.people.paused:
            journal.record(derived_events.advised(journal.state, advice), actor=f"advisor:{advice.advisor}")
            if await self._commit():  # the answer's cost and what it led to are one commit: it is never asked twice
                break
        return True

    async def _ask(self, command: c.Ask) -> None:
        self._journal.record(e.ApprovalAsked(approval=command.approval, question=command.question, by=command.by))
        await self._commit()

    async def _intend(self, command: c.Intend) -> None:
        for event in intended(self._journal.state, command):
            kept = self._journal.externalize(event.args)
            intent = event if kept is event.args else replace(event, args=kept)
            reserve = Reserve(
                reservation_id=reservation_id(self._journal.session_id, event.effect), amounts={"tool_calls": 1}
            )
            self._journal.record(intent, budget=(reserve,))

    async def _run(self, command: c.Run) -> None:
        if self._journal.intents_waiting and not await self._commit():
            return
        await self._replay_into_catalog()
        if await self._watcher.run_cancellable(lambda: self._calls.run(command.effects), AFTER_S):
            why = "the mission's time was over" if self._is_over() else "cancelled by a person's abort"
            self._calls.skip(self._journal.state.in_flight, why)

    def _is_over(self) -> bool:
        left = self._journal.left_s()
        return left is not None and left <= 0

    async def _skip(self, command: c.Skip) -> None:
        self._calls.skip(command.effects, command.why)

    async def _ask_world(self, command: c.AskWorld) -> None:
        if await self._commit() and await self._watcher.run_cancellable(
            lambda: self._calls.ask_world(command.effects), AFTER_S
        ):
            self._calls.give_up([effect for effect in self._journal.state.in_flight if effect in command.effects])

    async def _give_up(self, command: c.GiveUp) -> None:
        self._calls.give_up(command.effects)

    async def _step_script(self, command: c.StepScript) -> None:
        await step_script(self._world.scripts, self._journal, command.snapshot, command.effects)

    async def _check(self, command: c.Check) -> None:
        del command
        state = self._journal.state
        asked, left_s = self._requested, self._journal.left_s()
        if asked is None:
            facts = await check_facts(state.mission, self._checked(state), left_s, apart=self._world.records)
        else:
            left_s = min((limit for limit in (left_s, asked.limit_s) if limit is not None), default=None)
            facts = await check_facts(
                state.mission, asked.folder, left_s, known=asked.known, inputs=asked.inputs, on_found=asked.on_found
            )
        self._journal.record(e.Checked(iteration=state.iteration.index, facts=facts))

    async def _evaluate(self, command: c.Evaluate) -> None:
        del command
        state = self._journal.state
        values = await self._values(state)
        at = self._journal.at()
        event = await judge_with_answers(lambda run: evaluated(state, at, run, values), self._answering())
        self._journal.record(event, at=at)

    async def _watch_arrivals(self, command: c.Watch) -> None:
        del command
        state = self._journal.state
        values = await self._values(state)
        self._journal.record(await judge_with_answers(lambda run: watched(state, run, values), self._answering()))

    def _answering(self) -> Callable[[str, JsonObject], Awaitable[ExpressionResult]]:
        """What asks the sandbox, within what the mission's time leaves, or a moment for the last judgements."""
        clock, predicates = self._world.clock, self._world.predicates
        until = self._judged_until()

        async def answer(expression: str, obs: JsonObject) -> ExpressionResult:
            seconds = None if until is None else until - clock.monotonic()
            result = await run_with_timeout(clock, seconds, lambda: predicates.evaluate(expression, obs))
            if result is None:
                return ExpressionResult(error="deadline: the mission's time was over")
            return expression_result(result)

        return answer

    def _judged_until(self) -> float | None:
        """The moment by which all is judged; past the deadline it is the same for all that is left to judge."""
        left, now = self._journal.left_s(), self._world.clock.monotonic()
        if left is None:
            return None
        if left > 0:
            self._last_judgement = None
        elif self._last_judgement is None:
            self._last_judgement = now + LEAST_JUDGEMENT_S
        return max(now + left + AFTER_S, self._last_judgement or now + LEAST_JUDGEMENT_S)

    async def _values(self, state: State) -> dict[str, Json]:
        """The blobs that this iteration's results refer to, where anything looks at them."""
        if not derived_events.wants_values(state):
            return {}
        return {name: parsed(await self._journal.blob(name)) for name in derived_events.blobs_of(state)}

    async def _decide(self, command: c.Decide) -> None:
        self._journal.record(derived_events.decided(self._journal.state, command.verdict))

    async def _assume(self, command: c.Assume) -> None:
        how = EffectState.DONE if command.done else EffectState.FAILED
        for effect in command.effects:
            name = effect.intended.effect
            self._journal.record(e.Reconciled(effect=name, state=how, note="the mission's policy", assumed=True))

    async def _wait(self, command: c.Wait) -> None:
        at = self._journal.at()
        left = self._journal.left_s()
        seconds = command.seconds if left is None else max(0.0, min(command.seconds, left))
        until = later(at, seconds) if command.reason is WaitFor.SLEEP else ""
        self._journal.record(e.WaitStarted(reason=command.reason, until_at=until), at=at)
        await self._commit()

    async def _wake(self, command: c.Wake) -> None:
        """Sleep in slices, so that a pause or an abort is noticed; never longer than was asked for, whatever clocks say."""
        journal, clock = self._journal, self._world.clock
        began = clock.monotonic()
        limits = (seconds_between(journal.at(), command.until_at), command.at_most_s, journal.left_s())
        whole = min(limit for limit in limits if limit is not None)
        while (left := whole - (clock.monotonic() - began)) > 0:
            await clock.sleep(max(LEAST_SLEEP_S, min(left, self._world.watch_s)))
            if await journal.refresh() and (journal.state.people.end_asked is not None or journal.state.people.paused):
                return
        journal.record(e.WaitEnded())

    async def _end(self, command: c.End) -> None:
        if (
            self._advising is not None
            and self._journal.state.mission.advisors
            and self._journal.state.people.end_asked is None
            and not self._journal.state.advice.closing
            and not self._is_over()
        ):
            if not await self._commit():
                return
            found = await run_with_timeout(self._world.clock, self._journal.left_s(), self._advising.closing_notes)
            if found is not None:
                notes, advisor = found
                self._journal.record(notes, actor=advisor)
        self._journal.record(e.Ended(verdict=command.verdict, reason=command.reason, outcome=command.outcome))
        await self._commit()
