"""A step that was cut off goes on in its place: nothing settled runs again, nothing is dropped, keys stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from journeyman.engine import control
from journeyman.engine.engine import Engine
from journeyman.engine.record_reading import state_of
from journeyman.mission.model import events as e
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import VerdictReason, WaitFor
from journeyman.mission.model.state import State
from journeyman.tools.base import CallRequest, Catalog, ForwardingCatalog, Result
from journeyman.tools.deadline import Deadline
from journeyman.tools.functions import tool
from tests.engine.engine_bench import EngineBench, bench, mission

pytestmark = pytest.mark.anyio


class KilledHere(Exception):
    """Stands for a process that dies in mid-call."""


class _DiesIn(ForwardingCatalog):
    """A catalog whose process dies in the middle of calls of one tool, after their effect or before it."""

    def __init__(self, inner: Catalog, name: str, *, after: bool) -> None:
        super().__init__(inner)
        self._name, self._after = name, after

    async def handle(self, request: CallRequest) -> Result:
        if request.name == self._name and not self._after:
            raise KilledHere
        result = await super().handle(request)
        if request.name == self._name:
            raise KilledHere
        return result


async def killed(at: EngineBench, session: str, name: str, *, after: bool = True) -> None:
    """Drive a session until its process dies in a call of the tool."""
    world = at.engine._world

    @asynccontextmanager
    async def dying(wanted: Mission, folder: Path, deadline: Deadline, session: str) -> AsyncGenerator[Catalog]:
        async with world.open_catalog(wanted, folder, deadline, session) as catalog:
            yield _DiesIn(catalog, name, after=after)

    with pytest.raises(KilledHere):
        await Engine(replace(world, open_catalog=dying)).drive(session)


def counting(seen: list[str], name: str, effect: Any) -> Any:
    """A tool that counts its calls."""

    def call() -> str:
        """Count."""
        seen.append(name)
        return name

    call.__name__ = name
    return tool(effect=effect)(call)


async def test_six_unsafe_calls_that_each_killed_the_process_run_once_each() -> None:
    """Each was resolved as done; once the step began again and gave `1 2 3 1 2 3 4 1 2 3 4 5`."""
    seen: list[str] = []
    names = [f"send_{n}" for n in range(6)]
    async with bench(*(counting(seen, name, "unsafe") for name in names)) as at:
        session = await at.engine.create(mission({"calls": [{"tool": name} for name in names]}, "finish"))
        for name in names:
            await killed(at, session, name)
            (unknown,) = control.unsettled(await state_of(at.store, session))
            await at.tell(session, "resolve", effect=unknown.intended.effect, done=True)
        state = await at.engine.drive(session)
        assert (state.outcome, seen) == ("achieved", names)
        assert state.usage.iterations == 2
        await at.holds(session)


async def test_resolve_works_right_after_a_kill_and_not_beside_a_driver() -> None:
    """Nobody has to resume only to be asked."""
    seen: list[str] = []
    async with bench(counting(seen, "send", "unsafe")) as at:
        session = await at.engine.create(mission("send", "finish"))
        await killed(at, session, "send", after=False)
        (effect,) = control.unsettled(await state_of(at.store, session))
        await at.tell(session, "resolve", effect=effect.intended.effect, done=False)
        state = await at.engine.drive(session)
        assert (state.outcome, seen) == ("achieved", ["send"])  # made again, since it had not happened
        await at.holds(session)


@pytest.mark.parametrize("effect", ["pure", "keyed", "unsafe"])
async def test_three_crashes_in_a_row_on_one_call_drop_no_step_and_keep_its_key(effect: str) -> None:
    """A crash is no failed try of the plan's step."""
    seen: list[str] = []
    async with bench(counting(seen, "first", "unsafe"), counting(seen, "second", effect)) as at:
        step = {"calls": [{"tool": "first"}, {"tool": "second"}]}
        session = await at.engine.create(mission(step, "finish", budget={"iterations": 2}))
        for _ in range(3):
            await killed(at, session, "second", after=False)
            for unknown in control.unsettled(await state_of(at.store, session)):
                await at.tell(session, "resolve", effect=unknown.intended.effect, done=False)
        state = await at.engine.drive(session)
        assert (state.outcome, Counter(seen)) == ("achieved", Counter({"first": 1, "second": 1}))
        places = {event.tool: {event.place} for event in await at.events(session, e.Intended)}
        assert all(len(mine) == 1 for mine in places.values())
        assert places["first"] != places["second"]
        await at.holds(session)


