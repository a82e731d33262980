"""Lines for faults that are found only after a file was read: by settings, tools and checks, which know no lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, cast

from journeyman.mission.files.documents import Place, Positions
from journeyman.mission.files.validation_problems import problem_at
from journeyman.mission.values.errors import Problem

_CRITERION: Final = "criterion "
"""What is said of a criterion names it by its id."""
_SECTIONS: Final = ("servers", "commands", "http")
"""Whoever opens a server or a tool of the file names it without the section in which it stands."""
_LISTS: Final = ("tools", "functions")
"""Lists of names, by which what is in them is called."""


def with_lines(problems: Iterable[Problem], data: object, positions: Positions) -> tuple[Problem, ...]:
    """The problems, each with the line of what it speaks of, where that stands in the file's `data`."""
    return tuple(_with_line(problem, data, positions) for problem in problems)


def _with_line(problem: Problem, data: object, positions: Positions) -> Problem:
    place = _place(problem.where, data)
    if problem.line is not None or place is None:
        return problem
    found = problem_at(place, positions, problem.message)
    return replace(problem, line=found.line, file=found.file)


def _place(where: str, data: object) -> Place | None:
    """The longest place in the data that `where` begins with; `None` where it begins with none."""
    if where.startswith(_CRITERION):
        return criterion_place(where.removeprefix(_CRITERION).split(":")[0].split()[0], data)
    for section in _LISTS:
        rows = _member(data, section)
        for index, row in enumerate(cast("list[object]", rows) if isinstance(rows, list) else ()):
            if where and where in (row, _member(row, "function")):
                return (section, index)
    if place := _walked(where, data):
        return place
    places = (_walked(f"{section}.{where}", data) for section in _SECTIONS if where)
    return next((place for place in places if len(place) > 1), None)


def _walked(where: str, data: object) -> Place:
    place: Place = ()
    for step in where.split("."):
        key = int(step) if step.isdigit() else step
        data = _member(data, key)
        if data is None:
            break
        place = (*place, key)
    return place


def _member(data: object, key: str | int) -> object:
    if isinstance(data, dict):
        return cast("dict[object, object]", data).get(key)
    if isinstance(data, list) and isinstance(key, int) and key < len(cast("list[object]", data)):
        return cast("list[object]", data)[key]
    return None


def criterion_place(name: str, data: object, at: Place = ()) -> Place | None:
    """Where the criterion of that id stands, also inside a group."""
    rows = _member(data, "criteria")
    for index, row in enumerate(cast("list[object]", rows) if isinstance(rows, list) else ()):
        place: Place = (*at, "criteria", index)
        found = place if _member(row, "id") == name else criterion_place(name, row, place)
        if found is not None:
            return found
    return None
