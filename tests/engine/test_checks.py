"""Checks that the engine makes: what is met, what is not, and what could not be told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.engine.checks import check_runner, command_check, file_check
from journeyman.engine.checks.check_result import CheckResult
from journeyman.engine.checks.check_runner import run_checks
from journeyman.mission.criteria.engine_check import Check, CommandCheck, FileCheck
from journeyman.mission.values.canonical import canonical, checked

pytestmark = pytest.mark.anyio
PYTHON = sys.executable


async def told(base_dir: Path, check: Check, deadline_s: float | None = None) -> CheckResult:
    """Make one check."""
    return (await run_checks({"one": check}, base_dir, deadline_s))["one"]


def files_in(folder: Path) -> None:
    """Write what the table below looks at."""
    (folder / "a.json").write_text('{"rows": [{"n": 3}, {"n": "3"}], "big": 9007199254740993, "yes": true}', "utf-8")
    (folder / "twice.json").write_text('{"n": 1, "n": 2}', "utf-8")
    (folder / "nan.json").write_text('{"n": NaN}', "utf-8")
    (folder / "deep.json").write_text("[" * 100_000, "utf-8")
    (folder / "latin.json").write_bytes(b'{"n": "\xe4"}')
    (folder / "a.csv").write_text('name,size\nx,1\n"two\nlines, one field",2\n\n', "utf-8-sig")
    (folder / "bad.csv").write_text('a,b\n"x"y,2\n', "utf-8")
    (folder / "a.txt").write_text("all 12 tests passed\n", "utf-8")
    (folder / "d").mkdir()
    (folder / "link").symlink_to("a.txt")
    (folder / "out").symlink_to("/etc")
    os.mkfifo(folder / "pipe")


DIGEST = hashlib.sha256(b"all 12 tests passed\n").hexdigest()


@pytest.mark.parametrize(
    ("check", "met", "said"),
    [
        (FileCheck(path="a.txt"), True, "a.txt"),
        (FileCheck(path="d"), True, "d"),
        (FileCheck(path="."), True, "."),
        (FileCheck(path="missing"), False, "missing does not exist"),
        (FileCheck(path="a.txt/x"), False, "does not exist"),
        (FileCheck(path="missing/x"), False, "does not exist"),
        (FileCheck(path="link"), None, "link is a link"),
        (FileCheck(path="out/passwd"), None, "out is a link"),
        (FileCheck(path="pipe"), None, "pipe is a pipe"),
        (FileCheck(path="/dev/zero"), None, "is a device"),
        (FileCheck(path="pipe", sha256=DIGEST), None, "pipe is a pipe"),
        (FileCheck(path="a\0b"), None, "could not be told"),
        (FileCheck(path="d", regex="x"), None, "d is a folder"),
        (FileCheck(path="a.txt", sha256=DIGEST), True, DIGEST),
        (FileCheck(path="a.txt", sha256="0" * 64), False, DIGEST),
        (FileCheck(path="a.txt", regex=r"\d+ tests passed"), True, "12 tests passed"),
        (FileCheck(path="a.txt", regex="failed"), False, "null"),
        (FileCheck(path="a.txt", regex="failed", sha256=DIGEST), False, DIGEST),
        (FileCheck(path="a.json", json=("rows.0.n", ">=", 3)), True, "3"),
        (FileCheck(path="a.json", json=("rows.0.n", ">", 3)), False, "3"),
        (FileCheck(path="a.json", json=("rows.1.n", "==", 3)), False, '"3"'),
        (FileCheck(path="a.json", json=("rows.1.n", ">=", 3)), None, "cannot be compared"),
        (FileCheck(path="a.json", json=("yes", "==", 1)), False, "true"),
        (FileCheck(path="a.json", json=("big", ">", 2**53 - 1)), True, "9007199254740993"),
        (FileCheck(path="a.json", json=("rows.2.n", "==", 3)), False, "missing"),
        (FileCheck(path="twice.json", json=("n", "==", 2)), None, "stands twice"),
        (FileCheck(path="nan.json", json=("n", "!=", 2)), None, "NaN is no number"),
        (FileCheck(path="deep.json", json=("n", "!=", 2)), None, "not the JSON"),
        (FileCheck(path="latin.json", json=("n", "!=", 2)), None, "not the JSON"),
        (FileCheck(path="a.txt", json=("n", "!=", 2)), None, "not the JSON"),
        (FileCheck(path="a.csv", csv=(["name", "size"], 2)), True, '"rows":2'),
        (FileCheck(path="a.csv", csv=(["name"], 3)), False, '"rows":2'),
        (FileCheck(path="a.csv", csv=(["colour"], 0)), False, '"missing":["colour"]'),
        (FileCheck(path="bad.csv", csv=([], 1)), None, "line 2 is not CSV"),
        (
            CommandCheck(argv=[PYTHON, "-c", "import sys; open(sys.argv[1])", "{copy}"], folder="a.txt"),
            True,
            "exit_code",
        ),
        (CommandCheck(argv=[PYTHON, "-c", "open('a.txt'); open('d/x', 'w')"]), True, '"left_out":["out","pipe"]'),
        (CommandCheck(argv=[PYTHON, "-c", "print('why'); raise SystemExit(3)"], folder="d"), False, "why"),
        (CommandCheck(argv=[PYTHON, "-c", "raise SystemExit(3)"], folder="d", exit_code=3), True, "exit_code"),
        (CommandCheck(argv=["/no/such"], folder="d"), None, "No such file"),
        (CommandCheck(argv=[PYTHON], folder="missing"), False, "missing does not exist"),
        (CommandCheck(argv=[PYTHON], folder="link"), None, "link is a link"),
        (CommandCheck(argv=[PYTHON], folder="out/x"), None, "out is a link"),
        (CommandCheck(argv=[PYTHON], folder="pipe"), None, "pipe is a pipe"),
        (CommandCheck(argv=[PYTHON, "-c", "import time; time.sleep(600)"], folder="d", timeout_s=0.3), None, "0.3 s"),
    ],
)
async def test_each_check_tells_what_is_from_what_is_not_and_from_what_it_cannot_tell(
    check: Check,
    met: bool | None,  # noqa: FBT001 - a table
    said: str,
    tmp_path: Path,
) -> None:
    """Nothing hangs on a pipe or a device, and no link is followed."""
    files_in(tmp_path)
    with anyio.fail_after(30):
        result = await told(tmp_path, check)
    assert result.met is met, result
    assert said in canonical(checked(result.evidence)).decode(), result


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=60) | st.text().map(str.encode), st.sampled_from(["json", "csv", "regex", "sha256"]))
def test_no_content_of_a_file_breaks_a_check(data: bytes, kind: str) -> None:
    """Whatever an agent writes, there is an answer that the record can hold."""
    asks: dict[str, Any] = {"json": ("a", "==", 1), "csv": (["a"], 1), "regex": "a+", "sha256": "0" * 64}
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "f").write_bytes(data)
        result = file_check.check_file(
            FileCheck(path="f", **{kind: asks[kind]}), Path(name), lambda: False, here_bytes=1 << 20
        )
    assert result is not None
    assert result.met in {True, False, None}
    assert canonical(checked(result.evidence))
    if kind == "json" and result.met is not None:
        json.loads(data.decode("utf-8-sig"))


@pytest.mark.parametrize(
    "check",
    [
        FileCheck(path="a.txt", regex=r"\d+ tests passed", sha256=DIGEST),
        FileCheck(path="a.json", json=("rows.0.n", ">=", 3)),
        FileCheck(path="a.json", json=("rows.1.n", ">=", 3)),
        FileCheck(path="nan.json", json=("n", "!=", 2)),
        FileCheck(path="latin.json", json=("n", "!=", 2)),
        FileCheck(path="a.csv", csv=(["name", "size"], 2)),
        FileCheck(path="bad.csv", csv=([], 1)),
    ],
)
async def test_a_large_file_is_told_the_same_by_a_process_of_its_own(
    check: FileCheck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There a parser that keeps the interpreter's lock holds up no event loop."""
    files_in(tmp_path)
    here = await told(tmp_path, check)
    monkeypatch.setattr(check_runner, "HERE_BYTES", 0)
    apart = await told(tmp_path, check)
    assert replace(apart, duration_s=0) == replace(here, duration_s=0)


