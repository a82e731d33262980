"""Calls and strategies as the text that live views and reports have for them alike."""

from __future__ import annotations

from typing import Final, cast

from journeyman.mission.model.strategy import Strategy
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.values.canonical import Json

MOST: Final = 80
"""Characters of a strategy on one line."""
_VALUE: Final = 60


def call_text(tool: str, args: Json, most: int = MOST) -> str:
    """A call such as `tune(workers=11, zone='b')`."""
    given = args.items() if isinstance(args, dict) else ()
    return one_line(f"{tool}({', '.join(f'{name}={value_text(value, most)}' for name, value in given)})", most)


def value_text(value: Json, most: int = _VALUE) -> str:
    """An argument: texts in quotes, so that they cannot be taken for a part of the call."""
    shown = one_line(value, most)
    return f"'{shown}'" if isinstance(value, str) else shown


def strategy_text(strategy: Strategy | None) -> str:
    """A strategy in a few words."""
    if strategy is None:
        return "nothing"
    if strategy.script is not None:
        return "script"
    calls = [call_text(call.tool, cast("Json", dict(call.args)), MOST) for call in strategy.calls]
    return one_line((" | " if strategy.parallel else ", ").join(calls) or f"sleep {strategy.sleep_s:g} s", MOST)
