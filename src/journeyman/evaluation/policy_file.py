"""The file of a trained policy: its numbers, and where its training stands, so that it can go on."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final, cast

from pydantic import TypeAdapter, ValidationError

from journeyman.gym.policies.casework import Tuning
from journeyman.gym.train import Course, Standing
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem

_OPTIONS: Final = {"tier": "--tier", "seed": "--seed", "population": "--population", "tasks_each": "--tasks"}
_STANDING: Final = TypeAdapter(Standing)


def write_policy(path: Path, course: Course, standing: Standing) -> None:
    """Replace the file as a whole, so that a cut leaves the last one."""
    found = {**_row(course), "tuning": asdict(standing.tuning), "standing": asdict(standing)}
    fresh = path.with_name(f"{path.name}.part")
    try:
        fresh.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
        fresh.replace(path)
    except OSError as error:
        raise NotFound(f"cannot write {str(path)!r}: {error.strerror}; choose another --output") from None


def read_tuning(path: Path) -> Tuning:
    """The trained numbers in a file that `journeyman gym train` wrote."""
    numbers = _read(path).get("tuning")
    names = {field.name for field in fields(Tuning)}
    if not isinstance(numbers, dict) or set(cast("dict[str, Any]", numbers)) != names:
        raise _foreign(path, "tuning")
    try:
        return Tuning(**{name: float(value) for name, value in cast("dict[str, Any]", numbers).items()})
    except (TypeError, ValueError) as error:
        raise InvalidInput(str(path), (Problem(where="tuning", message=str(error)),)) from None


def read_standing(path: Path, course: Course) -> Standing:
    """Where the training in a file stands; it must be of the same course, for its scores are of its tasks."""
    found = _read(path)
    for name, wanted in _row(course).items():
        if found.get(name) != wanted:
            option = _OPTIONS.get(name)
            hint = "train again without --resume"
            if option is not None and name in found:
                hint = f"say {option} {found[name]} to go on with it, or {hint}"
            problem = Problem(where=name, message=f"is {found.get(name)!r} there, {wanted!r} here", hint=hint)
            raise InvalidInput(str(path), (problem,))
    try:
        return _STANDING.validate_python(found.get("standing"))
    except ValidationError:
        raise _foreign(path, "standing") from None


def _row(course: Course) -> dict[str, object]:
    return {**asdict(course), "tier": course.tier.label}


def _read(path: Path) -> dict[str, Any]:
    try:
        found: object = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise NotFound(
            f"cannot read the policy {str(path)!r}: {error.strerror}; `journeyman gym train` writes one"
        ) from None
    except ValueError:
        raise _foreign(path, "") from None
    if not isinstance(found, dict):
        raise _foreign(path, "")
    return cast("dict[str, Any]", found)


def _foreign(path: Path, where: str) -> InvalidInput:
    problem = Problem(where=where, message="is not what `journeyman gym train` writes", hint="train again")
    return InvalidInput(str(path), (problem,))