async def test_what_cannot_be_cleared_in_time_is_cleared_by_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mission does not wait for it, and nothing stays behind; folders that nobody may enter are no hindrance."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x").write_text("x")
    release = threading.Event()
    monkeypatch.setattr(command_check, "remove_folder", lambda _: release.wait(60))
    lock = "import os; os.mkdir('locked'); open('locked/x', 'w').close(); os.chmod('locked', 0)"
    try:
        with anyio.fail_after(30):
            deadline_s = time.monotonic() + 0.5
            await run_checks({"c": CommandCheck(argv=[PYTHON, "-c", lock], folder="d")}, tmp_path, deadline_s)
            while list((tmp_path / "tmp").iterdir()):  # noqa: ASYNC110 - no event tells of the other process
                await anyio.sleep(0.01)
    finally:
        release.set()


async def test_a_file_too_large_to_parse_is_still_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing has a cap; existence and hash do not need one."""
    monkeypatch.setattr(file_check, "MAX_PARSE_BYTES", 10)
    (tmp_path / "f").write_bytes(b"x" * 11)
    digest = hashlib.sha256(b"x" * 11).hexdigest()
    assert (await told(tmp_path, FileCheck(path="f", sha256=digest))).met is True
    result = await told(tmp_path, FileCheck(path="f", sha256=digest, regex="x"))
    assert result.met is None
    assert "more than the 10" in str(result.evidence)
    assert (await told(tmp_path, FileCheck(path="f", sha256="0" * 64, regex="x"))).met is False


async def test_a_file_that_changes_while_it_is_read_is_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the old and half of the new is neither."""
    (tmp_path / "f").write_text("good")
    read = file_check._read

    def changing(*given: Any) -> Any:
        content = read(*given)
        (tmp_path / "f").write_text("evil")
        return content

    monkeypatch.setattr(file_check, "_read", changing)
    result = await told(tmp_path, FileCheck(path="f", regex="good"))
    assert (result.met, "changed while it was read" in str(result.evidence)) == (None, True)


