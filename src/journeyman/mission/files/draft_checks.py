"""What is wrong with drafted criteria, whoever drafted them: nobody can decide one, it decides nothing, or it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from journeyman.mission.criteria.allowed_tools import DraftFacts
from journeyman.mission.criteria.base import walk
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.strategy import ToolSpec, allowed_tools
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import Problem


def draft_problems(
    mission: Mission, tools: Sequence[ToolSpec], metrics: Mapping[str, str], values: Mapping[str, Json]
) -> tuple[Problem, ...]:
    """Every reason against a draft; `values` are the metrics as pure calls just gave them."""
    known = DraftFacts(tools=allowed_tools(tools), metrics=metrics, values=values)
    return tuple(
        Problem(where=criterion.id, message=why)
        for criterion in walk(mission.criteria)
        for why in criterion.draft_faults(known)
    )
