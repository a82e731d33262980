"""Steps a script: from its start or its snapshot to its next calls or its end."""

from __future__ import annotations

import json
from collections.abc import Sequence

from journeyman.engine.journal import Journal
from journeyman.mission.model import events as e
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import Effect
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.tools.base import Result, Status
from journeyman.tools.script import Failed, Finished, Pending, Recorded, ScriptRun, Step
from journeyman.tools.script_state import ScriptLimits


def script_limits(mission: Mission) -> ScriptLimits:
    """Give the mission's limits in the sandbox's form."""
    limits = mission.limits
    return ScriptLimits(
        time_s=float(limits.script_s),
        memory_bytes=limits.script_memory_bytes,
        source_bytes=limits.script_source_bytes,
        calls=limits.script_calls,
        recorded_bytes=limits.script_recorded_bytes,
    )


async def step_script(scripts: ScriptRun, journal: Journal, snapshot: str, effects: Sequence[Effect]) -> None:
    """Run the script on and note where it stands."""
    state = journal.state
    if snapshot:
        results = {_call_id(effect): await _result(journal, effect) for effect in effects}
        step = await scripts.resume(await journal.blob(snapshot), results)
    else:
        source = state.strategy.script if state.strategy is not None else None
        step = await scripts.start(source or "", sorted(state.tools), script_limits(state.mission))
    journal.note(_advanced(journal, step))


def _call_id(effect: Effect) -> int:
    return int(effect.intended.call.partition(".")[2])


async def _result(journal: Journal, effect: Effect) -> Result:
    status = {"done": Status.DONE, "failed": Status.FAILED}.get(effect.state, Status.UNKNOWN)
    value = await journal.resolve(effect.value)
    return Result(status=status, value=value, error_class=effect.error_class or None, error=effect.error or None)


def _advanced(journal: Journal, step: Step) -> e.ScriptAdvanced:
    """Give the step as an event; it holds only what the script reported since the last step."""
    iteration = journal.state.iteration
    observations, events = _news(journal, step.recorded)
    match step:
        case Pending():
            calls: list[JsonObject] = [
                {"args": journal.keep(dict(call.args)), "call": call.call_id, "tool": call.tool} for call in step.calls
            ]
            snapshot = journal.keep_bytes(step.snapshot)
            return e.ScriptAdvanced(
                iteration=iteration,
                status="waiting",
                snapshot=snapshot,
                calls=calls,
                observations=observations,
                events=events,
            )
        case Finished():
            return e.ScriptAdvanced(
                iteration=iteration,
                status="finished",
                observations=observations,
                events=events,
                value=journal.keep(step.value),
            )
        case Failed():
            place = f"line {step.line}: " if step.line is not None else ""
            return e.ScriptAdvanced(
                iteration=iteration,
                status="failed",
                observations=observations,
                events=events,
                error_class=step.error_class,
                error=f"{place}{step.error}",
            )


def _news(journal: Journal, recorded: Recorded) -> tuple[JsonObject, list[JsonObject]]:
    state = journal.state
    known = {name: metric.value for name, metric in state.metrics.items()}
    observations: JsonObject = {
        name: value
        for name, value in recorded.observations.items()
        if name not in known or not _same(known[name], value)
    }
    told = state.script.told if state.script is not None else 0
    fresh = list(recorded.events[told:])
    return observations, fresh


def _same(one: Json, other: Json) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
