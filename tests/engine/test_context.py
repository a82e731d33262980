"""Context calls in a real engine: recorded, replayed, made again after a crash, refused where they are not pure."""

from __future__ import annotations

from collections import Counter
from typing import Any

import anyio
import pytest

from journeyman.advisors.scripted import ScriptedAnswer
from journeyman.engine.mission_check import check_tools
from journeyman.engine.record_reading import state_of
from journeyman.engine.records import prompt_of, read_record
from journeyman.engine.replaying import replay_of
from journeyman.engine.reporting import report_of
from journeyman.engine.runtime import expression_result
from journeyman.engine.standing import row_of
from journeyman.engine.tool_policy import pinned_tool
from journeyman.interfaces.cli.sessions import state_json
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import CallPurpose
from journeyman.mission.model.reasons import VerdictReason, WaitFor
from journeyman.mission.record.replay import replay
from journeyman.mission.report.markdown import markdown_report
from journeyman.mission.report.model import to_json
from journeyman.mission.values.errors import InvalidInput
from journeyman.mission.values.value import replace
from journeyman.tools.functions import tool
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptRun
from tests.engine.engine_bench import bench, mission
from tests.engine.test_advice import NOTES, broker
from tests.engine.test_resumed_steps import counting, killed

pytestmark = pytest.mark.anyio


@tool(effect="pure")
def inventory(kind: str = "hosts") -> dict[str, Any]:
    """List what there is."""
    return {"kind": kind, "names": [f"host-{n}" for n in range(2000)], "metrics": {"hosts": 2000}}


@tool(effect="pure")
def weather() -> str:
    """Never works."""
    raise RuntimeError("no sky here")


@tool(effect="keyed")
def write() -> str:
    """Change something."""
    return "written"


async def test_context_is_looked_at_first_and_shown_in_prompt_report_and_state() -> None:
    """A long result by both ends, a failed call with its error; the mission goes on, and its record replays."""
    context = [{"tool": "inventory", "args": {"kind": "racks"}}, {"tool": "weather", "every": 2}]
    async with bench(inventory, weather, write) as at:
        session = await at.engine.create(mission("write", "write", "finish", context=context))
        state = await at.engine.drive(session)
        assert (state.outcome, state.usage.tool_calls) == ("achieved", 6)
        intents = await at.events(session, e.Intended)
        assert [(one.tool, one.purpose.value) for one in intents] == [
            ("inventory", "context"), ("weather", "context"), ("write", "call"),
            ("write", "call"), ("weather", "context"), ("finish", "call"),
        ]  # fmt: skip
        await at.holds(session)
        found = await report_of(at.store, session)
        report: Any = to_json(found)
        assert [(row["tool"], row["every"], row["state"], row["iteration"]) for row in report["context"]] == [
            ("inventory", None, "done", 0),
            ("weather", 2, "failed", 2),
        ]
        assert report["effects_by_state"] == {"done": 4, "failed": 2}
        assert report["iterations"][2]["effects"] == ["context.2.1", "2.0"]
        assert all(row["errors"] == [] for row in report["iterations"])
        shown = state_json(await state_of(at.store, session), await row_of(at.store, session))
        assert shown["context"] == report["context"]
        assert "no sky here" in markdown_report(found)
        prompt = (await prompt_of(at.store, session)).user
        told = prompt.partition("=== Environment")[2].partition("\n=== ")[0]
        assert all(words in told for words in ("racks", "host-0", "host-1999", "the call failed", "no sky here"))
        assert "no sky here" not in prompt.partition("=== Recent")[2]


async def test_an_advisor_is_asked_once_the_environment_is_known() -> None:
    """The very first prompt has it."""
    goal = [{"id": "a", "kind": "tool_call_succeeded", "tool": "finish"}]
    answer = {"revision_rationale": "r", "next_strategy": {"calls": [{"tool": "finish"}]}, "confidence": 0.9}
    asked, advisor = broker(ScriptedAnswer(value=answer), ScriptedAnswer(value=NOTES))
    wanted = mission(plan=None, criteria=goal, context=["inventory"], advisor="scripted")
    async with bench(inventory, broker=asked) as at:
        state = await at.engine.run(wanted)
        assert state.outcome == "achieved"
        first = advisor.requests[0].messages[-1].text
        assert "host-1999" in first.partition("=== Environment")[2].partition("=== Recent")[0]


@pytest.mark.parametrize("after", [False, True])
async def test_a_process_that_dies_in_a_context_call_makes_it_again_and_only_it(after: bool) -> None:  # noqa: FBT001  # drawn by pytest
    """Each try is paid for; what was known stays known."""
    seen: list[str] = []
    tools = [counting(seen, name, "pure") for name in ("first", "second")]
    async with bench(*tools, write) as at:
        session = await at.engine.create(
            mission("write", "finish", context=["first", "second"], limits={"concurrency": 1})
        )
        await killed(at, session, "second", after=after)
        await killed(at, session, "second", after=after)
        before = Counter(seen)
        state = await at.engine.drive(session)
        assert state.outcome == "achieved"
        assert Counter(seen) - before == Counter({"second": 1}) + Counter(
            dict.fromkeys(["first"] * (before["first"] == 0), 1)
        )
        intents = [one for one in await at.events(session, e.Intended) if one.purpose is CallPurpose.CONTEXT]
        extra = await at.events(session, e.ExtraCall)
        assert [one.tool for one in intents] == ["first", "second"]
        assert state.usage.tool_calls == len(intents) + len(extra) + 2
        assert len(seen) <= len(intents) + len(extra)
        await at.holds(session)


