"""Dot paths through JSON values."""

from __future__ import annotations

from journeyman.mission.values.canonical import Json


def at_path(value: Json, path: str) -> Json:
    """What stands at a dot path through objects and lists; raises `KeyError` with the step that is missing.

    A key may itself hold dots: the whole rest of the path is looked for first. A list is entered by index, from its
    end with a minus.
    """
    rest = path
    while rest:
        if isinstance(value, dict) and rest in value:
            return value[rest]
        step, _, rest = rest.partition(".")
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and (index := _index(step)) is not None and -len(value) <= index < len(value):
            value = value[index]
        else:
            raise KeyError(step)
    return value


def _index(step: str) -> int | None:
    digits = step.removeprefix("-")
    return int(step) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else None
