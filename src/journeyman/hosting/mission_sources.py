"""Missions that a caller of the host names: files below one folder, or a whole mission in the call."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from journeyman.config import Settings
from journeyman.engine.mission_check import expression_faults
from journeyman.hosting.access import AccessScope, Caller
from journeyman.mission.files.documents import FORMS, read_document
from journeyman.mission.files.includes import with_includes
from journeyman.mission.files.mission_file import validate_mission, with_ceilings
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.parameters import MissionParameter, parameter_of
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import InvalidInput, NotAllowed, NotFound, Problem
from journeyman.wiring import advisor_problems, load_mission

MOST_FILES: Final = 500
"""Mission files that are listed."""
_MOST_LOOKED_AT: Final = 20_000
_FILLED: Final = frozenset({"node_modules", "__pycache__", "site-packages"})


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
        """The mission files, relative to the folder: at most 500, of the first 20,000 files that are looked at. Blocks."""
        names = itertools.islice(_visible_files(self.folder), _MOST_LOOKED_AT)
        found = (path for path in names if path.suffix.lower() in FORMS and _is_mission(path))
        return sorted(str(path.relative_to(self.folder)) for path in itertools.islice(found, MOST_FILES))

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
            asked = with_ceilings(mission, wanted.budget, "budget")
            _refuse_more(mission, asked, caller)
            mission = asked
        if mission.checks_only:
            told = "is `check`: nothing would be done, only judged"
            raise InvalidInput(wanted.file or "the mission", (Problem(where="mode", message=told),))
        problems = advisor_problems(self.settings, mission)
        if problems:
            raise InvalidInput(wanted.file or "the mission", problems)
        return mission, folder

    def folder_below(self, name: str) -> Path:
        """A folder below the folder of missions, or that itself where no name is given; raises `NotFound`."""
        root = self.folder.resolve()
        with suppress(OSError, ValueError):
            path = (root / name).resolve()
            if path.is_relative_to(root) and path.is_dir():
                return path
        raise NotFound(f"no folder {name!r} below the folder of missions of this host")

    def _path(self, name: str) -> Path:
        """A file below the folder, also after links: nothing outside can be named."""
        root = self.folder.resolve()
        with suppress(OSError, ValueError):
            path = (root / name).resolve()
            if path.is_relative_to(root) and path.is_file():
                return path
        raise NotFound(f"no mission file {name!r} below the folder of missions of this host")


def _visible_files(folder: Path) -> Iterator[Path]:
    """All files below, but for hidden folders and those that package managers fill."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _FILLED)
        yield from (Path(place, name) for name in sorted(names))


def _is_mission(path: Path) -> bool:
    """Tell whether a file says what a mission must: a directive. Whether it is a good one, reading it shows."""
    try:
        with path.open(encoding="utf-8") as file:
            head = file.read(20_000)
    except (OSError, ValueError):
        return False
    return "directive" in head and "criteria" in head


def _refuse_more(offered: Mission, asked: Mission, caller: Caller) -> None:
    """The budget of an offered mission is its author's word: others may give less, and no more."""
    if AccessScope.AUTHOR in caller.scopes:
        return
    before, after = offered.budget.model_dump(), asked.budget.model_dump()
    more = [name for name, most in before.items() if most is not None and (after[name] is None or after[name] > most)]
    if more:
        raise NotAllowed(
            f"the mission's own budget allows {', '.join(f'{name} {before[name]:g}' for name in more)}, and more needs the "
            f"scope {AccessScope.AUTHOR.value!r}; ask for as much or less",
            code="scope_missing",
        )
