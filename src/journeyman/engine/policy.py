"""What calling a tool means for this mission: the operator's word, tightened by what the tool says of itself."""

from __future__ import annotations

from typing import Final

from journeyman.mission.canonical import JsonObject
from journeyman.mission.spec import Mission, effect_spec
from journeyman.tools.base import Tool

_ORDER: Final = ("pure", "keyed", "probed", "unsafe")


def tool_row(mission: Mission, tool: Tool) -> JsonObject:
    """Give a tool as the record pins it.

    The class is the operator's (`effects`), else what the operator's own code declares, else `unsafe`. A server's
    hints only tighten, and only where the operator named no tool exactly: one that calls itself destructive is never
    `pure`. A call counts as destructive unless it is pure, keyed or probed, or the tool says it destroys nothing.
    """
    spec = effect_spec(mission, tool.name)
    effect = spec.effect if spec is not None else tool.effect if tool.effect in _ORDER else "unsafe"
    hinted = tool.hints.destructive is True or tool.hints.read_only is False
    if effect == "pure" and tool.name not in mission.effects and tool.effect is None and hinted:
        effect = "unsafe"
    destructive = effect != "pure" and (
        tool.hints.destructive is True or (effect == "unsafe" and tool.hints.destructive is None)
    )
    return {
        "name": tool.name,
        "description": tool.description,
        "input_schema": tool.input_schema,
        "pin": tool.pin,
        "effect": effect or "unsafe",
        "destructive": destructive,
    }
