"""Errors as results of tools: words for a model that must know what to do next, and the same for programs."""

from __future__ import annotations

import logging
from typing import Any, Final

import mcp_types as types

from journeyman.mission.values.errors import InvalidInput, JourneymanError
from journeyman.mission.values.printable import visible_line

ERROR_META: Final = "dev.journeyman/error"
"""Where an error stands as data, in the `_meta` of a result. As structured content it would have to fit the tool's schema:
clients that check errors by it, too, such as the MCP Inspector, would fail and show neither."""
_MOST_CHARACTERS: Final = 8_000
_MOST_PROBLEMS: Final = 50
_log = logging.getLogger(__name__)


def error_result(error: Exception) -> types.CallToolResult:
    """What a call gives that failed: the code and words of ours; of a fault of this program its class alone."""
    if not isinstance(error, JourneymanError):
        _log.error("a tool failed for a fault of ours: %s", type(error).__name__, exc_info=error)
        return _result("bug", f"this is a fault of Journeyman, please report it: {type(error).__name__}", {})
    more: dict[str, Any] = {}
    if error.retry_after_s is not None:
        more["retry_after_s"] = error.retry_after_s
    if isinstance(error, InvalidInput):
        more["problems"] = [
            {"where": problem.where, "message": visible_line(problem.message), "hint": visible_line(problem.hint)}
            for problem in error.problems[:_MOST_PROBLEMS]
        ]
    return _result(error.code, str(error), more)


def _result(code: str, words: str, more: dict[str, Any]) -> types.CallToolResult:
    text = words if len(words) <= _MOST_CHARACTERS else f"{words[:_MOST_CHARACTERS]} … [cut]"
    told = {ERROR_META: {"code": code, "message": text, **more}}
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=f"{code}: {text}")], is_error=True, _meta=told
    )
