"""Runs effects whose intents are durable, and turns what comes back into events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio

from journeyman.engine.journal import Journal
from journeyman.engine.runtime import Runtime
from journeyman.engine.timeout import run_with_timeout
from journeyman.mission.criteria import Probe
from journeyman.mission.criteria.metric import shortened
from journeyman.mission.fold.observed_values import gather
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EFFECT_RULES, AfterCrash, EffectState
from journeyman.mission.model.mission import effect_spec, filled
from journeyman.mission.model.state import Effect
from journeyman.mission.rules.calls import calls_left, effect_key
from journeyman.mission.values.canonical import INLINE_BYTES, Json, JsonObject, canonical
from journeyman.mission.values.errors import BudgetRefused
from journeyman.stores.base import Reserve, Settle
from journeyman.tools.base import CallStatus, Catalog, Result

SLOW_S = 0.05
"""A call that took longer is committed by itself when others still run: its result is worth a commit."""


class CallRunner:
    """Runs effects of one session.

    `changed` names tools that are no longer as they were pinned; `probes` the tools that come with a probe of their
    own, and its name.
    """

    def __init__(
        self,
        world: Runtime,
        journal: Journal,
        catalog: Catalog,
        *,
        changed: frozenset[str] = frozenset(),
        probes: Mapping[str, str] | None = None,
    ) -> None:
        self._world = world
        self._journal = journal
        self._catalog = catalog
        self._changed = changed
        self._probes = probes or {}
        self._begun: set[str] = set()

    async def run(self, effects: Sequence[Effect]) -> None:
        """Run the effects of one turn at once and note how they ended."""
        if len(effects) == 1:
            result = await self._call(effects[0])
            await self._settle_or_ask(effects[0], result)
            if result.duration_s > SLOW_S and self._journal.state.in_flight:
                await self._journal.commit_facts()
            return
        left = len(effects)
        limit = anyio.CapacityLimiter(self._journal.state.mission.limits.concurrency)

        async def one(effect: Effect) -> None:
            nonlocal left
            async with limit:
                result = await self._call(effect)
                await self._settle_or_ask(effect, result)
            left -= 1
            if left and (result.duration_s > SLOW_S or not EFFECT_RULES[effect.effect_class].repeatable):
                await self._journal.commit_facts()

        async with anyio.create_task_group() as group:
            for effect in effects:
                group.start_soon(one, effect)

    async def _call(self, effect: Effect) -> Result:
        intended = effect.intended
        self._begun.add(intended.effect)
        if intended.tool in self._changed:
            return Result(
                status=CallStatus.FAILED,
                error_class="tool_changed",
                error=f"{intended.tool} is no longer as it was pinned at the start: start a new session to accept the change",
            )
        if effect.suspect and not await self._extra_call(effect, intended.tool):
            text = "it was under way when the process ended, and no tool call is left to make it again"
            return Result(status=CallStatus.UNKNOWN, error_class="crash", error=text, tries=0)
        args = await self._journal.resolve(intended.args)
        state = self._journal.state
        key = effect_key(state, intended)
        given: JsonObject = dict(args) if isinstance(args, dict) else {}
        spec = effect_spec(state.mission, intended.tool)
        if EFFECT_RULES[effect.effect_class].carries_key and spec is not None and spec.key_arg is not None:
            given[spec.key_arg] = key
        return await self._catalog.call(
            intended.tool,
            given,
            key=key,
            timeout_s=self._timeout_s(),
            repeatable=EFFECT_RULES[effect.effect_class].repeatable,
            again=lambda: self._extra_call(effect, intended.tool),
        )

    async def _extra_call(self, effect: Effect, tool: str) -> bool:
        """Make it durable that an effect costs one more call; False, and no call may be made, where none is left."""
        journal = self._journal
        name = effect.intended.effect
        while True:
            known = journal.state.effects.get(name)
            if known is None or calls_left(journal.state) == 0 or self._is_over():
                return False
            paid = f"{reservation_id(journal.session_id, name)}/{known.extra_calls + 1}"
            budget = (
                Reserve(reservation_id=paid, amounts={"tool_calls": 1}),
                Settle(reservation_id=paid, amounts={"tool_calls": 1}),
            )
            journal.record(e.ExtraCall(effect=name, tool=tool), budget=budget)
            try:
                if await journal.commit():
                    return True
            except BudgetRefused:
                journal.discard_derived()
                return False

    def _is_over(self) -> bool:
        left = self._journal.left_s()
        return left is not None and left <= 0

    def _timeout_s(self) -> float:
        """The limit of one call, never more than the mission has left."""
        limit = float(self._journal.state.mission.limits.call_timeout_s)
        left = self._journal.left_s()
        return limit if left is None else max(0.001, min(limit, left))

    async def _settle_or_ask(self, effect: Effect, result: Result) -> None:
        """Note how a call ended, the world asked where no answer came."""
        tells = EFFECT_RULES[effect.effect_class].after_crash is AfterCrash.ASK_WORLD
        if result.status is not CallStatus.UNKNOWN or not tells:
            self._settle(effect, result)
            return
        told = await self._probe_effect(effect)
        if isinstance(told, e.Unanswered):
            self._journal.record(told)
            self._settle(effect, result)
        else:
            self._record_probe_result(effect, told)

    def _settle(self, effect: Effect, result: Result) -> None:
        harmless = result.status is CallStatus.UNKNOWN and not EFFECT_RULES[effect.effect_class].changes_world
        state = EffectState.FAILED if harmless else EffectState(result.status.value)
        self._record_result(effect, state, result)

    def _record_result(self, effect: Effect, state: EffectState, result: Result) -> None:
        data = canonical(result.value) if result.value is not None else b""
        size = len(data)
        value = self._journal.externalize_bytes(data) if size > INLINE_BYTES else result.value
        self._journal.record(
            e.Settled(
                effect=effect.intended.effect,
                state=state,
                value=value,
                metrics=result.metrics,
                events=list(result.events),
                error_class=result.error_class or "",
                error=result.error or "",
                tries=result.tries,
                duration_s=round(result.duration_s, 6),
                cut_bytes=result.original_bytes if result.truncated else 0,
                seen=planner_hints(gather(result.value)) if size > INLINE_BYTES else {},
                left_running=result.left_running,
                tokens=result.tokens,
                cost_microusd=round(result.cost_usd * 1_000_000),
            ),
            budget=(self.settlement(effect, result),),
        )

    def settlement(self, effect: Effect, result: Result | None = None) -> Settle:
        """What an effect uses of the tenant's budget."""
        used = {"tokens": result.tokens, "cost_microusd": round(result.cost_usd * 1_000_000)} if result else {}
        return Settle(
            reservation_id=reservation_id(self._journal.session_id, effect.intended.effect),
            amounts={"tool_calls": 1} | {kind: amount for kind, amount in used.items() if amount},
        )

    def give_up(self, effects: Sequence[Effect]) -> None:
        """Note effects as unknown that were under way when the process ended."""
        for effect in effects:
            result = Result(
                status=CallStatus.UNKNOWN, error_class="crash", error="the process ended while this call was under way"
            )
            self._record_result(effect, EffectState.UNKNOWN, result)

    def skip(self, effects: Sequence[Effect], why: str) -> None:
        """Note effects as never sent; of those that had begun nobody knows, unless they change nothing."""
        for effect in effects:
            begun = effect.suspect or effect.intended.effect in self._begun
            self._settle(effect, _cancelled(why) if begun else _skipped(why))

    async def ask_world(self, effects: Sequence[Effect]) -> None:
        """Ask by probe whether effects happened; what the probe cannot tell becomes, or stays, unknown."""
        for effect in effects:
            told = await self._probe_effect(effect)
            if isinstance(told, e.Unanswered):
                self._journal.record(told)
                if effect.state is EffectState.INTENDED:
                    self.give_up((effect,))
            else:
                self._record_probe_result(effect, told)

    def _record_probe_result(self, effect: Effect, told: ProbeResult) -> None:
        self._journal.record(
            e.Reconciled(
                effect=effect.intended.effect,
                state=EffectState.DONE if told.done else EffectState.FAILED,
                value=self._journal.externalize(told.value),
                note="told by its probe",
            ),
            budget=(self.settlement(effect),),
        )

    async def _probe_effect(self, effect: Effect) -> ProbeResult | e.Unanswered:
        """What the probe tells of a call, the mission's or else the tool's own, or why it tells nothing."""
        tool = effect.intended.tool
        args = await self._journal.resolve(effect.intended.args)
        known: JsonObject = args if isinstance(args, dict) else {}
        spec = effect_spec(self._journal.state.mission, tool)
        if spec is not None and spec.probe is not None and spec.done_when is not None:
            return await self._probe_by_mission(effect, known, spec.probe, spec.done_when)
        probe = self._probes.get(tool)
        if probe is None:
            why = f"nobody said which call tells: `effects: {{{tool}: {{class: probed, probe: …, done_when: …}}}}`"
            return _unanswered(effect, "", "no_probe", why)
        result = await self._call_probe(effect, probe, known)
        if result.status is not CallStatus.DONE:
            return _unanswered(effect, probe, result.error_class or "", result.error or "")
        told = parse_probe_result(result.value)
        why = f"it gave {shortened(result.value)!r}, neither a boolean nor {{'done': boolean}}"
        return _unanswered(effect, probe, "unclear", why) if told is None else told

    async def _call_probe(self, effect: Effect, probe: str, args: JsonObject) -> Result:
        """Call a probe about an effect."""
        if not await self._extra_call(effect, probe):
            return Result(
                status=CallStatus.FAILED, error_class="no_call_left", error="the budget leaves no call for it", tries=0
            )
        return await self._catalog.call(
            probe,
            args,
            key=effect_key(self._journal.state, effect.intended),
            timeout_s=self._timeout_s(),
            repeatable=True,
            again=lambda: self._extra_call(effect, probe),
        )

    async def _probe_by_mission(
        self, effect: Effect, known: JsonObject, probe: Probe, done_when: str
    ) -> ProbeResult | e.Unanswered:
        asked = filled(dict(probe.args), known)
        result = await self._call_probe(effect, probe.tool, asked if isinstance(asked, dict) else {})
        if result.status is not CallStatus.DONE:
            return _unanswered(effect, probe.tool, result.error_class or "", result.error or "")
        view: Json = {"args": known, "metrics": result.metrics, "result": result.value}
        expression = f"(lambda result, args, metrics: ({done_when}))(obs['result'], obs['args'], obs['metrics'])"
        answer = await run_with_timeout(
            self._journal.clock, self._journal.left_s(), lambda: self._world.predicates.evaluate(expression, view)
        )
        if answer is None:
            return _unanswered(
                effect, probe.tool, "deadline", "the mission's time was over before `done_when` was judged"
            )
        if answer.error_class is not None:
            return _unanswered(effect, probe.tool, "done_when", f"`{done_when}`: {answer.error}")
        if not isinstance(answer.value, bool):
            why = f"`{done_when}` gave {shortened(answer.value)!r}, not True or False"
            return _unanswered(effect, probe.tool, "done_when", why)
        return ProbeResult(done=answer.value)


