"""Programs as tools: what reaches the command line, what is read out of the output, and what counts as done."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.commands import CommandTool
from journeyman.mission.model.declared_tool import long_form
from journeyman.mission.model.metric_sources import MetricSource
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import InvalidInput
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.catalog import open_catalog
from journeyman.tools.declared.command import filled_argv
from journeyman.tools.declared.definition import ArgumentRefused

PYTHON = sys.executable
SHOW_ARGV = "import json, sys; print(json.dumps(sys.argv[1:]))"


def command(value: object) -> CommandTool:
    """A command as a mission file has it."""
    return CommandTool.model_validate(long_form("run", value))


def result_of(value: object, folder: Path, *, metrics: dict[str, MetricSource] | None = None, **args: Json) -> Result:
    """What one call of a command gives."""

    async def scene() -> Result:
        async with open_catalog(declared={"it": command(value)}, metrics=metrics, base_dir=folder) as catalog:
            return await catalog.call("it", args, key="key-1")

    return asyncio.run(scene())


def python(code: str, **more: object) -> JsonObject:
    """A command that runs a line of Python."""
    return {"run": [PYTHON, "-c", code], **more}  # pyright: ignore[reportReturnType] - JSON by construction


def test_exit_code_duration_and_both_streams_are_the_result(tmp_path: Path) -> None:
    """The numbers stand under the tool's name, so that two commands never share one."""
    found = result_of(python("import sys; print('out'); print('err', file=sys.stderr)"), tmp_path)
    assert found.status is CallStatus.DONE
    value = found.value
    assert isinstance(value, dict)
    assert (value["exit_code"], value["stdout"], value["stderr"]) == (0, "out\n", "err\n")
    numbers = found.metrics["it"]
    assert isinstance(numbers, dict)
    assert numbers["exit_code"] == 0


@pytest.mark.parametrize(
    ("spec", "done"),
    [
        ({"effect": "pure"}, True),
        ({}, False),
        ({"effect": "keyed"}, False),
        ({"effect": "keyed", "exit_codes": [0, 3]}, True),
        ({"effect": "pure", "exit_codes": [0]}, False),
        ({"exit_codes": "any"}, True),
    ],
)
def test_an_exit_code_is_a_result_of_what_only_looks_and_a_failure_of_what_acts(
    spec: JsonObject, *, done: bool, tmp_path: Path
) -> None:
    """Unless the mission says which codes mean that the work was done."""
    found = result_of(python("import sys; print('last words'); sys.exit(3)", **spec), tmp_path)
    assert (found.status is CallStatus.DONE) == done
    if not done:
        assert found.error_class == "exit_code"
        assert found.error is not None
        assert "exit code 3: last words" in found.error
        assert found.metrics == {}


def test_metrics_come_by_regex_from_both_streams_and_by_path_from_standard_output(tmp_path: Path) -> None:
    """And what the mission maps out of all tools is read, too."""
    code = "import sys; print('{\"total\": {\"lines\": 7}}'); print('took 12 ms', file=sys.stderr)"
    metrics = {"lines": {"path": "total.lines"}, "ms": {"regex": r"took (\d+) ms"}}
    mapped = {"also": MetricSource(tool="it", path="total.lines")}
    found = result_of(python(code, metrics=metrics), tmp_path, metrics=mapped)
    assert found.metrics.items() >= {"lines": 7, "ms": 12, "also": 7}.items()


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("print('all fine')", 0),
        ("print('2 failed')", 2),
        ("import sys; print('2 failed'); sys.exit(1)", 2),
        ("import sys; print('cannot collect'); sys.exit(2)", None),
    ],
)
def test_a_default_counts_only_where_the_program_says_that_nothing_was_wrong(
    code: str, value: int | None, tmp_path: Path
) -> None:
    """A test runner that crashes prints no failures either."""
    failed = {"failed": {"regex": r"(\d+) failed", "default": 0}}
    found = result_of(python(code, effect="pure", metrics=failed), tmp_path)
    assert found.metrics.get("failed") == value


def test_what_a_program_prints_is_never_metrics_by_itself(tmp_path: Path) -> None:
    """Text is data: a program that prints a file measures nothing."""
    found = result_of(python('print(\'{"metrics": {"n": 1}}\')'), tmp_path)
    assert list(found.metrics) == ["it"]


