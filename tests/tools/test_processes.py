"""Programs and all that they start: ended when they exit, are late or are cancelled."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from journeyman.tools.processes import reaper
from journeyman.tools.processes.command_runner import CommandResult, run_command

LEAVES_OTHERS = """
import os, sys, time
def left(n):
    if os.fork() == 0:
        if n > 0: os.setsid()
        if n > 1 and os.fork(): os._exit(0)
        open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
        time.sleep(600)
        os._exit(0)
for n in range(3): left(n)
while len(open(sys.argv[1]).read().split()) < 3: time.sleep(0.005)
print("began", flush=True)
"""


def run(*argv: str, **options: object) -> CommandResult:
    """Run a program on a loop of its own."""

    async def scene() -> CommandResult:
        return await run_command(argv, **options)  # pyright: ignore[reportArgumentType] - each test gives what it means

    return asyncio.run(scene())


def alive(pid: int) -> bool:
    """Say whether a process is there, other than as a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may go between the two halves of a read
        return False


def gone(folder: Path) -> bool:
    """Say whether all three processes of `LEAVES_OTHERS` have begun and are gone."""
    pids = [int(line) for line in (folder / "pids").read_text().split()]
    return len(pids) == 3 and not any(map(alive, pids))


def python(folder: Path, more: str) -> list[str]:
    """The command that leaves a child, one with a session of its own, and one without a parent, then does more."""
    (folder / "pids").touch()
    return [sys.executable, "-c", LEAVES_OTHERS + more, str(folder / "pids")]


def test_a_program_gives_its_code_and_the_end_of_its_output() -> None:
    """Both streams, as they came."""
    ended = run(
        sys.executable, "-c", "import sys; print('x' * 9000); sys.stderr.write('end'); sys.exit(3)", tail_bytes=5
    )
    assert (ended.exit_code, ended.output, ended.output_bytes, ended.timed_out) == (3, b"x\nend"[-5:], 9004, False)
    killed = run(sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")
    assert killed.exit_code == -9


def test_a_program_that_does_not_exist_is_told() -> None:
    """As are arguments that none can have."""
    assert "No such file" in run("/no/such/program").error
    assert "cannot be started" in run(sys.executable, folder=Path("/no/such/folder")).error
    assert "cannot be started" in run("a\0b").error


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who descends from a process")
def test_what_a_program_leaves_behind_is_ended_and_does_not_keep_it() -> None:
    """A child that holds the output, one that left the group, and one whose parent is gone."""
    import tempfile  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as name:
        ended = run(*python(Path(name), ""), timeout_s=60)
        assert (ended.exit_code, ended.output) == (0, b"began\n")
        assert gone(Path(name))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who descends from a process")
def test_a_late_program_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """At its limit, not when it feels like it."""
    began_s = time.monotonic()
    ended = run(*python(tmp_path, "import signal; signal.signal(15, signal.SIG_IGN); time.sleep(600)"), timeout_s=1.5)
    assert (ended.timed_out, ended.exit_code, ended.output) == (True, None, b"began\n")
    assert time.monotonic() - began_s < 20
    assert gone(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who descends from a process")
def test_cancelling_ends_the_program_with_all_that_it_started(tmp_path: Path) -> None:
    """And leaves no task behind."""

    async def scene() -> None:
        task = asyncio.create_task(run_command(python(tmp_path, "time.sleep(600)")))
        await until(lambda: len((tmp_path / "pids").read_text().split()) == 3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert gone(tmp_path)

    asyncio.run(scene())


@pytest.mark.parametrize("steps", range(12))
def test_cancelling_at_any_moment_of_a_start_leaves_nothing(steps: int, tmp_path: Path) -> None:
    """A process that nobody knows of would be told of as a resource that was never closed."""

    async def scene() -> None:
        task = asyncio.create_task(run_command([sys.executable, "-c", f"open({str(tmp_path / 'mark')!r}, 'w')"]))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scene())
    gc.collect()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    with anyio.fail_after(20):
        while not holds():  # noqa: ASYNC110 - another process tells no event
            await asyncio.sleep(0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who descends from a process")
def test_when_we_are_killed_the_program_ends_too(tmp_path: Path) -> None:
    """A killed process cannot clean up; the reaper does."""
    code = (
        "import asyncio, sys\nfrom journeyman.tools.processes.command_runner import run_command\n"
        "asyncio.run(run_command(sys.argv[1:]))"
    )
    ours = subprocess.Popen([sys.executable, "-c", code, *python(tmp_path, "time.sleep(600)")])

    async def scene() -> None:
        await until(lambda: len((tmp_path / "pids").read_text().split()) == 3)
        os.kill(ours.pid, signal.SIGKILL)
        await until(lambda: gone(tmp_path))

    asyncio.run(scene())
    ours.wait()


def test_a_program_sees_the_given_variables_and_has_no_input() -> None:
    """And runs where it is told."""
    code = "import os, sys; print(sorted(os.environ), sys.stdin.read() == '', os.getcwd())"
    ended = run(sys.executable, "-S", "-c", code, environment={"GIVEN": "1", "LC_ALL": "C.UTF-8"}, folder=Path("/"))
    assert ended.output == b"['GIVEN', 'LC_ALL'] True /\n"


def test_why_a_program_cannot_be_started_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system says of a missing interpreter that the program is not there."""
    script, plain = tmp_path / "script", tmp_path / "plain"
    script.write_text("#!/nowhere/python -u\n")
    plain.write_text("no script")
    assert "the interpreter /nowhere/python" in reaper.missing_interpreter(str(script))
    assert reaper.missing_interpreter(str(plain)) == ""
    assert reaper.missing_interpreter(str(tmp_path / "gone")) == ""
    gone = FileNotFoundError(2, "No such file or directory")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "the interpreter" in reaper._why_not(gone, "script")
    assert reaper._why_not(gone, "plain") == "plain is not on the PATH"
    assert "No such file" in reaper._why_not(gone, str(tmp_path / "gone"))
    assert reaper._why_not(PermissionError(13, "Permission denied"), "x") == "Permission denied: x"
