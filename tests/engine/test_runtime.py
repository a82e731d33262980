"""What the world does to a session: answers that never come, tools that change, files, time, other drivers."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from journeyman.engine.engine import Engine
from journeyman.engine.reporting import report_of
from journeyman.engine.runtime import PredicateEvaluator
from journeyman.mission.model import events as e
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.state import SessionStatus
from journeyman.mission.values.canonical import Json
from journeyman.mission.values.errors import InvalidInput, JourneymanError, LeaseHeld
from journeyman.testing.fake_clock import FakeClock
from journeyman.tools.base import CallRequest, Catalog, ForwardingCatalog, Result
from journeyman.tools.deadline import Deadline
from journeyman.tools.functions import tool
from journeyman.tools.predicate import PredicateResult
from tests.engine.engine_bench import EngineBench, bench, mission

pytestmark = pytest.mark.anyio
_HASTY = {"call_timeout_s": 1.0, "retries": 0}


async def test_a_mission_whose_alarm_could_never_strike_does_not_begin() -> None:
    """It was judged never, and the mission was achieved beside what it should have stopped."""
    alarm = {"id": "fire", "kind": "predicate", "abort_when_met": True}
    alarm["expression"] = "not all(event['name'] != 'fire' for event in obs['events'])"
    goal = {"id": "finished", "kind": "tool_call_succeeded", "tool": "finish"}
    async with bench() as at:
        with pytest.raises(InvalidInput, match="criterion fire: it may be true because an event"):
            await at.engine.run(mission("finish", criteria=[goal, alarm]))
        state = await at.engine.run(mission("finish", criteria=[goal, {**alarm, "from": "finish"}]))
        assert state.outcome == "achieved"


async def test_an_unknown_effect_waits_for_a_person_who_resolves_it() -> None:
    """An unsafe call without an answer is not repeated; the person's word counts."""
    calls: list[int] = []

    @tool(effect="unsafe")
    async def fire() -> None:
        """Never answer."""
        calls.append(1)
        await anyio.sleep(60)

    async with bench(fire) as at:
        session = await at.engine.create(mission("fire", "finish", limits=_HASTY))
        state = await at.engine.drive(session)
        assert (state.status, state.people.wait, len(state.unknown)) == (SessionStatus.WAITING, "effect", 1)
        assert (await at.engine.drive(session)).people.wait == "effect", "driving again does not help"
        await at.tell(session, "resolve", effect=state.unknown[0].intended.effect, done=True)
        state = await at.engine.drive(session)
        assert (state.outcome, calls) == ("achieved", [1])
        assert await at.settled(session) == {"fire": "done", "finish": "done"}
        await at.holds(session)


@pytest.mark.parametrize("happened", [True, False])
async def test_the_missions_probe_tells_whether_a_call_without_an_answer_happened(happened: bool) -> None:  # noqa: FBT001  # both ways
    """A probed call needs no person: the world is asked at once, with the call's own arguments."""
    asked: list[str] = []

    async def send(to: str) -> None:
        """Never answer."""
        await anyio.sleep(60)

    @tool(effect="pure")
    def sent(who: str) -> dict[str, bool]:
        """Tell whether it happened."""
        asked.append(who)
        return {"there": happened}

    effects = {
        "send": {
            "class": "probed",
            "probe": {"tool": "sent", "args": {"who": "{args.to}"}},
            "done_when": "result['there']",
        }
    }
    async with bench(send, sent) as at:
        calls = {"calls": [{"tool": "send", "args": {"to": "ada"}}]}
        session = await at.engine.create(mission(calls, "finish", effects=effects, limits=_HASTY))
        state = await at.engine.drive(session)
        assert state.outcome == "achieved"
        assert asked[0] == "ada"
        assert (await at.settled(session))["send"] == ("done" if happened else "failed")
        assert len(await at.events(session, e.Reconciled)) >= 1
        await at.holds(session)


