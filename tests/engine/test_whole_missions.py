"""Faults that were found by long, hostile or unlucky runs, each told by its smallest case."""

from __future__ import annotations

import anyio
import pytest

from journeyman.mission.model import events as e
from journeyman.mission.model.state import Phase
from journeyman.mission.values.errors import InvalidInput, LeaseLost
from journeyman.stores.base import Batch, Lease
from journeyman.tools.functions import tool
from tests.engine.engine_bench import bench, mission

pytestmark = pytest.mark.anyio


async def test_the_last_steps_of_a_long_way_are_progress() -> None:
    """9,997 of 10,000 once counted as no nearer than 9,991, and the mission ended as stagnant."""
    count = 0

    @tool(effect="pure")
    def sample() -> dict[str, object]:
        """Count on from far away."""
        nonlocal count
        count = 1 if not count else max(9_990, count + 1)
        return {"metrics": {"samples": count}}

    wanted = [{"id": "all", "kind": "metric_threshold", "metric": "samples", "op": ">=", "target": 10_000}]
    async with bench(sample) as at:
        session = await at.engine.create(mission("sample", criteria=wanted, stagnation={"threshold": 3}, repeat=True))
        state = await at.engine.drive(session)
        assert (state.outcome, count) == ("achieved", 10_000)
        await at.holds(session)


async def test_an_answer_that_looks_like_a_reference_to_a_blob_is_refused() -> None:
    """It would break the record that it is written into, or show another session's value."""

    @tool(effect="pure")
    def sly() -> dict[str, object]:
        """Pass off an answer as a reference."""
        return {"deep": [{"$blob": "0" * 64, "bytes": 3}]}

    async with bench(sly) as at:
        session = await at.engine.create(mission("sly", "finish"))
        state = await at.engine.drive(session)
        assert state.outcome == "achieved"
        assert (await at.events(session, e.Settled))[0].error_class == "not_json"
        await at.holds(session)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_a_function_that_raises_what_ends_programs_fails_its_call_only(error: type[BaseException]) -> None:
    """No real interrupt arrives in a thread, so it is the function's own fault."""

    @tool(effect="pure")
    def bad() -> None:
        """Raise."""
        raise error

    async with bench(bad) as at:
        session = await at.engine.create(mission("bad", "finish"))
        state = await at.engine.drive(session)
        assert state.outcome == "achieved"
        assert error.__name__ in (await at.events(session, e.Settled))[0].error
        await at.holds(session)


async def test_a_mission_that_counts_on_a_missing_tool_is_refused_with_every_place() -> None:
    """A criterion over a tool that is not there can never be met; the session ends instead of being recovered for ever."""
    criteria = [{"id": "done", "kind": "tool_call_succeeded", "tool": "finnish", "probe": {"tool": "nothing"}}]
    async with bench() as at:
        session = await at.engine.create(mission("start", criteria=criteria))
        with pytest.raises(InvalidInput) as refused:
            await at.engine.drive(session)
        assert len(refused.value.problems) == 3
        assert "did you mean 'finish'?" in str(refused.value)
        (row,) = await at.store.sessions()
        assert (row.status, row.verdict) == ("ended", "terminate/could_not_start")
        assert await at.engine.recover() == []
        await at.holds(session)


async def test_a_lease_that_heartbeat_and_commit_both_find_lost_is_one_error() -> None:
    """Two errors in a group once reached the user as a traceback."""

    @tool(effect="pure")
    async def slow() -> None:
        """Be under way while another process takes over."""
        await anyio.sleep(0.1)

    async with bench(slow) as at:
        session = await at.engine.create(mission("slow", "slow", "slow", "finish"))
        append = at.store.append

        async def refused(lease: Lease, ttl_s: float) -> Lease:
            raise LeaseLost(f"{lease.session_id} {ttl_s}")

        async def refused_later(batch: Batch) -> object:
            await anyio.sleep(0.02)
            if batch.head.seq > 4:
                with anyio.CancelScope(shield=True):
                    await anyio.sleep(0.2)
                raise LeaseLost("taken")
            return await append(batch)

        vars(at.store)["renew"], vars(at.store)["append"] = refused, refused_later
        at.engine._world = at.engine._world.__class__(  # pyright: ignore[reportPrivateUsage]  # a shorter lease
            store=at.store,
            open_catalog=at.engine._world.open_catalog,  # pyright: ignore[reportPrivateUsage]
            predicates=at.predicates,
            scripts=at.engine._world.scripts,  # pyright: ignore[reportPrivateUsage]
            lease_ttl_s=0.3,
        )
        with pytest.raises(LeaseLost):
            await at.engine.drive(session)


async def test_a_session_that_was_created_but_never_driven_is_recovered() -> None:
    """A crash between `create` and `drive` loses nothing."""
    async with bench() as at:
        session = await at.engine.create(mission("finish"))
        (state,) = await at.engine.recover()
        assert (state.session_id, state.phase, state.outcome) == (session, Phase.ENDED, "achieved")
