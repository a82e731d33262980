"""What the planner remembers of a session, folded from its events and bounded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

from journeyman.mission.fold.seen import gather, merge
from journeyman.mission.model.events import Intended, Settled
from journeyman.mission.model.mission import ScriptPlan
from journeyman.mission.model.state import Memory, State, ToolMemory
from journeyman.mission.model.strategy import Strategy, ToolCall, dump_strategy
from journeyman.mission.values.canonical import Json, JsonObject, canonical, digest_of
from journeyman.mission.values.copying import replace

MAX_TRIED: Final = 400
"""Calls remembered as tried; older ones may be tried again."""
MAX_PLAN_TRIES: Final = 3
"""How often a failing step of the plan is repeated before the next one."""
GAIN: Final = 1e-9
_QUOTED = re.compile(r"""['"`]([A-Za-z0-9_.:/-]{1,80})['"`]""")


def call_signature(tool: str, args: Json) -> str:
    """Give the short name of one call with its arguments."""
    return digest_of([tool, args])[:16]


def before_proposal(state: State, strategy: Strategy, source: str) -> Memory:
    """Give the memory once a strategy is proposed."""
    memory = state.memory
    step = plan_step(state) if source == "plan" else None
    index = step[0] if step is not None else memory.plan_index
    signature = canonical(dump_strategy(strategy.model_copy(update={"rationale": ""}))).decode()
    signature = signature if len(signature) <= 64 else digest_of(signature)[:16]  # shorter than its digest
    known_tries = memory.plan_tries if index == memory.plan_index else 0
    tries = known_tries + 1 if source == "plan" else memory.plan_tries
    return replace(
        memory,
        signature=signature,
        repeats=memory.repeats + 1 if signature == memory.signature else 0,
        plan_index=index,
        plan_tries=tries,
    )


def plan_steps(state: State) -> list[Strategy]:
    """Give the operator's plan as steps."""
    plan = state.mission.plan
    if plan is None:
        return []
    return [Strategy(script=plan.script)] if isinstance(plan, ScriptPlan) else list(plan)


def plan_step(state: State) -> tuple[int, Strategy] | None:
    """Give the plan's next step with its index; `None` when the plan is done.

    A step that is tried again has only the calls that are left: those that were done, perhaps by a person's word, are
    not repeated unless they are pure.
    """
    steps, memory = plan_steps(state), state.memory
    if memory.plan_index >= len(steps):
        return None
    step = steps[memory.plan_index]
    if not memory.plan_tries or state.strategy is None or state.source != "plan" or not step.calls:
        return memory.plan_index, step
    left = _left(state, state.strategy)
    if left:
        return memory.plan_index, step.model_copy(update={"calls": left})
    following = memory.plan_index + 1
    return (following, steps[following]) if following < len(steps) else None


def _left(state: State, strategy: Strategy) -> list[ToolCall]:
    """Give the calls of the last iteration's strategy that are to be made again; none when nothing went wrong."""
    made = [
        effect
        for effect in state.effects.values()
        if effect.intended.iteration == state.iteration and not effect.intended.probe
    ]
    done = [effect.state == "done" for effect in made] + [False] * (len(strategy.calls) - len(made))
    if all(done):
        return []
    pure = [effect.intended.effect_class == "pure" for effect in made] + [True] * (len(strategy.calls) - len(made))
    return [
        call for call, was_done, is_pure in zip(strategy.calls, done, pure, strict=False) if not was_done or is_pure
    ]


def after_settled(memory: Memory, intended: Intended, event: Settled) -> Memory:
    """Give the memory once a call has settled."""
    done = event.state == "done"
    found: JsonObject = event.seen or (gather(event.value) if event.value is not None else {})
    if event.error:
        quoted = _QUOTED.findall(event.error)
        if quoted:
            found = {**found, f"error:{intended.tool}": cast("list[Json]", quoted[:12])}
    seen = merge(memory.seen, found)
    news = (
        any(set(map(repr, row)) - set(map(repr, memory.seen.get(name, ()))) for name, row in seen.items())
        if found
        else False
    )
    changed = news or (done and intended.effect_class != "pure")
    memory = replace(memory, seen=seen, epoch=memory.epoch + 1 if changed else memory.epoch)
    if intended.probe:
        return memory
    return _with_call(memory, intended, done=done)


