"""What reports say in words: the one sentence, the rows of iterations, changed arguments, and margins."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import CallPurpose, EffectClass, EffectState
from journeyman.mission.model.reasons import VerdictReason
from journeyman.mission.report.build import build_report
from journeyman.mission.report.criterion_text import CriterionRule, StandingTexts
from journeyman.mission.report.goals import Goal, goals
from journeyman.mission.report.iteration_text import argument_changes, iteration_texts
from journeyman.mission.report.margins import margin_followups, margin_text
from journeyman.mission.report.model import Report
from journeyman.mission.report.rows import CriterionRow, EffectRow, IterationRow, JudgedRow
from journeyman.mission.rules import commands as c
from journeyman.mission.rules.next_command import next_command
from journeyman.mission.values.canonical import Json
from tests.interfaces.pages.reports import HEAD
from tests.mission.simulation import Reply, SimTool, Simulation, failed

GOAL = {"id": "fast", "kind": "metric_threshold", "metric": "latency_ms", "op": "<=", "target": 18.5}
GUARD = {"id": "safe", "kind": "metric_threshold", "metric": "lost", "op": ">", "target": 5, "abort_when_met": True}
LATENCIES = {2: 31.0, 11: 18.99, 20: 23.2}


def tuned(*workers: int, said: bool = True, **more: Any) -> Report:
    """The report of a plan that tunes, measures and deploys; each deploy is asked for and answered by a person."""
    plan = [{"calls": [{"tool": "tune", "args": {"workers": count}}]} for count in workers]

    def tune(args: dict[str, Any]) -> Reply:
        if args["workers"] not in LATENCIES:
            return failed("no such pool", "conflict")
        return Reply(metrics={"latency_ms": LATENCIES[args["workers"]], "lost": args["workers"] // 5})

    mission = {
        "directive": "d", "tools": ["*"], "criteria": [GOAL, GUARD], "budget": {"iterations": 9}, "plan": plan,
        "effects": {"tune": "pure"}, **more,
    }  # fmt: skip
    session = Simulation(validate_mission(mission), {"tune": SimTool(tune, {"workers": {"type": "integer"}})})
    for _ in range(200):
        command = next_command(session.state)
        pending = session.state.people.pending
        if not isinstance(command, c.Nothing):
            session.obey(command)
        elif pending is None:
            break
        else:
            session.add(e.ApprovalAnswered(approval=pending.approval, granted=said), "person:mira")
    return build_report(session.events, HEAD)


def test_a_run_that_failed_says_how_near_it_came_and_what_went_wrong() -> None:
    """In one sentence, from the nearest of its iterations and not the last."""
    assert tuned(2, 11, 20, 7).summary == (
        "Closest: tune(workers=11), fast 18.99 at #1, needs latency_ms <= 18.5; 2 calls failed"
    )


def test_a_denial_is_told_with_who_said_no() -> None:
    """Or readers look for a fault where there was none."""
    told = tuned(2, 11, said=False, approve="always").summary
    assert told == "Nothing was measured; tune denied by mira 2 times"


def test_an_abort_condition_that_struck_comes_first() -> None:
    """It is why the run ended."""
    guard = {**GUARD, "target": 3}
    report = tuned(2, 20, 11, criteria=[GOAL, guard])
    assert report.summary.startswith(
        "Stopped: safe struck at #1 with 4 (lost > 3). Closest: tune(workers=20), fast 23.2"
    )


def test_success_says_with_what() -> None:
    """And with which numbers."""
    assert tuned(2, 11, criteria=[{**GOAL, "target": 20}]).summary == "Achieved at #1: tune(workers=11), fast 18.99"


def test_a_session_that_was_only_created_has_a_sentence_too() -> None:
    """Reports are asked for at any time."""
    mission = validate_mission({"directive": "d", "criteria": [GOAL], "budget": {"iterations": 1}})
    session = Simulation(mission, {})
    assert build_report(session.events[:1], HEAD).summary == "Nothing was measured"
    session.add(e.EndAsked(reason=VerdictReason.COULD_NOT_START, note="no program 'x'"))
    session.obey(next_command(session.state))
    assert build_report(session.events, HEAD).summary == "Could not start: no program 'x'"


def test_what_an_abort_condition_is_made_of_is_no_goal() -> None:
    """Nobody is told to reach it."""
    made: list[Json] = [
        {"id": "a", "criteria": [{"id": "b"}]},
        {"id": "c", "abort_when_met": True, "criteria": [{"id": "d"}]},
    ]
    assert goals(made) == (Goal("a", required=True, members=(Goal("b", required=True),)),)


def test_iterations_read_as_the_live_lines_do() -> None:
    """With the number, how it moved, what it needs, and how far an abort condition is from striking."""
    texts = iteration_texts(tuned(2, 11, 7))
    assert texts[0].line == (
        "tune(workers=2) · fast ✗ 31, needs latency_ms <= 18.5; safe ✓ clear 5 away: 0, strikes at lost > 5"
    )
    assert texts[1].line.startswith("tune(workers=11) · fast ✗ 18.99 (-12.01), needs latency_ms <= 18.5")
    assert texts[1].changed == "workers 2 → 11"
    assert texts[2].trouble == (("1 failed", "bad"),)


def test_a_denied_iteration_is_marked() -> None:
    """With who denied it."""
    texts = iteration_texts(tuned(2, said=False, approve="always"))
    assert texts[0].trouble == (("denied by mira", "warn"),)


def _call(name: str, args: dict[str, Any], tool: str = "t") -> EffectRow:
    return EffectRow(
        effect=name,
        iteration=0,
        tool=tool,
        args=args,
        effect_class=EffectClass.PURE,
        purpose=CallPurpose.CALL,
        state=EffectState.DONE,
    )


def test_arguments_are_compared_with_the_last_call_of_the_same_tool() -> None:
    """Changed, new and left out ones are told; those that stayed are not."""
    rows = [_call("0.0", {"a": 1, "b": "x"}), _call("0.1", {"a": 9}, "other"), _call("1.0", {"a": 2, "c": [1]})]
    assert argument_changes(rows) == {"1.0": "a 1 → 2, b left out (was 'x'), c = [1], new"}
    assert argument_changes([_call("0.0", {"a": True}), _call("1.0", {"a": 1})]) == {"1.0": "a true → 1"}


_ARGUMENTS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 2) | st.text(max_size=3), max_size=3)


@given(st.lists(_ARGUMENTS, max_size=6))
def test_equal_arguments_in_a_row_are_never_told_as_changed_and_others_always_are(calls: list[dict[str, Any]]) -> None:
    """Whatever they are."""
    found = argument_changes([_call(f"{at}.0", args) for at, args in enumerate(calls)])
    pairs = pairwise(calls)
    assert set(found) == {f"{at}.0" for at, (before, now) in enumerate(pairs, start=1) if before != now}


def _row(evidence: Any, bound: float, **more: Any) -> CriterionRow:
    known: dict[str, Any] = {
        "id": "fast", "kind": "metric_threshold", "required": True, "abort_when_met": False, "definition": {},
        "sentence": f"m <= {bound:g}", "status": CriterionStatus.MET, "progress": 1, "evidence": evidence,
        "carried": False, "seen_at": None, "bound": bound, "one_sided": True,
    }  # fmt: skip
    return CriterionRow(**{**known, **more})


def test_margins_say_what_is_to_spare_and_what_is_missing() -> None:
    """In the metric's own unit, and as a part of the bound."""
    assert margin_text(_row(58.9, 60)) == "1.1 (1.8%) to spare"
    assert margin_text(_row(66, 60, status=CriterionStatus.UNMET)) == "6 (10%) missing"
    assert margin_text(_row(1, 0, status=CriterionStatus.UNMET)) == "1 missing"
    assert margin_text(_row(60, 60, one_sided=False)) == ""
    assert margin_text(_row("no value", 60, status=CriterionStatus.INCONCLUSIVE)) == ""


