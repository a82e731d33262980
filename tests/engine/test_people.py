"""What people do to a session while it runs, or waits."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from journeyman.engine import control
from journeyman.engine.tool_policy import pinned_tool
from journeyman.mission.model import events as e
from journeyman.mission.model.state import Phase, SessionStatus, State
from journeyman.mission.values.errors import NotAllowed, NotFound
from journeyman.tools.base import Tool, ToolHints
from journeyman.tools.functions import tool
from tests.engine.engine_bench import EngineBench, Function, bench, mission

pytestmark = pytest.mark.anyio


class Gate:
    """A tool that is in the middle of its call until the test lets it go on."""

    def __init__(self) -> None:
        self.entered = anyio.Event()
        self.opened = anyio.Event()
        self.calls = 0

    async def wait(self) -> str:
        """Be under way."""
        self.calls += 1
        self.entered.set()
        await self.opened.wait()
        return "through"


def gated(gate: Gate, effect: str) -> Function:
    """The gate as a tool of an effect class."""

    @tool(effect=effect)
    async def slow() -> str:
        """Take as long as the test wishes."""
        return await gate.wait()

    return slow


async def driven_while(at: EngineBench, session: str, gate: Gate, what: str, *, go_on: bool) -> State:
    """Drive, and let a person act in the middle of the call."""
    states: list[State] = []

    async def drive() -> None:
        states.append(await at.engine.drive(session))

    async with anyio.create_task_group() as group:
        group.start_soon(drive)
        await gate.entered.wait()
        if what == "abort":
            await at.tell(session, "end", abort=True)
        elif what == "force":
            await at.tell(session, "end", abort=False)
        else:
            await at.tell(session, what, **({"text": "mind the gap"} if what == "note" else {}))
        if go_on:
            gate.opened.set()
    return states[0]


async def test_a_pause_lets_the_call_end_and_a_resume_goes_on() -> None:
    """A pause that cut a call off would leave its effect unknown."""
    gate = Gate()
    async with bench(gated(gate, "unsafe")) as at:
        session = await at.engine.create(mission("slow", "finish"))
        state = await driven_while(at, session, gate, "pause", go_on=True)
        assert state.status is SessionStatus.PAUSED
        assert await at.settled(session) == {"slow": "done"}
        await at.tell(session, "resume")
        state = await at.engine.drive(session)
        assert (state.outcome, gate.calls) == ("achieved", 1)
        await at.holds(session)


@pytest.mark.parametrize(("effect", "state_of_call"), [("pure", "failed"), ("keyed", "unknown"), ("unsafe", "unknown")])
async def test_an_abort_cancels_the_call_and_says_what_is_known_of_it(effect: str, state_of_call: str) -> None:
    """Nobody knows how far a cancelled call came, unless it changes nothing anyway."""
    gate = Gate()
    async with bench(gated(gate, effect)) as at:
        session = await at.engine.create(mission("slow", "finish"))
        with anyio.fail_after(5):
            state = await driven_while(at, session, gate, "abort", go_on=False)
        assert (state.phase, state.label, state.reason) == (Phase.ENDED, "terminate", "aborted")
        assert await at.settled(session) == {"slow": state_of_call}
        await at.holds(session)


async def test_an_abort_is_seen_while_one_of_several_calls_has_settled() -> None:
    """The settled call waits to be committed, which once hid the abort until the slow call had ended."""
    gate = Gate()

    @tool(effect="pure")
    def quick() -> int:
        """Answer at once."""
        return 1

    async with bench(gated(gate, "keyed"), quick) as at:
        both = {"calls": [{"tool": "quick"}, {"tool": "slow"}], "parallel": True}
        session = await at.engine.create(mission(both, "finish"))
        state = await driven_while(at, session, gate, "abort", go_on=False)
        assert state.reason == "aborted"
        assert (await at.settled(session))["slow"] == "unknown"  # it never ends: only the abort can have ended it
        await at.holds(session)


async def test_a_forced_end_lets_the_call_settle() -> None:
    """Forced is not aborted: what runs may end, and nothing new begins."""
    gate = Gate()
    async with bench(gated(gate, "unsafe")) as at:
        session = await at.engine.create(mission("slow", "finish"))
        state = await driven_while(at, session, gate, "force", go_on=True)
        assert (state.reason, await at.settled(session)) == ("forced", {"slow": "done"})
        await at.holds(session)


async def test_a_note_in_the_middle_of_a_call_repeats_nothing() -> None:
    """The driver's next commit finds a moved head: what happened is kept, what was derived is derived again."""
    gate = Gate()
    async with bench(gated(gate, "unsafe")) as at:
        session = await at.engine.create(mission("slow", "finish"))
        state = await driven_while(at, session, gate, "note", go_on=True)
        assert (state.outcome, gate.calls, state.people.notes) == ("achieved", 1, ("mind the gap",))
        await at.holds(session)