async def test_a_functions_own_probe_is_asked_and_its_value_is_what_the_call_gave() -> None:
    """`@tool(effect="probed", probe=...)` needs no word in the mission."""
    keys: set[str] = set()

    def was_sent(to: str, idempotency_key: str) -> dict[str, object]:
        """Tell whether it happened."""
        return {"done": idempotency_key in keys, "value": f"sent to {to}"}

    @tool(effect="probed", probe=was_sent)
    async def send(to: str, subject: str, idempotency_key: str) -> str:
        """Happen, and never answer."""
        keys.add(idempotency_key)
        await anyio.sleep(60)
        return subject

    async with bench(send) as at:
        calls = {"calls": [{"tool": "send", "args": {"to": "ada", "subject": "hello"}}]}
        session = await at.engine.create(mission(calls, "finish", limits=_HASTY))
        state = await at.engine.drive(session)
        assert (state.outcome, len(keys)) == ("achieved", 1)
        (told,) = await at.events(session, e.Reconciled)
        assert (told.state, told.value) == ("done", "sent to ada")
        await at.holds(session)


async def test_a_probe_that_says_nothing_clear_leaves_the_call_unknown() -> None:
    """A probe's answer that is neither yes nor no is no answer."""

    def was_sent() -> str:
        """Say something."""
        return "perhaps"

    @tool(effect="probed", probe=was_sent)
    async def send() -> None:
        """Never answer."""
        await anyio.sleep(60)

    async with bench(send) as at:
        session = await at.engine.create(mission("send", "finish", limits=_HASTY))
        assert (await at.engine.drive(session)).people.wait == "effect"


@pytest.mark.parametrize(
    ("answer", "done_when", "told"),
    [
        (None, "result['there']", ("exception", "the mail server is down")),
        ({"there": "yes"}, "result['there']", ("done_when", "gave 'yes', not True or False")),
        ({}, "result['there']", ("done_when", "KeyError")),
    ],
)
async def test_a_probe_that_cannot_tell_says_why_and_is_asked_again_at_each_resume(
    answer: dict[str, str] | None, done_when: str, told: tuple[str, str]
) -> None:
    """The call used to stay unknown for ever, and nobody learnt that the probe itself was at fault."""
    asked: list[str] = []

    async def send(to: str) -> None:
        """Never answer."""
        await anyio.sleep(60)

    @tool(effect="pure")
    def sent(who: str) -> dict[str, Any]:
        """Tell whether it happened, from the third time on."""
        asked.append(who)
        if len(asked) > 2:
            return {"there": True}
        if answer is None:
            raise RuntimeError("the mail server is down")
        return answer

    probe = {"tool": "sent", "args": {"who": "{args.to}"}}
    effects = {"send": {"class": "probed", "probe": probe, "done_when": done_when}}
    async with bench(send, sent) as at:
        calls = {"calls": [{"tool": "send", "args": {"to": "ada"}}]}
        session = await at.engine.create(mission(calls, "finish", effects=effects, limits=_HASTY))
        for count in (1, 2):
            state = await at.engine.drive(session)
            assert (state.people.wait, len(asked)) == ("effect", count)
            row = next(row for row in (await report_of(at.store, session)).effects if row.tool == "send")
            assert row.probe is not None
            assert (row.state, row.probe.tool, row.probe.error_class) == ("unknown", "sent", told[0])
            assert told[1] in row.probe.error
        await at.holds(session)
        state = await at.engine.drive(session)
        assert (state.outcome, asked) == ("achieved", ["ada"] * 3)
        assert len(await at.events(session, e.Unanswered)) == 2
        assert (await at.settled(session))["send"] == "done"
        await at.holds(session)


async def test_a_tool_that_changed_since_the_start_is_not_called() -> None:
    """What was pinned at the start is what the operator allowed."""
    calls: list[str] = []

    def work(text: str = "a") -> None:
        """Work."""
        calls.append(text)

    async with bench(work) as at:
        wanted = [{"id": "worked", "kind": "tool_call_succeeded", "tool": "work"}]
        session = await at.engine.create(mission("work", criteria=wanted, approve="always"))
        state = await at.engine.drive(session)
        assert state.people.pending is not None
        await at.tell(session, "answer", granted=True)

        def changed(text: str = "b", more: int = 0) -> None:
            """Work otherwise."""
            calls.append(f"changed {text} {more}")

        changed.__name__ = changed.__qualname__ = "work"
        at.functions[0] = changed
        state = await at.engine.drive(session)
        failed = [event for event in await at.events(session, e.Settled) if event.error_class == "tool_changed"]
        assert failed
        assert calls == []
        assert state.outcome != "achieved"
        await at.holds(session)


