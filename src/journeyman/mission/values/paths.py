"""Dot paths into JSON values."""

from __future__ import annotations

from journeyman.mission.values.canonical import Json


def at_path(value: Json, path: str) -> Json:
    """Give what stands at a dot path through objects and lists, or raise `KeyError` with the step that is missing."""
    rest = path
    while rest:
        if isinstance(value, dict) and rest in value:  # a key may itself hold dots
            return value[rest]
        step, _, rest = rest.partition(".")
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.lstrip("-").isdigit() and -len(value) <= int(step) < len(value):
            value = value[int(step)]
        else:
            raise KeyError(step)
    return value