async def test_a_note_while_tools_are_opened_does_not_lose_their_definitions() -> None:
    """A large catalog is pinned as a blob; it was forgotten when somebody else appended before the first commit."""

    @tool(effect="keyed")
    def wordy(text: str = "") -> str:
        return text

    wordy.__doc__ = "Say " + "much " * 1000
    async with bench(wordy) as at:
        session = await at.engine.create(mission({"calls": [{"tool": "wordy"}]}, "finish"))
        told = False
        read = at.store.read

        async def read_then_note(name: str, after_seq: int = 0, limit: int | None = None, **part: Any) -> object:
            nonlocal told
            found = await read(name, after_seq, limit, **part)
            if not told:
                told = True
                await at.tell(session, "note", text="first")
            return found

        vars(at.store)["read"] = read_then_note  # somebody else appends right after the driver has read
        state = await at.engine.drive(session)
        assert state.outcome == "achieved"
        assert (await at.events(session, e.Intended))[0].effect_class == "keyed"
        await at.holds(session)


async def test_a_denied_call_is_not_made_and_the_mission_goes_on() -> None:
    """A no is an answer, not an error."""
    calls: list[str] = []

    @tool(effect="unsafe")
    def delete() -> None:
        """Destroy something."""
        calls.append("delete")

    async with bench(delete) as at:
        session = await at.engine.create(mission("delete", "finish", approve={"delete": "always", "*": "never"}))
        state = await at.engine.drive(session)
        assert state.people.pending is not None
        assert "delete" in state.people.pending.question
        await at.tell(session, "answer", granted=False)
        state = await at.engine.drive(session)
        assert (calls, state.outcome) == ([], "achieved")
        await at.holds(session)


@pytest.mark.parametrize("granted", [True, False])
async def test_a_plans_script_waits_like_a_plans_calls(*, granted: bool) -> None:
    """Where it may call a tool that asks; one that does not name such a tool asks nobody."""
    calls: list[str] = []

    @tool(effect="unsafe")
    def delete() -> None:
        """Destroy something."""
        calls.append("delete")

    async with bench(delete) as at:
        rules = {"delete": "always", "*": "never"}
        plan = {"script": "await delete()\nawait finish()\n"}
        session = await at.engine.create(mission(plan=plan, approve=rules))
        state = await at.engine.drive(session)
        assert calls == []
        assert state.people.pending is not None
        assert "delete" in state.people.pending.question
        await at.tell(session, "answer", granted=granted)
        state = await at.engine.drive(session)
        assert (calls, state.outcome) == ((["delete"], "achieved") if granted else ([], "not_achieved"))
        await at.holds(session)
        harmless = await at.engine.create(mission(plan={"script": "undelete = 1\nawait finish()\n"}, approve=rules))
        assert (await at.engine.drive(harmless)).outcome == "achieved"


async def test_what_a_script_reports_again_is_another_measurement() -> None:
    """And what it reports under other names beside it is the same one."""
    source = "mission.observe('n', 1)\nmission.observe('m', 1)\nmission.observe('n', 2)\nawait finish()\n"
    async with bench() as at:
        session = await at.engine.create(mission(plan={"script": source}))
        assert (await at.engine.drive(session)).outcome == "achieved"
        first = (await at.events(session, e.ScriptAdvanced))[0]
        assert first.observations == [{"n": 1, "m": 1}, {"n": 2}]


