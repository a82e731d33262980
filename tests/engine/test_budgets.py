"""No budget is exceeded, whoever spends, whatever crashes and whatever clocks say; the tools themselves count."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.advisors.broker import Broker
from journeyman.advisors.scripted import ScriptedAdvisor, ScriptedAnswer
from journeyman.engine.clock import SystemClock
from journeyman.engine.engine import Engine
from journeyman.engine.journal import Journal
from journeyman.engine.reporting import report_of
from journeyman.mission.chain import Head
from journeyman.mission.model import events as e
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import VerdictReason, WaitFor
from journeyman.mission.model.state import State
from journeyman.mission.report.markdown import markdown_report
from journeyman.stores.base import Batch
from journeyman.stores.memory import MemoryStore
from journeyman.tools.base import CallRequest, Catalog, ForwardingCatalog, Result
from journeyman.tools.call_limits import CallLimits
from journeyman.tools.catalog import open_catalog
from journeyman.tools.deadline import Deadline
from journeyman.tools.functions import tool
from journeyman.tools.servers.supervisor import ServerPolicy
from tests.engine.engine_bench import EngineBench, bench, mission
from tests.tools.dying_http import dying_http

pytestmark = pytest.mark.anyio


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours may catch it."""


class _Mortal(ForwardingCatalog):
    """A catalog whose process dies at chosen calls: before they leave, or after they came back."""

    def __init__(self, inner: Catalog, deaths: dict[int, str], count: list[int]) -> None:
        super().__init__(inner)
        self._deaths, self._count = deaths, count

    async def handle(self, request: CallRequest) -> Result:
        self._count[0] += 1
        when = self._deaths.pop(self._count[0], "")
        if when == "before":
            raise Killed
        result = await super().handle(request)
        if when == "after":
            raise Killed
        return result


def _mortal(at: EngineBench, deaths: dict[int, str]) -> Engine:
    opens, count = at.engine._world.open_catalog, [0]  # pyright: ignore[reportPrivateUsage]

    @asynccontextmanager
    async def opened(wanted: Mission, folder: Path, deadline: Deadline, session: str) -> AsyncGenerator[Catalog]:
        async with opens(wanted, folder, deadline, session) as catalog:
            yield _Mortal(catalog, deaths, count)

    return Engine(replace(at.engine._world, open_catalog=opened))  # pyright: ignore[reportPrivateUsage]


async def _through_deaths(engine: Engine, at: EngineBench, wanted: Mission) -> State:
    """Drive a mission to its end, through every death; a person says of what is unknown that it has not happened."""
    session = await engine.create(wanted)
    for _ in range(60):
        try:
            state = await engine.drive(session)
        except (Killed, BaseExceptionGroup):
            continue
        if state.people.wait is not WaitFor.EFFECT:
            return state
        for effect in state.unknown:
            await at.tell(session, "resolve", effect=effect.intended.effect, done=False)
    raise AssertionError("the mission does not end")


class _Counted:
    """Tools of every class that count their calls, probes and questions included."""

    def __init__(self) -> None:
        self.calls = 0
        self.done: set[str] = set()

    def tools(self) -> list[Callable[..., object]]:
        """Every tool of this file."""

        def count(key: str = "") -> dict[str, Any]:
            self.calls += 1
            self.done.add(key)
            return {"metrics": {"calls": self.calls}}

        def asked(idempotency_key: str) -> bool:
            """Tell whether it happened."""
            self.calls += 1
            return idempotency_key in self.done

        @tool(effect="pure")
        async def look() -> dict[str, Any]:
            """Look."""
            return count()

        @tool(effect="keyed")
        async def put(idempotency_key: str) -> dict[str, Any]:
            """Put."""
            return count(idempotency_key)

        @tool(effect="probed", probe=asked)
        async def send(idempotency_key: str) -> dict[str, Any]:
            """Send."""
            return count(idempotency_key)

        @tool(effect="unsafe")
        async def fire() -> dict[str, Any]:
            """Fire."""
            return count()

        return [look, put, send, fire]


