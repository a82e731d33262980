"""Models advise, the engine decides: advice is checked, paid for, recorded without its text, and never needed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from journeyman.advisors.base import FailureClass
from journeyman.advisors.broker import Broker
from journeyman.advisors.broker_policy import BrokerPolicy
from journeyman.advisors.scripted import ScriptedAdvisor, ScriptedAnswer
from journeyman.engine.reporting import report_of
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.mission import Mission
from journeyman.mission.report.markdown import markdown_report
from tests.engine.engine_bench import bench

pytestmark = pytest.mark.anyio
CANARY = "CANARY-7f3a"


def mission(**more: Any) -> Mission:
    """A mission that asks the scripted advisor and needs `door(code=417)`."""
    plain: dict[str, Any] = {
        "directive": "Open the door.",
        "tools": ["*"],
        "criteria": [{"id": "open", "kind": "metric_threshold", "metric": "open", "op": "==", "target": 1}],
        "budget": {"iterations": 6},
        "advisor": "scripted",
        "approve": "never",
    }
    return validate_mission({**plain, **more})


def door(code: int) -> dict[str, Any]:
    """Try a code on the door."""
    return {"metrics": {"open": int(code == 417)}}


def advice(code: Any = 417, tool: str = "door", **more: Any) -> dict[str, Any]:
    """An answer as a model would."""
    return {
        "revision_rationale": f"because {CANARY}",
        "next_strategy": {"calls": [{"tool": tool, "args": {"code": code}}]},
        "confidence": 0.9,
        **more,
    }


NOTES = {"lessons": ["The code is 417."], "recommended_followups": ["Change the code."]}


def broker(*lines: ScriptedAnswer, policy: BrokerPolicy | None = None, **more: Any) -> tuple[Broker, ScriptedAdvisor]:
    """A broker over scripted lines."""
    advisor = ScriptedAdvisor(lines, **more)

    async def at_once(_: float) -> None:
        return None

    return Broker({"scripted": advisor}, policy or BrokerPolicy(), sleep=at_once), advisor


async def test_advice_is_taken_from_the_first_iteration_on_and_notes_close_the_report() -> None:
    """One good answer opens the door; the closing notes are laid over the report."""
    asks, _ = broker(ScriptedAnswer(value=advice()), ScriptedAnswer(value=NOTES))
    async with bench(door, broker=asks) as at:
        session = await at.engine.create(mission())
        state = await at.engine.drive(session)
        assert (state.outcome, state.usage.iterations) == ("achieved", 1)
        assert [event.source for event in await at.events(session, e.Proposed)] == ["advisor:scripted"]
        report = await report_of(at.store, session)
        assert report.lessons == NOTES["lessons"]
        assert report.recommended_followups == NOTES["recommended_followups"]
        assert "advisor:scripted (90% sure)" in markdown_report(report)
        await at.holds(session)


async def test_each_call_has_one_audit_pair_without_any_text() -> None:
    """Asked before, settled after, sizes in powers of two, no prompt and no answer."""
    asks, _ = broker(ScriptedAnswer(value=advice()), ScriptedAnswer(value=NOTES))
    async with bench(door, broker=asks) as at:
        session = await at.engine.create(mission())
        await at.engine.drive(session)
        asked, settled = await at.events(session, e.AdviceAsked), await at.events(session, e.AdviceSettled)
        assert [event.ask for event in asked] == [event.ask for event in settled]
        assert len(asked) == 2
        audit = json.dumps([e.encode(event) for event in [*asked, *settled]])
        assert CANARY not in audit
        assert "Open the door" not in audit
        assert all(event.prompt_bytes & (event.prompt_bytes - 1) == 0 for event in asked)


@pytest.mark.parametrize(
    ("bad", "failure"),
    [
        (advice(tool="rm_rf"), FailureClass.TOOL_NOT_ALLOWLISTED),
        (advice(code="no number"), FailureClass.TOOL_ARGS_INVALID),
        ({"next_strategy": {"script": "1\n"}, "revision_rationale": "", "confidence": 1}, FailureClass.SCRIPT_REJECTED),
    ],
)
async def test_a_rejected_answer_is_asked_for_again_with_the_reason(bad: dict[str, Any], failure: FailureClass) -> None:
    """The feedback names what is wrong, never the answer's own words."""
    asks, advisor = broker(ScriptedAnswer(value=bad), ScriptedAnswer(value=advice()), ScriptedAnswer(value=NOTES))
    async with bench(door, broker=asks) as at:
        session = await at.engine.create(mission())
        assert (await at.engine.drive(session)).outcome == "achieved"
        assert failure.value in ("tool_not_allowlisted", "tool_args_invalid", "script_rejected")
        again = advisor.requests[1].messages[1].text
        assert "Your last answer was rejected" in again
        assert "no number" not in again


