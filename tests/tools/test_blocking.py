"""Blocking work beside the loop: left at once, and no reason for a process to stay."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import anyio
import pytest

from journeyman.tools.blocking import run_blocking


def test_values_and_errors_come_back() -> None:
    """Also errors that a future cannot hold."""

    def fail() -> None:
        raise StopIteration

    async def scene() -> None:
        assert await run_blocking(lambda: 5) == 5
        with pytest.raises(RuntimeError, match="StopIteration"):
            await run_blocking(fail)

    asyncio.run(scene())


def test_a_left_thread_keeps_its_place_until_it_returns() -> None:
    """What hangs cannot pile up."""
    release = threading.Event()

    async def scene() -> None:
        limiter = anyio.CapacityLimiter(1)
        with anyio.move_on_after(0.05):
            await run_blocking(lambda: release.wait(30), limiter=limiter)
        assert limiter.borrowed_tokens == 1
        release.set()
        assert await run_blocking(lambda: 7, limiter=limiter) == 7

    asyncio.run(scene())


def test_threads_are_used_again_and_no_job_is_lost_or_mixed_up() -> None:
    """Thousands of calls, many at once, in few threads."""
    names: set[str] = set()

    def job(number: int) -> int:
        names.add(threading.current_thread().name)
        return number

    async def scene() -> None:
        limiter = anyio.CapacityLimiter(8)
        results: dict[int, int] = {}

        async def one(number: int) -> None:
            results[number] = await run_blocking(lambda: job(number), limiter=limiter)

        async with anyio.create_task_group() as group:
            for number in range(2000):
                group.start_soon(one, number)
        assert results == {number: number for number in range(2000)}

    asyncio.run(scene())
    assert len(names) < 200


HUNG = """
import asyncio, sys, threading, anyio
from journeyman.tools.catalog import open_catalog
def hang() -> str:
    threading.Event().wait(600)
async def main():
    async with open_catalog(functions=[hang]) as catalog:
        result = await catalog.call("hang", {}, key="k", timeout_s=0.2)
        print(result.status, result.error_class, result.error)
asyncio.run(main())
"""


def test_a_process_leaves_although_a_function_hangs() -> None:
    """The result says what was left running."""
    done = subprocess.run([sys.executable, "-c", HUNG], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("unknown timeout hang gave no answer within 0.2")
    assert "its thread cannot be stopped and was left running" in done.stdout


def test_threads_take_short_turns_while_one_is_abandoned() -> None:
    """What computes on leaves the others enough turns; once it has come back, turns are as they were."""
    usual_s, release, begun = sys.getswitchinterval(), threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        release.wait(60)

    async def scene() -> None:
        left = asyncio.ensure_future(run_blocking(hang))
        await asyncio.to_thread(begun.wait)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        assert sys.getswitchinterval() == pytest.approx(0.0005)

    asyncio.run(scene())
    release.set()
    while sys.getswitchinterval() != pytest.approx(usual_s):
        threading.Event().wait(0.001)


def test_work_that_ends_as_it_is_cancelled_is_not_abandoned() -> None:
    """Whichever comes first, nothing is left that would keep turns short."""
    usual_s = sys.getswitchinterval()

    async def scene() -> None:
        for _ in range(50):
            left = asyncio.ensure_future(run_blocking(lambda: None))
            await asyncio.sleep(0)
            left.cancel()
            await asyncio.wait([left])

    asyncio.run(scene())
    while sys.getswitchinterval() != pytest.approx(usual_s):
        threading.Event().wait(0.001)
