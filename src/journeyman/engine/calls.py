"""Runs effects whose intents are durable, and turns what comes back into events."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from journeyman.engine.journal import Journal
from journeyman.engine.world import World
from journeyman.mission import events as e
from journeyman.mission.canonical import INLINE_BYTES, Json, JsonObject, canonical
from journeyman.mission.seen import gather
from journeyman.mission.spec import EffectSpec, effect_spec, filled
from journeyman.mission.state import Effect
from journeyman.mission.steps import effect_key
from journeyman.stores.base import Settle
from journeyman.tools.base import Catalog, Result, Status

SLOW_S = 0.05
"""A call that took longer is committed by itself when others still run: its result is worth a commit."""


class Calls:
    """Runs effects of one session."""

    def __init__(self, world: World, journal: Journal, catalog: Catalog, changed: frozenset[str]) -> None:
        self._world = world
        self._journal = journal
        self._catalog = catalog
        self._changed = changed

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
            self._settle(effect, result)
            if result.status is not Status.DONE:
                for skipped in effects[index + 1 :]:
                    self._settle(skipped, _skipped())
                return
            if index + 1 < len(effects) and result.duration_s > SLOW_S and not await self._journal.commit():
                return

    async def _together(self, effects: list[Effect]) -> None:
        if len(effects) == 1:
            self._settle(effects[0], await self._call(effects[0]))
            return
        left = len(effects)
        limit = anyio.CapacityLimiter(self._journal.state.mission.limits.concurrency)

        async def one(effect: Effect) -> None:
            nonlocal left
            async with limit:
                result = await self._call(effect)
            left -= 1
            self._settle(effect, result)
            if left and (result.duration_s > SLOW_S or effect.intended.effect_class not in ("pure", "keyed")):
                await self._journal.commit()

        async with anyio.create_task_group() as group:
            for effect in effects:
                group.start_soon(one, effect)

    async def _call(self, effect: Effect) -> Result:
        intended = effect.intended
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
        return await self._catalog.call(intended.tool, given, key=key, timeout_s=self._timeout_s())

    def _timeout_s(self) -> float:
        """Give the limit of one call, never more than the mission has left."""
        state = self._journal.state
        limit = float(state.mission.limits.call_timeout_s)
        wall = state.mission.budget.wall_clock_s
        return limit if wall is None else max(0.001, min(limit, wall - state.usage.wall_clock_s))

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
        """Note effects that a person's abort cancelled: pure ones failed, of the others nobody knows."""
        for effect in effects:
            self._settle(
                effect, Result(status=Status.UNKNOWN, error_class="cancelled", error="cancelled by a person's abort")
            )

    async def ask_world(self, effects: Sequence[Effect]) -> None:
        """Ask by probe whether effects happened; what the probe cannot tell becomes unknown."""
        for effect in effects:
            spec = effect_spec(self._journal.state.mission, effect.intended.tool)
            told = await self._happened(effect, spec) if spec is not None else None
            if told is None:
                self.give_up((effect,))
            else:
                self._journal.note(
                    e.Reconciled(
                        effect=effect.intended.effect, state="done" if told else "failed", note="told by its probe"
                    ),
                    budget=(self.settlement(effect),),
                )

    async def _happened(self, effect: Effect, spec: EffectSpec) -> bool | None:
        if spec.probe is None or spec.done_when is None:
            return None
        args = await self._journal.resolve(effect.intended.args)
        known: JsonObject = args if isinstance(args, dict) else {}
        asked = filled(dict(spec.probe.args), known)
        if not isinstance(asked, dict):
            return None
        result = await self._catalog.call(
            spec.probe.tool, asked, key=effect_key(self._journal.state, f"{effect.intended.effect}.probe")
        )
        if result.status is not Status.DONE:
            return None
        view: Json = {"args": known, "metrics": result.metrics, "result": result.value}
        answer = await self._world.predicates.evaluate(
            f"(lambda result, args, metrics: ({spec.done_when}))(obs['result'], obs['args'], obs['metrics'])", view
        )
        return None if answer.error_class is not None else bool(answer.value)


def reservation_id(session_id: str, effect: str) -> str:
    """Give the id under which the tenant's budget knows an effect."""
    return f"{session_id}/{effect}"


def _skipped() -> Result:
    return Result(status=Status.FAILED, error_class="skipped", error="a call before it failed", tries=0)


def _few(seen: JsonObject) -> JsonObject:
    """Give at most 1 KiB of what a large result showed."""
    kept: JsonObject = {}
    room = 1024
    for name, row in seen.items():
        cut: list[Json] = row[:8] if isinstance(row, list) else []
        room -= len(canonical(cut)) + len(name)
        if room < 0:
            break
        kept[name] = cut
    return kept