names = st.sampled_from(["look", "put", "send", "fire"])
steps = st.lists(
    st.one_of(
        st.builds(
            lambda tools, parallel: {"calls": [{"tool": name} for name in tools], "parallel": parallel},
            st.lists(names, min_size=1, max_size=5),
            st.booleans(),
        ),
        st.builds(
            lambda tools: {
                "script": "import asyncio\nawait asyncio.gather(" + ", ".join(f"{n}()" for n in tools) + ")"
            },
            st.lists(names, min_size=1, max_size=4),
        ),
    ),
    min_size=1,
    max_size=4,
)
deaths = st.dictionaries(st.integers(1, 12), st.sampled_from(["before", "after"]), max_size=4)
probed = {
    "id": "many",
    "kind": "metric_threshold",
    "metric": "calls",
    "op": ">=",
    "target": 1000,
    "probe": {"tool": "look"},
}


@settings(max_examples=40, deadline=None)
@given(steps, deaths, st.integers(0, 9), st.booleans())
def test_the_tools_are_never_called_more_often_than_the_budget_says(
    plan: list[Any],
    dies_at: dict[int, str],
    most: int,
    probe: bool,  # noqa: FBT001  # drawn by hypothesis
) -> None:
    """Calls of plans, waves and scripts, probes, questions after a crash, and calls made again: all of them together."""
    counted = _Counted()

    async def scene() -> None:
        async with bench(*counted.tools()) as at:
            criteria = [
                {"id": "finished", "kind": "tool_call_succeeded", "tool": "finish"},
                *([probed] if probe else []),
            ]
            wanted = mission(*plan, "finish", criteria=criteria, budget={"iterations": 12, "tool_calls": most})
            state = await _through_deaths(_mortal(at, dict(dies_at)), at, wanted)
            assert state.usage.tool_calls <= most
            assert counted.calls <= state.usage.tool_calls
            await at.holds(state.session_id)

    asyncio.run(scene())


async def test_a_call_cut_off_by_a_crash_is_not_made_again_without_a_call_to_spend() -> None:
    """What nobody can pay for is told, and no step is passed off as done."""
    counted = _Counted()
    async with bench(*counted.tools()) as at:
        wanted = mission("look", "finish", budget={"iterations": 5, "tool_calls": 1})
        state = await _through_deaths(_mortal(at, {1: "after"}), at, wanted)
        assert counted.calls == 1
        assert state.verdict is not None
        assert state.verdict.reason is VerdictReason.MAX_TOOL_CALLS


@pytest.mark.parametrize(("most", "arrived"), [(1, 1), (2, 2), (3, 3), (9, 3)])
async def test_retries_below_one_call_take_from_the_budget(most: int, arrived: int) -> None:
    """A server that dies of every call is called as often as the budget and the mission's retries allow."""
    async with bench() as at, dying_http(["after"] * 9) as (server, url):

        @asynccontextmanager
        async def opened(wanted: Mission, _: Path, deadline: Deadline, session: str) -> AsyncGenerator[Catalog]:
            limits = CallLimits(tries=3, servers=ServerPolicy(backoff_s=0.01))
            async with open_catalog(
                servers={"x": {"url": url}}, allow=wanted.tools, limits=limits, deadline=deadline
            ) as catalog:
                yield catalog

        engine = Engine(replace(at.engine._world, open_catalog=opened))  # pyright: ignore[reportPrivateUsage]
        criteria = [{"id": "acted", "kind": "tool_call_succeeded", "tool": "x.act"}]
        budget = {"iterations": 1, "tool_calls": most}
        state = await engine.run(mission("x.act", criteria=criteria, effects={"x.act": "pure"}, budget=budget))
        assert server.arrived == arrived
        assert state.usage.tool_calls == arrived
        extra = await at.events(state.session_id, e.ExtraCall)
        assert len(extra) == arrived - 1


class _Jumping(SystemClock):
    """A machine whose clock is set forward and back all the time."""

    def __init__(self, *days: int) -> None:
        self._days = days
        self._told = 0

    def now(self) -> datetime:
        self._told += 1
        return datetime.now(UTC) + timedelta(days=self._days[self._told % len(self._days)])  # noqa: TID251


