"""Steps of several sessions in one turn of the event loop."""

from __future__ import annotations

import asyncio

import pytest

from journeyman.interfaces.openenv.tick_batcher import TickBatcher


def test_calls_that_wait_together_are_made_in_a_row() -> None:
    """Nothing else runs between them, and each caller gets its own result."""
    made: list[int] = []

    async def play() -> list[int]:
        steps: TickBatcher[int] = TickBatcher()

        def step(number: int) -> int:
            made.append(number)
            asyncio.get_running_loop().call_soon(made.append, -1)
            return number * number

        return await asyncio.gather(*(steps.call(lambda number=number: step(number)) for number in range(4)))

    assert asyncio.run(play()) == [0, 1, 4, 9]
    assert made == [0, 1, 2, 3, -1, -1, -1, -1]


def test_what_breaks_in_one_call_reaches_only_its_caller() -> None:
    """One session's fault may not end another's step."""

    async def play() -> list[float | BaseException]:
        steps: TickBatcher[float] = TickBatcher()
        calls = (steps.call(lambda number=number: 1 / number) for number in (1, 0, 2))
        return await asyncio.gather(*calls, return_exceptions=True)

    first, broken, last = asyncio.run(play())
    assert (first, last) == (1.0, 0.5)
    assert isinstance(broken, ZeroDivisionError)


def test_a_caller_that_went_away_is_not_played_for() -> None:
    """A closed connection cancels its task; its world may not move, the others' must."""
    made: list[str] = []

    async def play() -> None:
        steps: TickBatcher[None] = TickBatcher()
        gone = asyncio.create_task(steps.call(lambda: made.append("gone")))
        stays = asyncio.create_task(steps.call(lambda: made.append("stays")))
        asyncio.get_running_loop().call_soon(gone.cancel)
        await stays
        with pytest.raises(asyncio.CancelledError):
            await gone

    asyncio.run(play())
    assert made[-1] == "stays"


def test_every_event_loop_has_its_own_row() -> None:
    """A loop that ended in the middle of a turn leaves nothing that another would wait for."""
    steps: TickBatcher[int] = TickBatcher()

    async def left() -> None:
        _ = asyncio.create_task(steps.call(lambda: 1))  # noqa: RUF006  # abandoned on purpose
        await asyncio.sleep(0)

    async def waits() -> int:
        return await steps.call(lambda: 2)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(left())
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    loop.close()
    assert asyncio.run(waits()) == 2
