"""Lengths of time as people write them: 90m, 12h, 30d, 8w."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from journeyman.mission.values.errors import InvalidInput, Problem

_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGE: Final = re.compile(r"([0-9]{1,6}(?:[.][0-9]{1,3})?)([smhdw])")


def age_of(text: str, option: str) -> timedelta:
    """The length of time that an option names; raises `InvalidInput`."""
    found = _AGE.fullmatch(text)
    if found is None:
        problem = Problem(where=option, message=f"{text!r} is no age", hint="as in 90m, 12h, 30d or 8w")
        raise InvalidInput("the command line", (problem,))
    return timedelta(seconds=float(found[1]) * _UNITS_S[found[2]])
