"""Drafts a mission's criteria for a person to confirm: by a model where one is wanted, else by rules.

Whoever drafted it, a criterion that nobody can decide, that holds already, cannot fail or needs a write is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, cast

from journeyman.advisors.base import AskPurpose, AuditAsked, AuditSettled, FailureClass, Message, Rejection, Request
from journeyman.engine.advice_client import AdviceBroker
from journeyman.mission.advice import CriteriaAdvice, criteria_schema
from journeyman.mission.criteria.base import as_json
from journeyman.mission.files.draft import draft, schema_metrics
from journeyman.mission.files.draft_checks import draft_problems
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.effects import EFFECT_RULES, EffectClass
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.strategy import ToolSpec
from journeyman.mission.prompt import criteria_prompt
from journeyman.mission.values.canonical import Json, JsonObject, canonical
from journeyman.mission.values.errors import InvalidInput
from journeyman.tools.base import CallStatus, Catalog, Tool

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """Criteria for a person to confirm, and whose they are."""

    criteria: tuple[JsonObject, ...]
    notes: tuple[str, ...]
    source: str
    """`rules`, or `advisor:NAME`."""


@dataclass(frozen=True, slots=True)
class KnownMetrics:
    """What is known of the metrics that the allowed tools give."""

    metrics: Mapping[str, str]
    """Name of each metric to its tool."""
    values: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """Those that a pure call just gave."""


class _DraftAudit:
    """Takes the audit pairs of a draft, which belongs to no session: each half is one line, without any text."""

    def __init__(self, note: Callable[[JsonObject], None] | None) -> None:
        self._note = note

    async def asked(self, row: AuditAsked) -> None:
        """Note the first half before the prompt leaves; nothing is reserved, since there is no budget."""
        self._append("asked", asdict(row))

    async def settled(self, row: AuditSettled) -> None:
        """Note the other half."""
        self._append("settled", asdict(row))

    def _append(self, event: str, row: dict[str, Any]) -> None:
        line: JsonObject = {"event": event, **row}
        _log.info("advice %s", canonical(line).decode())
        if self._note is not None:
            self._note(line)


async def known_metrics(catalog: Catalog, tools: Sequence[Tool], effects: Mapping[str, str]) -> KnownMetrics:
    """Each metric that is known to come from a tool: named by its output schema, or seen in one pure call.

    Only tools that are pure and need no argument are called, once each.
    """
    found: dict[str, str] = {}
    values: dict[str, Json] = {}
    for tool in tools:
        for name in schema_metrics(tool.output_schema):
            found.setdefault(name, tool.name)
        looks = tool.name in effects and not EFFECT_RULES[EffectClass(effects[tool.name])].changes_world
        if looks and not tool.input_schema.get("required"):
            result = await catalog.call(tool.name, {}, key=f"draft-{tool.name}", timeout_s=30, repeatable=True)
            if result.status is CallStatus.DONE:
                own = {name: value for name, value in result.metrics.items() if found.get(name, tool.name) == tool.name}
                found |= dict.fromkeys(own, tool.name)
                values |= own
    return KnownMetrics(found, values)


async def draft_criteria(
    directive: str,
    tools: Sequence[ToolSpec],
    known: KnownMetrics,
    *,
    broker: AdviceBroker | None = None,
    wanted: tuple[str, ...] = (),
    draft_id: str = "",
    note: Callable[[JsonObject], None] | None = None,
) -> Draft:
    """Criteria for a directive; where no model answers, the rules draft them and say why.

    Args:
        directive: What a person wrote.
        tools: The allowed tools.
        known: What is known of their metrics.
        broker: Asks the models.
        wanted: Names of the models to ask; none leaves the draft to the rules.
        draft_id: Names this draft in the audit, where the pairs of many stand one after the other.
        note: Takes each audit line of a question; the first half of a pair before the prompt leaves.
    """
    if broker is None or not wanted or wanted == ("none",):
        return _by_rule(directive, tools, known, "")

    def make(feedback: str) -> Request:
        schema = criteria_schema()
        prompt = criteria_prompt(directive, tools, known.metrics, schema, feedback=feedback)
        messages = (Message("system", prompt.system), Message("user", prompt.user))
        return Request(
            request_id=f"draft-{draft_id}" if draft_id else "draft",
            purpose=AskPurpose.CRITERIA,
            messages=messages,
            answer=CriteriaAdvice,
        )

    async def check(value: Any) -> Rejection | None:
        return _rejection(directive, _rows(cast("CriteriaAdvice", value)), tools, known)

    outcome = await broker.ask(make, wanted=wanted, check=check, ledger=_DraftAudit(note))
    if isinstance(outcome.value, CriteriaAdvice):
        return Draft(tuple(_rows(outcome.value)), (), f"advisor:{outcome.advisor}")
    return _by_rule(directive, tools, known, f"no advice: {outcome.reason}")


def _rejection(
    directive: str, rows: Sequence[JsonObject], tools: Sequence[ToolSpec], known: KnownMetrics
) -> Rejection | None:
    """Tell why a model's criteria cannot be used; names are the model's own, values ours."""
    try:
        mission = _mission(directive, rows)
    except InvalidInput as error:
        places = "; ".join(problem.where for problem in error.problems)
        return Rejection(failure=FailureClass.SCHEMA_MISMATCH, feedback=f"these do not fit: {places}")
    problems = draft_problems(mission, tools, known.metrics, known.values)
    if problems:
        told = "; ".join(f"{problem.where} {problem.message}" for problem in problems)
        return Rejection(failure=FailureClass.SCHEMA_MISMATCH, feedback=told)
    return None


def _mission(directive: str, rows: Sequence[JsonObject]) -> Mission:
    return validate_mission({"directive": directive, "criteria": list(rows), "budget": {"iterations": 1}})


def _by_rule(directive: str, tools: Sequence[ToolSpec], known: KnownMetrics, why: str) -> Draft:
    """What the rules draft, less what is refused."""
    found = draft(directive, known.metrics)
    kept: list[JsonObject] = []
    notes = [*([why] if why else []), *found.notes]
    for row in found.criteria:
        problems = draft_problems(_mission(directive, [row]), tools, known.metrics, known.values)
        notes += [f"{problem.where} was refused: {problem.message}" for problem in problems]
        kept += [] if problems else [row]
    return Draft(tuple(kept), tuple(notes), "rules")


def _rows(advice: CriteriaAdvice) -> list[JsonObject]:
    return [as_json(criterion) for criterion in advice.criteria]
