"""Runs effects whose intents are durable, and turns what comes back into events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import anyio

from journeyman.engine.journal import Journal
from journeyman.engine.world import World
from journeyman.mission.criteria import Probe
from journeyman.mission.fold.seen import gather
from journeyman.mission.model import events as e
from journeyman.mission.model.mission import effect_spec, filled
from journeyman.mission.model.state import Effect
from journeyman.mission.rules.steps import effect_key
from journeyman.mission.values.canonical import INLINE_BYTES, Json, JsonObject, canonical
from journeyman.stores.base import Settle
from journeyman.tools.base import Catalog, Result, Status

SLOW_S = 0.05
"""A call that took longer is committed by itself when others still run: its result is worth a commit."""


class Calls:
    """Runs effects of one session.

    `changed` names tools that are no longer as they were pinned; `probes` the tools that come with a probe of their
    own, and its name.
    """

    def __init__(
        self,
        world: World,
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

    async def run(self, effects: Sequence[Effect], *, at_once: bool) -> None:
        """Run the effects and note how they ended; cancelled ones are noted too."""
        main = [effect for effect in effects if not effect.intended.probe]
        probes = [effect for effect in effects if effect.intended.probe]
        if at_once:
            await self._together(main)
        else:
            await self._in_turn(main)
        await self._together(probes)

    async def _in_turn(self, effects: list[Effect]) -> None:
        for index, effect in enumerate(effects):
            result = await self._call(effect)
            if not await self._settle_or_ask(effect, result):
                for skipped in effects[index + 1 :]:
                    self._settle(skipped, _skipped("a call before it failed"))
                return
            if index + 1 < len(effects) and result.duration_s > SLOW_S and not await self._journal.commit():
                return

    async def _together(self, effects: list[Effect]) -> None:
        if len(effects) == 1:
            await self._settle_or_ask(effects[0], await self._call(effects[0]))
            return
        left = len(effects)
        limit = anyio.CapacityLimiter(self._journal.state.mission.limits.concurrency)

        async def one(effect: Effect) -> None:
            nonlocal left
            async with limit:
                result = await self._call(effect)
                await self._settle_or_ask(effect, result)
            left -= 1
            if left and (result.duration_s > SLOW_S or effect.intended.effect_class not in ("pure", "keyed")):
                await self._journal.commit()

        async with anyio.create_task_group() as group:
            for effect in effects:
                group.start_soon(one, effect)

    async def _call(self, effect: Effect) -> Result:
        intended = effect.intended
        self._begun.add(intended.effect)
        if intended.tool in self._changed:
            return Result(
                status=Status.FAILED,
                error_class="tool_changed",
                error=f"{intended.tool} is no longer as it was pinned at the start: start a new session to accept the change",
            )
        args = await self._journal.resolve(intended.args)
        state = self._journal.state
        key = effect_key(state, intended.effect)
        given: JsonObject = dict(args) if isinstance(args, dict) else {}
        spec = effect_spec(state.mission, intended.tool)
        if intended.effect_class == "keyed" and spec is not None and spec.key_arg is not None:
            given[spec.key_arg] = key
        # Whether it may be sent again is read from the pinned class, here and nowhere below.
        repeatable = intended.effect_class in ("pure", "keyed")
        return await self._catalog.call(
            intended.tool, given, key=key, timeout_s=self._timeout_s(), repeatable=repeatable
        )

    def _timeout_s(self) -> float:
        """Give the limit of one call, never more than the mission has left."""
        state = self._journal.state
        limit = float(state.mission.limits.call_timeout_s)
        wall = state.mission.budget.wall_clock_s
        return limit if wall is None else max(0.001, min(limit, wall - state.usage.wall_clock_s))

    async def _settle_or_ask(self, effect: Effect, result: Result) -> bool:
        """Note how a call ended, its probe asked where no answer came. Tell whether it was done."""
        told = None
        if result.status is Status.UNKNOWN and effect.intended.effect_class == "probed":
            told = await self._happened(effect)
        if told is None:
            self._settle(effect, result)
            return result.status is Status.DONE
        self._note_told(effect, told)
        return told.done

    def _settle(self, effect: Effect, result: Result) -> None:
        harmless = result.status is Status.UNKNOWN and effect.intended.effect_class == "pure"
        state = Status.FAILED if harmless else result.status
        self._note(effect, state.value, result)

    def _note(self, effect: Effect, state: str, result: Result) -> None:
        size = len(canonical(result.value)) if result.value is not None else 0
        value = self._journal.keep(result.value) if size > INLINE_BYTES else result.value
        self._journal.note(
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
                result_bytes=result.original_bytes or size,
                seen=_few(gather(result.value)) if size > INLINE_BYTES else {},
            ),
            budget=(self.settlement(effect),),
        )

    def settlement(self, effect: Effect) -> Settle:
        """Give what an effect uses of the tenant's budget."""
        return Settle(
            reservation_id=reservation_id(self._journal.session_id, effect.intended.effect), amounts={"tool_calls": 1}
        )

    def give_up(self, effects: Sequence[Effect]) -> None:
        """Note effects as unknown that were under way when the process ended."""
        for effect in effects:
            result = Result(
                status=Status.UNKNOWN, error_class="crash", error="the process ended while this call was under way"
            )
            self._note(effect, "unknown", result)

    def cut_off(self, effects: Sequence[Effect]) -> None:
        """Note effects that a person's abort cancelled: of those that had begun nobody knows, unless they are pure."""
        for effect in effects:
            begun = effect.suspect or effect.intended.effect in self._begun
            self._settle(effect, _cancelled() if begun else _skipped("cancelled by a person's abort before it began"))

    async def ask_world(self, effects: Sequence[Effect]) -> None:
        """Ask by probe whether effects happened; what the probe cannot tell becomes unknown."""
        for effect in effects:
            told = await self._happened(effect)
            if told is None:
                self.give_up((effect,))
            else:
                self._note_told(effect, told)

    def _note_told(self, effect: Effect, told: Told) -> None:
        self._journal.note(
            e.Reconciled(
                effect=effect.intended.effect,
                state="done" if told.done else "failed",
                value=self._journal.keep(told.value),
                note="told by its probe",
            ),
            budget=(self.settlement(effect),),
        )

    async def _happened(self, effect: Effect) -> Told | None:
        """Give what the probe tells: the mission's, else the one that the tool brings along."""
        tool = effect.intended.tool
        args = await self._journal.resolve(effect.intended.args)
        known: JsonObject = args if isinstance(args, dict) else {}
        spec = effect_spec(self._journal.state.mission, tool)
        if spec is not None and spec.probe is not None and spec.done_when is not None:
            return await self._told_by_mission(effect, known, spec.probe, spec.done_when)
        probe = self._probes.get(tool)
        if probe is None:
            return None
        key = effect_key(self._journal.state, effect.intended.effect)
        result = await self._catalog.call(probe, known, key=key, timeout_s=self._timeout_s(), repeatable=True)
        return told_by(result.value) if result.status is Status.DONE else None

    async def _told_by_mission(self, effect: Effect, known: JsonObject, probe: Probe, done_when: str) -> Told | None:
        asked = filled(dict(probe.args), known)
        if not isinstance(asked, dict):
            return None
        key = effect_key(self._journal.state, f"{effect.intended.effect}.probe")
        result = await self._catalog.call(probe.tool, asked, key=key, timeout_s=self._timeout_s(), repeatable=True)
        if result.status is not Status.DONE:
            return None
        view: Json = {"args": known, "metrics": result.metrics, "result": result.value}
        answer = await self._world.predicates.evaluate(
            f"(lambda result, args, metrics: ({done_when}))(obs['result'], obs['args'], obs['metrics'])", view
        )
        return None if answer.error_class is not None else Told(done=bool(answer.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a probe says of a call."""

    done: bool
    value: Json = None
    """What the call gave, where the probe knows it."""


def told_by(value: Json) -> Told | None:
    """Give what a tool's own probe says: a boolean, or `{"done": boolean, "value": …}`; `None` for anything else."""
    if isinstance(value, bool):
        return Told(done=value)
    done = value.get("done") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(done, bool):
        return None
    return Told(done=done, value=value.get("value") if done else None)


def reservation_id(session_id: str, effect: str) -> str:
    """Give the id under which the tenant's budget knows an effect."""
    return f"{session_id}/{effect}"


def _skipped(why: str) -> Result:
    return Result(status=Status.FAILED, error_class="skipped", error=why, tries=0)


def _cancelled() -> Result:
    return Result(status=Status.UNKNOWN, error_class="cancelled", error="cancelled by a person's abort")


def _few(seen: JsonObject) -> JsonObject:
    """Give at most 1 KiB of what a large result showed: words, which arguments may be made of, before numbers."""
    kept: JsonObject = {}
    room = 1024
    rows = {name: row[:8] for name, row in seen.items() if isinstance(row, list)}
    for name in sorted(rows, key=lambda name: not any(isinstance(value, str) for value in rows[name])):
        size = len(canonical(rows[name])) + len(name)
        if size <= room:
            kept[name] = rows[name]
            room -= size
    return kept