def test_parameters_fill_whole_arguments_lists_and_parts(tmp_path: Path) -> None:
    """No shell is between: quotes and dollar signs are letters."""
    spec: JsonObject = {
        "run": [PYTHON, "-c", SHOW_ARGV, "{path}", "--n={count}", "{files}", "{extra}", "{other}"],
        "parameters": {
            "path": "string",
            "count": {"type": "integer", "default": 3},
            "files": {"type": "array", "items": {"type": "string"}, "default": []},
            "extra": {"type": ["string", "null"], "default": None},
        },
    }
    found = result_of(spec, tmp_path, path="a b; $(touch x) 'q", files=["f1", "f2"])
    assert isinstance(found.value, dict)
    assert json.loads(str(found.value["stdout"])) == ["a b; $(touch x) 'q", "--n=3", "f1", "f2", "{other}"]
    assert not (tmp_path / "x").exists()


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_value_is_exactly_one_argument_or_refused(one: str, two: str) -> None:
    """Whatever it holds; an option is never smuggled in."""
    spec = command({"run": ["p", "{one}", "--x={two}"], "parameters": {"one": "string", "two": "string"}})
    try:
        argv = list(filled_argv(spec, {"one": one, "two": two}, "k"))
    except ArgumentRefused:
        assert one.startswith("-") or "\0" in one + two
        return
    assert argv == ["p", one, f"--x={two}"]
    assert not one.startswith("-")


_PIECES = st.lists(st.sampled_from(["{a}", "{b}", "{n}", "-", "x", "{other}", "${a}"]), min_size=1, max_size=4)


@given(_PIECES, st.sampled_from(["", "-", "-v", "x", "--"]), st.sampled_from(["", "-v", "y"]), st.integers(-2, 2))
def test_no_text_makes_an_argument_an_option_wherever_it_stands(pieces: list[str], a: str, b: str, n: int) -> None:
    """An empty value before it, or before the operator's own hyphen, is one way; a number may be negative."""
    word = "".join(pieces)
    given_: JsonObject = {"a": a, "b": b, "n": n}
    spec = command({"run": ["p", word, "{a}{b}{n}"], "parameters": {"a": "string", "b": "string", "n": "integer"}})
    plain: dict[str, str] = {"{a}": a, "{b}": b, "{n}": str(n)}
    parts = [(piece, plain.get(piece, piece)) for piece in pieces]
    leads = next(((piece, text) for piece, text in parts if text), ("", ""))
    expected = not leads[1].startswith("-") or leads[0] == "{n}" or pieces[0] == "-"
    try:
        argv = list(filled_argv(spec.model_copy(update={"run": ["p", word]}), given_, "k"))
    except ArgumentRefused:
        assert not expected
        return
    assert expected
    assert argv == ["p", "".join(text for _, text in parts)]


def test_an_argument_that_looks_like_an_option_is_refused_unless_the_schema_bounds_it(tmp_path: Path) -> None:
    """A planner or a model makes the values; `--exec` is none of theirs to give."""
    free = result_of(
        {"run": [PYTHON, "-c", SHOW_ARGV, "{word}"], "parameters": {"word": "string"}}, tmp_path, word="-v"
    )
    assert (free.status, free.error_class) == (CallStatus.FAILED, "invalid_arguments")
    bounded = {"word": {"type": "string", "enum": ["-v", "-q"]}}
    said = result_of({"run": [PYTHON, "-c", SHOW_ARGV, "{word}"], "parameters": bounded}, tmp_path, word="-v")
    assert said.status is CallStatus.DONE


def test_a_shell_line_gets_its_parameters_as_variables(tmp_path: Path) -> None:
    """So a value cannot end the line and begin another."""
    spec: JsonObject = {"run": 'printf "%s" "$word" | wc -c', "shell": True, "parameters": {"word": "string"}}
    found = result_of(spec, tmp_path, word="$(touch x); `touch x`")
    assert isinstance(found.value, dict)
    assert str(found.value["stdout"]).strip() == "21"
    assert not (tmp_path / "x").exists()