def _unanswered(effect: Effect, probe: str, error_class: str, error: str) -> e.Unanswered:
    return e.Unanswered(effect=effect.intended.effect, tool=probe, error_class=error_class, error=error[:500])


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """What a probe says of a call."""

    done: bool
    value: Json = None
    """What the call gave, where the probe knows it."""


def parse_probe_result(value: Json) -> ProbeResult | None:
    """What a tool's own probe says: a boolean, or `{"done": boolean, "value": …}`; `None` for anything else."""
    if isinstance(value, bool):
        return ProbeResult(done=value)
    done = value.get("done") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(done, bool):
        return None
    return ProbeResult(done=done, value=value.get("value") if done else None)


def reservation_id(session_id: str, effect: str) -> str:
    """The id under which the tenant's budget knows an effect."""
    return f"{session_id}/{effect}"


def _skipped(why: str) -> Result:
    return Result(status=CallStatus.FAILED, error_class="skipped", error=why, tries=0)


def _cancelled(why: str) -> Result:
    return Result(status=CallStatus.UNKNOWN, error_class="cancelled", error=why)


def planner_hints(seen: JsonObject) -> JsonObject:
    """At most 1 KiB of what a large result showed: words, which arguments may be made of, before numbers."""
    kept: JsonObject = {}
    room = 1024
    rows = {name: row[:8] for name, row in seen.items() if isinstance(row, list)}
    for name in sorted(rows, key=lambda name: not any(isinstance(value, str) for value in rows[name])):
        size = len(canonical(rows[name])) + len(name)
        if size <= room:
            kept[name] = rows[name]
            room -= size
    return kept
