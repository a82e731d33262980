"""Scripts: calls, reports, limits, and a resume that needs nothing but bytes."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import InvalidInput, NotFound
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import (
    ScriptFailed,
    ScriptFinished,
    ScriptLimits,
    ScriptPending,
    ScriptRun,
    Step,
    script_names,
)
from journeyman.tools.script_state import ScriptCall

Answer = Callable[[ScriptCall], Result]
TOOLS = ("git.log", "add")


@pytest.fixture(scope="module")
def run() -> Iterator[ScriptRun]:
    """One runner with warm workers for all tests of this file."""
    box = Sandbox()
    yield ScriptRun(box)
    box.close()


def done(value: Json) -> Result:
    """The result of a call that went well."""
    return Result(status=CallStatus.DONE, value=value)


def echo(call: ScriptCall) -> Result:
    """Answer each call with its own arguments."""
    return done(call.args)


def start(run: ScriptRun, source: str, limits: ScriptLimits | None = None) -> Step:
    """Take the first step of a script."""
    return asyncio.run(run.start(source, TOOLS, limits))


def to_end(run: ScriptRun, source: str, answer: Answer = echo, limits: ScriptLimits | None = None) -> Step:
    """Run a script to its end."""
    step = start(run, source, limits)
    while isinstance(step, ScriptPending):
        step = asyncio.run(run.resume(step.snapshot, {call.call_id: answer(call) for call in step.calls}))
    return step


def finished(step: Step) -> ScriptFinished:
    """The step, which must be the good end."""
    assert isinstance(step, ScriptFinished), step
    return step


def failed(step: Step, error_class: str) -> ScriptFailed:
    """The step, which must be a failure of that class."""
    assert isinstance(step, ScriptFailed), step
    assert step.error_class == error_class
    return step


def waiting(step: Step) -> ScriptPending:
    """The step, which must wait for calls."""
    assert isinstance(step, ScriptPending), step
    return step


def test_a_call_gives_its_value_and_reports_are_kept(run: ScriptRun) -> None:
    """Tools are async functions with keywords; reports need no await but bear one."""
    step = to_end(
        run,
        """
x = await git_log(repo="r")
mission.observe("first", x["repo"])
await mission.observe("second", [1])
mission.event("seen", n=2)
print("hello")
{"x": x}
""",
    )
    recorded = finished(step).recorded
    assert finished(step).value == {"x": {"repo": "r"}}
    assert dict(recorded.reported) == {"first": "r", "second": [1]}
    assert recorded.events == ({"name": "seen", "n": 2},)
    assert (recorded.output, recorded.calls_made) == ("hello\n", 1)


def test_gathered_calls_wait_together(run: ScriptRun) -> None:
    """`asyncio.gather` gives the engine several calls to run at once, and answers may come one by one."""
    step = waiting(start(run, "import asyncio\nawait asyncio.gather(add(a=1), add(a=2), git_log(repo='r'))"))
    assert [(call.tool, call.args) for call in step.calls] == [
        ("add", {"a": 1}),
        ("add", {"a": 2}),
        ("git.log", {"repo": "r"}),
    ]
    first, *others = step.calls
    rest = waiting(asyncio.run(run.resume(step.snapshot, {first.call_id: done(10)})))
    assert list(rest.calls) == others
    last = asyncio.run(run.resume(rest.snapshot, {call.call_id: done(call.args) for call in others}))
    assert finished(last).value == [10, {"a": 2}, {"repo": "r"}]


def test_a_failed_call_raises_inside_and_may_be_caught(run: ScriptRun) -> None:
    """A script can go on after a tool failed; one that does not is a failure with its line."""
    bad: Answer = lambda _call: Result(status=CallStatus.FAILED, error_class="tool_error", error="disk full")  # noqa: E731 - as short as the thing is
    caught = "try:\n    await add(a=1)\nexcept RuntimeError as e:\n    text = str(e)\ntext"
    assert finished(to_end(run, caught, bad)).value == "add failed: tool_error: disk full"
    end = failed(to_end(run, "1\nawait add(a=1)\n", bad), "exception")
    assert end.line == 2
    assert "disk full" in end.error


@pytest.mark.parametrize(
    ("source", "error_class", "line"),
    [
        ("1 +", "syntax", 1),
        ("x = 1\nyield x", "syntax", 2),
        ("def f():\n    g()\ndef g():\n    1 / 0\nf()", "exception", 4),
        ("raise SystemExit", "exception", 1),
        ("import os\nos.listdir('/')", "exception", 2),
        ("import time\ntime.sleep(1)", "exception", 2),
        ("open('/etc/passwd')", "exception", 1),
        ("try:\n    while True: pass\nexcept BaseException: pass", "time_limit", None),
        ("'x' * 10**10", "memory_limit", 1),
        ("#" + "x" * 200_000, "source_limit", None),
        ("while True: mission.observe('k', 'x' * 100)", "recorded_limit", None),
        ("'x' * 200_000", "recorded_limit", None),
        ("add(a=1)", "not_awaited", None),
        ("async def main():\n    await add(a=1)\nmain()", "not_awaited", None),
        ("mission.observe('k', {1})", "exception", 1),
        ("mission.observe('k', float('nan'))", "exception", 1),
        ("mission.observe(1, 2)", "exception", 1),
        ("await add(1)", "exception", 1),
        ("await add(a=add)", "exception", 1),
        ("await _call('other.tool', '{}')", "exception", None),
        ("_observe(3)", "not_json", None),
        ("{1, 2}", "not_json", None),
        ("1e400", "not_json", None),
    ],
)
def test_each_bad_end_has_its_own_token(run: ScriptRun, source: str, error_class: str, line: int | None) -> None:
    """Nothing a script does raises or hangs; the token and the line say what it was."""
    began = time.monotonic()
    limits = ScriptLimits(time_s=0.3, memory_bytes=20_000_000, recorded_bytes=100_000)
    assert failed(to_end(run, source, limits=limits), error_class).line == line
    assert time.monotonic() - began < 30


def test_reports_before_a_failure_are_kept(run: ScriptRun) -> None:
    """What was observed stays true, whatever came after."""
    end = failed(to_end(run, "mission.observe('k', 1)\nawait add(a=1)\n1 / 0"), "exception")
    assert dict(end.recorded.reported) == {"k": 1}
    assert end.recorded.calls_made == 1


def test_the_number_of_calls_is_limited(run: ScriptRun) -> None:
    """The cap counts over all steps."""
    end = to_end(run, "for i in range(9):\n    await add(a=i)", limits=ScriptLimits(calls=4))
    assert failed(end, "calls_limit").recorded.calls_made == 4


def test_time_counts_over_all_steps_but_not_between_them(run: ScriptRun) -> None:
    """The clock is in the snapshot and runs only while the script does."""
    burn = "def burn():\n    for i in range(400_000): pass\nfor _ in range(500):\n    burn()\n    await add(a=1)"
    step = start(run, burn, ScriptLimits(time_s=0.2))
    steps = 0
    while isinstance(step, ScriptPending):
        steps += 1
        step = asyncio.run(run.resume(step.snapshot, {call.call_id: done(1) for call in step.calls}))
    failed(step, "time_limit")
    assert 0 < steps < 400


def test_printed_text_is_cut_at_its_cap(run: ScriptRun) -> None:
    """Printing cannot grow the record."""
    end = finished(to_end(run, "for _ in range(100): print('x' * 100)", limits=ScriptLimits(recorded_bytes=500)))
    assert len(end.recorded.output) < 600
    assert end.recorded.output.endswith("... [truncated]")


RESUME = """
import asyncio, sys
from pathlib import Path
from journeyman.tools.base import Result, CallStatus
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptFinished, ScriptRun

