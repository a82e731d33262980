"""Steps a script: from its start or its snapshot to its next calls or its end."""

from __future__ import annotations

from collections.abc import Sequence

from journeyman.engine.journal import Journal
from journeyman.engine.timeout import run_with_timeout
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import ScriptStatus
from journeyman.mission.model.state import Effect, ScriptProgress
from journeyman.mission.rules.approvals import tools_of_script
from journeyman.mission.values.canonical import JsonObject
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.script import ScriptFailed, ScriptFinished, ScriptPending, ScriptReports, ScriptRun, Step
from journeyman.tools.script_state import ScriptLimits


def script_limits(mission: Mission) -> ScriptLimits:
    """The mission's limits in the sandbox's form."""
    limits = mission.limits
    return ScriptLimits(
        time_s=float(limits.script_s),
        memory_bytes=limits.script_memory_bytes,
        source_bytes=limits.script_source_bytes,
        calls=limits.script_calls,
        recorded_bytes=limits.script_recorded_bytes,
    )


async def step_script(scripts: ScriptRun, journal: Journal, snapshot: str, effects: Sequence[Effect]) -> None:
    """Run the script on and note where it stands; one that the deadline cuts off has failed."""
    state = journal.state
    left = journal.left_s()
    if snapshot:
        results = {_call_id(effect): await _result(journal, effect) for effect in effects}
        data = await journal.blob(snapshot)
        step = await run_with_timeout(journal.clock, left, lambda: scripts.resume(data, results))
    else:
        strategy = state.iteration.strategy
        source = strategy.script or "" if strategy is not None else ""
        step = await run_with_timeout(
            journal.clock,
            left,
            lambda: scripts.start(source, tools_of_script(state, source), script_limits(state.mission)),
        )
    journal.record(_cut_off(journal) if step is None else _advanced(journal, step))


def _cut_off(journal: Journal) -> e.ScriptAdvanced:
    return e.ScriptAdvanced(
        iteration=journal.state.iteration.index,
        status=ScriptStatus.FAILED,
        error_class="deadline",
        error="the mission's time was over while the script ran",
    )


def _call_id(effect: Effect) -> int:
    return int(effect.intended.call.partition(".")[2])


async def _result(journal: Journal, effect: Effect) -> Result:
    status = {EffectState.DONE: CallStatus.DONE, EffectState.FAILED: CallStatus.FAILED}.get(
        effect.state, CallStatus.UNKNOWN
    )
    value = await journal.resolve(effect.value)
    return Result(status=status, value=value, error_class=effect.error_class or None, error=effect.error or None)


def _advanced(journal: Journal, step: Step) -> e.ScriptAdvanced:
    """The step as an event; it holds only what the script reported since the last step."""
    iteration = journal.state.iteration.index
    observations, events = _news(journal, step.recorded)
    match step:
        case ScriptPending():
            calls: list[JsonObject] = [
                {"args": journal.externalize(dict(call.args)), "call": call.call_id, "tool": call.tool}
                for call in step.calls
            ]
            snapshot = journal.externalize_bytes(step.snapshot)
            return e.ScriptAdvanced(
                iteration=iteration,
                status=ScriptStatus.WAITING,
                snapshot=snapshot,
                calls=calls,
                observations=observations,
                events=events,
            )
        case ScriptFinished():
            return e.ScriptAdvanced(
                iteration=iteration,
                status=ScriptStatus.FINISHED,
                observations=observations,
                events=events,
                value=journal.externalize(step.value),
            )
        case ScriptFailed():
            place = f"line {step.line}: " if step.line is not None else ""
            return e.ScriptAdvanced(
                iteration=iteration,
                status=ScriptStatus.FAILED,
                observations=observations,
                events=events,
                error_class=step.error_class,
                error=f"{place}{step.error}",
            )


def _news(journal: Journal, recorded: ScriptReports) -> tuple[list[JsonObject], list[JsonObject]]:
    """What the script reported since its last step; a name that it reported again begins another measurement."""
    script = journal.state.iteration.script or ScriptProgress(status=ScriptStatus.WAITING)
    observations: list[JsonObject] = []
    for name, value in recorded.reported[script.observed :]:
        if not observations or name in observations[-1]:
            observations.append({})
        observations[-1][name] = value
    return observations, list(recorded.events[script.told :])
