"""What the planner remembers of a session, folded from its events and bounded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

from journeyman.mission.fold.measured_calls import WORTH_WHILE, after_measured
from journeyman.mission.fold.observed_values import gather, merge
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EFFECT_RULES, CallPurpose, EffectState
from journeyman.mission.model.events import Intended, Settled
from journeyman.mission.model.planner_memory import CallEffect, PlannerMemory, ToolMemory, TriedCall
from journeyman.mission.model.state import CriterionState, Effect, State
from journeyman.mission.values.canonical import Json, JsonObject, canonical, digest_of
from journeyman.mission.values.value import replace

MAX_TRIED: Final = 500
"""Calls remembered as tried. The planner proposes no more than so many different ones, so that none is forgotten and
tried again; the oldest are forgotten where plans and advisors bring more."""
MAX_WORDS: Final = 100
"""Characters kept of a failure's words."""
GAIN: Final = 1e-9
TRANSIENT: Final = frozenset(
    {"timeout", "cancelled", "server_died", "server_unreachable", "worker_died", "protocol", "crash", "skipped"}
)
"""Error classes of calls to which nobody said no."""
RISKY: Final = 0.1
"""Share of what is left before an abort condition that a call must take for its tool to be risky: with room for more than
ten like it there is nothing to be careful of."""
TIME_TO_SHOW: Final = 3
"""Iterations in which a risky call may show what it did, before there is another such call."""
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
    calls = cast("list[JsonObject]", strategy.get("calls") or []) if source == "planner" else []
    fresh = sum(call_signature(str(call["tool"]), call.get("args", {})) not in memory.tried for call in calls)
    waits = source == "planner" and bool(strategy.get("sleep_s"))
    return replace(
        memory,
        signature=signature,
        repeats=memory.repeats + 1 if repeated else 0,
        explored=memory.explored + fresh,
        idle=memory.idle + 1 if waits else 0,
    )


def after_settled(
    memory: PlannerMemory, intended: Intended, event: Settled, epoch: int = 0, *, compared: bool = True
) -> PlannerMemory:
    """The memory once a call has settled.

    Args:
        memory: Before it.
        intended: The call.
        event: How it ended.
        epoch: The world's by then.
        compared: Whether what it gave will be compared with what it gives another time: only who explores asks that, and
            a large result takes longer to name than to fold.
    """
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
    changed = done and EFFECT_RULES[intended.effect_class].changes_world
    memory = replace(
        memory,
        seen=seen,
        changes=memory.changes + 1 if changed else memory.changes,
        idle=0 if news or changed else memory.idle,
    )
    if intended.purpose is not CallPurpose.CALL:
        return memory
    return _with_call(memory, intended, event, epoch, compared=compared)


def _is_news(value: Json, known: Sequence[Json]) -> bool:
    """Tell whether a value was never seen; `1`, `1.0` and `true` are equal in Python and three values here."""
    return value not in known or repr(value) not in map(repr, known)


def _with_call(
    memory: PlannerMemory, intended: Intended, event: Settled, epoch: int, *, compared: bool
) -> PlannerMemory:
    tool, done = intended.tool, event.state is EffectState.DONE
    signature = call_signature(tool, intended.args)
    old = memory.tried.get(signature)
    given = digest_of([event.value, event.metrics])[:16] if done and compared else ""
    answer = given if done else event.error[:MAX_WORDS]
    failed = old is not None and old.how is CallEffect.FAILED
    same = old is not None and old.answer == answer and failed != done
    before = memory.tools.get(tool, ToolMemory())
    known = replace(
        before,
        tries=before.tries + 1,
        done=before.done + done,
        failed=before.failed + (not done),
        failed_in_row=0 if done else before.failed_in_row + 1,
        failed_at_changes=before.failed_at_changes if done else memory.changes,
        varies=before.varies
        or (done and old is not None and not failed and old.answer != answer and old.epoch == epoch),
    )
    tried = TriedCall(
        CallEffect.SAME if done else CallEffect.FAILED,  # whether it moved anything is known once it is judged
        changes=memory.changes,
        others=memory.changes - (known.done if EFFECT_RULES[intended.effect_class].changes_world else 0),
        epoch=epoch,
        count=old.count + 1 if old is not None else 1,
        answer=answer,
        same=old.same + 1 if same and old is not None else 1,
        transient=not done and event.error_class in TRANSIENT,
    )
    return replace(memory, tools={**memory.tools, tool: known}, tried=_with_tried(memory.tried, signature, tried))


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


