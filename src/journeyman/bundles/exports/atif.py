"""A session as an ATIF trajectory, version 1.8 (the Agent Trajectory Interchange Format, Harbor's RFC 0001). Pure."""

from __future__ import annotations

import json
from typing import Final

from journeyman.bundles.exports.trajectory import (
    PLAIN_SOURCES,
    AttemptTrace,
    IterationSteps,
    SessionTrajectory,
    ToolUse,
)
from journeyman.mission.model.events import encode_result
from journeyman.mission.values.canonical import Json, JsonObject

SCHEMA: Final = "ATIF-v1.8"
_MICRO: Final = 1_000_000


def atif_trajectory(session: SessionTrajectory, version: str) -> JsonObject:
    """The trajectory; each attempt of a coding agent is one of its own in it, its steps marked where only the agent says so."""
    steps: list[Json] = [
        {"step_id": 1, "source": "user", "timestamp": session.created_at, "message": session.directive}
    ]
    steps += [_step(number, turn) for number, turn in enumerate(session.turns, start=2)]
    if session.outcome:
        steps.append(
            {"step_id": len(steps) + 1, "source": "system", "timestamp": session.ended_at,
             "message": f"The session ended with {session.verdict}: {session.outcome}."}
        )  # fmt: skip
    agent: JsonObject = {"name": "journeyman", "version": version}
    if session.model:
        agent["model_name"] = session.model
    if session.tools:
        agent["tool_definitions"] = [_definition(tool) for tool in session.tools]
    found: JsonObject = {
        "schema_version": SCHEMA, "session_id": session.session_id, "trajectory_id": session.session_id, "agent": agent,
        "steps": steps, "final_metrics": _metrics(session, len(steps)),
        "extra": {"outcome": session.outcome, "verdict": session.verdict, "mission": session.mission},
    }  # fmt: skip
    if session.attempts:
        found["subagent_trajectories"] = [_attempt(session.session_id, attempt) for attempt in session.attempts]
    return found


def text_of(value: Json) -> str:
    """A value as text: itself where it is one, JSON otherwise."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _step(number: int, turn: IterationSteps) -> JsonObject:
    step: JsonObject = {
        "step_id": number, "source": "agent", "timestamp": turn.at, "message": turn.rationale,
        "extra": {"iteration": turn.index, "proposed_by": turn.source, "verdict": turn.verdict,
                  "criteria": [encode_result(result) for result in turn.results]},
    }  # fmt: skip
    if turn.source in PLAIN_SOURCES and not turn.model_calls:
        step["llm_call_count"] = 0
    elif turn.model_calls:
        step["llm_call_count"] = turn.model_calls
        step["metrics"] = {
            "prompt_tokens": turn.input_tokens, "completion_tokens": turn.output_tokens,
            "cost_usd": turn.cost_microusd / _MICRO,
        }  # fmt: skip
        if turn.model:
            step["model_name"] = turn.model
    if turn.uses:
        step["tool_calls"] = [
            {"tool_call_id": use.call_id, "function_name": use.tool, "arguments": use.arguments} for use in turn.uses
        ]
        step["observation"] = {"results": [_result(use) for use in turn.uses]}
    return step


def _result(use: ToolUse) -> JsonObject:
    shown = use.error if use.error and use.value is None else text_of(use.value)
    return {
        "source_call_id": use.call_id,
        "content": shown,
        "extra": {"state": use.state or "unsettled", "error": use.error},
    }


def _definition(tool: JsonObject) -> JsonObject:
    schema = tool.get("input_schema")
    return {
        "type": "function",
        "function": {
            "name": tool.get("name", ""), "description": tool.get("description", ""),
            "parameters": schema if isinstance(schema, dict) else {"type": "object"},
        },
    }  # fmt: skip


def _metrics(session: SessionTrajectory, steps: int) -> JsonObject:
    turns = session.turns
    return {
        "total_prompt_tokens": sum(turn.input_tokens for turn in turns),
        "total_completion_tokens": sum(turn.output_tokens for turn in turns),
        "total_cost_usd": sum(turn.cost_microusd for turn in turns) / _MICRO,
        "total_steps": steps,
    }


def _attempt(session_id: str, attempt: AttemptTrace) -> JsonObject:
    steps: list[Json] = [
        _traced(number, f"{attempt.name}-{number}", row) for number, row in enumerate(attempt.steps, start=1)
    ]
    nothing: JsonObject = {"step_id": 1, "source": "agent", "message": ""}
    return {
        "schema_version": SCHEMA, "session_id": session_id, "trajectory_id": f"{session_id}-attempt-{attempt.name}",
        "agent": {"name": "coding agent", "version": "unknown"}, "steps": steps or [nothing],
    }  # fmt: skip


def _traced(number: int, call_id: str, row: JsonObject) -> JsonObject:
    """A step of a trace: what the agent said, or what it did, or what the files showed."""
    said = {
        key: row[key]
        for key in ("source", "status", "at_s", "duration_s", "exit_code", "confirmed")
        if row.get(key) is not None
    }
    what = text_of(row.get("what", ""))
    if row.get("type") == "answer":
        return {"step_id": number, "source": "agent", "message": what, "extra": said}
    arguments: JsonObject = {"what": what, "paths": row.get("paths") or []}
    shown = row.get("output") or row.get("diff") or ""
    return {
        "step_id": number, "source": "agent", "message": "", "extra": said,
        "tool_calls": [{"tool_call_id": call_id, "function_name": text_of(row.get("type", "call")), "arguments": arguments}],
        "observation": {"results": [{"source_call_id": call_id, "content": text_of(shown)}]},
    }  # fmt: skip
