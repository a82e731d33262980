"""Missions of mode `check`: nothing is done, each check that somebody asks for is an iteration of one session."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from journeyman.engine import control
from journeyman.engine.checks.requested_check import RequestedCheck
from journeyman.mission.model import events as e
from journeyman.mission.model.mission import Mission
from journeyman.mission.model.reasons import SessionStatus, VerdictReason
from journeyman.mission.model.state import State
from journeyman.mission.values.canonical import digest
from journeyman.tools.functions import tool
from tests.engine.engine_bench import EngineBench, bench

pytestmark = pytest.mark.anyio
EXISTS = {"id": "made", "kind": "artifact", "path": "done.txt"}
RUNS = {
    "id": "passes",
    "kind": "command",
    "run": [sys.executable, "-c", "import pathlib; assert pathlib.Path('ok').exists()"],
}


def checking(*criteria: dict[str, Any], iterations: int = 5, **more: Any) -> Mission:
    """A mission that only judges."""
    whole = {"directive": "Make it.", "mode": "check", "criteria": list(criteria), "budget": {"iterations": iterations}}
    return Mission.model_validate({**whole, **more})


def asking(folder: Path, *known: e.CheckFact, workspace: str = "") -> RequestedCheck:
    """A check of a folder as it is."""
    names = ",".join(sorted(path.name for path in folder.iterdir()))
    event = e.CheckAsked(workspace=workspace or digest(names.encode()), asker="test")
    return RequestedCheck(event=event, folder=folder, known=known, inputs={"passes": digest(names.encode())})


async def check(at: EngineBench, session: str, folder: Path, *known: e.CheckFact, workspace: str = "") -> State:
    """Check once."""
    return await at.engine.check(session, asking(folder, *known, workspace=workspace))


async def test_a_check_that_fails_leaves_the_session_open_and_the_next_one_goes_on_with_it(tmp_path: Path) -> None:
    """Each is an iteration with a verdict; the record derives again."""
    async with bench() as at:
        session = await at.engine.create(checking(EXISTS, RUNS), tmp_path)
        state = await check(at, session, tmp_path)
        assert (state.status, state.label, state.reason) == (SessionStatus.OPEN, "continue", "in_progress")
        (tmp_path / "done.txt").write_text("x")
        assert (await check(at, session, tmp_path)).usage.iterations == 2
        (tmp_path / "ok").write_text("x")
        state = await check(at, session, tmp_path)
        assert (state.outcome, state.reason, state.usage.iterations) == ("achieved", "criteria_met", 3)
        assert len(await at.events(session, e.Proposed)) == 3
        await at.holds(session)


async def test_nothing_is_judged_unless_somebody_asks(tmp_path: Path) -> None:
    """`resume` and a recovery after a crash have no files to judge by."""
    async with bench() as at:
        session = await at.engine.create(checking(EXISTS), tmp_path)
        assert (await at.engine.drive(session)).usage.iterations == 0
        await check(at, session, tmp_path)
        assert (await at.engine.drive(session)).usage.iterations == 1
        assert await at.engine.recover() != []
        assert len(await at.events(session, e.Evaluated)) == 1
        await at.holds(session)


async def test_one_check_alone_ends_with_what_it_found(tmp_path: Path) -> None:
    """That is a check by hand, or of a verifier."""
    async with bench() as at:
        state = await check(at, await at.engine.create(checking(EXISTS, iterations=1), tmp_path), tmp_path)
        assert (state.outcome, state.label, state.reason) == ("not_achieved", "terminate", "criteria_unmet")
        await at.holds(state.session_id)


async def test_as_many_checks_as_may_be_end_the_session(tmp_path: Path) -> None:
    """The files change each time, so only the ceiling ends it."""
    async with bench() as at:
        session = await at.engine.create(checking(EXISTS, iterations=3), tmp_path)
        states: list[State] = []
        for name in "abc":
            (tmp_path / name).write_text("x")
            states.append(await check(at, session, tmp_path))
        state = states[-1]
        assert (state.outcome, state.reason) == ("not_achieved", "max_iterations")
        await at.holds(session)


async def test_the_same_files_with_the_same_results_end_the_session_and_other_files_begin_the_count_anew(
    tmp_path: Path,
) -> None:
    """With a threshold of 3, the fourth time."""
    async with bench() as at:
        session = await at.engine.create(checking(EXISTS, iterations=50), tmp_path)
        for _ in range(3):
            await check(at, session, tmp_path)
        (tmp_path / "other").write_text("x")
        for _ in range(3):
            state = await check(at, session, tmp_path)
            assert state.status is SessionStatus.OPEN
        state = await check(at, session, tmp_path)
        assert (state.reason, state.usage.iterations) == ("no_progress", 7)
        await at.holds(session)


async def test_what_is_known_of_the_same_files_is_not_looked_at_again(tmp_path: Path) -> None:
    """The fact says which session found it, and on what."""
    known = e.CheckFact(id="passes", met=True, evidence={"exit_code": 0}, inputs="abc", kept_from="s0")
    async with bench() as at:
        session = await at.engine.create(checking(RUNS), tmp_path)
        state = await check(at, session, tmp_path, known)
        assert state.outcome == "achieved"
        (checked,) = await at.events(session, e.Checked)
        assert checked.facts == [known]
        await at.holds(session)


async def test_probes_measure_and_evidence_of_the_check_before_is_stale(tmp_path: Path) -> None:
    """A metric that a command reports counts for one check only."""
    count = 0

    @tool(effect="pure")
    def tests() -> dict[str, object]:
        """Count."""
        nonlocal count
        count += 1
        return {"metrics": {"passed": count}}

    wanted = {
        "id": "all",
        "kind": "metric_threshold",
        "metric": "passed",
        "op": ">=",
        "target": 2,
        "probe": {"tool": "tests"},
    }
    async with bench(tests) as at:
        session = await at.engine.create(checking(wanted, tools=["tests"]), tmp_path)
        assert (await check(at, session, tmp_path)).status is SessionStatus.OPEN
        assert (await check(at, session, tmp_path)).outcome == "achieved"
        await at.holds(session)


async def test_an_approval_is_of_the_files_that_were_seen(tmp_path: Path) -> None:
    """With other files the person is asked again."""
    asks = {"id": "looked", "kind": "approval", "by": "ann"}
    async with bench() as at:
        session = await at.engine.create(checking(EXISTS, asks, iterations=1), tmp_path)
        (tmp_path / "done.txt").write_text("x")
        state = await check(at, session, tmp_path)
        assert (state.status, state.people.pending is not None) == (SessionStatus.WAITING, True)
        await control.answer(at.store, at.clock, session, "ann", granted=True)
        assert (await at.engine.drive(session)).outcome is None
        (tmp_path / "more").write_text("x")
        assert (await check(at, session, tmp_path)).status is SessionStatus.WAITING
        await control.answer(at.store, at.clock, session, "ann", granted=True)
        assert (await check(at, session, tmp_path)).outcome == "achieved"
        await at.holds(session)


async def test_a_person_ends_it_and_a_check_that_cannot_be_made_ends_as_unknown(tmp_path: Path) -> None:
    """Neither needs files."""
    async with bench() as at:
        session = await at.engine.create(checking(EXISTS), tmp_path)
        await check(at, session, tmp_path)
        await control.end(at.store, at.clock, session, "ann", abort=True)
        assert (await at.engine.drive(session)).reason is VerdictReason.ABORTED
        await at.holds(session)
        session = await at.engine.create(checking(EXISTS), tmp_path)
        await check(at, session, tmp_path)
        state = await at.engine.conclude(session, VerdictReason.CHECK_FAILED, "disk_full: no room for a copy")
        assert (state.outcome, state.reason) == ("unknown", "check_failed")
        await at.holds(session)


async def test_an_abort_condition_ends_the_session_at_once(tmp_path: Path) -> None:
    """And stays met."""
    never = {"id": "gone", "kind": "artifact", "path": "forbidden", "abort_when_met": True}
    async with bench() as at:
        session = await at.engine.create(checking(EXISTS, never), tmp_path)
        (tmp_path / "forbidden").write_text("x")
        assert (await check(at, session, tmp_path)).reason is VerdictReason.GUARD_BROKEN
        await at.holds(session)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"plan": [{"calls": [{"tool": "x"}]}], "tools": ["x"]}, "`plan` would act"),
        ({"advisor": "claude"}, "`advisor` would act"),
        (
            {"criteria": [{"id": "m", "kind": "metric_threshold", "metric": "n", "op": ">", "target": 1}]},
            "measured by nothing",
        ),
    ],
)
def test_what_would_act_is_refused(more: dict[str, Any], said: str) -> None:
    """A mission that only judges has no use for it, and its author meant another mode."""
    with pytest.raises(ValueError, match=said):
        checking(*more.pop("criteria", [EXISTS]), **more)