async def main():
    async with Sandbox() as box:
        results = {int(sys.argv[2]): Result(status=CallStatus.DONE, value=41)}
        step = await ScriptRun(box).resume(Path(sys.argv[1]).read_bytes(), results)
        print(step.value, dict(step.recorded.reported))

asyncio.run(main())
"""


def test_a_new_process_resumes_from_the_bytes_alone(run: ScriptRun, tmp_path: Path) -> None:
    """A crash while a tool runs costs nothing that the snapshot holds."""
    step = waiting(start(run, "mission.observe('before', 1)\nx = await add(a=1)\nx + 1"))
    snapshot = tmp_path / "snapshot"
    snapshot.write_bytes(step.snapshot)
    shown = subprocess.run(
        [sys.executable, "-c", RESUME, str(snapshot), str(step.calls[0].call_id)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == "42 {'before': 1}"


def test_the_same_snapshot_and_results_always_lead_to_the_same_step(run: ScriptRun) -> None:
    """A crash after the results but before the next commit repeats the step, not the calls."""
    source = """
import random
r = await add(a=random.random())
x = sorted({"a", "b", "c"}, key=lambda k: random.random())
await git_log(repo=[r, x, random.random(), str({"p", "q", "s"})])
"""
    first = waiting(start(run, source))
    again = waiting(start(run, source))
    assert first.calls == again.calls
    results = {call.call_id: echo(call) for call in first.calls}
    nexts = [waiting(asyncio.run(run.resume(first.snapshot, results))) for _ in range(3)]
    assert nexts[0].calls == nexts[1].calls == nexts[2].calls


@pytest.mark.parametrize("junk", [b"", b"\n", b"{}", b"{}\n", b'{"v":9}\n', b'{"v":1}\nx', b"\xff\xfe\n", b"[1]\n2"])
def test_bytes_that_are_no_snapshot_are_refused(run: ScriptRun, junk: bytes) -> None:
    """A damaged blob is a failed script, not a crash."""
    failed(asyncio.run(run.resume(junk, {})), "snapshot_unreadable")


def test_a_cut_snapshot_is_refused_and_keeps_its_reports(run: ScriptRun) -> None:
    """Even when the sandbox cannot read its dump, what the script reported is known."""
    step = waiting(start(run, "mission.observe('k', 1)\nawait add(a=1)"))
    results = {step.calls[0].call_id: done(1)}
    end = failed(asyncio.run(run.resume(step.snapshot[:-400], results)), "snapshot_unreadable")
    assert dict(end.recorded.reported) == {"k": 1}


def test_no_damaged_snapshot_hurts_more_than_its_script(run: ScriptRun) -> None:
    """Bytes changed at random end in a step or a failure, and the workers stay good."""
    chance = random.Random(7)  # noqa: S311 - a fixed seed, so that a failure can be seen again
    step = waiting(start(run, "x = await add(a=1)\nx + 1"))
    head = step.snapshot.index(b"\n") + 1
    for _ in range(60):
        damaged = bytearray(step.snapshot)
        for _ in range(chance.choice([1, 2, 8])):
            damaged[chance.randrange(head, len(damaged))] = chance.randrange(256)
        end = asyncio.run(run.resume(bytes(damaged), {0: done(1)}))
        assert isinstance(end, (ScriptFinished, ScriptFailed, ScriptPending))
    assert finished(to_end(run, "1 + 1")).value == 2


def test_a_result_for_no_pending_call_is_a_fault_of_the_caller(run: ScriptRun) -> None:
    """Silence would leave the caller waiting for ever."""
    step = waiting(start(run, "await add(a=1)"))
    with pytest.raises(NotFound, match="no pending call 7; pending: 0"):
        asyncio.run(run.resume(step.snapshot, {7: done(1)}))


def test_check_finds_what_would_fail_or_do_nothing(run: ScriptRun) -> None:
    """Unknown names, forgotten awaits and positional arguments are found before anything runs."""
    source = "x = await git_lgo(repo=1)\nadd(a=1)\nawait add(1)\nmission.obseve('k', 1)\n"
    found = [str(problem) for problem in asyncio.run(run.check(source, TOOLS))]
    assert found == [
        "line 1: script: 'git_lgo' is not defined at column 11 (nearest: git_log)",
        "line 2: script: add(...) is never awaited; write `await add(...)`",
        "line 3: script: add takes keyword arguments only; write each one as name=value",
        "line 4: script: mission has no 'obseve'; it has observe(key, value) and event(name, **fields)",
    ]
    assert str(asyncio.run(run.check("x = (\n1 +\n", TOOLS))[0]).startswith("line 3: script: unexpected EOF")


def test_check_passes_what_runs(run: ScriptRun) -> None:
    """Ordinary scripts with helpers, handlers, comprehensions and imports are not refused."""
    source = """
