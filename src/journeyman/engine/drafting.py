"""Drafts a mission's criteria for a person to confirm: by a model where one is wanted, else by rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from journeyman.advisors.base import Asked, Failure, Message, Purpose, Rejection, Request, Settled
from journeyman.engine.advising import Asks
from journeyman.mission.advice import CriteriaAdvice
from journeyman.mission.criteria.base import as_json
from journeyman.mission.files.draft import Drafted, draft, schema_metrics, undecidable
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.strategy import ToolSpec
from journeyman.mission.prompt import criteria_prompt
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import InvalidInput
from journeyman.tools.base import Catalog, Status, Tool


@dataclass(frozen=True, slots=True)
class Draft:
    """Criteria for a person to confirm, and whose they are."""

    criteria: tuple[JsonObject, ...]
    notes: tuple[str, ...]
    source: str
    """`rules`, or `advisor:NAME`."""


class _Unrecorded:
    """Takes the audit pairs of a draft, which belongs to no session yet."""

    async def asked(self, row: Asked) -> None:
        """Nothing is reserved: no session, no budget."""

    async def settled(self, row: Settled) -> None:
        """Nothing is settled."""


async def known_metrics(catalog: Catalog, tools: Sequence[Tool], effects: Mapping[str, str]) -> dict[str, str]:
    """Give each metric that is known to come from a tool: named by its output schema, or seen in one pure call.

    Only tools that are pure and need no argument are called, once each.
    """
    found: dict[str, str] = {}
    for tool in tools:
        for name in schema_metrics(tool.output_schema):
            found.setdefault(name, tool.name)
        if effects.get(tool.name) == "pure" and not tool.input_schema.get("required"):
            result = await catalog.call(tool.name, {}, key=f"draft-{tool.name}", timeout_s=30, repeatable=True)
            if result.status is Status.DONE:
                for name in result.metrics:
                    found.setdefault(name, tool.name)
    return found


async def draft_criteria(
    directive: str,
    tools: Sequence[ToolSpec],
    metrics: Mapping[str, str],
    *,
    broker: Asks | None = None,
    wanted: tuple[str, ...] = (),
) -> Draft:
    """Give criteria for a directive; where no model answers, the rules draft them and say why."""
    by_rule = draft(directive, tools, metrics)
    if broker is None or not wanted or wanted == ("none",):
        return _by_rule(by_rule, "")

    def make(feedback: str) -> Request:
        prompt = criteria_prompt(
            directive, tools, metrics, cast("JsonObject", CriteriaAdvice.model_json_schema()), feedback=feedback
        )
        messages = (Message("system", prompt.system), Message("user", prompt.user))
        return Request(request_id="draft", purpose=Purpose.CRITERIA, messages=messages, answer=CriteriaAdvice)

    async def check(value: Any) -> Rejection | None:
        rows = _rows(cast("CriteriaAdvice", value))
        try:
            mission = validate_mission({"directive": directive, "criteria": rows, "budget": {"iterations": 1}})
        except InvalidInput as error:
            places = "; ".join(problem.where for problem in error.problems)
            return Rejection(failure=Failure.SCHEMA_MISMATCH, feedback=f"these do not fit: {places}")
        open_ones = undecidable(mission, [tool.name for tool in tools], metrics)
        if open_ones:
            known = ", ".join(metrics) or "none"
            return Rejection(
                failure=Failure.SCHEMA_MISMATCH,
                feedback=f"no allowed tool decides {', '.join(row.where for row in open_ones)}; known metrics: {known}",
            )
        return None

    outcome = await broker.ask(make, wanted=wanted, check=check, ledger=_Unrecorded())
    if isinstance(outcome.value, CriteriaAdvice):
        return Draft(tuple(_rows(outcome.value)), (), f"advisor:{outcome.advisor}")
    return _by_rule(by_rule, f"no advice: {outcome.reason}")


def _by_rule(found: Drafted, why: str) -> Draft:
    return Draft(found.criteria, (*([why] if why else []), *found.notes), "rules")


def _rows(advice: CriteriaAdvice) -> list[JsonObject]:
    return [as_json(criterion) for criterion in advice.criteria]