async def test_a_clock_that_is_set_forward_and_back_changes_nothing() -> None:
    """Time is what the monotonic clock says, within a process and across a restart."""
    counted = _Counted()
    async with bench(*counted.tools(), clock=_Jumping(3, -3, 400)) as at:
        wanted = mission("look", "fire", "look", "finish", budget={"iterations": 9, "wall_clock_s": 60}, pause_s=0.01)
        state = await _through_deaths(_mortal(at, {2: "after", 4: "before"}), at, wanted)
        assert state.outcome == "achieved"
        assert state.usage.wall_clock_s < 60


async def test_a_sleep_after_a_restart_is_bounded_by_what_the_mission_has_left() -> None:
    """The clock was set back by days while nobody drove: the sleep's written end is far away, the deadline is not."""
    clock = _Jumping(3)
    async with bench(clock=clock) as at:
        wanted = mission({"sleep_s": 86_400}, "finish", budget={"wall_clock_s": 0.6}, repeat=True)
        session = await at.engine.create(wanted)
        slept = asyncio.Event()
        drive = asyncio.create_task(
            at.engine.drive(
                session, lambda happened, _: slept.set() if isinstance(happened.event, e.WaitStarted) else None
            )
        )
        await slept.wait()
        drive.cancel()
        with pytest.raises(asyncio.CancelledError):
            await drive
        clock._days = (0,)  # pyright: ignore[reportPrivateUsage]
        state = await asyncio.wait_for(at.engine.drive(session), 20)
        assert state.verdict is not None
        assert state.verdict.reason is VerdictReason.MAX_WALL_CLOCK


@pytest.mark.parametrize("policy", ["end", "ask"])
async def test_an_advisor_that_never_answers_is_asked_once_and_the_mission_ends_at_its_deadline(policy: str) -> None:
    """It was asked thousands of times more, after the deadline, for no rule looked at the time before a proposal."""
    silent = ScriptedAdvisor([ScriptedAnswer(value={}, delay_s=3600)], name="silent", repeat=True)
    async with bench(broker=Broker({"silent": silent})) as at:
        wanted = mission("finish", plan=None, advisor="silent", budget={"wall_clock_s": 0.3}, on_exhausted=policy)
        state = await asyncio.wait_for(at.engine.run(wanted), 20)
        assert len(silent.requests) <= 1  # none where a slow machine was over its time before it could ask
        if policy == "ask":
            assert state.people.wait is WaitFor.BUDGET
            return
        assert state.verdict is not None
        assert state.verdict.reason is VerdictReason.MAX_WALL_CLOCK
        await at.holds(state.session_id)


@pytest.mark.parametrize("hangs", ["opening", "closing", "both"])
@pytest.mark.parametrize("policy", ["end", "ask"])
async def test_the_verdict_waits_for_no_tools_that_open_or_close(hangs: str, policy: str) -> None:
    """They shield themselves from being cancelled; the session has its ending, or waits for more, all the same."""
    release = asyncio.Event()

    async def stay() -> None:
        with anyio.CancelScope(shield=True):
            await release.wait()

    async with bench() as at:

        @asynccontextmanager
        async def opened(wanted: Mission, folder: Path, deadline: Deadline, session: str) -> AsyncGenerator[Catalog]:
            if hangs != "closing":
                await stay()
            async with open_catalog(functions=at.functions, allow=wanted.tools, deadline=deadline) as catalog:
                try:
                    yield catalog
                finally:
                    await stay()

        engine = Engine(replace(at.engine._world, open_catalog=opened))  # pyright: ignore[reportPrivateUsage]
        asleep = {"calls": [], "sleep_s": 3600}
        wanted = mission(asleep, "finish", budget={"wall_clock_s": 0.3}, on_exhausted=policy)
        with anyio.fail_after(20):
            state = await engine.run(wanted)
        assert not release.is_set()
        if policy == "ask":
            assert state.people.wait is WaitFor.BUDGET
            release.set()
            hangs = "closing"
            await at.tell(state.session_id, "amend", changes={"wall_clock_s": 7200})
        else:
            assert state.verdict is None or state.verdict.reason is VerdictReason.MAX_WALL_CLOCK
            assert state.reason == "max_wall_clock"
        release.set()
        await at.holds(state.session_id)