async def test_an_unknown_effect_of_the_last_iteration_is_still_asked_about() -> None:
    """`on_unknown: ask` once lost to `max_iterations`."""
    seen: list[str] = []
    async with bench(counting(seen, "send", "unsafe")) as at:
        session = await at.engine.create(mission("send", budget={"iterations": 1}))
        await killed(at, session, "send")
        state = await at.engine.drive(session)
        assert state.people.wait is WaitFor.EFFECT
        await at.tell(session, "resolve", effect=state.unknown[0].intended.effect, done=True)
        state = await at.engine.drive(session)
        assert (state.reason, seen) == (VerdictReason.MAX_ITERATIONS, ["send"])


@pytest.mark.parametrize("checked", ["pure", "keyed"])
@pytest.mark.parametrize("deleted", ["pure", "keyed", "unsafe"])
async def test_what_a_failure_keeps_from_being_made_is_not_made_after_a_crash_either(
    checked: str, deleted: str
) -> None:
    """Killed in the check, whose next try fails: the calls behind it had shared its commit, and were sent."""
    seen: list[str] = []

    @tool(effect=checked)
    def check() -> str:
        """Fail, but for the try that nobody heard of."""
        seen.append("check")
        raise ValueError("no backup")

    async with bench(check, counting(seen, "delete", deleted)) as at:
        calls = [{"tool": "check"}, {"tool": "delete"}, {"tool": "delete"}]
        session = await at.engine.create(mission(plan=[{"calls": calls}], budget={"iterations": 1}))
        await killed(at, session, "check")
        state = await at.engine.drive(session)
        assert set(seen) == {"check"}
        assert state.usage.iterations == 1
        await at.holds(session)


SCRIPT = """
await send()
await look()
raise ValueError('broken')
"""


async def _with_script(at: EngineBench, source: str, **more: Any) -> tuple[str, State]:
    plan = {"plan": [{"script": source}, {"calls": [{"tool": "finish"}]}]}
    session = await at.engine.create(mission(**{**plan, **more}))
    return session, await at.engine.drive(session)


@pytest.mark.parametrize("granted", [True, False])
async def test_a_script_that_failed_after_a_change_begins_again_only_if_a_person_says_so(granted: bool) -> None:  # noqa: FBT001  # a parameter
    """Its first line would be made a second time."""
    seen: list[str] = []
    async with bench(counting(seen, "send", "unsafe"), counting(seen, "look", "pure")) as at:
        session, state = await _with_script(at, SCRIPT)
        assert state.people.pending is not None
        assert seen == ["send", "look"]
        await at.tell(session, "answer", granted=granted)
        state = await at.engine.drive(session)
        assert seen.count("send") == (2 if granted else 1)
        if not granted:
            assert state.outcome == "achieved"  # the plan goes on behind it
        await at.holds(session)


async def test_a_script_that_has_only_looked_is_tried_again_by_itself() -> None:
    """Looking again costs nothing."""
    seen: list[str] = []
    async with bench(counting(seen, "look", "pure")) as at:
        session, state = await _with_script(at, "await look()\nraise ValueError('broken')")
        assert (state.outcome, seen) == ("achieved", ["look"] * 3)
        await at.holds(session)


@pytest.mark.parametrize("done", [True, False])
async def test_a_script_goes_on_from_its_snapshot_once_its_call_is_reconciled(done: bool) -> None:  # noqa: FBT001  # a parameter
    """Its first lines are not run again; a call that did not happen is made in its place."""
    seen: list[str] = []
    source = "await first()\nawait send()\nawait last()\n"
    tools = [counting(seen, "first", "unsafe"), counting(seen, "send", "unsafe"), counting(seen, "last", "keyed")]
    async with bench(*tools) as at:
        plan = [{"script": source}, {"calls": [{"tool": "finish"}]}]
        session = await at.engine.create(mission(plan=plan))
        await killed(at, session, "send", after=done)
        (unknown,) = control.unsettled(await state_of(at.store, session))
        await at.tell(session, "resolve", effect=unknown.intended.effect, done=done)
        state = await at.engine.drive(session)
        assert (state.outcome, seen) == ("achieved", ["first", "send", "last"])
        await at.holds(session)


