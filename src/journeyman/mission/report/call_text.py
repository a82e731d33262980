"""Calls and strategies as the text that live views and reports have for them alike."""

from __future__ import annotations

from typing import Final, cast

from journeyman.mission.model.strategy import Strategy
from journeyman.mission.model.task import ATTEMPT
from journeyman.mission.report.plain_text import one_line
from journeyman.mission.values.canonical import Json

MOST: Final = 80
"""Characters of a strategy on one line."""
_VALUE: Final = 60
_VALUE_SHARES: Final = (40, 24, 16, 10)
"""To how many characters values are cut where a call is too long."""
_LEAST_CALL: Final = 20


def call_text(tool: str, args: Json, most: int = MOST) -> str:
    """A call such as `tune(workers=11, zone='b')`; long values are cut before the last arguments are."""
    if tool == ATTEMPT:
        return _attempt_text(args)
    given = args.items() if isinstance(args, dict) else ()
    text = ""
    for each in (most, *_VALUE_SHARES):
        text = f"{tool}({', '.join(f'{name}={value_text(value, min(each, most))}' for name, value in given)})"
        if len(text) <= most:
            break
    return one_line(text, most)


def _attempt_text(args: Json) -> str:
    """An attempt by what its agent is told; the texts themselves stand in its prompt and in the event."""
    given = args if isinstance(args, dict) else {}
    if "$blob" in given:
        return f"{ATTEMPT}(with feedback)"
    failed, said = given.get("failed"), given.get("feedback")
    names = [str(row.get("criterion")) for row in failed if isinstance(row, dict)] if isinstance(failed, list) else []
    rows = [{"source": "the strategy"}] if isinstance(said, str) and said else said if isinstance(said, list) else []
    sources = dict.fromkeys(str(row.get("source")) for row in rows if isinstance(row, dict))
    told = [f"{', '.join(names)} failed"] if names else []
    told += [f"words of {', '.join(sources)}"] if sources else []
    return one_line(f"{ATTEMPT}({'; '.join(told)})", MOST)


def value_text(value: Json, most: int = _VALUE) -> str:
    """An argument: texts in quotes, so that they cannot be taken for a part of the call."""
    shown = one_line(value, most)
    return f"'{shown}'" if isinstance(value, str) else shown


def strategy_text(strategy: Strategy | None, most: int = MOST) -> str:
    """A strategy in a few words, of at most so many characters."""
    if strategy is None:
        return "nothing"
    if strategy.script is not None:
        return "script"
    if not strategy.calls:
        return f"sleep {strategy.sleep_s:g} s"
    between = " | " if strategy.parallel else ", "
    share = max(_LEAST_CALL, (most - len(between) * (len(strategy.calls) - 1)) // len(strategy.calls))
    whole = ""
    for each in (most, share):
        whole = between.join(call_text(call.tool, cast("Json", dict(call.args)), each) for call in strategy.calls)
        if len(whole) <= most:
            break
    return one_line(whole, most)