def test_only_what_is_named_of_the_environment_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By name, or with a value of its own; the key of the call is there for programs that take one."""
    monkeypatch.setenv("SECRET_ONE", "s1")
    monkeypatch.setenv("SECRET_TWO", "s2")
    code = "import os, json; print(json.dumps({k: v for k, v in os.environ.items() if 'SECRET' in k or 'KEY' in k or k == 'MODE'}))"
    found = result_of(python(code, env={"SECRET_ONE": "${SECRET_ONE}", "MODE": "x"}), tmp_path)
    assert isinstance(found.value, dict)
    assert json.loads(str(found.value["stdout"])) == {
        "SECRET_ONE": "s1", "MODE": "x", "JOURNEYMAN_IDEMPOTENCY_KEY": "key-1",
    }  # fmt: skip
    named = command({**python("0"), "env": ["SECRET_ONE"]})
    assert named.env == {"SECRET_ONE": "${SECRET_ONE}"}


def test_long_output_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    """The first error is at the top, the summary at the bottom."""
    found = result_of(python("print('first'); print('x' * 100_000); print('last')", output_bytes=1024), tmp_path)
    assert isinstance(found.value, dict)
    text = str(found.value["stdout"])
    assert text.startswith("first\n")
    assert text.endswith("last\n")
    assert "bytes left out" in text
    assert len(text) < 1200


def test_a_command_past_its_own_limit_is_ended_and_its_effect_unknown(tmp_path: Path) -> None:
    """Its limit is its own: longer, too, than the one for all calls."""
    code = "import time; open('begun', 'w').close(); time.sleep(60)"
    found = result_of(python(code, timeout_s=1), tmp_path)
    assert (found.status, found.error_class) == (CallStatus.UNKNOWN, "timeout")
    assert (tmp_path / "begun").exists()


def test_a_command_that_a_signal_ended_is_unknown(tmp_path: Path) -> None:
    """Nobody knows how far it came."""
    found = result_of(python("import os; os.kill(os.getpid(), 9)"), tmp_path)
    assert (found.status, found.error_class) == (CallStatus.UNKNOWN, "worker_died")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("no-such-program -x", "there is no program 'no-such-program'"),
        ({"run": [PYTHON], "cwd": "nowhere"}, "'nowhere' is no folder"),
        ({"run": [PYTHON], "env": ["NOT_SET_HERE"]}, "the environment has no NOT_SET_HERE"),
        ({"run": [PYTHON, "{n}"], "parameters": {"n": {"type": "integer", "minimum": "one"}}}, "is no JSON Schema"),
    ],
)
def test_what_cannot_run_is_said_before_anything_runs(spec: object, words: str, tmp_path: Path) -> None:
    """All of it at once, with the place in the mission file."""
    with pytest.raises(InvalidInput, match="list of tools") as caught:
        result_of(spec, tmp_path)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("", "is empty"),
        ("echo 'open", "cannot be split"),
        ({"run": ["p"], "parameters": {"x": "string"}}, "parameter 'x' is not used: write {x} in `run`"),
        ({"run": ["p", "{x}"], "parameters": {"x": "text"}}, "'text' names no type"),
        ({"run": ["p"], "shell": True}, "`shell: true` needs `run` as one text"),
        ({"run": "p", "effect": "probed"}, "'probed' needs `probe` and `done_when`"),
    ],
)
def test_a_wrong_command_is_told_with_what_to_write(spec: object, words: str) -> None:
    """One clear error each."""
    with pytest.raises(ValidationError) as caught:
        command(spec)
    assert words in str(caught.value)


def test_commands_alone_need_no_allowlist() -> None:
    """Who wrote them there means them; with other sources of tools the list decides."""
    base: JsonObject = {
        "directive": "d", "budget": {"iterations": 1},
        "criteria": [{"id": "c", "kind": "metric_threshold", "metric": "n", "op": ">", "target": 0}],
        "commands": {"tests": "pytest -q", "lint": ["ruff", "check"]},
    }  # fmt: skip
    assert validate_mission(base).tools == ["tests", "lint"]
    assert validate_mission({**base, "tools": ["lint"]}).tools == ["lint"]
    with pytest.raises(InvalidInput, match="`tools` is empty"):
        validate_mission({**base, "functions": ["m:f"]})


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        ({"commands": {"it": {"run": "pytest", "effect": "pure"}}}, "`exit_codes: [0]`"),
        ({"commands": {"it": {"run": "pytest", "exit_codes": "any"}}}, "`exit_codes: [0]`"),
        ({"http": {"it": "http://h.example/"}}, "`statuses: [200]`"),
    ],
)
def test_that_a_call_succeeded_is_no_criterion_where_any_answer_is_a_success(tools: JsonObject, words: str) -> None:
    """Failing tests would complete the mission."""
    criterion: JsonObject = {"id": "c", "kind": "tool_call_succeeded", "tool": "it"}
    base: JsonObject = {"directive": "d", "budget": {"iterations": 1}, "criteria": [criterion]}
    with pytest.raises(InvalidInput) as caught:
        validate_mission({**base, **tools})
    assert words in str(caught.value)
    assert validate_mission({**base, "commands": {"it": "pytest -q"}})


def test_a_command_ends_with_the_engine_that_was_killed(tmp_path: Path) -> None:
    """Or it would go on changing the world while the next process asks whether it happened."""
    code = "import time; open('alive', 'w').write('x'); [open('alive', 'a').write('x') or time.sleep(0.02) for _ in range(3000)]"
    mission = {
        "directive": "d", "budget": {"iterations": 1},
        "commands": {"act": {"run": [PYTHON, "-c", code], "effect": "keyed"}},
        "criteria": [{"id": "c", "kind": "metric_threshold", "metric": "n", "op": ">", "target": 0}],
    }  # fmt: skip
    (tmp_path / "mission.json").write_text(json.dumps(mission), "utf-8")
    engine = subprocess.Popen(
        [Path(PYTHON).with_name("journeyman"), "run", "mission.json", "--quiet", "--no-input"],
        cwd=tmp_path, env={**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")},
    )  # fmt: skip
    alive = tmp_path / "alive"
    while not (alive.exists() and alive.stat().st_size > 3):
        assert engine.poll() is None
        time.sleep(0.02)
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    sizes = [0, -1]
    while sizes[-1] != sizes[-2]:
        time.sleep(0.2)
        sizes.append(alive.stat().st_size)
    assert sizes[-1] < 3000
