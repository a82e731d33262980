"""Reads `NAME=VALUE` words, the one form in which the command line takes a value under a name."""

from __future__ import annotations

from collections.abc import Sequence

from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import InvalidInput, Problem


def named_values(words: Sequence[str], option: str, *, form: str = "NAME=VALUE", example: str) -> list[tuple[str, str]]:
    """Name and value of each word, in order; raises `InvalidInput` with every word that is of another form."""
    found: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for word in words:
        name, equals, value = word.partition("=")
        if name and equals:
            found.append((name, value))
        else:
            problems.append(Problem(where=option, message=f"{word!r} is not {form}", hint=f"as in {example}"))
    if problems:
        raise InvalidInput("the command line", tuple(problems))
    return found


def parameters_given(words: Sequence[str]) -> dict[str, Json]:
    """What `--set` says of a mission's parameters; the last word counts."""
    return dict(named_values(words, "--set", example="--set workers=4"))
