"""The catalog: allowlist, limits, probes, and errors that say what to do."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from pathlib import Path

import pytest

from journeyman.mission.model.metric_sources import MetricSource
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import InvalidInput, Unavailable
from journeyman.tools.arguments import ArgumentSchema, compile_schema
from journeyman.tools.base import CallStatus, Catalog, Result
from journeyman.tools.call_limits import CallLimits
from journeyman.tools.catalog import open_catalog
from journeyman.tools.functions import tool

BROKEN_SERVER: JsonObject = {"command": sys.executable, "args": ["-c", "raise SystemExit('no config')"]}


def run_tests(path: str = "tests") -> dict[str, str]:
    """Run the tests."""
    return {"path": path}


def run_lint() -> str:
    """Run the linter."""
    return "clean"


def opened(**options: object) -> list[str]:
    """Open a catalog and give the names of its tools."""

    async def scene() -> list[str]:
        async with open_catalog(**options) as catalog:  # pyright: ignore[reportArgumentType] - each test gives what it means
            assert isinstance(catalog, Catalog)
            return [tool.name for tool in await catalog.tools()]

    return asyncio.run(scene())


def test_patterns_choose_the_tools() -> None:
    """Whole names, wildcards, and nothing else."""
    functions = [run_tests, run_lint]
    assert opened(functions=functions) == ["run_lint", "run_tests"]
    assert opened(functions=functions, allow=["run_t*"]) == ["run_tests"]
    assert opened(functions=functions, allow=[]) == []


@pytest.mark.parametrize("allow", [["run_test"], ["run_tests", "git.*"]])
def test_a_pattern_that_matches_nothing_is_refused_with_the_nearest(allow: list[str]) -> None:
    """A typing error in the allowlist must not silently take a tool away."""
    with pytest.raises(InvalidInput, match="matches no tool") as caught:
        opened(functions=[run_tests, run_lint], allow=allow)
    assert len(caught.value.problems) == 1
    if allow == ["run_test"]:
        assert "nearest: run_tests" in str(caught.value)


def test_a_metric_of_a_tool_that_is_not_there_is_refused() -> None:
    """It would never be found, and nobody would know why."""
    with pytest.raises(InvalidInput, match=r"metrics\.loss\.tool: 'run_test' matches no tool; nearest: run_tests"):
        opened(functions=[run_tests], metrics={"loss": MetricSource(tool="run_test", path="loss")})


def test_a_mapped_metric_comes_with_each_result_of_its_tool() -> None:
    """Out of values and out of text; other tools have none."""
    metrics = {
        "length": MetricSource(tool="run_tests", path="path"),
        "words": MetricSource(tool="run_l*", regex="(\\d+) warnings"),
    }

    def run_lint() -> str:
        """Run the linter."""
        return "3 warnings"

    async def scene() -> list[Result]:
        async with open_catalog(functions=[run_tests, run_lint], metrics=metrics) as catalog:
            return [await catalog.call(name, {}, key="k") for name in ("run_tests", "run_lint")]

    assert [result.metrics for result in asyncio.run(scene())] == [{"length": "tests"}, {"words": 3}]


def test_two_tools_of_one_name_are_refused() -> None:
    """A call must mean one thing."""

    @tool(name="run_tests")
    def other() -> str:
        """Be another."""
        return ""

    with pytest.raises(InvalidInput, match="is the name of two tools"):
        opened(functions=[run_tests, other])


def test_a_server_that_nobody_needs_is_not_started() -> None:
    """A broken server hurts only missions that use it."""
    servers: JsonObject = {"broken": BROKEN_SERVER}
    assert opened(functions=[run_tests], servers=servers, allow=["run_tests"]) == ["run_tests"]
    for allow in (["*"], ["broken.x"], ["b*"], ["*.x"], ["br?ken.*"]):
        with pytest.raises(Unavailable, match="server 'broken' cannot be started"):
            opened(functions=[run_tests], servers=servers, allow=allow)


def test_all_servers_that_cannot_start_are_told() -> None:
    """They start side by side, and one error names them all."""
    with pytest.raises(Unavailable) as caught:
        opened(servers={"one": BROKEN_SERVER, "two": BROKEN_SERVER})
    assert "'one'" in str(caught.value)
    assert "'two'" in str(caught.value)


def test_an_error_of_the_block_comes_out_as_it_is() -> None:
    """No exception group wraps what the user of the catalog raises."""

    async def scene() -> None:
        async with open_catalog(functions=[run_lint]):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        asyncio.run(scene())


def test_a_probe_can_be_called_and_is_not_listed() -> None:
    """It answers for its tool, under the same allowlist."""
    asked: list[str] = []

    def happened(target: str, idempotency_key: str) -> bool:
        """Tell whether it happened."""
        asked.append(f"{target}:{idempotency_key}")
        return True

    @tool(effect="probed", probe=happened)
    def deploy(target: str, fast: bool = False) -> str:  # noqa: FBT001, FBT002 - a tool is called by keywords
        """Deploy."""
        return f"{target}{fast}"

    async def scene() -> tuple[Result, Result]:
        async with open_catalog(functions=[deploy, run_lint], allow=["deploy"]) as catalog:
            (listed,) = await catalog.tools()
            assert listed.probe == "deploy.probe"
            args: JsonObject = {"target": "prod", "fast": True}
            found = await catalog.call("deploy.probe", args, key="effect-9")
        async with open_catalog(functions=[deploy, run_lint], allow=["run_lint"]) as catalog:
            return found, await catalog.call("deploy.probe", args, key="effect-9")

    found, hidden = asyncio.run(scene())
    assert (found.value, asked) == (True, ["prod:effect-9"])
    assert hidden.error_class == "not_allowed"


def test_a_hung_function_ends_as_unknown_and_leaves_the_others() -> None:
    """A thread cannot be killed; the call ends all the same."""
    release = threading.Event()

    def hang() -> str:
        """Hang."""
        release.wait(20)
        return "late"

    async def scene() -> tuple[Result, Result, float]:
        async with open_catalog(functions=[hang, run_lint]) as catalog:
            began = time.monotonic()
            hung = await catalog.call("hang", {}, key="k", timeout_s=0.1)
            took_s = time.monotonic() - began
            other = await catalog.call("run_lint", {}, key="k")
            release.set()
            return hung, other, took_s

    hung, other, took_s = asyncio.run(scene())
    assert (hung.status, hung.error_class) == (CallStatus.UNKNOWN, "timeout")
    assert other.value == "clean"
    assert took_s < 2


def test_concurrency_of_a_tool_is_limited() -> None:
    """The first pattern that matches gives the number."""
    inside = 0
    most = 0

    async def work() -> str:
        """Work."""
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1
        return ""

    async def scene() -> None:
        limits = CallLimits(per_tool={"w*": 2, "*": 9})
        async with open_catalog(functions=[work], limits=limits) as catalog:
            await asyncio.gather(*(catalog.call("work", {}, key=str(i)) for i in range(8)))

    asyncio.run(scene())
    assert most == 2


def test_the_rate_of_a_tool_is_limited() -> None:
    """Calls are spaced evenly, and waiting is no part of the timeout."""
    times: list[float] = []

    async def note() -> str:
        """Note the time."""
        await asyncio.sleep(0)
        times.append(time.monotonic())
        return ""

    async def scene() -> list[Result]:
        async with open_catalog(functions=[note], limits=CallLimits(rates={"note": 20}, timeout_s=0.08)) as catalog:
            return await asyncio.gather(*(catalog.call("note", {}, key=str(i)) for i in range(5)))

    assert all(result.status is CallStatus.DONE for result in asyncio.run(scene()))
    assert times[-1] - times[0] > 0.12


def test_functions_are_named_as_in_mission_files(tmp_path: Path) -> None:
    """`module:callable` beside the mission file works here too."""
    (tmp_path / "jm_catalog_tools.py").write_text("def hello(name: str) -> str:\n    return 'hello ' + name\n")
    assert opened(functions=["jm_catalog_tools:hello"], base_dir=tmp_path) == ["hello"]


def wrong(schema: JsonObject, args: JsonObject) -> list[str]:
    """What the check says."""
    found = compile_schema(schema)
    assert isinstance(found, ArgumentSchema), found
    return [str(problem) for problem in found.problems(args)]


def test_wrong_arguments_are_told_with_path_value_and_what_was_expected() -> None:
    """Enough to mend the call without looking anything up."""
    schema: JsonObject = {
        "type": "object",
        "properties": {
            "level": {"enum": ["low", "high"]},
            "rows": {
                "type": "array",
                "items": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}},
            },
            "name": {"type": "string", "maxLength": 5},
        },
        "required": ["level"],
        "additionalProperties": False,
    }
    assert wrong(schema, {"level": "low", "rows": [{"n": 1}]}) == []
    assert wrong(schema, {"level": "medium"}) == ['level: "medium" is not one of "low" or "high"']
    assert wrong(schema, {"level": "low", "rows": [{"n": 2}, {"n": 0}]}) == [
        "rows.1.n: 0 is less than the minimum of 1"
    ]
    assert wrong(schema, {}) == ['arguments: "level" is a required property']
    assert wrong(schema, {"level": "low", "nme": "x"}) == [
        "arguments: Additional properties are not allowed ('nme' was unexpected) (nearest: name)"
    ]
    (long,) = wrong(schema, {"level": "low", "name": "x" * 5000})
    assert len(long) < 250
    assert "longer than 5" in long


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"$ref": "http://127.0.0.1:9/x.json"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "#/nowhere"},
        {"properties": {"a": {"pattern": "("}}},
    ],
)
def test_a_broken_schema_is_told_and_nothing_is_fetched(schema: JsonObject) -> None:
    """A server's schema is input like any other."""
    assert isinstance(compile_schema(schema), str)