@pytest.mark.parametrize(
    ("said", "destructive", "effect", "asks"),
    [
        (None, None, "unsafe", True),
        (None, True, "unsafe", True),
        ("pure", True, "unsafe", True),
        ("pure", None, "pure", False),
        ("keyed", None, "keyed", False),
    ],
)
def test_a_servers_hint_tightens_alone(said: str | None, destructive: bool | None, effect: str, asks: bool) -> None:  # noqa: FBT001  # a case
    """Under a pattern; an exact name is the operator's own word."""
    written = mission(effects={"srv.*": said} if said else {}, tools=["srv.*", "finish"])
    offered = Tool(name="srv.del", description="", input_schema={}, pin="", hints=ToolHints(destructive=destructive))
    row = pinned_tool(written, offered)
    assert (row["effect"], row["destructive"]) == (effect, asks)
    exact = mission(effects={"srv.del": "pure"}, tools=["srv.*", "finish"])
    assert pinned_tool(exact, offered)["effect"] == "pure"


@pytest.mark.parametrize(
    "source",
    [
        "await \uff44elete()\nawait finish()\n",
        "for name, call in locals().items():\n    if name == 'del' + 'ete':\n        await call()\nawait finish()\n",
        "for name in [scope for scope in [locals()]][0]:\n    if len(name) == 6 and name[0] == chr(100):\n        await locals()[name]()\nawait finish()\n",
        "await globals()['del' + 'ete']()\nawait finish()\n",
        "await eval('del' + 'ete')()\nawait finish()\n",
    ],
)
async def test_a_script_has_no_tool_that_nobody_was_asked_about(source: str) -> None:
    """However it comes by the name."""
    calls: list[str] = []

    @tool(effect="unsafe")
    def delete() -> None:
        """Destroy something."""
        calls.append("delete")

    async with bench(delete) as at:
        rules = {"delete": "always", "*": "never"}
        session = await at.engine.create(mission(plan={"script": source}, approve=rules))
        state = await at.engine.drive(session)
        assert (calls, state.people.pending) == ([], None)
        await at.holds(session)


async def test_an_answer_is_for_the_call_that_was_asked_about() -> None:
    """What went stale is not measured again by a call that waits for a person."""
    asked: list[str] = []

    @tool(effect="pure")
    def look() -> dict[str, object]:
        """Measure."""
        asked.append("look")
        return {"metrics": {"n": 1}}

    goal = [{"id": "n", "kind": "metric_threshold", "metric": "n", "op": ">=", "target": 1}]
    async with bench(look) as at:
        calls = {"calls": [{"tool": "look"}, {"tool": "finish"}]}
        written = mission(calls, criteria=goal, approve={"look": "always", "*": "never"}, effects={"finish": "unsafe"})
        session = await at.engine.create(written)
        await at.engine.drive(session)
        await at.tell(session, "answer", granted=True)
        state = await at.engine.drive(session)
        assert (asked, state.outcome) == (["look"], "unknown")
        await at.holds(session)


async def test_an_approval_criterion_can_be_denied_only_by_its_person() -> None:
    """A named person is a named person."""
    wanted = [
        {"id": "finished", "kind": "tool_call_succeeded", "tool": "finish"},
        {"id": "ok", "kind": "approval", "by": "grace", "question": "good?"},
    ]
    async with bench() as at:
        session = await at.engine.create(mission("finish", criteria=wanted))
        state = await at.engine.drive(session)
        assert state.people.pending is not None
        with pytest.raises(NotAllowed, match="grace"):
            await at.tell(session, "answer", granted=True)
        await control.answer(at.store, at.clock, session, "grace", granted=False)
        state = await at.engine.drive(session)
        assert (state.label, state.reason) == ("terminate", "denied")
        await at.holds(session)


