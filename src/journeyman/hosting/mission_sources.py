"""Missions that a caller of the host names: files below one folder, or a whole mission in the call."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from journeyman.config import Settings
from journeyman.engine.mission_check import expression_faults
from journeyman.hosting.access import AccessScope, Caller
from journeyman.mission.files.documents import FORMS, read_document
from journeyman.mission.files.includes import with_includes
from journeyman.mission.files.mission_file import validate_mission, with_ceilings
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.parameters import MissionParameter, parameter_of
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem
from journeyman.wiring import advisor_problems, load_mission


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedMission:
    """What a caller wants run: `file` or `mission`."""

    file: str = ""
    """Relative to the folder of missions."""
    mission: JsonObject | None = None
    """The mission itself, as a mission file has it."""
    parameters: Mapping[str, Json] | None = None
    budget: JsonObject | None = None
    """Other ceilings than the mission's, by kind; `None` is no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedMission:
    """What a mission file says of itself before it is given values: whether it is a good one, reading it shows."""

    file: str
    name: str
    directive: str
    parameters: Mapping[str, MissionParameter]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionSources:
    """Where the host finds missions."""

    folder: Path
    """Holds the mission files that callers with the scope `run` may start; work happens beside each file."""
    settings: Settings

    def files(self) -> list[str]:
        """The mission files, relative to the folder."""
        found = (path for form in FORMS for path in self.folder.rglob(f"*{form}") if _is_mission(path))
        return sorted(str(path.relative_to(self.folder)) for path in found)

    def describe(self, file: str) -> OfferedMission:
        """What a file asks for, so that a form can ask a person.

        Raises:
            InvalidInput: It cannot be read.
            NotFound: There is no such file below the folder.
        """
        path = self._path(file)
        own, where = read_document(path.read_bytes(), FORMS.get(path.suffix.lower(), "yaml"), file)
        data, _ = with_includes(own, where, lambda name: (path.parent / name).read_bytes(), file)
        rows = cast("dict[str, object]", data) if isinstance(data, dict) else {}
        declared = rows.get("parameters")
        found = {
            name: spec
            for name, row in (cast("dict[str, object]", declared) if isinstance(declared, dict) else {}).items()
            if (spec := parameter_of(row)) is not None
        }
        name, directive = rows.get("name"), rows.get("directive")
        return OfferedMission(file=file, name=str(name or file), directive=str(directive or ""), parameters=found)

    def read(self, wanted: WantedMission, caller: Caller) -> tuple[Mission, Path]:
        """The mission and the folder in which it works.

        Raises:
            InvalidInput: With everything that is wrong.
            NotAllowed: The caller lacks the scope.
            NotFound: There is no such file below the folder.
        """
        caller.require(AccessScope.RUN)
        if bool(wanted.file) == (wanted.mission is not None):
            raise InvalidInput("the call", (Problem(where="", message="name a mission `file`, or give a `mission`"),))
        if wanted.mission is not None:
            caller.require(AccessScope.AUTHOR)
            given = wanted.parameters or {}
            mission = validate_mission(wanted.mission, given=given, check=expression_faults)
            folder = self.folder.resolve()
        else:
            mission, folder = load_mission(self._path(wanted.file), wanted.parameters)
        if wanted.budget:
            mission = with_ceilings(mission, wanted.budget, "budget")
        problems = advisor_problems(self.settings, mission)
        if problems:
            raise InvalidInput(wanted.file or "the mission", problems)
        return mission, folder

    def _path(self, name: str) -> Path:
        """A file below the folder, also after links: nothing outside can be named."""
        root = self.folder.resolve()
        with suppress(OSError, ValueError):
            path = (root / name).resolve()
            if path.is_relative_to(root) and path.is_file():
                return path
        raise NotFound(f"no mission file {name!r} below the folder of missions of this host")


def _is_mission(path: Path) -> bool:
    """Tell whether a file says what a mission must: a directive. Whether it is a good one, reading it shows."""
    try:
        head = path.read_text("utf-8", "strict")[:20_000]
    except (OSError, ValueError):
        return False
    return "directive" in head and "criteria" in head