@pytest.mark.parametrize("changes", [False, True])
async def test_a_script_that_was_cut_off_measures_again_what_it_reported_before(changes: bool) -> None:  # noqa: FBT001  # a parameter
    """Its first report is stale once another process goes on: of two looks the mission would never know the first."""
    seen: list[str] = []
    source = "mission.observe('a', len(await first()))\nmission.observe('b', len(await last()))\n"
    goal = [{"id": name, "kind": "metric_threshold", "metric": name, "op": ">", "target": 0} for name in ("a", "b")]
    wanted = mission(plan={"script": source}, criteria=goal, budget={"iterations": 9})
    effect = "unsafe" if changes else "pure"
    async with bench(counting(seen, "first", effect), counting(seen, "last", "pure")) as at:
        session = await at.engine.create(wanted)
        await killed(at, session, "last")
        state = await at.engine.drive(session)
        assert seen[:3] == ["first", "last", "last"]
        assert seen[3:] == ([] if changes else ["first", "last"])  # what was changed is never changed again by itself
        assert state.outcome == ("unknown" if changes else "achieved")
        await at.holds(session)


@pytest.mark.parametrize("changes", [False, True])
async def test_a_plan_that_only_looks_begins_anew_where_an_earlier_script_s_report_is_stale(changes: bool) -> None:  # noqa: FBT001  # a parameter
    """Nothing but the first script can report the first value again; one that was changed is left alone."""
    seen: list[str] = []
    plan = [{"script": f"mission.observe('{name}', len(await {name}()))\n"} for name in ("first", "last")]
    goal = [{"id": "both", "kind": "predicate", "expression": "obs['metrics']['first'] + obs['metrics']['last'] == 9"}]
    wanted = mission(plan=plan, criteria=goal, budget={"iterations": 9})
    effect = "keyed" if changes else "pure"
    async with bench(counting(seen, "first", effect), counting(seen, "last", "pure")) as at:
        session = await at.engine.create(wanted)
        await killed(at, session, "last")
        state = await at.engine.drive(session)
        assert seen == ["first", "last", "last", *([] if changes else ["first"])]
        assert state.outcome == ("unknown" if changes else "achieved")
        await at.holds(session)


async def test_a_plan_whose_scripts_wait_for_people_does_not_begin_anew() -> None:
    """Each answer makes stale what was reported before: they would be asked again and again."""
    seen: list[str] = []
    plan = [{"script": f"mission.observe('{name}', len(await {name}()))\n"} for name in ("first", "last")]
    goal = [{"id": "both", "kind": "predicate", "expression": "obs['metrics']['first'] + obs['metrics']['last'] == 9"}]
    wanted = mission(plan=plan, criteria=goal, approve="always")
    async with bench(counting(seen, "first", "pure"), counting(seen, "last", "pure")) as at:
        session = await at.engine.create(wanted)
        state, asked = await at.engine.drive(session), 0
        while state.people.pending is not None:
            asked += 1
            await at.tell(session, "answer", granted=True)
            state = await at.engine.drive(session)
        assert (asked, seen, state.outcome) == (2, ["first", "last"], "unknown")
        await at.holds(session)


@pytest.mark.parametrize("interrupt", ["kill", "approval"])
async def test_looks_behind_the_last_change_are_made_again(interrupt: str) -> None:
    """The change is not: what follows it can report again all that the interruption has made stale."""
    seen: list[str] = []
    looks = [{"script": f"mission.observe('{name}', len(await {name}()))\n"} for name in ("early", "late")]
    goal: list[dict[str, object]] = [
        {"id": "both", "kind": "predicate", "expression": "obs['metrics']['early'] + obs['metrics']['late'] == 9"}
    ]
    if interrupt == "approval":
        goal.append({"id": "signed", "kind": "approval", "by": "ada", "question": "good?"})
    wanted = mission(plan=[{"calls": [{"tool": "send"}]}, *looks], criteria=goal, budget={"iterations": 12})
    tools = [counting(seen, name, effect) for name, effect in (("send", "keyed"), ("early", "pure"), ("late", "pure"))]
    async with bench(*tools) as at:
        session = await at.engine.create(wanted)
        if interrupt == "kill":
            await killed(at, session, "late")
        else:
            await at.engine.drive(session)
            await at.tell(session, "answer", granted=True)
        state = await at.engine.drive(session)
        assert seen == ["send", "early", "late", "late", "early"]
        assert state.outcome == "achieved"
        await at.holds(session)


async def test_calls_of_scripts_count_and_stop_at_the_budget() -> None:
    """`tool_calls: 7` and a script once made 50."""
    seen: list[str] = []
    source = "for _ in range(50):\n    await look()\n"
    async with bench(counting(seen, "look", "pure")) as at:
        session, state = await _with_script(at, source, budget={"iterations": 3, "tool_calls": 7})
        assert (state.reason, len(seen), state.usage.tool_calls) == (VerdictReason.MAX_TOOL_CALLS, 7, 7)
        await at.holds(session)