import asyncio, json as j
from math import floor
async def one(i, *rest, key=None, **more):
    try:
        return await add(a=i)
    except (RuntimeError, ValueError) as error:
        mission.event("failed", why=str(error))
total = 0
for n, row in enumerate([await one(i) for i in range(3)]):
    total += row["a"]
    match row:
        case {"a": int(found), **others}: floor(found)
assert (last := j.dumps(total)) and callable(one)
with_lambda = lambda z: z + total
with_lambda(1)
"""
    assert asyncio.run(run.check(source, TOOLS)) == ()
    assert isinstance(to_end(run, "await add(a=1)"), ScriptFinished)


def test_two_tools_with_one_script_name_are_refused() -> None:
    """`a.b` and `a_b` would be the same function."""
    assert script_names(["git.log", "a-b", "3d"]) == {"git_log": "git.log", "a_b": "a-b", "_3d": "3d"}
    with pytest.raises(InvalidInput, match=r"same name in scripts as 'a\.b': a_b"):
        script_names(["a.b", "a_b"])


def test_many_scripts_run_at_once(run: ScriptRun) -> None:
    """Waiting scripts hold no worker: far more of them than workers make progress together."""

    async def scene() -> list[Step]:
        source = "mission.observe('i', {i})\n(await add(a={i}))['a'] * 2"
        steps = await asyncio.gather(*(run.start(source.format(i=i), TOOLS) for i in range(30)))
        return await asyncio.gather(
            *(
                run.resume(waiting(step).snapshot, {call.call_id: echo(call) for call in waiting(step).calls})
                for step in steps
            )
        )

    values: list[Json] = [finished(step).value for step in asyncio.run(scene())]
    assert values == [2 * i for i in range(30)]


def test_a_result_keeps_its_shape_inside_the_script(run: ScriptRun) -> None:
    """Nested values arrive as dicts and lists."""
    value: JsonObject = {"rows": [{"n": 1, "t": None, "b": True, "f": 0.5, "s": "é"}]}
    assert finished(to_end(run, "await add(a=1)", lambda _call: done(value))).value == value


def test_each_report_of_a_name_is_kept_in_order_and_their_number_between_two_calls_is_bounded(run: ScriptRun) -> None:
    """Each is judged by itself, so none may be lost, and ten thousand of them would hold the mission up."""
    few = ScriptLimits(reports=3)
    step = to_end(
        run, "for n in [1, 9, 0]:\n    mission.observe('n', n)\nawait add(a=1)\nmission.observe('n', 2)", limits=few
    )
    assert finished(step).recorded.reported == (("n", 1), ("n", 9), ("n", 0), ("n", 2))
    end = failed(to_end(run, "for n in range(4):\n    mission.observe('n', n)", limits=few), "recorded_limit")
    assert end.recorded.reported == (("n", 0), ("n", 1), ("n", 2))
