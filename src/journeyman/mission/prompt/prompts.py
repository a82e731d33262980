"""The three prompts: the next strategy, closing notes, criteria from a directive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from journeyman.mission.model.state import State
from journeyman.mission.model.strategy import ToolSpec
from journeyman.mission.prompt import session_sections, system_prompts
from journeyman.mission.prompt.environment import environment
from journeyman.mission.prompt.history import VerdictHistory, recent
from journeyman.mission.prompt.truncation import line_of, rows, section, size, text_of, truncate
from journeyman.mission.values.canonical import Json, JsonObject

MAX_BYTES: Final = 32_768
"""UTF-8 bytes of a whole prompt, system text included, whatever the input."""
_CAPS: Final = {
    "directive": 5500,
    "criteria": 5000,
    "tools": 8000,
    "approvals": 600,
    "notes": 1000,
    "schema": 3500,
    "feedback": 1000,
    "endings": 3000,
    "environment": 6000,
}
"""Bytes of each section's body; with headings, scripts and the system text they leave at least 4 KiB for the recent
iterations, for which the environment makes room where the others are long."""
_RECENT_BYTES: Final = 4096
_SCHEMA_BYTES: Final = 16_400
"""Bytes of the schema of criteria, which is larger than that of strategies; no recent iterations compete with it."""
_ANSWER: Final = "Answer with JSON of this schema"
_ENVIRONMENT: Final = "Environment as context calls showed it; no evidence"
_RECENT: Final = "Recent iterations, oldest first"


@dataclass(frozen=True, slots=True)
class Prompt:
    """The two texts of a prompt."""

    system: str = field(repr=False)
    user: str = field(repr=False)

    @property
    def size_bytes(self) -> int:
        """The UTF-8 size of both."""
        return len(self.system.encode()) + len(self.user.encode())


def strategy_prompt(
    state: State,
    past: Sequence[JsonObject],
    schema: JsonObject,
    *,
    feedback: str = "",
    values: Mapping[str, Json] = MappingProxyType({}),
) -> Prompt:
    """The prompt for the next strategy.

    Args:
        state: The session as it stands.
        past: The newest iterations, oldest first, as `engine.recent` gathers them; values may be of any size.
        schema: JSON Schema of the answer.
        feedback: Why the last answer was rejected, without any of its text.
        values: Blobs that results of context calls refer to.
    """
    mission = state.mission
    scripts = mission.scripts == "allowed"
    told = session_sections.tools(state.tools, session_sections.wanted_words(state), mission.directive, _CAPS["tools"])
    head = _standing(state) + section("Tools", told)
    if scripts:
        head += section("Scripts", system_prompts.script_help(mission.limits))
    head += section("Left of the budget; null is no limit", session_sections.budget(state))
    if asked := session_sections.approvals(state, _CAPS["approvals"]):
        head += section("Calls that wait for a person's approval", asked)
    tail = _tail(_ANSWER, session_sections.form(schema, scripts=scripts), feedback)
    notes_told = ""
    if state.people.notes:
        notes = [f"- {line_of(note)}" for note in reversed(state.people.notes)]
        notes_told = section("Notes from people, newest first", rows(notes, _CAPS["notes"], "notes", 100))
    if mission.context:
        taken = sum(
            map(
                size, (system_prompts.STRATEGY, head, notes_told, tail, section(_RECENT, ""), section(_ENVIRONMENT, ""))
            )
        )
        room = min(_CAPS["environment"], MAX_BYTES - taken - _RECENT_BYTES)
        head += section(_ENVIRONMENT, environment(state, values, room))
    return _filled(system_prompts.STRATEGY, head + notes_told, past, tail)


def closing_prompt(
    state: State, past: Sequence[JsonObject], endings: VerdictHistory, schema: JsonObject, *, feedback: str = ""
) -> Prompt:
    """The prompt for closing notes, once the verdict stands."""
    ending: JsonObject = {
        "verdict": state.verdict.label if state.verdict is not None else "",
        "reason": state.verdict.reason if state.verdict is not None else "",
        "iterations": state.usage.iterations,
    }
    head = (
        _standing(state)
        + section("How it ended, as the engine decided", text_of(ending))
        + section(
            "Verdict and reason of every iteration", truncate("\n".join(endings.lines()) or "none", _CAPS["endings"])
        )
    )
    tail = _tail(
        f"{_ANSWER}: what to keep in mind, and what to do next", session_sections.form(schema, scripts=True), feedback
    )
    return _filled(system_prompts.CLOSING, head, past, tail)


def criteria_prompt(
    directive: str, tools: Sequence[ToolSpec], metrics: Mapping[str, str], schema: JsonObject, *, feedback: str = ""
) -> Prompt:
    """The prompt for drafting criteria from a directive; every metric named must be a known one."""
    known = [text_of({"metric": name, "tool": tool}) for name, tool in sorted(metrics.items())]
    specs = {spec.name: spec for spec in tools}
    body = (
        section("Mission directive", truncate(directive, _CAPS["directive"]))
        + section("Tools", session_sections.tools(specs, (), directive, 4500))
        + section("Metrics that these tools give; criteria may use no others", rows(known, 3000, "metrics", 60))
    )
    if feedback:
        body += section("Your last answer was rejected", truncate(feedback, _CAPS["feedback"]))
    plain = session_sections.form(schema, scripts=True)
    return Prompt(system_prompts.DRAFTING, body + section(_ANSWER, truncate(text_of(plain), _SCHEMA_BYTES)))


def _standing(state: State) -> str:
    """What is asked for and how it stands."""
    return section("Mission directive", truncate(state.mission.directive, _CAPS["directive"])) + section(
        "Criteria and where they stand", session_sections.criteria(state, _CAPS["criteria"])
    )


def _tail(title: str, schema: JsonObject, feedback: str) -> str:
    rejected = section("Your last answer was rejected", truncate(feedback, _CAPS["feedback"])) if feedback else ""
    return rejected + section(title, truncate(text_of(schema), _CAPS["schema"]))


def _filled(system: str, head: str, past: Sequence[JsonObject], tail: str) -> Prompt:
    """The prompt whose recent iterations take what the rest leaves."""
    left = MAX_BYTES - size(system) - size(head) - size(tail) - size(section(_RECENT, ""))
    return Prompt(system, head + section(_RECENT, recent(past, left)) + tail)
