"""Mission files: text to a Mission, or every problem at once with its file, its line and the nearest key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar, cast

from pydantic import ValidationError

from journeyman.mission.files.documents import Form, Place, Positions, positions_in, read_document
from journeyman.mission.files.includes import ReadFile, with_includes
from journeyman.mission.files.parameters import filled, parameter_values
from journeyman.mission.files.problem_lines import criterion_place
from journeyman.mission.files.validation_problems import MISSING, one_per_place, problem_at, problems_of
from journeyman.mission.model import mission as spec
from journeyman.mission.values.canonical import Json, JsonObject, NotJson, checked
from journeyman.mission.values.errors import InvalidInput, Problem

AnyMission = TypeVar("AnyMission", bound=spec.Mission)
ExpressionCheck: TypeAlias = Callable[[str], Sequence[Problem]]
"""Says what is wrong with the source of an expression."""
_EXPRESSIONS = {"criteria": "expression", "plan": "until"}
"""Where expressions stand: sections of a mission, and the keys in them."""
_CRITERION = re.compile(r"criterion '([^']+)'")
_KEY = re.compile(r"`([a-z_]+)")


def parse_mission(
    text: str | bytes,
    form: Form = "yaml",
    what: str = "mission file",
    *,
    given: Mapping[str, Json] | None = None,
    read: ReadFile | None = None,
    check: ExpressionCheck | None = None,
) -> spec.Mission:
    """The mission in `text`; raises `InvalidInput` with every problem found. `parse_as` tells of the arguments."""
    return parse_as(spec.Mission, text, form, what, given=given, read=read, check=check)


def parse_as(
    model: type[AnyMission],
    text: str | bytes,
    form: Form,
    what: str,
    *,
    given: Mapping[str, Json] | None = None,
    read: ReadFile | None = None,
    check: ExpressionCheck | None = None,
) -> AnyMission:
    """The mission of a kind that is in `text`; raises `InvalidInput` with every problem found.

    Args:
        model: The kind of mission.
        text: The file's content.
        form: What it is written in.
        what: What error texts call it.
        given: Values of its parameters in place of their defaults; a text is read as the parameter's type.
        read: Reads the files that it includes.
        check: Checks its expressions, so that their faults are told together with all others.
    """
    twice: list[Problem] = []
    own, where = read_document(text, form, what, faults=twice)
    lost: list[Problem] = []
    data, positions = with_includes(own, where, read, what, faults=lost)
    mission, found = _validated(model, data, positions, what, given, check)
    # Who misses a file misses what stands in it: that is no fault of its own.
    rest = [one for one in found if not (lost and _may_be_included(one))]
    return _without_faults(mission, [*twice, *lost, *rest], data, positions, what)


def _may_be_included(problem: Problem) -> bool:
    begin = problem.where.partition(".")[0]
    return problem.message == MISSING or begin in ("", "parameters") or "${" in problem.message


def validate_mission(
    data: object,
    positions: Positions | None = None,
    what: str = "mission",
    *,
    given: Mapping[str, Json] | None = None,
    check: ExpressionCheck | None = None,
) -> spec.Mission:
    """The mission in plain data; raises `InvalidInput` with every problem found. As for `parse_mission`."""
    return validate_as(spec.Mission, data, positions, what, given=given, check=check)


def validate_as(
    model: type[AnyMission],
    data: object,
    positions: Positions | None,
    what: str,
    *,
    given: Mapping[str, Json] | None = None,
    check: ExpressionCheck | None = None,
) -> AnyMission:
    """The mission of a kind in plain data; raises `InvalidInput` with every problem found. As for `parse_as`."""
    positions = positions_in(data) if positions is None else positions
    mission, problems = _validated(model, data, positions, what, given, check)
    return _without_faults(mission, problems, data, positions, what)


def _without_faults(
    mission: AnyMission | None, problems: list[Problem], data: object, positions: Positions, what: str
) -> AnyMission:
    if mission is None or problems:
        raise InvalidInput(what, one_per_place([_at_its_place(one, data, positions) for one in problems]))
    return mission


def _at_its_place(problem: Problem, data: object, positions: Positions) -> Problem:
    """A fault of several keys together, at the criterion or the first key of the file that it speaks of."""
    if problem.where or problem.line not in (None, 1):
        return problem
    told = _CRITERION.match(problem.message)
    place = criterion_place(told[1], data) if told is not None else None
    named = (mark[1] for mark in _KEY.finditer(problem.message))
    keys = cast("dict[str, object]", data) if isinstance(data, dict) else {}
    place = place or next(((name,) for name in named if name in keys), None)
    return problem if place is None else problem_at(place, positions, problem.message, problem.hint)


def _validated(
    model: type[AnyMission],
    data: object,
    positions: Positions,
    what: str,
    given: Mapping[str, Json] | None,
    check: ExpressionCheck | None,
) -> tuple[AnyMission | None, list[Problem]]:
    """The mission, where it could be made, and every problem found; raises `InvalidInput` for what is no object."""
    if not isinstance(data, dict):
        raise InvalidInput(
            what, (Problem(where="", message=f"is {_kind(data)}, not an object", hint="start with `directive:`"),)
        )
    problems: list[Problem] = []
    unset: list[str] = []
    plain: object = cast("object", data)
    try:
        plain = checked(plain)
    except NotJson as error:
        where, _, message = str(error).partition(": ")
        place = tuple(int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]$]+", where))
        problems.append(problem_at(place, positions, message, "use finite JSON values"))
    else:
        found = parameter_values(plain, given or {})
        plain, more = filled(plain, found)
        unset = [f"${{{fault.place[-1]}}}" for fault in found.faults]
        problems += [problem_at(fault.place, positions, fault.message, fault.hint) for fault in (*found.faults, *more)]
    if check is not None:
        problems += _expression_problems(plain, positions, check)
    mission: AnyMission | None = None
    try:
        mission = model.model_validate(plain)
    except ValidationError as error:
        problems += [one for one in problems_of(error, positions) if not any(mark in one.message for mark in unset)]
    return mission, problems


def with_ceilings(mission: spec.Mission, changes: JsonObject, what: str) -> spec.Mission:
    """The mission with other ceilings in its budget; raises `InvalidInput` with every problem found."""
    try:
        return mission.model_copy(update={"budget": mission.budget.amended(changes)})
    except ValidationError as error:
        raise InvalidInput(what, one_per_place(problems_of(error, {}, ("budget",)))) from None


def _expression_problems(plain: object, positions: Positions, check: ExpressionCheck) -> list[Problem]:
    return [
        problem_at(place, positions, found.message, found.hint or f"it reads {source[:80]!r}")
        for place, source in _expressions(plain, ())
        for found in check(source)
    ]


def _expressions(data: object, at: Place) -> list[tuple[Place, str]]:
    if at and at[0] not in _EXPRESSIONS:
        return []
    if isinstance(data, str):
        return [(at, data)] if at[-1] == _EXPRESSIONS[str(at[0])] else []
    rows = cast("dict[str, object]", data).items() if isinstance(data, dict) else ()
    items = enumerate(cast("list[object]", data)) if isinstance(data, list) else ()
    return [row for key, value in (*rows, *items) for row in _expressions(value, (*at, key))]


def _kind(value: object) -> str:
    names = {
        "NoneType": "empty",
        "list": "a list",
        "str": "text",
        "int": "a number",
        "float": "a number",
        "bool": "a truth value",
    }
    return names.get(type(value).__name__, type(value).__name__)