async def test_two_drivers_never_drive_one_session() -> None:
    """The second is told who drives and when to come again."""
    entered, opened = anyio.Event(), anyio.Event()

    @tool(effect="pure")
    async def slow() -> None:
        """Be under way."""
        entered.set()
        await opened.wait()

    async with bench(slow) as at:
        session = await at.engine.create(mission("slow", "finish"))
        async with anyio.create_task_group() as group:
            group.start_soon(at.engine.drive, session)
            await entered.wait()
            with pytest.raises(LeaseHeld) as refused:
                await at.engine.drive(session)
            assert refused.value.retry_after_s
            opened.set()


async def test_recovery_goes_on_with_the_others_when_one_session_cannot() -> None:
    """A session whose tools are gone once stopped the recovery of all."""

    def work() -> None:
        """Work."""

    async with bench(work) as at:
        bad = await at.engine.create(mission("work", tools=["no_such_tool"]))
        good = await at.engine.create(mission("finish"))
        faults: dict[str, JourneymanError] = {}
        states = await at.engine.recover(on_fault=faults.__setitem__)
        assert [state.session_id for state in states] == [good]
        assert list(faults) == [bad]


class _Timeless(ForwardingCatalog):
    """Calls, and questions to the sandbox, that take no time on the clock, however busy the machine is."""

    def __init__(self, inner: Catalog, clock: FakeClock) -> None:
        super().__init__(inner)
        self._clock = clock

    async def handle(self, request: CallRequest) -> Result:
        """Call a tool."""
        with self._clock.standing_still():
            return await super().handle(request)


@dataclass
class _TimelessPredicates:
    inner: PredicateEvaluator
    clock: FakeClock

    async def evaluate(self, expression: str, obs: Json) -> PredicateResult:
        """Ask the sandbox."""
        with self.clock.standing_still():
            return await self.inner.evaluate(expression, obs)


def _timeless(at: EngineBench, clock: FakeClock) -> Engine:
    runtime = at.engine._world  # pyright: ignore[reportPrivateUsage]

    @asynccontextmanager
    async def opened(wanted: Mission, folder: Path, deadline: Deadline, session: str) -> AsyncGenerator[Catalog]:
        async with runtime.open_catalog(wanted, folder, deadline, session) as catalog:
            yield _Timeless(catalog, clock)

    return Engine(replace(runtime, open_catalog=opened, predicates=_TimelessPredicates(runtime.predicates, clock)))


async def test_a_mission_sleeps_between_iterations_without_a_thread_or_a_call() -> None:
    """An hour between polls, in no time at all."""
    clock = FakeClock()
    at_s: list[float] = []

    @tool(effect="pure")
    async def poll() -> dict[str, object]:
        """Look at the clock."""
        at_s.append(clock.monotonic())
        return {"metrics": {"ready": len(at_s) >= 3}}

    step = {"calls": [{"tool": "poll"}], "sleep_s": 3600, "until": "obs['metrics']['ready']"}
    async with bench(poll, clock=clock, watch_s=600) as at:
        engine = _timeless(at, clock)
        session = await engine.create(mission(step, "finish"))
        state = await clock.run(lambda: engine.drive(session))
        assert (state.outcome, len(at_s)) == ("achieved", 3)
        assert 3600 <= at_s[1] - at_s[0] < 3700
        await at.holds(session)


async def test_an_abort_wakes_a_sleeping_mission() -> None:
    """Nobody waits an hour for an abort."""

    @tool(effect="pure")
    def poll() -> int:
        """Look."""
        return 1

    async with bench(poll) as at:
        session = await at.engine.create(mission({"calls": [{"tool": "poll"}], "sleep_s": 3600}, "finish"))
        states: list[Any] = []

        async def drive() -> None:
            states.append(await at.engine.drive(session))

        with anyio.fail_after(10):
            async with anyio.create_task_group() as group:
                group.start_soon(drive)
                while not await at.events(session, e.WaitStarted):  # noqa: ASYNC110  # the record is all there is to look at
                    await anyio.sleep(0.01)
                await at.tell(session, "end", abort=True)
        assert states[0].reason == "aborted"
        await at.holds(session)


