"""What prompts say of the environment: how each context call ended when it was made last, its result as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from journeyman.mission.model.effects import EffectState
from journeyman.mission.model.mission import ContextCall
from journeyman.mission.model.state import ContextResult, State
from journeyman.mission.prompt.truncation import allocate_bytes, fenced, size, text_of, truncate
from journeyman.mission.values.canonical import Json, JsonObject

LEAST_BYTES: Final = 160
"""A call that cannot have so much is not shown."""
_ARGS: Final = 300
"""Bytes of a call's arguments."""


def environment(state: State, values: Mapping[str, Json], most_bytes: int) -> str:
    """The mission's context calls in its order, each with its result or why there is none; the last dropped first.

    Args:
        state: The session as it stands.
        values: The blobs that results refer to; a reference that is not among them stays one.
        most_bytes: What all rows may take together.
    """
    calls = state.mission.context
    kept = calls[: max(0, (most_bytes - 60) // (LEAST_BYTES + 1))]
    known = [state.context.get(str(index)) for index in range(len(kept))]
    heads = [_head(call, row) for call, row in zip(kept, known, strict=True)]
    bodies = [_body(row, values) for row in known]
    whole = [_row(head, body, most_bytes) for head, body in zip(heads, bodies, strict=True)]
    given = allocate_bytes([size(text) for text in whole], most_bytes - 60 - len(kept))
    made = [
        text if size(text) <= most else _row(head, body, most)
        for text, head, body, most in zip(whole, heads, bodies, given, strict=True)
    ]
    dropped = [f"[{len(calls) - len(kept)} more looks at the environment dropped for size]"]
    return "\n".join([*made, *(dropped if len(kept) < len(calls) else [])])


def references(state: State) -> list[str]:
    """The digests of the blobs that results of context calls refer to."""
    values = [known.value for known in state.context.values()]
    return [str(value["$blob"]) for value in values if isinstance(value, dict) and "$blob" in value]


def _head(call: ContextCall, known: ContextResult | None) -> str:
    told: JsonObject = {"tool": call.tool, "args": truncate(text_of(dict(call.args)), _ARGS)} if call.args else {}
    told = told or {"tool": call.tool}
    if known is None:
        return text_of({**told, "state": "not called: no tool call was left for it"})
    if known.state is not EffectState.DONE:
        return text_of({**told, "before_iteration": known.iteration, "state": "the call failed"})
    return text_of({**told, "before_iteration": known.iteration})


def _body(known: ContextResult | None, values: Mapping[str, Json]) -> Json:
    if known is None:
        return None
    if known.state is not EffectState.DONE:
        return {"error": known.error, "error_class": known.error_class}
    reference = known.value.get("$blob") if isinstance(known.value, dict) else None
    return values.get(reference, known.value) if isinstance(reference, str) else known.value


def _row(head: str, body: Json, most_bytes: int) -> str:
    left = most_bytes - size(head) - 1
    if body is None or left < 60:
        return truncate(head, most_bytes)
    return f"{head}\n{fenced(body, left)}"
