"""A caller whose time is over leaves, whatever those that it waits for do."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.concurrency.abandonable_tasks import SelfCancelled, cancel_or_abandon, run_abandonable


def stubborn(release: asyncio.Event, swallows: int, *, shields: bool) -> asyncio.Task[str]:
    """Begin work that swallows so many cancellations, or shields itself from them."""

    async def work() -> str:
        if shields:
            with anyio.CancelScope(shield=True):
                await release.wait()
            return "late"
        left = swallows
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                left -= 1
                if left < 0:
                    raise
        return "late"

    return asyncio.ensure_future(run_abandonable(work()))


@settings(max_examples=60, deadline=None)
@given(swallows=st.integers(0, 9), shields=st.booleans(), released=st.booleans())
def test_cancelling_always_comes_back(swallows: int, *, shields: bool, released: bool) -> None:
    """The caller is told `CancelledError` while the work still runs, or gets the value that was there before."""

    async def scene() -> None:
        release = asyncio.Event()
        caller = stubborn(release, swallows, shields=shields)
        await asyncio.sleep(0)
        if released:
            release.set()
            assert await caller == "late"
            return
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(caller, 20)
        assert not release.is_set()
        release.set()  # what was left behind ends by itself

    asyncio.run(scene())


def test_a_result_and_a_fault_come_back_as_they_are() -> None:
    """A task between makes no difference."""

    async def fails() -> None:
        raise LookupError("mine")

    async def gives() -> int:
        return 3

    async def scene() -> None:
        assert await run_abandonable(gives()) == 3
        with pytest.raises(LookupError, match="mine"):
            await run_abandonable(fails())

    asyncio.run(scene())


def test_work_that_cancels_itself_does_not_cancel_its_caller() -> None:
    """A session would end with it, its record cut off in the middle."""

    async def quits() -> None:
        raise asyncio.CancelledError

    async def scene() -> None:
        with pytest.raises(SelfCancelled):
            await run_abandonable(quits())

    asyncio.run(scene())


def test_what_fails_after_it_was_left_is_nobodys() -> None:
    """Neither the loop's log nor the caller hears of it."""
    told: list[object] = []

    async def scene() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        release = asyncio.Event()

        async def work() -> None:
            while not release.is_set():
                with suppress(asyncio.CancelledError):
                    await release.wait()
            raise LookupError("late")

        task = asyncio.ensure_future(work())
        await asyncio.sleep(0)
        assert not await cancel_or_abandon(task)
        caller = asyncio.ensure_future(run_abandonable(work()))
        await asyncio.sleep(0)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        release.set()
        with pytest.raises(LookupError):
            await task

    asyncio.run(scene())
    assert told == []
