"""Hides what was said and done in a session's documents, and leaves how it went. Pure.

What is kept is listed, and nothing else is: a key that nobody thought of is hidden.
"""

from __future__ import annotations

from typing import Final

from journeyman.mission.values.canonical import Json, JsonObject, canonical

_KEPT: Final = frozenset(
    {
        "at", "kind", "seq", "v", "hash", "prev_hash", "session_id", "tenant", "digest", "mission_digest", "head_hash", "version",
        "created_at", "started_at", "ended_at", "until_at", "iteration", "iterations_run", "status", "state", "phase", "verdict",
        "reason", "outcome", "outcome_now", "label", "required", "abort_when_met", "met", "progress", "carried", "held", "hold_for",
        "measured", "counted", "counted_at", "seen_at", "checkpoint", "until_met", "effect_class", "purpose", "turn", "tries",
        "duration_s", "cut_bytes", "left_running", "tool_calls", "calls", "tokens", "cost_usd", "wall_clock_s", "iterations",
        "prompt_bytes", "answer_bytes", "input_tokens", "output_tokens", "usage_source", "cost_microusd", "reserved_tokens",
        "reserved_microusd", "token", "assumed", "granted", "confidence", "events", "stagnation_threshold", "tool", "effect",
        "$blob", "bytes", "exit_code", "workspace", "contract", "mode", "format", "error_class",
    }
)  # fmt: skip
"""Keys whose plain values tell how it went; `tool` and `effect` are names of the mission's own file."""
_ENTERED: Final = frozenset(
    {
        "data", "results", "facts", "criteria", "effects", "iterations", "budget", "used", "tools", "advice", "effects_by_state",
        "budget_series", "left_out", "head", "cadence",
    }
)  # fmt: skip
"""Keys whose objects and lists are gone through."""


def masked(document: Json) -> Json:
    """A document in which every value that is not known to be of the form is a mark with its size."""
    if isinstance(document, dict):
        return _object(document)
    return [masked(item) for item in document] if isinstance(document, list) else document


def _object(document: JsonObject) -> JsonObject:
    found: JsonObject = {}
    for key, value in document.items():
        if isinstance(value, (dict, list)):
            is_reference = isinstance(value, dict) and value.keys() == {"$blob", "bytes"}
            found[key] = (
                value
                if is_reference
                else masked(value)
                if key in _ENTERED and value
                else _mark(value)
                if value
                else value
            )
        else:
            found[key] = value if key in _KEPT or value is None or value in ("", True, False) else _mark(value)
    return found


def _mark(value: Json) -> str:
    return f"[masked: {len(canonical(value))} bytes]"