def _with_call(memory: Memory, intended: Intended, *, done: bool) -> Memory:
    tool = intended.tool
    before = memory.tools.get(tool, ToolMemory())
    known = replace(
        before,
        tries=before.tries + 1,
        done=before.done + done,
        failed=before.failed + (not done),
        failed_in_row=0 if done else before.failed_in_row + 1,
        last_iteration=intended.iteration,
        failed_at_epoch=before.failed_at_epoch if done else memory.epoch,
    )
    tried = (
        memory.tried if done else _noted(memory.tried, call_signature(tool, intended.args), f"failed@{memory.epoch}")
    )
    return replace(memory, tools={**memory.tools, tool: known}, tried=tried)


def _noted(tried: Mapping[str, str], signature: str, how: str) -> dict[str, str]:
    noted = dict(tried)
    noted.pop(signature, None)
    noted[signature] = how
    while len(noted) > MAX_TRIED:
        del noted[next(iter(noted))]
    return noted


def after_denial(state: State) -> Memory:
    """Give the memory once a person said no to the strategy: its calls are not proposed again."""
    tried = state.memory.tried
    for call in state.strategy.calls if state.strategy is not None else ():
        tried = _noted(tried, call_signature(call.tool, dict(call.args)), "denied")
    return replace(state.memory, tried=tried)


def after_evaluation(state: State, total: float, guarded: float, until_met: bool | None) -> Memory:  # noqa: FBT001  # three-valued, as recorded
    """Give the memory once the iteration is judged: which call moved progress or risked a guard, and whether the plan goes on."""
    memory = _with_plan(state, until_met=until_met)
    first = not state.evaluations  # there is nothing yet that it could have moved from
    moved, worse = total > memory.total + GAIN and not first, total < memory.total - GAIN
    how = "moved" if moved else "worse" if worse else "same"
    tried, tools, best = memory.tried, memory.tools, memory.best_call
    done = [
        effect.intended
        for effect in state.effects.values()
        if effect.state == "done" and not effect.intended.probe and effect.intended.iteration == state.iteration
    ]
    changing = sum(intended.effect_class != "pure" for intended in done)
    risk = max(0.0, guarded - memory.guarded) / changing if changing else 0.0
    for intended in done:
        tried = _noted(tried, call_signature(intended.tool, intended.args), how)
        known = tools.get(intended.tool)
        if known is not None and (moved or risk > GAIN):
            own = risk if intended.effect_class != "pure" else 0.0
            tools = {**tools, intended.tool: replace(known, moved=known.moved + moved, risk=known.risk + own)}
        best_yet = moved and known is not None and total > memory.best_total + GAIN
        if best_yet and isinstance(intended.args, dict) and "$blob" not in intended.args:
            best = {"args": intended.args, "tool": intended.tool}
    advised = state.source.startswith("advisor:")
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
        risked_at=state.iteration if risk > GAIN else memory.risked_at,
    )


def _with_plan(state: State, *, until_met: bool | None) -> Memory:
    memory = state.memory
    if state.source != "plan":
        return memory
    if until_met is False and not _went_wrong(state):
        return replace(memory, plan_tries=0)
    if _went_wrong(state) and memory.plan_tries < MAX_PLAN_TRIES and not state.denied:
        return memory
    return replace(memory, plan_index=memory.plan_index + 1, plan_tries=0)


def _went_wrong(state: State) -> bool:
    failed = any(
        effect.state != "done" and effect.intended.iteration == state.iteration for effect in state.effects.values()
    )
    script_failed = state.script is not None and state.script.status == "failed"
    return state.denied or script_failed or (state.script is None and failed)