async def test_what_the_deadline_cannot_stop_is_told_in_record_and_report() -> None:
    """A thread runs on; the verdict is written all the same."""
    release = threading.Event()

    @tool(effect="pure")
    def stuck() -> str:
        """Hang."""
        release.wait()
        return ""

    try:
        async with bench(stuck) as at:
            state = await at.engine.run(mission("stuck", "finish", budget={"wall_clock_s": 1.5}))
            assert state.verdict is not None
            assert state.verdict.reason is VerdictReason.MAX_WALL_CLOCK
            (settled,) = await at.events(state.session_id, e.Settled)
            assert settled.left_running
            assert "left running" in markdown_report(await report_of(at.store, state.session_id))
    finally:
        release.set()


class _Slow(MemoryStore):
    """A store whose commits wait to be let through."""

    gate: asyncio.Event | None = None
    begun: asyncio.Event

    async def append(self, batch: Batch) -> Head:
        if self.gate is not None:
            self.begun.set()
            await self.gate.wait()
        return await super().append(batch)


async def test_a_commit_that_waits_for_another_tells_that_its_event_was_dropped() -> None:
    """Else a question would be sent, or a call made again, that the record knows nothing of."""
    async with bench() as at:
        store = _Slow()
        engine = Engine(replace(at.engine._world, store=store))  # pyright: ignore[reportPrivateUsage]
        session = await engine.create(mission("finish"))
        mine, other = (Journal(store, SystemClock(), session) for _ in range(2))
        await mine.load()
        await other.load()
        other.record(e.NoteAdded(text="first"), actor="person:ada")
        assert await other.commit()
        store.gate, store.begun = asyncio.Event(), asyncio.Event()
        mine.record(e.Checked(iteration=0, facts=[]))
        first = asyncio.create_task(mine.commit())
        await store.begun.wait()
        mine.record(e.ExtraCall(effect="0.0", tool="finish"))
        second = asyncio.create_task(mine.commit())
        await asyncio.sleep(0)
        store.gate.set()
        assert [await first, await second] == [False, False]
        assert mine.state.usage.tool_calls == 0


async def test_a_call_at_another_place_of_a_script_that_starts_over_has_another_key() -> None:
    """A script that goes another way the second time makes other calls, which no service may take for the old ones."""
    keys: dict[int, set[str]] = {}
    seen = 0

    @tool(effect="pure")
    def look() -> int:
        """Count."""
        nonlocal seen
        seen += 1
        return seen

    @tool(effect="keyed")
    def put(number: int, idempotency_key: str) -> int:
        """Put."""
        keys.setdefault(number, set()).add(idempotency_key)
        return number

    script = "number = await look()\nawait put(number=number)\nassert number > 2\n"
    async with bench(look, put) as at:
        session = await at.engine.create(mission({"script": script}, "finish"))
        for _ in range(5):
            state = await at.engine.drive(session)
            if state.people.pending is None:
                break
            await at.tell(session, "answer", granted=True)
        assert state.outcome == "achieved"  # pyright: ignore[reportPossiblyUnboundVariable]
    assert sorted(keys) == [1, 2, 3]
    assert len(set[str]().union(*keys.values())) == 3


async def test_what_is_resolved_behind_the_deadline_ends_in_a_record_that_replays() -> None:
    """Its tools are not opened any more; the iteration that waited for the answer is judged before the end is written."""

    @tool(effect="unsafe")
    async def hang() -> None:
        """Never answer."""
        await anyio.sleep_forever()

    async with bench(hang) as at:
        session = await at.engine.create(mission("hang", "finish", budget={"wall_clock_s": 0.3}))
        state = await at.engine.drive(session)
        assert state.people.wait is WaitFor.EFFECT
        await at.tell(session, "resolve", effect=state.unknown[0].intended.effect, done=True)
        state = await at.engine.drive(session)
        assert state.reason is VerdictReason.MAX_WALL_CLOCK
        await at.holds(session)
