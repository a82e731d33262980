"""`${name}` in mission files: the values of parameters, written into every text as its place needs them."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from journeyman.mission.files.documents import Place
from journeyman.mission.model.parameters import MissionParameter, parameter_of
from journeyman.mission.values.canonical import Json, JsonObject, canonical

SECTION: Final = "parameters"
_MARK: Final = re.compile(r"\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)\}")
_CODE: Final = frozenset({"expression", "until", "done_when"})
"""Keys whose texts are expressions: a value stands in them as a literal."""


@dataclass(frozen=True, slots=True)
class ParameterFault:
    """What is wrong with a parameter, or where one is used."""

    place: Place
    message: str
    hint: str = ""


@dataclass(slots=True)
class ParameterValues:
    """The values of a mission's parameters."""

    values: dict[str, bool | int | float | str] = field(default_factory=dict[str, bool | int | float | str])
    declared: dict[str, MissionParameter] = field(default_factory=dict[str, MissionParameter])
    faults: list[ParameterFault] = field(default_factory=list[ParameterFault])


def parameter_values(mission: Json, given: Mapping[str, Json]) -> ParameterValues:
    """The values of the parameters that a mission file declares: those that are given, or defaults."""
    rows = mission.get(SECTION) if isinstance(mission, dict) else None
    declared = rows if isinstance(rows, dict) else {}
    found = ParameterValues()
    for name in given.keys() - declared.keys():
        near = difflib.get_close_matches(name, declared, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"declared under `parameters`: {', '.join(declared) or 'none'}"
        found.faults.append(ParameterFault((SECTION,), f"the mission has no parameter {name!r}", hint))
    for name, row in declared.items():
        spec = parameter_of(row)
        if spec is None:
            continue  # what is wrong with it is told with all else that is wrong with the mission
        value = given.get(name, spec.default)
        if value is None:
            hint = f"say `--set {name}=…`, or give it a `default`"
            found.faults.append(ParameterFault((SECTION, name), "has no value", hint))
            continue
        try:
            found.values[name], found.declared[name] = spec.read(value), spec
        except ValueError as error:
            found.faults.append(ParameterFault((SECTION, name), str(error), spec.description))
    return found


def filled(mission: Json, found: ParameterValues) -> tuple[Json, list[ParameterFault]]:
    """The mission with its parameters' values in all texts, and as their defaults; and what must not be filled in.

    A text that is only `${name}` becomes the value with its type; `$${name}` stays `${name}`; names that are no
    parameters stay as they are: environments and shells have variables, too.
    """
    if not isinstance(mission, dict) or SECTION not in mission:
        return mission, []
    filling = _Filling(found.values)
    rest: JsonObject = {key: filling.value(value, (key,)) for key, value in mission.items() if key != SECTION}
    rows = mission[SECTION]
    valued: JsonObject = {
        name: {**found.declared[name].model_dump(exclude_defaults=True), "default": value}
        for name, value in found.values.items()
    }
    return {**rest, SECTION: {**rows, **valued} if isinstance(rows, dict) else rows}, filling.faults


class _Filling:
    """Writes values into texts."""

    def __init__(self, values: Mapping[str, bool | int | float | str]) -> None:
        self.values = values
        self.faults: list[ParameterFault] = []

    def value(self, value: Json, place: Place, *, shell: bool = False) -> Json:
        """A part of the mission, filled; `shell`: beside it stands that a shell runs it."""
        if isinstance(value, dict):
            by_shell = value.get("shell") is True
            return {key: self.value(item, (*place, key), shell=by_shell) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, (*place, index)) for index, item in enumerate(value)]
        return self._text(value, place, shell=shell) if isinstance(value, str) and "${" in value else value

    def _text(self, text: str, place: Place, *, shell: bool) -> Json:
        whole = _MARK.fullmatch(text)
        key = place[-1]
        if whole is not None and not whole[1] and whole[2] in self.values and key not in _CODE:
            return self.values[whole[2]]

        def written(mark: re.Match[str]) -> str:
            name = mark[2]
            if name not in self.values:
                self._look_near(name, place)
                return mark[0]
            return mark[0][1:] if mark[1] else self._written(name, place, text, shell=shell)

        return _MARK.sub(written, text)

    def _written(self, name: str, place: Place, text: str, *, shell: bool) -> str:
        value, key = self.values[name], place[-1]
        if key in _CODE or (key == "script" and "\n" in text):
            return repr(value)
        plain = value if isinstance(value, str) else canonical(value).decode()
        if place[0] != "commands" or not (len(place) == 2 or key == "run"):
            return plain
        if not shell:
            return shlex.quote(plain)  # the line is split as a shell would: a value is one argument
        if isinstance(value, str):
            hint = f'give the command a parameter with `default: ${{{name}}}`, and write "${name}" in the line'
            self.faults.append(ParameterFault(place, f"{name!r} is a text, which a shell would run as code", hint))
        return plain

    def _look_near(self, name: str, place: Place) -> None:
        near = difflib.get_close_matches(name, self.values, n=1, cutoff=0.75)
        if near:
            hint = f"did you mean {near[0]!r}? rename it if it is meant as it is"
            self.faults.append(ParameterFault(place, f"there is no parameter {name!r}", hint))
