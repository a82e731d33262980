"""What the planner remembers of a session, folded from its events and bounded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

from journeyman.mission.fold.observed_values import gather, merge
from journeyman.mission.model.effects import EFFECT_RULES, CallPurpose, EffectState
from journeyman.mission.model.events import Intended, Settled
from journeyman.mission.model.state import CallEffect, PlannerMemory, State, ToolMemory, TriedCall
from journeyman.mission.values.canonical import Json, JsonObject, canonical, digest_of
from journeyman.mission.values.value import replace

MAX_TRIED: Final = 400
"""Calls remembered as tried; older ones may be tried again."""
GAIN: Final = 1e-9
_QUOTED = re.compile(r"""['"`]([A-Za-z0-9_.:/-]{1,80})['"`]""")


def call_signature(tool: str, args: Json) -> str:
    """The short name of one call with its arguments."""
    return digest_of([tool, args])[:16]


def before_proposal(state: State, strategy: JsonObject, source: str) -> PlannerMemory:
    """The memory once a strategy is proposed; why it was is no part of what it does."""
    memory = state.memory
    signature = canonical({key: value for key, value in strategy.items() if key != "rationale"}).decode()
    signature = signature if len(signature) <= 64 else digest_of(signature)[:16]  # shorter than its digest
    repeated = signature == memory.signature and source == state.iteration.source
    return replace(memory, signature=signature, repeats=memory.repeats + 1 if repeated else 0)


def after_settled(memory: PlannerMemory, intended: Intended, event: Settled) -> PlannerMemory:
    """The memory once a call has settled."""
    done = event.state is EffectState.DONE
    found: JsonObject = event.seen or (gather(event.value) if event.value is not None else {})
    if event.error:
        quoted = _QUOTED.findall(event.error)
        if quoted:
            found = {**found, f"error:{intended.tool}": cast("list[Json]", quoted[:12])}
    seen = merge(memory.seen, found)
    news = any(
        _is_news(value, memory.seen.get(name, ()))
        for name, row in found.items()
        for value in seen.get(name, ())[-(len(row) if isinstance(row, list) else 1) :]
    )
    changed = news or (done and EFFECT_RULES[intended.effect_class].changes_world)
    memory = replace(memory, seen=seen, epoch=memory.epoch + 1 if changed else memory.epoch)
    if intended.purpose is not CallPurpose.CALL:
        return memory
    return _with_call(memory, intended, done=done)


def _is_news(value: Json, known: Sequence[Json]) -> bool:
    """Tell whether a value was never seen; `1`, `1.0` and `true` are equal in Python and three values here."""
    return value not in known or repr(value) not in map(repr, known)


def _with_call(memory: PlannerMemory, intended: Intended, *, done: bool) -> PlannerMemory:
    tool = intended.tool
    before = memory.tools.get(tool, ToolMemory())
    known = replace(
        before,
        tries=before.tries + 1,
        done=before.done + done,
        failed=before.failed + (not done),
        failed_in_row=0 if done else before.failed_in_row + 1,
        failed_at_epoch=before.failed_at_epoch if done else memory.epoch,
    )
    tried = (
        memory.tried
        if done
        else _with_tried(memory.tried, call_signature(tool, intended.args), TriedCall(CallEffect.FAILED, memory.epoch))
    )
    return replace(memory, tools={**memory.tools, tool: known}, tried=tried)


def _with_tried(tried: Mapping[str, TriedCall], signature: str, how: TriedCall) -> dict[str, TriedCall]:
    noted = dict(tried)
    noted.pop(signature, None)
    noted[signature] = how
    while len(noted) > MAX_TRIED:
        del noted[next(iter(noted))]
    return noted


def after_denial(state: State) -> PlannerMemory:
    """The memory once a person said no to the strategy: its calls are not proposed again."""
    tried = state.memory.tried
    strategy = state.iteration.strategy
    for call in strategy.calls if strategy is not None else ():
        tried = _with_tried(tried, call_signature(call.tool, dict(call.args)), TriedCall(CallEffect.DENIED))
    return replace(state.memory, tried=tried)


def after_evaluation(state: State, total: float, guarded: float) -> PlannerMemory:
    """The memory once the iteration is judged: which call moved progress or came nearer to an abort condition."""
    memory = state.memory
    first = not state.progress.evaluations  # there is nothing yet that it could have moved from
    moved, worse = total > memory.total + GAIN and not first, total < memory.total - GAIN
    how = TriedCall(CallEffect.MOVED if moved else CallEffect.WORSE if worse else CallEffect.SAME)
    tried, tools, best = memory.tried, memory.tools, memory.best_call
    done = [effect.intended for effect in state.of_iteration() if effect.state is EffectState.DONE and effect.is_call]
    changing = sum(EFFECT_RULES[intended.effect_class].changes_world for intended in done)
    risk = max(0.0, guarded - memory.guarded) / changing if changing else 0.0
    for intended in done:
        tried = _with_tried(tried, call_signature(intended.tool, intended.args), how)
        known = tools.get(intended.tool)
        if known is not None and (moved or risk > GAIN):
            own = risk if EFFECT_RULES[intended.effect_class].changes_world else 0.0
            tools = {**tools, intended.tool: replace(known, moved=known.moved + moved, risk=known.risk + own)}
        best_yet = moved and known is not None and total > memory.best_total + GAIN
        if best_yet and isinstance(intended.args, dict) and "$blob" not in intended.args:
            best = {"args": intended.args, "tool": intended.tool}
    advised = state.iteration.source.startswith("advisor:")
    misses = 0 if moved else memory.advised_misses + advised
    return replace(
        memory,
        tried=tried,
        tools=tools,
        best_call=best,
        best_total=max(total, memory.best_total),
        last_moved=moved,
        advised_misses=misses,
        total=total,
        guarded=guarded,
        risked_at=state.iteration.index if risk > GAIN else memory.risked_at,
    )
