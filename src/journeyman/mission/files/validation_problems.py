"""What pydantic found wrong in mission files, said in words: what, where, the nearest key."""

from __future__ import annotations

import difflib
from typing import Any, Final, cast

from pydantic import BaseModel, ValidationError

from journeyman.mission import criteria as kinds
from journeyman.mission.files.documents import Place, Position, Positions
from journeyman.mission.files.known_keys import known_keys
from journeyman.mission.model import mission as spec
from journeyman.mission.model.guard_file import GuardFile
from journeyman.mission.values.errors import Problem

MISSING: Final = "is missing"


def problems_of(error: ValidationError, positions: Positions, at: Place = ()) -> list[Problem]:
    """Each thing that pydantic found, `at` before its place."""
    rows = cast("list[dict[str, Any]]", error.errors(include_url=False))
    root = GuardFile if error.title == GuardFile.__name__ else spec.Mission
    return list(dict.fromkeys(_problem({**row, "loc": (*at, *row["loc"])}, positions, root) for row in rows))


def one_per_place(problems: list[Problem]) -> tuple[Problem, ...]:
    """One problem per place; the branch of a union that was not meant says nothing."""
    kept: dict[tuple[str, str], Problem] = {}
    for problem in problems:
        vague = problem.message.startswith("input should be ")
        deeper = any(
            other is not problem and (other.where == problem.where or other.where.startswith(f"{problem.where}."))
            for other in problems
        )
        if not (vague and deeper and problem.where):
            kept.setdefault((problem.file, problem.where), problem)
    return tuple(sorted(kept.values(), key=_order)) or tuple(problems[:1])


def _order(problem: Problem) -> tuple[str, int, str]:
    return (problem.file, problem.line if problem.line is not None else 1 << 30, problem.where)


def problem_at(place: Place, positions: Positions, message: str, hint: str = "") -> Problem:
    """A problem with the line of its place, or of the nearest thing around it that has one."""
    ends = range(len(place), -1, -1)
    position = next((positions[place[:end]] for end in ends if place[:end] in positions), Position())
    where = ".".join(map(str, place))
    return Problem(where=where, message=message, hint=hint, line=position.line, file=position.file)


def _problem(item: dict[str, Any], positions: Positions, root: type[BaseModel]) -> Problem:
    place = _place(cast("tuple[str | int, ...]", item["loc"]), positions)
    given: object = item.get("input")
    message, hint = _words(
        str(item["type"]), cast("dict[str, object]", item.get("ctx") or {}), str(item["msg"]), given, item["loc"], root
    )
    return problem_at(place, positions, message, hint)


def _place(loc: Place, positions: Positions) -> Place:
    """Where in the file an error is: pydantic also names union branches, which no file holds."""
    place: Place = ()
    for index, step in enumerate(loc):
        branch = isinstance(step, str) and (*place, step) not in positions
        if branch and (index < len(loc) - 1 or step in _BRANCHES or "[" in str(step)):
            continue
        place = (*place, step)
    return place


_BRANCHES: Final = frozenset(
    {
        "ScriptPlan",
        "AdvisorChain",
        "Function",
        "list[Strategy]",
        "constrained-str",
        "constrained-int",
        "constrained-float",
        "int",
        "float",
        "str",
    }
)


def _words(
    kind: str, context: dict[str, object], message: str, given: object, loc: Place, root: type[BaseModel]
) -> tuple[str, str]:
    match kind:
        case "extra_forbidden":
            return "is not a known key", _nearest(str(loc[-1]), loc, root)
        case "missing":
            return MISSING, ""
        case "union_tag_invalid":
            tag = str(context.get("tag"))
            near = difflib.get_close_matches(tag, kinds.KINDS, n=1)
            if tag == "rubric":
                return "kind 'rubric' is judged by a mentor, and mentors are not here yet", ""
            return (
                f"kind {tag!r} is unknown",
                f"did you mean {near[0]!r}?" if near else f"one of {', '.join(kinds.KINDS)}",
            )
        case "union_tag_not_found":
            return "has no `kind`", f"one of {', '.join(kinds.KINDS)}"
        case "value_error":
            return message.removeprefix("Value error, "), ""
        case _:
            return f"{message[0].lower()}{message[1:]}, not {_shown(given)}", ""


_RENAMED: Final = {
    "guard": "an abort condition says `abort_when_met: true`",
    "command": "a command is a criterion of its own: `kind: command` with `run`",
}
"""What other versions called things."""


def _nearest(key: str, loc: Place, root: type[BaseModel]) -> str:
    if key in _RENAMED:
        return _RENAMED[key]
    known = known_keys(root, loc[:-1])
    near = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(sorted(known))}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
