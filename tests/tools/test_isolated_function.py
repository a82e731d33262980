"""Functions in worker processes: the same results, and an end at the deadline."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from journeyman.mission.values.canonical import JsonObject
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.catalog import open_catalog
from journeyman.tools.isolated_function import IsolationSpec

HERE = "tests.tools.isolated_functions"


def call(name: str, args: JsonObject | None = None, *, of: str = "", timeout_s: float = 60) -> Result:
    """Call an isolated function, or what belongs to it."""

    async def scene() -> Result:
        async with open_catalog(functions=[IsolationSpec(f"{HERE}:{of or name}")]) as catalog:
            return await catalog.call(name, args or {}, key="effect-1", timeout_s=timeout_s)

    return asyncio.run(scene())


def test_a_worker_answers_as_the_function_would_here() -> None:
    """Values, metrics, key and arguments cross; what it prints does not matter."""
    result = call("who", {"n": 5})
    assert isinstance(result.value, dict)
    assert result.value.pop("pid") != os.getpid()
    assert (result.status, result.value, result.metrics) == (
        CallStatus.DONE,
        {"n": 5, "key": "effect-1", "metrics": {"n": 5}},
        {"n": 5},
    )
    assert call("later", {"n": 5}).value == 6
    assert call("who", {"n": "five"}).error_class == "invalid_arguments"


@pytest.mark.parametrize(
    ("name", "status", "error_class", "said"),
    [
        ("boom", CallStatus.FAILED, "exception", "ValueError: as it was told"),
        ("leave", CallStatus.FAILED, "tool_raised", "SystemExit: 3"),
        ("odd", CallStatus.FAILED, "not_json", "that is not JSON"),
        ("crash", CallStatus.UNKNOWN, "worker_died", "code -6; its last words: last words"),
    ],
)
def test_a_fault_of_the_function_or_its_process_is_a_result(
    name: str, status: CallStatus, error_class: str, said: str
) -> None:
    """A worker that died in the middle may have done something."""
    result = call(name)
    assert (result.status, result.error_class) == (status, error_class), result
    assert said in (result.error or "")


def test_at_the_deadline_the_worker_is_killed_with_what_it_started(tmp_path: Path) -> None:
    """Nothing is left running, so the result says nothing of the kind."""
    mark = tmp_path / "mark"
    result = call("hang", {"mark": str(mark)}, timeout_s=4)
    assert (result.status, result.error_class) == (CallStatus.UNKNOWN, "timeout")
    assert "left running" not in (result.error or "")
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_a_probe_of_an_isolated_function_is_asked_in_a_worker_too() -> None:
    """With the same arguments, of which it takes those that it knows."""
    assert call("deploy.probe", {"n": 7, "more": "x"}, of="deploy").value is True
    assert call("deploy.probe", {"n": 8}, of="deploy").value is False


def test_a_module_beside_the_mission_file_is_found_by_the_worker(tmp_path: Path) -> None:
    """Found as it was found here."""
    (tmp_path / "jm_isolated_beside.py").write_text("def hello(name: str) -> str:\n    return 'hello ' + name\n")

    async def scene() -> Result:
        functions = [IsolationSpec("jm_isolated_beside:hello")]
        async with open_catalog(functions=functions, base_dir=tmp_path) as catalog:
            return await catalog.call("hello", {"name": "you"}, key="k")

    began_s = time.monotonic()
    assert asyncio.run(scene()).value == "hello you"
    assert time.monotonic() - began_s < 60
