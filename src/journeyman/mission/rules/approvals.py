"""What a person is asked before a strategy runs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from journeyman.mission.fold.planner_memory import call_signature
from journeyman.mission.model.mission import approval_rule
from journeyman.mission.model.planner_memory import CallEffect
from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import Strategy, ToolCall
from journeyman.mission.model.task import ATTEMPT
from journeyman.mission.planner.attempts import attempt_question
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.name_patterns import script_name


def approval_question(state: State, strategy: Strategy) -> str:
    """What a person is asked before the strategy runs; empty when nobody is."""
    if f"iteration-{state.iteration.index}" in state.people.answers:
        return ""
    if strategy.script is not None:
        wanting = [name for name in tools_of_script(state, strategy.script) if needs_person(state, name)]
        return f"run a script that may call {', '.join(wanting)}?" if wanting else ""
    if state.mission.task is not None and strategy.calls and all(call.tool == ATTEMPT for call in strategy.calls):
        return attempt_question(state, strategy.calls[0]) if needs_person(state, ATTEMPT) else ""
    wanting = [
        f"{call.tool}({_arguments(state, call)}){_failed_before(state, call)}"
        for call in strategy.calls
        if needs_person(state, call.tool)
    ]
    return f"call {'; '.join(wanting)}?" if wanting else ""


def _failed_before(state: State, call: ToolCall) -> str:
    """What the very same call failed with when it was made last: nobody is asked for it again without a word."""
    known = state.memory.tried.get(call_signature(call.tool, dict(call.args)))
    return f", which failed before ({known.answer})" if known is not None and known.how is CallEffect.FAILED else ""


def tools_of_script(state: State, script: str) -> list[str]:
    """The tools that a script is given: those that ask nobody, and of the others those whose name stands in it.

    What a person was not asked about is not there to be called, however the script comes by its names.
    """
    return [name for name in sorted(state.tools) if not needs_person(state, name) or _names(script, name)]


def _names(script: str, tool: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(script_name(tool))}(?!\w)", script) is not None


def needs_person(state: State, tool: str) -> bool:
    """Tell whether a call of the tool waits for a person."""
    rule = approval_rule(state.mission, tool)
    spec = state.tools.get(tool)
    return rule == "always" or (rule == "destructive" and spec is not None and spec.destructive)


def sent_arguments(state: State, tool: str, args: Mapping[str, Json]) -> JsonObject:
    """The arguments with which a call is sent: its own, and the tool's defaults besides."""
    spec = state.tools.get(tool)
    return {**args, **({} if spec is None else spec.defaults_besides(args))}


def _arguments(state: State, call: ToolCall) -> str:
    sent = sent_arguments(state, call.tool, call.args)
    text = ", ".join(f"{key}={value!r}" for key, value in sent.items())
    return text if len(text) <= 200 else text[:200] + "…"