def test_an_abort_condition_says_how_near_it_ever_came() -> None:
    """A run may have been lucky."""
    row = _row(1, 5, abort_when_met=True, status=CriterionStatus.UNMET)
    near = JudgedRow(id="fast", status=CriterionStatus.UNMET, progress=0, evidence=4.5)
    rows = [IterationRow(index=3, evaluation=[near]), IterationRow(index=4)]
    assert margin_text(row, rows) == "4 (80%) from striking, nearest 0.5 at #3"
    assert margin_text(row) == "4 (80%) from striking"
    assert margin_text(_row(6, 5, abort_when_met=True)) == "struck"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (_row(58.9, 60), "raise its `hold_for` before you rely on it"),
        (_row(58.9, 60, hold_for=3), "let it hold for more than 3 measurements"),
        (_row(20, 60), "such as 40 in place of 60"),
    ],
)
def test_a_tight_success_asks_for_more_certainty_and_a_wide_one_for_more(row: CriterionRow, told: str) -> None:
    """What lies between suggests nothing."""
    assert [told in line for line in margin_followups([row])] == [True]
    assert margin_followups([_row(50, 60)]) == []


def test_a_doubt_is_told_with_its_reason_once_and_again_when_it_changes() -> None:
    """A bare question mark tells nobody what to do; the same sentence at each iteration is noise."""
    rule = CriterionRule(id="t", sentence="n >= 3", aborts=False, hold_for=1, bound=3.0)
    texts = StandingTexts()

    def told(evidence: Json, status: CriterionStatus = CriterionStatus.INCONCLUSIVE) -> str:
        (line,) = texts.all([(rule, e.CriterionResult(id="t", status=status, evidence=evidence, progress=0.0))])
        return line

    doubt: Json = {"output_tail": "", "reason": "pytset is not on the PATH"}
    assert told(doubt) == "t ? pytset is not on the PATH"
    assert told(doubt) == "t ?"
    assert told("no call has reported 'n' yet") == "t ? no call has reported 'n' yet"
    assert told(4, CriterionStatus.MET) == "t ✓ 4"
    assert told("no call has reported 'n' yet") == "t ? no call has reported 'n' yet"


def test_a_persons_waiting_is_no_time_that_an_iteration_took() -> None:
    """Half an hour until somebody says yes says nothing about the call."""
    mission = validate_mission(
        {
            "directive": "d", "tools": ["*"], "approve": "always", "budget": {"iterations": 1},
            "criteria": [GOAL], "plan": [{"calls": [{"tool": "tune", "args": {}}]}],
        }
    )  # fmt: skip
    sim = Simulation(mission, {"tune": SimTool(lambda _: Reply(metrics={"latency_ms": 9}), effect="unsafe")})
    while not sim.state.people.pending:
        sim.obey(next_command(sim.state))
    sim.at += timedelta(minutes=30)
    sim.add(e.ApprovalAnswered(approval="iteration-0", granted=True), "person:p")
    sim.add(e.Claimed(owner="o", token=2))  # as who goes on with it does
    sim.run()
    report = build_report(sim.events, HEAD)
    assert report.iterations[0].driven_s is not None
    assert report.iterations[0].driven_s < 60
    assert "min" not in iteration_texts(report)[0].took
