"""Two stored sessions beside each other: alike, different in the middle, and one longer than the other."""

from __future__ import annotations

import anyio
import pytest

from journeyman.engine.comparing import comparison_of
from journeyman.mission.values.errors import NotFound
from tests.engine.engine_bench import bench, mission


def double(number: int) -> dict[str, object]:
    """Twice a number."""
    return {"metrics": {"doubled": 2 * number}}


def call(number: int) -> dict[str, object]:
    """An iteration that doubles it."""
    return {"calls": [{"tool": "double", "args": {"number": number}}]}


@pytest.mark.anyio
async def test_sessions_are_compared_event_by_event() -> None:
    """The same mission run twice is alike to its end; another argument is the first difference, with its place."""
    async with bench(double) as at:
        one, same, other = [
            (await at.engine.run(mission(call(1), call(number), "finish"))).session_id for number in (2, 2, 3)
        ]
        longer = (await at.engine.run(mission(call(1), call(2), call(2), "finish"))).session_id
        alike = await comparison_of(at.store, one, same)
        assert alike.difference is None
        assert alike.same_events > 0
        found = await comparison_of(at.store, one, other)
        assert found.difference is not None
        assert found.difference.left_seq == found.difference.right_seq
        assert found.same_events < alike.same_events
        assert (await comparison_of(at.store, one, longer)).difference is not None
        with pytest.raises(NotFound):
            await comparison_of(at.store, one, "none")


@pytest.mark.anyio
async def test_a_session_that_goes_on_differs_where_the_other_ends() -> None:
    """What is missing on one side is the difference."""
    async with bench(double) as at:
        whole = (await at.engine.run(mission(call(1), "finish"))).session_id
        begun = await at.engine.create(mission(call(1), "finish"))
        for sides in ((whole, begun), (begun, whole)):
            found = (await comparison_of(at.store, *sides)).difference
            assert found is not None
            assert "" in (found.left_kind, found.right_kind)


@pytest.mark.anyio
async def test_calls_side_by_side_are_compared_by_what_they_are_and_not_by_who_ends_first() -> None:
    """Which of them takes longer is no difference between two runs."""
    turns: list[int] = []
    order: list[int] = []
    moved = anyio.Condition()

    async def look(number: int) -> dict[str, object]:
        """Ends in the order that is wanted."""
        turns.append(number)
        async with moved:
            while order[0] != number:
                await moved.wait()
            order.pop(0)
            moved.notify_all()
        return {"metrics": {f"n{number}": number}}

    async with bench(look) as at:
        both = {"calls": [{"tool": "look", "args": {"number": number}} for number in (1, 2)], "parallel": True}
        sessions: list[str] = []
        for wanted in ([1, 2, 0], [2, 1, 0]):
            order[:] = wanted
            asked = mission(both, "finish", effects={"look": "pure"})
            sessions.append((await at.engine.run(asked)).session_id)
        assert sorted(turns) == [1, 1, 2, 2]
        assert (await comparison_of(at.store, *sessions)).difference is None
