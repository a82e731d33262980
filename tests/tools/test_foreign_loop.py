"""Coroutines of mission files run on a loop of their own."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from journeyman.tools.base import CallStatus, Result
from journeyman.tools.catalog import open_catalog

_MODULE = '''
import asyncio
import threading

release = threading.Event()
known = []


async def block() -> str:
    """Block the loop."""
    release.wait(60)
    return "late"


async def swallow() -> str:
    """Swallow every cancellation."""
    while not release.is_set():
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass
    return ""


async def late() -> str:
    """Write down that it ran."""
    known.append("ran")
    return "ran"


async def same() -> bool:
    """Tell whether all calls share a loop, which is not the main thread's."""
    known.append(asyncio.get_running_loop())
    return known[-1] is known[0] and threading.current_thread() is not threading.main_thread()


async def quits() -> None:
    """Cancel itself."""
    raise asyncio.CancelledError


async def leaves() -> None:
    """End the program."""
    raise SystemExit(3)
'''


def written(folder: Path, name: str) -> str:
    """Write the module under a name of the test's own; a module is imported once in a process."""
    (folder / f"{name}.py").write_text(_MODULE, "utf-8")
    return name


def test_a_coroutine_that_blocks_its_loop_holds_up_nobody_else(tmp_path: Path) -> None:
    """Its call ends at its limit, what it left is told; later calls run, and what was cut off before it began never does."""
    name = written(tmp_path, "jm_guest_blocks")

    async def scene() -> tuple[Result, Result, Result]:
        functions = [f"{name}:block", f"{name}:late"]
        async with open_catalog(functions=functions, base_dir=tmp_path) as catalog:
            blocked = asyncio.ensure_future(catalog.call("block", {}, key="a", timeout_s=0.5))
            await asyncio.sleep(0.1)
            behind = await catalog.call("late", {}, key="b", timeout_s=0.2)
            found = await blocked
            after = await catalog.call("late", {}, key="c", timeout_s=30)
            return found, behind, after

    blocked, behind, after = asyncio.run(scene())
    module = __import__("sys").modules[name]
    module.release.set()
    assert (blocked.status, blocked.error_class) == (CallStatus.UNKNOWN, "timeout")
    assert "blocks its event loop" in (blocked.error or "")
    assert blocked.left_running
    assert (behind.status, behind.error_class) == (CallStatus.FAILED, "timeout")
    assert "nothing was sent" in (behind.error or "")
    assert after.value == "ran"
    assert module.known == ["ran"]


def test_all_coroutines_share_one_loop(tmp_path: Path) -> None:
    """What their modules hold, a client say, belongs to a loop."""
    name = written(tmp_path, "jm_guest_shares")

    async def scene() -> list[Result]:
        async with open_catalog(functions=[f"{name}:same"], base_dir=tmp_path) as catalog:
            return [await catalog.call("same", {}, key=str(n)) for n in range(3)]

    assert [result.value for result in asyncio.run(scene())] == [True] * 3
    assert threading.current_thread() is threading.main_thread()


def test_what_a_coroutine_does_to_itself_fails_its_call_alone(tmp_path: Path) -> None:
    """Cancelling itself and ending the program are failures; swallowing cancellation is told."""
    name = written(tmp_path, "jm_guest_ends")

    async def scene() -> list[Result]:
        functions = [f"{name}:{tool}" for tool in ("quits", "leaves", "swallow", "late")]
        async with open_catalog(functions=functions, base_dir=tmp_path) as catalog:
            return [
                await catalog.call("quits", {}, key="a"),
                await catalog.call("leaves", {}, key="b"),
                await catalog.call("swallow", {}, key="c", timeout_s=0.1),
                await catalog.call("late", {}, key="d"),
            ]

    quits, leaves, swallow, late = asyncio.run(scene())
    __import__("sys").modules[name].release.set()
    assert (quits.status, quits.error_class) == (CallStatus.FAILED, "tool_raised")
    assert (leaves.status, leaves.error_class) == (CallStatus.FAILED, "tool_raised")
    assert "does not stop when it is cancelled" in (swallow.error or "")
    assert late.value == "ran"