def after_evaluation(
    state: State, criteria: Mapping[str, CriterionState], total: float, guarded: float, objective: float | None = None
) -> PlannerMemory:
    """The memory once the iteration is judged: which call moved progress or came nearer to an abort condition.

    `objective` is the value of the metric that is minimized or maximized, where there is one.
    """
    memory = state.memory
    first = not state.progress.evaluations  # there is nothing yet that it could have moved from
    moved, worse = total > memory.total + GAIN and not first, total < memory.total - GAIN
    how = CallEffect.MOVED if moved else CallEffect.WORSE if worse else CallEffect.SAME
    tried, tools, best = memory.tried, memory.tools, memory.best_call
    done = [effect for effect in state.of_iteration() if effect.state is EffectState.DONE and effect.is_call]
    changing = sum(EFFECT_RULES[effect.effect_class].changes_world for effect in done)
    risk = (guarded - memory.guarded) / changing if changing else 0.0
    for effect in done:
        intended = effect.intended
        signature = call_signature(intended.tool, intended.args)
        old = memory.tried.get(signature, TriedCall(how))
        tried = _with_tried(tried, signature, replace(old, how=how))
        tools = _with_judged(tools, effect, risk, moved=moved, again=old.count > 1)
        best_yet = moved and total > memory.best_total + GAIN
        if best_yet and isinstance(intended.args, dict) and "$blob" not in intended.args:
            best = {"args": intended.args, "tool": intended.tool}
    advised = state.iteration.source.startswith("advisor:")
    misses = 0 if moved else memory.advised_misses + advised
    better = total > memory.best_total + WORTH_WHILE
    memory = replace(
        memory,
        tried=tried,
        tools=tools,
        best_call=best,
        best_total=max(total, memory.best_total),
        last_moved=moved and bool(done),
        advised_misses=misses,
        total=total,
        guarded=guarded,
        risked_at=state.iteration.index if risk > max(GAIN, RISKY * (1 - guarded)) else memory.risked_at,
    )
    return after_measured(replace(state, memory=memory), criteria, done, objective, better=better)


def _with_judged(
    tools: Mapping[str, ToolMemory], effect: Effect, risk: float, *, moved: bool, again: bool
) -> Mapping[str, ToolMemory]:
    """The tools once one call is judged; `again` where the very same one had been made before."""
    known = tools.get(effect.intended.tool)
    if known is None:
        return tools
    own = risk if EFFECT_RULES[effect.effect_class].changes_world else 0.0
    known = replace(
        known,
        moved=known.moved + moved,
        risk=known.risk + own if abs(own) > GAIN else known.risk,
        settles=not moved if again else known.settles,
    )
    return {**tools, effect.intended.tool: known}


def gives_time(state: State) -> bool:
    """Tell whether this iteration changed nothing so that a risky call before it could show what it did."""
    since = state.iteration.index - state.memory.risked_at
    changed = any(EFFECT_RULES[effect.effect_class].changes_world for effect in state.of_iteration())
    return state.memory.risked_at >= 0 and 0 < since <= TIME_TO_SHOW and not changed


def nothing_left(state: State, event: e.NothingLeft) -> State:
    """The state that ends since nothing is left to try."""
    return replace(state, memory=replace(state.memory, nothing_left=event.tried))