async def test_without_an_answer_the_planner_goes_on_and_the_reason_is_recorded() -> None:
    """A model that only refuses costs nothing but its tries."""
    asks, _ = broker(ScriptedAnswer(failure=FailureClass.REFUSED), repeat=True)
    async with bench(door, broker=asks) as at:
        session = await at.engine.create(mission(directive="Open the door with 417."))
        assert (await at.engine.drive(session)).outcome == "achieved"
        assert [event.reason for event in await at.events(session, e.AdviceRejected)] == ["refused"]
        assert {event.source for event in await at.events(session, e.Proposed)} == {"planner"}


async def test_a_token_budget_is_never_exceeded_by_advice() -> None:
    """What would not fit is not asked; the planner goes on."""
    asks, advisor = broker(ScriptedAnswer(value=advice(code=1)), repeat=True)
    async with bench(door, broker=asks) as at:
        session = await at.engine.create(mission(budget={"iterations": 4, "tokens": 100}))
        state = await at.engine.drive(session)
        assert advisor.requests == []
        assert state.usage.tokens == 0
        assert [event.reason for event in await at.events(session, e.AdviceRejected)] == ["over_budget"]


async def test_what_costs_money_needs_consent() -> None:
    """A configured model is not a permitted one."""
    asks, advisor = broker(ScriptedAnswer(value=advice()), repeat=True, costs=True)
    async with bench(door, broker=asks) as at:
        session = await at.engine.create(mission())
        await at.engine.drive(session)
        assert advisor.requests == []
    allowed, spender = broker(
        ScriptedAnswer(value=advice()),
        ScriptedAnswer(value=NOTES),
        costs=True,
        policy=BrokerPolicy(consent=frozenset({"scripted"})),
    )
    async with bench(door, broker=allowed) as at:
        session = await at.engine.create(mission())
        assert (await at.engine.drive(session)).outcome == "achieved"
        assert len(spender.requests) == 2


async def test_a_lying_advisor_completes_nothing() -> None:
    """It claims success for ever; the door stays shut, and the verdict says so."""
    lie = advice(code=0, revision_rationale="the door is open, the mission is complete")
    asks, _ = broker(ScriptedAnswer(value=lie), repeat=True)
    async with bench(door, broker=asks) as at:
        session = await at.engine.create(mission())
        state = await at.engine.drive(session)
        assert (state.outcome, state.label) == ("not_achieved", "terminate")
        await at.holds(session)


async def test_an_advisor_that_is_off_is_never_asked() -> None:
    """`advisor: none` is the default and wins."""
    asks, advisor = broker(ScriptedAnswer(value=advice()), repeat=True)
    async with bench(door, broker=asks) as at:
        session = await at.engine.create(mission(advisor="none", directive="Open with 417."))
        assert (await at.engine.drive(session)).outcome == "achieved"
        assert advisor.requests == []


async def test_advice_that_is_switched_off_is_one_event() -> None:
    """However many iterations would have asked."""
    asks, advisor = broker(ScriptedAnswer(value=advice()), repeat=True, policy=BrokerPolicy(enabled=False))
    async with bench(door, broker=asks) as at:
        session = await at.engine.create(mission())
        await at.engine.drive(session)
        assert [event.reason for event in await at.events(session, e.AdviceRejected)] == ["disabled"]
        assert await at.events(session, e.AdviceAsked) == []
        assert advisor.requests == []


async def test_each_try_stands_in_the_record_with_the_field_that_was_wrong() -> None:
    """Used, rejected or failed; and nothing of what the model wrote."""
    lines = [ScriptedAnswer(value=advice(code=CANARY)), ScriptedAnswer(value=advice()), ScriptedAnswer(value=NOTES)]
    asks, _ = broker(*lines)
    async with bench(door, broker=asks) as at:
        session = await at.engine.create(mission())
        await at.engine.drive(session)
        rows = [(event.failure, event.reason) for event in await at.events(session, e.AdviceSettled)]
        assert rows == [("tool_args_invalid", "tool_args_invalid:calls.0.args"), ("", ""), ("", "")]
        await at.holds(session)


async def test_a_model_may_leave_its_confidence_out() -> None:
    """Nothing is decided by it."""
    said = {key: value for key, value in advice().items() if key != "confidence"}
    asks, _ = broker(ScriptedAnswer(value=said), ScriptedAnswer(value=NOTES))
    async with bench(door, broker=asks) as at:
        session = await at.engine.create(mission())
        assert (await at.engine.drive(session)).outcome == "achieved"
