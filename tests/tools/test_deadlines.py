"""One deadline bounds starting, waiting, calling, reading and closing."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import pytest

from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import InvalidInput, Unavailable
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.call_limits import CallLimits
from journeyman.tools.catalog import open_catalog
from journeyman.tools.deadline import Deadline
from journeyman.tools.predicate import PredicateLimits, PredicateResult, Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.servers.supervisor import ServerPolicy
from tests.concurrency.process_table import children
from tests.tools.test_mcp_servers import program

GENEROUS = CallLimits(timeout_s=60, servers=ServerPolicy(start_s=60, close_s=60, backoff_s=0.01))
"""Limits that would make every scene here take a minute."""
SOON_S = 15.0
"""Far less than a minute, and enough for a busy machine."""


def soon(left_s: float) -> Deadline:
    """A deadline a little away."""
    return Deadline(time.monotonic() + left_s)


def timed(scene: Callable[[], Awaitable[Result | None]]) -> tuple[Result | None, float]:
    """Run a scene; give what it gives, and how long it took."""
    began_s = time.monotonic()

    async def run() -> Result | None:
        return await scene()

    return asyncio.run(run()), time.monotonic() - began_s


@asynccontextmanager
async def silent_http() -> AsyncGenerator[str]:
    """Listen, accept and never answer."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_a_server_that_hangs_at_its_start_is_left_at_the_deadline(transport: str) -> None:
    """A start may not take longer than the mission has."""

    async def scene() -> None:
        async with silent_http() as url:
            spec: JsonObject = program("liar", "deaf") if transport == "stdio" else {"url": url}
            with pytest.raises(Unavailable, match="no answer"):
                async with open_catalog(servers={"hung": spec}, limits=GENEROUS, deadline=soon(0.5)):
                    pass

    assert timed(scene)[1] < SOON_S


def test_a_server_that_hangs_in_a_restart_is_left_at_the_deadline() -> None:
    """The call it hangs in was not sent, and what the deadline cuts is told as such."""

    async def scene() -> Result:
        deadline = Deadline()
        async with open_catalog(
            servers={"liar": program("liar", "none")}, limits=GENEROUS, deadline=deadline
        ) as catalog:
            server = catalog._entries["liar.echo"].source.server  # pyright: ignore[reportAttributeAccessIssue]
            server._life.kill()
            await server._life.down.wait()
            server.config.spec.args[:] = program("liar", "deaf")["args"]
            deadline.at_s = time.monotonic() + 0.5
            return await catalog.call("liar.echo", {"n": 1}, key="k")

    result, took_s = timed(scene)
    assert result is not None
    assert (result.status, result.error_class) in {
        (CallStatus.FAILED, "timeout"),
        (CallStatus.FAILED, "server_unreachable"),
    }, result
    assert took_s < SOON_S


def test_a_server_that_will_not_leave_is_ended_at_the_deadline() -> None:
    """Closing is bounded, too."""

    async def scene() -> None:
        deadline = soon(5)
        spec = program("liar", "will_not_leave")
        async with open_catalog(servers={"liar": spec}, limits=GENEROUS, deadline=deadline) as catalog:
            assert (await catalog.call("liar.echo", {"n": 1}, key="k")).status is CallStatus.DONE
            deadline.at_s = time.monotonic()

    assert timed(scene)[1] < SOON_S


def test_an_import_that_hangs_is_left_at_the_deadline(tmp_path: Path) -> None:
    """It runs beside the loop, which goes on; the next catalog of the process opens once it is through."""
    (tmp_path / "jm_hung_import.py").write_text(
        "import threading\nbegan, release = threading.Event(), threading.Event()\n"
        "import sys\nsys.jm_hung = (began, release)\nbegan.set()\nrelease.wait(60)\ndef f() -> int:\n    return 1\n"
    )

    async def scene() -> None:
        with anyio.move_on_after(0.3) as scope:
            async with open_catalog(functions=["jm_hung_import:f"], base_dir=tmp_path):
                pytest.fail("it cannot be open")
        assert scope.cancelled_caught
        began, release = sys.jm_hung  # pyright: ignore[reportAttributeAccessIssue] - set by the module
        assert began.is_set()
        release.set()
        async with open_catalog(functions=["jm_hung_import:f"], base_dir=tmp_path) as catalog:
            assert (await catalog.call("f", {}, key="k")).value == 1

    asyncio.run(scene())


@pytest.mark.parametrize("error", ["SystemExit(3)", "KeyboardInterrupt()", "ValueError('no')"])
def test_a_module_that_ends_the_program_is_a_problem_of_its_own(tmp_path: Path, error: str) -> None:
    """The mission is told which function cannot be had."""
    name = f"jm_ends_{error.partition('(')[0].lower()}"
    (tmp_path / f"{name}.py").write_text(f"raise {error}\n")

    async def scene() -> None:
        async with open_catalog(functions=[f"{name}:f"], base_dir=tmp_path):
            pass

    with pytest.raises(InvalidInput, match=error.partition("(")[0]):
        asyncio.run(scene())