async def test_a_replay_finds_a_context_call_that_was_not_due() -> None:
    """One that is out of place, of another tool, or made twice does not follow from the rules."""
    async with bench(inventory, write) as at:
        session = await at.engine.create(mission("write", "finish", context=["inventory"]))
        await at.engine.drive(session)
        record = await read_record(at.store, session)
        happened = list(record.events)
        place = next(index for index, item in enumerate(happened) if isinstance(item.event, e.Intended))
        assert (await replay_of(at.store, session, at.predicates)).difference is None
        await _replayed_with_another_tool(at, happened, place)


async def _replayed_with_another_tool(at: Any, happened: list[Any], place: int) -> None:
    async def ask(expression: str, obs: Any) -> Any:
        return expression_result(await at.predicates.evaluate(expression, obs))

    async def read(name: str) -> Any:
        return await at.store.blob(name)

    for changed in (
        replace(happened[place], event=replace(happened[place].event, tool="finish")),
        replace(happened[place], event=replace(happened[place].event, iteration=3)),
    ):
        found = await replay([*happened[:place], changed], ask, read)
        assert found.difference is not None
    twice = replace(happened[place], event=replace(happened[place].event, effect="context.0.7", place="context.0.7"))
    found = await replay([*happened[: place + 1], twice], ask, read)
    assert found.difference is not None


@pytest.mark.parametrize(("name", "words"), [("write", "must be pure"), ("nothing", "not an allowed tool")])
async def test_a_context_call_that_cannot_be_made_is_refused_by_check_and_at_the_start(name: str, words: str) -> None:
    """Nothing is sent, and the session ends as one that could not start."""
    wanted = mission("finish", context=[name])
    async with bench(inventory, write) as at, Sandbox(1) as sandbox:
        session = await at.engine.create(wanted)
        with pytest.raises(InvalidInput) as caught:
            await at.engine.drive(session)
        assert [(problem.where, words in problem.message) for problem in caught.value.problems] == [
            ("context.0.tool", True)
        ]
        assert (await state_of(at.store, session)).reason is VerdictReason.COULD_NOT_START
        assert await at.events(session, e.Intended) == []
        async with at.engine._world.open_catalog(wanted, None, None, "") as catalog:  # type: ignore[arg-type]
            rows = [pinned_tool(wanted, one) for one in await catalog.tools()]
        found = await check_tools(wanted, rows, ScriptRun(sandbox))
        assert [problem.where for problem in found.problems] == ["context.0.tool"]


async def test_check_tells_wrong_arguments_and_a_budget_that_context_uses_up() -> None:
    """Before anything runs."""
    wanted = mission(
        "finish", context=[{"tool": "inventory", "args": {"kid": 1}}], budget={"iterations": 2, "tool_calls": 1}
    )
    async with bench(inventory) as at, Sandbox(1) as sandbox:
        async with at.engine._world.open_catalog(wanted, None, None, "") as catalog:  # type: ignore[arg-type]
            rows = [pinned_tool(wanted, one) for one in await catalog.tools()]
        found = await check_tools(wanted, rows, ScriptRun(sandbox))
        assert [problem.where for problem in found.problems] == ["context.0.args.arguments", "budget.tool_calls"]


@pytest.mark.parametrize("policy", ["end", "ask"])
@pytest.mark.parametrize("pause_s", [0, 0.01])
async def test_a_tenants_ceiling_that_refuses_a_context_call_ends_the_session_or_waits(
    policy: str, pause_s: float
) -> None:
    """Also where the verdict before it is durable already; once the ceiling is lifted it goes on."""
    async with bench(inventory, write) as at:
        await at.store.accounts({"tool_calls": 2})
        context: list[Any] = [{"tool": "inventory", "every": 1}]
        wanted = mission("write", "finish", context=context, on_exhausted=policy, pause_s=pause_s)
        state = await at.engine.run(wanted)
        if policy == "end":
            assert state.reason is VerdictReason.TENANT_BUDGET
            return
        assert state.people.wait is WaitFor.BUDGET
        await at.store.accounts({"tool_calls": 9})
        await at.tell(state.session_id, "amend", changes={"iterations": 30})
        state = await at.engine.drive(state.session_id)
        assert (state.outcome, state.usage.tool_calls) == ("achieved", 4)
        await at.holds(state.session_id)


async def test_the_missions_deadline_holds_for_context_calls_too() -> None:
    """A look that never answers is cut off, and the session ends for its time."""
    gone = anyio.Event()

    @tool(effect="pure")
    async def forever() -> str:
        """Never answer."""
        try:
            await anyio.sleep_forever()
        finally:
            gone.set()
        return ""

    async with bench(forever, write) as at:
        state = await at.engine.run(mission("write", "finish", context=["forever"], budget={"wall_clock_s": 0.3}))
        assert (state.reason, state.context["0"].state) == (VerdictReason.MAX_WALL_CLOCK, "failed")
        assert gone.is_set()
        await at.holds(state.session_id)


async def test_a_fork_looks_at_the_environment_again_where_that_is_due() -> None:
    """It shares what was known, and its record replays by itself."""
    async with bench(inventory, weather, write) as at:
        context: list[Any] = ["inventory", {"tool": "weather", "every": 1}]
        state = await at.engine.run(mission("write", "write", "finish", context=context))
        fork = await at.engine.fork(state.session_id, 0)
        again = await at.engine.drive(fork)
        assert again.outcome == "achieved"
        assert (again.context["0"].iteration, again.context["1"].iteration) == (0, 2)
        assert again.usage.tool_calls == state.usage.tool_calls
        await at.holds(fork)
