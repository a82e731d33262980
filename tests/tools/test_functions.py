"""Python functions as tools: schema, words, calls, faults and loading."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import anyio
import pydantic
import pytest

from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import InvalidInput
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.functions import FunctionTool, function_tool, tool
from journeyman.tools.loading import load_functions
from journeyman.tools.results import ResultCaps, classify_value
from journeyman.tools.send_state import SendState


class Level(StrEnum):
    """A choice."""

    LOW = "low"
    HIGH = "high"


@dataclass
class Point:
    """A nested argument."""

    x: int
    y: float = 0.5


class Size(pydantic.BaseModel):
    """A nested argument with rules."""

    width: int = pydantic.Field(ge=1)


def tune(
    rate: float,
    level: Level,
    points: list[Point],
    size: Size | None = None,
    mode: Literal["fast", "slow"] = "fast",
    note: Annotated[str, pydantic.Field(description="A word of its own.")] = "",
) -> dict[str, object]:
    """Tune the thing.

    More on the thing.

    Args:
        rate: How fast,
            in hertz.
        level (Level): How far.
        points: Where.
        size: How big.
        mode: In which way.
        note: Never shown.

    Returns:
        What was tuned.
    """
    return {
        "rate": rate,
        "level": level,
        "points": [points[0].x, points[0].y],
        "size": size and size.width,
        "mode": mode,
        "n": note,
    }


def call(found: FunctionTool, args: JsonObject, key: str = "k") -> Result:
    """Call a function tool on a loop of its own."""

    async def scene() -> Result:
        return await found.call(
            args, key, lambda value: classify_value(value, ResultCaps()), anyio.CapacityLimiter(2), SendState()
        )

    return asyncio.run(scene())


def test_the_schema_comes_from_annotations_and_docstring() -> None:
    """Types, defaults, enums, nesting and words all reach the schema; nothing else may be given."""
    found = function_tool(tune).tool
    schema = found.input_schema
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert found.name == "tune"
    assert found.description == "Tune the thing.\n\nMore on the thing.\n\nReturns:\n    What was tuned."
    assert properties["rate"] == {"description": "How fast, in hertz.", "title": "Rate", "type": "number"}
    assert properties["note"] == {"default": "", "description": "A word of its own.", "title": "Note", "type": "string"}
    assert properties["mode"] == {
        "default": "fast",
        "description": "In which way.",
        "enum": ["fast", "slow"],
        "title": "Mode",
        "type": "string",
    }
    assert schema["required"] == ["rate", "level", "points"]
    assert schema["additionalProperties"] is False
    assert found.output_schema == {"additionalProperties": True, "type": "object"}


def test_json_arguments_become_typed_values() -> None:
    """The function sees enums, dataclasses and models, not dicts."""
    result = call(function_tool(tune), {"rate": 1, "level": "high", "points": [{"x": 3}], "size": {"width": 2}})
    assert result.status is CallStatus.DONE, result
    assert result.value == {"rate": 1, "level": "high", "points": [3, 0.5], "size": 2, "mode": "fast", "n": ""}


@pytest.mark.parametrize("name", ["json", "copy", "schema", "model_dump", "model_config", "self", "_hidden", "class_"])
def test_a_parameter_may_have_any_name(name: str) -> None:
    """The library that reads the signature has names of its own; they are not the user's business."""
    made: dict[str, Callable[..., object]] = {}
    exec(f"def f({name}: int = 3) -> int:\n    return {name} + 1", made)  # noqa: S102 - the name is the test
    found = function_tool(made["f"])
    properties = found.tool.input_schema["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == [name]
    assert (call(found, {name: 5}).value, call(found, {}).value) == (6, 4)


def test_the_key_is_given_and_not_shown() -> None:
    """A parameter named idempotency_key receives the effect's key."""

    def pay(amount: int, idempotency_key: str) -> str:
        """Pay."""
        return f"{amount}:{idempotency_key}"

    found = function_tool(pay)
    assert found.tool.input_schema["properties"] == {"amount": {"title": "Amount", "type": "integer"}}
    assert call(found, {"amount": 5}, key="effect-7").value == "5:effect-7"
    assert call(found, {"amount": 5, "idempotency_key": "mine"}).error_class == "invalid_arguments"


def test_sync_functions_leave_the_loop_and_async_ones_stay() -> None:
    """A blocking function cannot stop the other sessions."""

    def where() -> str:
        return threading.current_thread().name

    async def here() -> str:
        await asyncio.sleep(0)
        return threading.current_thread().name

    assert call(function_tool(where), {}).value != threading.main_thread().name
    assert call(function_tool(here), {}).value == threading.main_thread().name


def test_metrics_are_lifted_from_what_is_returned_and_not_from_text() -> None:
    """A function that returns an object reports; one that returns text gives text."""

    def measure() -> dict[str, object]:
        return {"metrics": {"loss": 0.5}, "events": [{"name": "done"}]}

    def read() -> str:
        return '{"metrics": {"loss": 0.5}, "events": [{"name": "done"}]}'

    result = call(function_tool(measure), {})
    assert (result.metrics, result.events) == ({"loss": 0.5}, ({"name": "done"},))
    text = call(function_tool(read), {})
    assert (text.status, text.metrics, text.events) == (CallStatus.DONE, {}, ())


def boom() -> None:
    """Raise."""
    raise ValueError("first line\nsecond line")


def leave() -> None:
    """Try to end the process."""
    sys.exit(3)


async def leave_async() -> None:
    """Try to end the process from the loop."""
    await asyncio.sleep(0)
    sys.exit(3)


def interrupt() -> None:
    """Raise what Ctrl-C raises."""
    raise KeyboardInterrupt


async def interrupt_async() -> None:
    """Raise it on the loop."""
    raise KeyboardInterrupt


def cancel() -> None:
    """Raise what cancels tasks."""
    raise asyncio.CancelledError


async def cancel_async() -> None:
    """Raise it on the loop."""
    raise asyncio.CancelledError


async def cancel_itself() -> None:
    """Cancel the task it runs in."""
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


async def grouped() -> None:
    """Raise several of them."""
    raise BaseExceptionGroup("all", [KeyboardInterrupt(), ValueError()])


def stop_iteration() -> None:
    """Raise what a future cannot hold."""
    raise StopIteration


def odd() -> object:
    """What is not JSON."""
    return object()


def not_finite() -> float:
    """NaN."""
    return float("nan")


def envelope() -> dict[str, str]:
    """An error in an envelope."""
    return {"error": "no such host"}


@pytest.mark.parametrize(
    ("function", "error_class", "error"),
    [
        (boom, "exception", "ValueError: first line second line"),
        (leave, "tool_raised", "SystemExit: 3"),
        (leave_async, "tool_raised", "SystemExit: 3"),
        (interrupt, "tool_raised", "KeyboardInterrupt"),
        (interrupt_async, "tool_raised", "KeyboardInterrupt"),
        (cancel, "tool_raised", "CancelledError"),
        (cancel_async, "tool_raised", "CancelledError"),
        (cancel_itself, "tool_raised", "CancelledError"),
        (grouped, "tool_raised", "BaseExceptionGroup"),
        (stop_iteration, "exception", "StopIteration"),
        (odd, "not_json", "the function returned a object that is not JSON"),
        (not_finite, "not_json", "nan is not a finite number"),
        (envelope, "error_envelope", "no such host"),
    ],
)
def test_a_fault_of_the_function_is_a_failed_call(
    function: Callable[..., object], error_class: str, error: str
) -> None:
    """Whatever a function does, the engine gets a result with one line of text."""
    result = call(function_tool(function), {})
    assert (result.status, result.error_class) == (CallStatus.FAILED, error_class)
    assert error in (result.error or "")


def test_the_mark_sets_name_effect_and_probe() -> None:
    """An operator's code declares what may be done after a crash."""

    def deployed(version: str) -> bool:
        return version == "v1"

    @tool(name="ops.deploy", effect="probed", probe=deployed)
    def deploy(version: str, force: bool = False) -> str:  # noqa: FBT001, FBT002 - a tool is called by keywords
        return f"{version}{force}"

    found = function_tool(deploy)
    assert (found.tool.name, found.tool.effect, found.tool.probe) == ("ops.deploy", "probed", "ops.deploy.probe")
    assert found.probe is not None
    assert call(found.probe, {"version": "v1", "force": True}).value is True
    assert call(found, {"version": "v1"}).value == "v1False"


def test_the_pin_changes_with_the_definition() -> None:
    """Another default is another tool; another body is not."""

    def first(a: int = 1) -> int:
        """Words."""
        return a

    same = function_tool(first).tool.pin

    def second(a: int = 2) -> int:
        """Words."""
        return a

    second.__name__ = "first"
    assert function_tool(first).tool.pin == same
    assert function_tool(second).tool.pin != same


def test_what_cannot_be_a_tool_is_refused_with_every_reason() -> None:
    """All problems of one function are told at once."""
    untyped: dict[str, Callable[..., object]] = {}
    exec("def bad(a, /, b, *c: int, _d: int = 1, **e: int): pass", untyped)  # noqa: S102 - type checkers refuse it elsewhere
    bad = untyped["bad"]

    with pytest.raises(InvalidInput) as caught:
        function_tool(bad)
    assert [problem.where for problem in caught.value.problems] == ["a", "b", "c", "e"]
    with pytest.raises(InvalidInput, match="is no name for a tool"):
        function_tool(lambda: 1)
    with pytest.raises(InvalidInput, match="'often' is not one of pure, keyed, probed, unsafe"):
        tool(effect="often")
    with pytest.raises(InvalidInput, match="go together"):
        tool(effect="probed")

    def locked(lock: threading.Event) -> None:
        """Take what has no JSON form."""

    with pytest.raises(InvalidInput, match="has no JSON Schema"):
        function_tool(locked)


def test_functions_are_loaded_from_beside_the_mission_file(tmp_path: Path) -> None:
    """The folder comes first on the path, and only while loading."""
    (tmp_path / "jm_beside_tools.py").write_text(
        "import jm_beside_more\ndef run(a: int) -> int:\n    return jm_beside_more.N + a\n"
    )
    (tmp_path / "jm_beside_more.py").write_text("N = 5\n")
    before = list(sys.path)
    (run,) = load_functions(["jm_beside_tools:run"], tmp_path)
    assert sys.path == before
    assert call(function_tool(run), {"a": 1}).value == 6


def test_all_that_cannot_be_loaded_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    """One look at the error is enough to mend the mission file."""
    (tmp_path / "jm_near_tools.py").write_text("def run_tests() -> int:\n    return 1\nNUMBER = 3\n")
    (tmp_path / "jm_broken_tools.py").write_text("1 / 0\n")
    (tmp_path / "jm_needs_tools.py").write_text("import jm_is_not_there\n")
    specs = [
        "jm_near_tools:run_test",
        "jm_near_tool:run",
        "jm_near_tools:NUMBER",
        "jm_broken_tools:f",
        "jm_needs_tools:f",
        "x.y",
        "os:2",
    ]
    with pytest.raises(InvalidInput) as caught:
        load_functions(specs, tmp_path)
    told = [str(problem) for problem in caught.value.problems]
    assert told == [
        "jm_near_tools:run_test: jm_near_tools has no 'run_test' (nearest: run_tests)",
        "jm_near_tool:run: there is no module 'jm_near_tool' (nearest: jm_near_tools)",
        "jm_near_tools:NUMBER: NUMBER is a int, not a callable",
        "jm_broken_tools:f: importing jm_broken_tools failed: ZeroDivisionError: division by zero",
        "jm_needs_tools:f: importing jm_needs_tools failed: ModuleNotFoundError: No module named 'jm_is_not_there'",
        "x.y: is not of the form module:callable (as in my_tools:run_tests)",
        "os:2: is not of the form module:callable (as in my_tools:run_tests)",
    ]


def test_a_module_of_the_same_name_from_another_folder_is_not_taken_for_ours(tmp_path: Path) -> None:
    """Two missions with a `my_tools.py` each must not share one."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "jm_twin_tools.py").write_text(f"def f() -> str:\n    return '{name}'\n")
    load_functions(["jm_twin_tools:f"], tmp_path / "one")
    with pytest.raises(InvalidInput, match="another module 'jm_twin_tools' was imported already"):
        load_functions(["jm_twin_tools:f"], tmp_path / "two")
