"""next_command(state) -> Command: the only thing the engine executes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from journeyman.mission.criteria import Artifact, Probe, probes, walk
from journeyman.mission.model.mission import approval_rule
from journeyman.mission.model.state import Effect, Phase, State
from journeyman.mission.model.strategy import Strategy, ToolCall
from journeyman.mission.rules.decide import Verdict, decide, is_checkpoint, outcome_of
from journeyman.mission.values.canonical import JsonObject


@dataclass(frozen=True, slots=True)
class Propose:
    """Find the strategy of this iteration."""

    iteration: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a person and wait."""

    approval: str
    question: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Intend:
    """Write down the intents of the next calls, then run them."""

    calls: tuple[ToolCall, ...]
    probes: tuple[Probe, ...] = ()
    script_calls: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """Run intended effects, again where that is safe."""

    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Probing:
    """Ask the world whether suspect or unknown effects happened."""

    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Settle suspect effects as unknown: running them again might repeat them."""

    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class StepScript:
    """Start the script, or resume it with the results of its calls."""

    snapshot: str
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """Look at the artifacts."""


@dataclass(frozen=True, slots=True)
class Evaluate:
    """Judge the criteria."""


@dataclass(frozen=True, slots=True)
class Decide:
    """Write the verdict down."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Assume:
    """Reconcile unknown effects as the mission's policy says."""

    effects: tuple[Effect, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for a time (`sleep`) or a person (`budget`, `effect`)."""

    reason: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Wake:
    """Sleep until `until_at`, then go on."""

    until_at: str


@dataclass(frozen=True, slots=True)
class End:
    """Write the ending."""

    verdict: str
    reason: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing can be done: ended, paused, or a person must act."""

    why: str


Command: TypeAlias = (
    Propose
    | Ask
    | Intend
    | Run
    | Probing
    | GiveUp
    | StepScript
    | Check
    | Evaluate
    | Decide
    | Assume
    | Wait
    | Wake
    | End
    | Nothing
)

SAFE_AGAIN = frozenset({"pure", "keyed"})
"""Effect classes that may be run again after a crash."""


def next_command(state: State) -> Command:
    """Give what is to be done next."""
    if state.phase is Phase.ENDED:
        return Nothing("ended")
    if state.in_flight:
        return _in_flight(state)
    if state.end_asked and state.phase in (Phase.PROPOSE, Phase.APPROVE):
        return _end(state, "terminate", state.end_asked)
    if state.paused:
        return Nothing("paused")
    if state.pending is not None:
        return Nothing("approval")
    if state.wait == "budget" and state.phase is not Phase.NEXT:
        return Nothing("budget")  # the tenant's ceiling refused the intents
    match state.phase:
        case Phase.PROPOSE:
            return Propose(state.iteration)
        case Phase.APPROVE | Phase.EXECUTE:
            return _execute(state)
        case Phase.EVALUATE | Phase.DECIDE | Phase.NEXT:
            return _judge(state)


def _in_flight(state: State) -> Command:
    flying = state.in_flight
    suspects = [effect for effect in flying if effect.suspect]
    unsafe = tuple(effect for effect in suspects if effect.intended.effect_class == "unsafe")
    if unsafe:
        return GiveUp(unsafe)
    probed = tuple(effect for effect in suspects if effect.intended.effect_class == "probed")
    if probed:
        return Probing(probed)
    return Run(flying)


def _execute(state: State) -> Command:
    strategy = state.strategy
    if strategy is None:  # pragma: no cover  # a proposal precedes this phase
        return Propose(state.iteration)
    if state.denied or state.end_asked or _stopped(state):
        return _conclude(state)
    if state.phase is Phase.APPROVE and (question := approval_question(state, strategy)):
        return Ask(f"iteration-{state.iteration}", question)
    if strategy.script is not None:
        return _script(state)
    calls = _wave(state, strategy)
    if calls or state.next_call < len(strategy.calls):
        return _affordable(state, Intend(calls, () if not _last_wave(state, strategy, calls) else _probes(state)))
    return _conclude(state)


def _conclude(state: State) -> Command:
    """Fetch fresh evidence once the strategy is through, then judge."""
    wanted = () if state.probed or state.end_asked else _probes(state)
    left = calls_left(state)
    if wanted and (left is None or left >= len(wanted)):
        return Intend((), wanted)
    return Check() if _has_artifacts(state) and not state.checked else Evaluate()


def _affordable(state: State, intend: Intend) -> Command:
    """Give the intents cut to what the budget leaves, probes kept back where possible."""
    left = calls_left(state)
    if left is None:
        return intend
    kept_back = len(_probes(state)) if not state.probed else 0
    room = max(0, left - kept_back) if left > kept_back else left
    calls = intend.calls[:room]
    if not calls:
        return _conclude(state)
    whole = len(calls) == len(intend.calls) and left - len(calls) >= len(intend.probes)
    return Intend(calls, intend.probes if whole else ())


def calls_left(state: State) -> int | None:
    """Give how many tool calls the budget still allows; `None` without a limit."""
    limit = state.mission.budget.tool_calls
    return None if limit is None else max(0, limit - state.usage.tool_calls)


def _stopped(state: State) -> bool:
    """Tell whether a call of this iteration failed, so that the calls after it are not made."""
    if state.script is not None or (state.strategy is not None and state.strategy.parallel):
        return False
    mine = (
        effect
        for effect in state.effects.values()
        if effect.intended.iteration == state.iteration and not effect.intended.probe
    )
    return any(effect.state in ("failed", "unknown") for effect in mine)


def _wave(state: State, strategy: Strategy) -> tuple[ToolCall, ...]:
    """Give the calls whose intents may be written together.

    Calls that run at once, or may be run again, share a commit; any other has its own, so that after a crash only a
    call that was really under way is suspect.
    """
    rest = strategy.calls[state.next_call :]
    if strategy.parallel:
        return tuple(rest)
    safe = 0
    while safe < len(rest) and _effect(state, rest[safe].tool) in SAFE_AGAIN:
        safe += 1
    return tuple(rest[: safe or 1])


def _last_wave(state: State, strategy: Strategy, calls: tuple[ToolCall, ...]) -> bool:
    return state.next_call + len(calls) >= len(strategy.calls)


def _effect(state: State, tool: str) -> str:
    spec = state.tools.get(tool)
    return spec.effect if spec is not None else "unsafe"


def _probes(state: State) -> tuple[Probe, ...]:
    """Give the probes due in this iteration: at every checkpoint that can be foreseen."""
    if state.probed or (state.mission.cadence.every_iterations is not None and not is_checkpoint(state, "")):
        return ()
    return probes(state.mission.criteria)


def _has_artifacts(state: State) -> bool:
    return any(isinstance(criterion, Artifact) for criterion in walk(state.mission.criteria))


def approval_question(state: State, strategy: Strategy) -> str:
    """Give what a person is asked before the strategy runs; empty when nobody is."""
    if f"iteration-{state.iteration}" in state.answers:
        return ""
    if strategy.script is not None:
        wanting = (
            [name for name in sorted(state.tools) if _needs_person(state, name)]
            if state.source.startswith("advisor")
            else []
        )
        return f"run a script that may call {', '.join(wanting)}?" if wanting else ""
    wanting = [f"{call.tool}({_arguments(call)})" for call in strategy.calls if _needs_person(state, call.tool)]
    return f"call {'; '.join(wanting)}?" if wanting else ""


def _needs_person(state: State, tool: str) -> bool:
    rule = approval_rule(state.mission, tool)
    spec = state.tools.get(tool)
    return rule == "always" or (rule == "destructive" and spec is not None and spec.destructive)


def _arguments(call: ToolCall) -> str:
    text = ", ".join(f"{key}={value!r}" for key, value in call.args.items())
    return text if len(text) <= 200 else text[:200] + "…"


def _script(state: State) -> Command:
    script = state.script
    if script is None:
        return StepScript("")
    if script.status != "waiting":
        return _conclude(state)
    mine = {
        effect.intended.call: effect
        for effect in state.effects.values()
        if effect.intended.iteration == state.iteration
    }
    waiting = [mine.get(f"{script.steps}.{row['call']}") for row in script.calls]
    if any(effect is None for effect in waiting):
        return Intend((), (), tuple(row for row, effect in zip(script.calls, waiting, strict=True) if effect is None))
    return StepScript(script.snapshot, tuple(effect for effect in waiting if effect is not None))


def _judge(state: State) -> Command:
    if state.phase is Phase.EVALUATE:
        return Check() if _has_artifacts(state) and not state.checked else Evaluate()
    if state.phase is Phase.DECIDE:
        return Decide(decide(state))
    return _after_verdict(state)


def _after_verdict(state: State) -> Command:
    if state.verdict in ("complete", "terminate"):
        return End(state.verdict, state.reason, outcome_of(state))
    if state.end_asked:
        return _end(state, "terminate", state.end_asked)
    if state.unknown and state.mission.on_unknown != "ask":
        return Assume(state.unknown, "done" if state.mission.on_unknown == "assume_done" else "failed")
    match state.reason:
        case "waiting_for_budget":
            return Nothing("budget") if state.wait == "budget" else Wait("budget")
        case "waiting_for_effect" if state.unknown:
            return Nothing("effect") if state.wait == "effect" else Wait("effect")
        case "waiting_for_approval" if state.awaiting:
            return _ask_criterion(state)
        case _:
            return _sleep_or_go_on(state)


def _ask_criterion(state: State) -> Command:
    for criterion in walk(state.mission.criteria):
        if criterion.id == state.awaiting[0] and criterion.kind == "approval":
            return Ask(criterion.id, criterion.question or f"does {criterion.id!r} hold?", criterion.by)
    return Nothing("approval")  # pragma: no cover  # awaiting names approvals only


def _sleep_or_go_on(state: State) -> Command:
    if state.wait == "sleep":
        return Wake(state.wait_until)
    seconds = max(float(state.mission.pause_s), float(state.strategy.sleep_s) if state.strategy is not None else 0.0)
    if seconds > 0 and not state.slept:
        return Wait("sleep", seconds)
    return Propose(state.usage.iterations)


def _end(state: State, verdict: str, reason: str) -> Command:
    return End(verdict, reason, outcome_of(state))