async def test_an_exhausted_budget_waits_for_an_amendment() -> None:
    """`on_exhausted: ask` asks; the amended mission has another digest and goes on."""

    @tool(effect="pure")
    def look() -> int:
        """Look."""
        return 1

    async with bench(look) as at:
        session = await at.engine.create(
            mission("look", "look", "finish", budget={"iterations": 2}, on_exhausted="ask")
        )
        state = await at.engine.drive(session)
        assert (state.status, state.people.wait, state.usage.iterations) == (SessionStatus.WAITING, "budget", 2)
        before = state.digest
        await at.tell(session, "amend", changes={"iterations": 5})
        state = await at.engine.drive(session)
        assert (state.outcome, state.usage.iterations) == ("achieved", 3)
        assert state.digest != before
        await at.holds(session)


async def test_the_tenants_ceiling_refuses_the_call_and_says_so() -> None:
    """A call that no budget covers is never made."""
    async with bench() as at:
        await at.store.accounts({"tool_calls": 0})
        session = await at.engine.create(mission("finish"))
        state = await at.engine.drive(session)
        assert (state.label, state.reason) == ("terminate", "tenant_budget")
        assert await at.events(session, e.Intended) == []
        await at.holds(session)


async def test_the_tenants_ceiling_may_also_be_waited_for() -> None:
    """With `on_exhausted: ask` the session waits; once there is room, an amendment lets it go on."""
    async with bench() as at:
        await at.store.accounts({"tool_calls": 0})
        session = await at.engine.create(mission("finish", on_exhausted="ask"))
        state = await at.engine.drive(session)
        assert (state.status, state.people.wait) == (SessionStatus.WAITING, "budget")
        await at.store.accounts({"tool_calls": 10})
        await at.tell(session, "amend", changes={"iterations": 21})
        state = await at.engine.drive(session)
        assert state.outcome == "achieved"
        await at.holds(session)


async def test_a_fork_of_an_ended_session_goes_on_with_a_larger_budget() -> None:
    """The error for an ended session promises that a fork goes on; the fork once ended with the same verdict."""

    @tool(effect="pure")
    def look() -> int:
        """Look."""
        return 1

    async with bench(look) as at:
        session = await at.engine.create(mission("look", "look", "finish", budget={"iterations": 2}))
        ended = await at.engine.drive(session)
        assert ended.reason == "max_iterations"
        with pytest.raises(NotAllowed, match="fork"):
            await at.tell(session, "pause")
        fork = await at.engine.fork(session)
        await at.tell(fork, "amend", changes={"iterations": 9})
        state = await at.engine.drive(fork)
        assert (state.outcome, state.usage.iterations) == ("achieved", 3)
        assert state.identity.parent == f"{session}@1"
        await at.holds(fork)
        await at.holds(session)


async def test_a_fork_of_an_aborted_session_is_not_aborted() -> None:
    """The abort was meant for the other session."""
    gate = Gate()
    async with bench(gated(gate, "pure")) as at:
        session = await at.engine.create(mission("slow", "finish"))
        await driven_while(at, session, gate, "abort", go_on=False)
        gate.opened.set()
        state = await at.engine.drive(await at.engine.fork(session))
        assert state.outcome == "achieved"


async def test_a_fork_from_an_early_iteration_shares_only_what_came_before() -> None:
    """Iteration 0 is shared; what came after happens again in the fork."""
    calls: list[int] = []

    @tool(effect="keyed")
    def put() -> None:
        """Count."""
        calls.append(1)

    async with bench(put) as at:
        session = await at.engine.create(mission("put", "put", "finish"))
        await at.engine.drive(session)
        fork = await at.engine.fork(session, 0)
        state = await at.engine.drive(fork)
        assert (state.outcome, len(calls)) == ("achieved", 3)
        with pytest.raises(NotAllowed, match="no finished iteration 7"):
            await at.engine.fork(session, 7)
        with pytest.raises(NotFound):
            await at.engine.fork("nobody")
        await at.holds(fork)


async def test_many_missions_run_side_by_side_on_one_loop() -> None:
    """Each keeps its own record; the answers come in the order of the missions."""
    async with bench() as at:
        states = await at.engine.run_many([mission("finish", name=f"m{number}") for number in range(12)], at_once=4)
        assert [state.mission.name for state in states] == [f"m{number}" for number in range(12)]
        assert {state.outcome for state in states} == {"achieved"}
        for state in states:
            await at.holds(state.session_id)