def test_the_last_words_of_a_server_that_is_killed_are_heard(tmp_path: Path) -> None:
    """They say why it hung."""
    program_text = "import sys, time; print('waiting for the licence server', file=sys.stderr, flush=True); "
    mark = tmp_path / "mark"
    program_text += f"open({str(mark)!r}, 'w').close(); time.sleep(3600)"

    async def scene() -> None:
        with pytest.raises(Unavailable, match="waiting for the licence server"):
            async with open_catalog(
                servers={"hung": {"command": sys.executable, "args": ["-c", program_text]}},
                limits=GENEROUS,
                deadline=soon(3),
            ):
                pass

    assert timed(scene)[1] < SOON_S
    assert mark.exists()


def test_cancelling_a_predicate_ends_the_process_that_evaluates_it() -> None:
    """Its worker would compute until its own limit, with nobody waiting for it."""

    async def scene() -> tuple[bool, PredicateResult]:
        async with Sandbox(1) as sandbox:
            predicates = Predicates(sandbox, PredicateLimits(time_s=600))
            await predicates.evaluate("1", {})
            workers = children()
            assert workers
            with anyio.move_on_after(0.3):
                await predicates.evaluate(
                    "(lambda f: f(f, 90))(lambda f, n: n if n < 2 else f(f, n - 1) + f(f, n - 2))", {}
                )
            with anyio.fail_after(SOON_S):
                while workers <= children():  # noqa: ASYNC110 - no event tells when a process is gone
                    await asyncio.sleep(0.005)
            return True, await predicates.evaluate("1 + 1", {})

    assert asyncio.run(scene()) == (True, PredicateResult(2))


def test_waiting_for_a_slot_ends_at_the_deadline() -> None:
    """A call that never had its turn was not sent."""

    async def scene() -> Result:
        release = asyncio.Event()

        async def work() -> str:
            """Work."""
            await release.wait()
            return "done"

        deadline = Deadline()
        async with open_catalog(
            functions=[work], limits=CallLimits(per_tool={"work": 1}), deadline=deadline
        ) as catalog:
            first = asyncio.create_task(catalog.call("work", {}, key="a"))
            await asyncio.sleep(0)
            deadline.at_s = time.monotonic() + 0.1
            second = await catalog.call("work", {}, key="b")
            release.set()
            assert (await first).value == "done"
            return second

    result, _ = timed(scene)
    assert result is not None
    assert (result.status, result.error_class) == (CallStatus.FAILED, "timeout")
    assert "nothing was sent" in (result.error or "")


def test_a_coroutine_that_will_not_stop_is_left_and_told() -> None:
    """The call ends all the same."""

    async def scene() -> Result:
        release = asyncio.Event()

        async def stubborn() -> str:
            """Ignore being cancelled."""
            while not release.is_set():
                with suppress(asyncio.CancelledError):
                    await release.wait()
            return ""

        async with open_catalog(functions=[stubborn]) as catalog:
            result = await catalog.call("stubborn", {}, key="k", timeout_s=0.1)
            release.set()
            return result

    result, took_s = timed(scene)
    assert result is not None
    assert (result.status, result.error_class) == (CallStatus.UNKNOWN, "timeout")
    assert "its coroutine does not stop" in (result.error or "")
    assert took_s < SOON_S


def test_a_server_that_does_not_read_cannot_hold_a_call() -> None:
    """A call too long for the pipe is left at its limit, and may have been read in part."""

    async def scene() -> Result:
        async with open_catalog(servers={"honest": program("honest")}, limits=GENEROUS) as catalog:
            blocking = asyncio.create_task(catalog.call("honest.block", {"seconds": 3}, key="a", timeout_s=0.2))
            await asyncio.sleep(0.1)
            result = await catalog.call("honest.fail", {"text": "x" * 2**21}, key="b", timeout_s=0.3)
            assert (await blocking).status is CallStatus.UNKNOWN
            return result

    result, _ = timed(scene)
    assert result is not None
    assert (result.status, result.error_class) == (CallStatus.UNKNOWN, "timeout")
    assert result.duration_s < 3


def test_a_call_that_was_never_sent_is_not_sent_later(tmp_path: Path) -> None:
    """It waited behind a long one for a server that did not read; its caller was told that nothing was sent."""
    mark = tmp_path / "mark"

    async def scene() -> Result:
        async with open_catalog(servers={"liar": program("liar", "naps", mark)}, limits=GENEROUS) as catalog:
            assert (await catalog.call("liar.echo", {"n": 1}, key="a")).status is CallStatus.DONE
            long = asyncio.create_task(catalog.call("liar.echo", {"n": 2, "pad": "x" * 2**21}, key="b"))
            outbox = catalog._entries["liar.echo"].source.server._life.outbox  # pyright: ignore[reportAttributeAccessIssue]
            while not any(outbox._departures.values()):  # noqa: ASYNC110 - it tells no event
                await asyncio.sleep(0)
            late = await catalog.call("liar.echo", {"n": 3}, key="c", timeout_s=0.5)
            mark.touch()
            assert (await long).status is CallStatus.DONE
            assert (await catalog.call("liar.echo", {"n": 4}, key="d")).status is CallStatus.DONE
            return late

    late, _ = timed(scene)
    assert late is not None
    assert (late.status, late.error_class) == (CallStatus.FAILED, "timeout")
    assert "nothing was sent" in (late.error or "")
    assert mark.with_suffix(".calls").read_text().split() == ["1", "2", "4"]
