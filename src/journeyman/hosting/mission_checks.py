"""What is wrong with a mission that a caller means, and what it would ask for: nothing of it runs."""

from __future__ import annotations

from typing import cast

import anyio.to_thread
from pydantic import BaseModel, ConfigDict, JsonValue

from journeyman.engine.mission_check import check_mission
from journeyman.hosting.access import Caller
from journeyman.hosting.mission_sources import MissionSources, WantedMission
from journeyman.mission.model.mission import mission_digest
from journeyman.mission.values.errors import InvalidInput, JourneymanError, Problem
from journeyman.wiring import Journeyman, mission_catalog


class MissionVerdict(BaseModel):
    """What a check of a mission found."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    valid: bool
    name: str
    problems: list[str]
    """The mission cannot work like this."""
    warnings: list[str]
    """It can, but proves less, or asks for more, than its reader may think."""
    asks: list[str]
    """Tools whose calls wait for a person."""
    tools: list[dict[str, JsonValue]]
    """What it would get; empty where tools were not opened."""
    digest: str
    """Of the mission; empty where it cannot be read."""


async def checked_mission(
    journeyman: Journeyman, sources: MissionSources, wanted: WantedMission, caller: Caller, *, offline: bool
) -> MissionVerdict:
    """The verdict on a mission; `offline` opens no tools. Raises what `MissionSources.read` raises of the call itself."""
    try:
        mission, folder = await anyio.to_thread.run_sync(lambda: sources.read(wanted, caller))
    except InvalidInput as error:
        return _refused("", error.problems)
    try:
        found = await check_mission(
            mission,
            journeyman.predicates,
            journeyman.scripts,
            opens=None if offline else mission_catalog(mission, folder, settings=sources.settings),
        )
    except InvalidInput as error:
        return _refused(mission.name, error.problems)
    except JourneymanError as error:  # a server that cannot be had: the mission could not start
        return _refused(mission.name, (Problem(where="tools", message=str(error)),))
    return MissionVerdict(
        valid=not found.problems,
        name=mission.name,
        problems=[str(problem) for problem in found.problems],
        warnings=[str(problem) for problem in found.warnings],
        asks=list(found.waits_for_person),
        tools=[cast("dict[str, JsonValue]", row) for row in found.tools],
        digest=mission_digest(mission),
    )


def _refused(name: str, problems: tuple[Problem, ...]) -> MissionVerdict:
    words = [str(problem) for problem in problems]
    return MissionVerdict(valid=False, name=name, problems=words, warnings=[], asks=[], tools=[], digest="")
