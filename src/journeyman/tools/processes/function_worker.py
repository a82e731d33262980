"""Call one function in this process and end: what `tools.isolated` starts, with a folder as its only argument.

The folder holds the request when this begins, a mark once the function is about to be called, and the answer at the end.
What the function prints is its own business.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Final, cast

from journeyman.mission.values.errors import InvalidInput
from journeyman.tools.base import Result
from journeyman.tools.containment import EscapedException, call_guarded, describe_error, plain_value, run_contained
from journeyman.tools.functions import FunctionTool, function_tool
from journeyman.tools.loading import load_functions
from journeyman.tools.send_state import SendState

REQUEST: Final = "request.json"
ANSWER: Final = "answer.json"
BEGAN: Final = "began"


def main(folder: Path) -> None:
    """Answer the request in `folder`."""
    request = cast("dict[str, Any]", json.loads((folder / REQUEST).read_text("utf-8")))
    text = json.dumps(_answer(request, folder))
    draft = folder / f"{ANSWER}.draft"
    draft.write_text(text, "utf-8")
    draft.replace(folder / ANSWER)


def _answer(request: dict[str, Any], folder: Path) -> dict[str, object]:
    try:
        found = _found(request)
    except InvalidInput as error:
        return {"error_class": "exception", "error": str(error)}
    given = found.typed_arguments(request["args"], request["key"])
    if isinstance(given, Result):
        return {"error_class": given.error_class, "error": given.error}
    (folder / BEGAN).touch()
    try:
        value = call_guarded(found.function, given)
        if inspect.isawaitable(value):
            value = asyncio.run(_awaited(cast("Awaitable[object]", value)))
        outcome = plain_value(value)
    except EscapedException as error:
        return {"error_class": "tool_raised", "error": str(error)}
    except Exception as error:  # noqa: BLE001 - a function may raise anything; that is the call's failure
        return {"error_class": "exception", "error": describe_error(error)}
    if isinstance(outcome, Result):
        return {"error_class": outcome.error_class, "error": outcome.error}
    return {"value": outcome.value}


async def _awaited(value: Awaitable[object]) -> object:
    return await run_contained(value, SendState())


def _found(request: dict[str, Any]) -> FunctionTool:
    sys.path[:] = request["path"]
    base_dir = None if request["base_dir"] is None else Path(request["base_dir"])
    (function,) = load_functions([request["function"]], base_dir)
    tool = function_tool(function)
    if not request["probe"]:
        return tool
    return cast("FunctionTool", tool.probe)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