async def test_the_commands_world_is_a_copy_and_an_allow_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sees no secret of ours and spoils nothing."""
    monkeypatch.setenv("OUR_API_KEY", "secret")
    (tmp_path / "f").write_text("kept")
    code = "import os; open('f', 'w'); print('OUR_API_KEY' in os.environ, os.getcwd())"
    result = await told(tmp_path, CommandCheck(argv=[PYTHON, "-c", code]))
    assert result.met is True
    assert isinstance(result.evidence, dict)
    tail = str(result.evidence["output_tail"])
    assert tail.startswith("False ")
    assert str(tmp_path) not in tail
    assert (tmp_path / "f").read_text() == "kept"
    assert not os.path.exists(tail.split()[1])  # noqa: ASYNC240, PTH110 - one look


async def test_a_command_has_no_shell(tmp_path: Path) -> None:
    """Words are words."""
    code = "import sys; sys.exit(sys.argv[1] != '$(id); *')"
    assert (await told(tmp_path, CommandCheck(argv=[PYTHON, "-c", code, "$(id); *"]))).met is True


async def test_the_deadline_ends_every_check(tmp_path: Path) -> None:
    """Those that were not begun, too; the others are told."""
    (tmp_path / "f").write_text("x")
    checks: dict[str, Check] = {
        f"slow{index}": CommandCheck(argv=[PYTHON, "-c", "import time; time.sleep(600)"], folder="f")
        for index in range(5)
    }
    checks["quick"] = FileCheck(path="f")
    began_s = time.monotonic()
    found = await run_checks(dict(reversed(checks.items())), tmp_path, time.monotonic() + 1.0)
    assert time.monotonic() - began_s < 15
    assert found["quick"].met is True
    assert {result.met for name, result in found.items() if name != "quick"} == {None}
    assert [result.met for result in (await run_checks(checks, tmp_path, time.monotonic() - 1)).values()] == [None] * 6


async def test_cancelling_ends_the_commands_and_clears_their_copies(tmp_path: Path) -> None:
    """At once."""
    (tmp_path / "work").mkdir()
    mark = tmp_path / "mark"
    code = f"import os, time; open({str(mark)!r}, 'w').write(f'{{os.getpid()}} {{os.getcwd()}}'); time.sleep(600)"
    task = asyncio.create_task(run_checks({"c": CommandCheck(argv=[PYTHON, "-c", code], folder="work")}, tmp_path))
    with anyio.fail_after(20):
        while not (mark.exists() and mark.read_text()):  # noqa: ASYNC110 - another process tells no event
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    pid, place = mark.read_text().split(maxsplit=1)
    assert not os.path.exists(place)  # noqa: ASYNC240, PTH110 - one look
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)