def _artifacts(folder: Path) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Each kind of artifact check as one that holds and one that does not."""
    (folder / "a.json").write_text(json.dumps({"rows": [{"n": 3}]}), "utf-8")
    (folder / "a.csv").write_text("name,size\nx,1\ny,2\n", "utf-8")
    (folder / "a.txt").write_text("all 12 tests passed\n", "utf-8")
    digest = hashlib.sha256((folder / "a.txt").read_bytes()).hexdigest()
    python = sys.executable
    return {
        "exists": ({"path": "a.txt"}, {"path": "b.txt"}),
        "json": (
            {"path": "a.json", "json": {"path": "rows.0.n", "op": ">=", "target": 3}},
            {"path": "a.json", "json": {"path": "rows.0.n", "op": ">", "target": 3}},
        ),
        "csv": (
            {"path": "a.csv", "csv": {"header": ["name"], "min_rows": 2}},
            {"path": "a.csv", "csv": {"header": ["colour"]}},
        ),
        "regex": ({"path": "a.txt", "regex": r"\d+ tests passed"}, {"path": "a.txt", "regex": "failed"}),
        "hash": ({"path": "a.txt", "sha256": digest}, {"path": "a.txt", "sha256": "0" * 64}),
        "command": (
            {"path": "a.txt", "run": [python, "-c", "import sys; open(sys.argv[1])", "{copy}"]},
            {"path": "a.txt", "run": [python, "-c", "raise SystemExit(3)"]},
        ),
    }


@pytest.mark.parametrize("kind", ["exists", "json", "csv", "regex", "hash", "command"])
async def test_each_kind_of_artifact_check_tells_good_from_bad(kind: str, tmp_path: Path) -> None:
    """The check runs on a copy, and the record holds what it saw."""
    good, bad = _artifacts(tmp_path)[kind]
    async with bench() as at:
        for fields, outcome in ((good, "achieved"), (bad, "not_achieved")):
            wanted = [{"id": "made", "kind": "command" if kind == "command" else "artifact", **fields}]
            session = await at.engine.create(mission("finish", criteria=wanted, budget={"iterations": 1}), tmp_path)
            state = await at.engine.drive(session)
            assert state.outcome == outcome, await at.events(session, e.Checked)
            await at.holds(session)


async def test_a_check_cannot_change_what_it_checks(tmp_path: Path) -> None:
    """A command that spoils its copy leaves the artifact alone."""
    (tmp_path / "a.txt").write_text("kept", "utf-8")
    command = [sys.executable, "-c", "import sys; open(sys.argv[1], 'w')", "{copy}"]
    async with bench() as at:
        wanted = [{"id": "made", "kind": "command", "path": "a.txt", "run": command}]
        session = await at.engine.create(mission("finish", criteria=wanted), tmp_path)
        assert (await at.engine.drive(session)).outcome == "achieved"
    assert (tmp_path / "a.txt").read_text("utf-8") == "kept"


async def test_a_retried_step_repeats_only_what_was_not_done() -> None:
    """A step of the plan that failed in its middle is tried again from there: what was done, was done."""
    calls: list[str] = []

    @tool(effect="keyed")
    def put() -> None:
        """Count."""
        calls.append("put")

    @tool(effect="unsafe")
    def flaky() -> None:
        """Fail the first time."""
        calls.append("flaky")
        if calls.count("flaky") == 1:
            raise ValueError("not yet")

    async with bench(put, flaky) as at:
        step = {"calls": [{"tool": "put"}, {"tool": "flaky"}, {"tool": "put"}]}
        session = await at.engine.create(mission(step, "finish"))
        state = await at.engine.drive(session)
        assert (state.outcome, calls) == ("achieved", ["put", "flaky", "flaky", "put"])
        await at.holds(session)
