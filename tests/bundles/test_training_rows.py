"""Rows to train from: ties are left out, and nothing is graded without evidence."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from journeyman.bundles.exports.training_rows import AttemptText, chat_rows, preference_rows, reward_of, reward_rows
from journeyman.bundles.exports.trajectory import IterationSteps, SessionTrajectory, ToolUse, trajectory_of
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.model.effects import EffectClass, EffectState
from journeyman.mission.model.events import CriterionResult, EventRecord, Intended, Proposed, SessionCreated, Settled
from journeyman.mission.values.canonical import Json

MISSION: dict[str, Json] = {
    "directive": "Do it.", "criteria": [{"id": "a"}, {"id": "b", "required": False}, {"id": "c", "abort_when_met": True}],
}  # fmt: skip


def _judged(
    progress: float, *, evidence: Json = 1, carried: bool = False, status: CriterionStatus | None = None
) -> CriterionResult:
    how = status or (CriterionStatus.MET if progress == 1 else CriterionStatus.UNMET)
    return CriterionResult(id="a", status=how, progress=progress, evidence=evidence, carried=carried)


def _session(*results: CriterionResult) -> SessionTrajectory:
    iterations = [
        IterationSteps(
            index=index,
            at="2026-11-22T00:00:00Z",
            source="planner",
            strategy={"rationale": f"try {index}"},
            results=[row],
        )
        for index, row in enumerate(results)
    ]
    for one in iterations:
        one.uses.append(
            ToolUse(
                call_id=f"{one.index}.0", tool="look", arguments={"x": one.index}, at="", state="done", value="seen"
            )
        )
    return SessionTrajectory(session_id="s", mission=MISSION, turns=iterations)


def test_a_grade_needs_fresh_evidence() -> None:
    """Carried, inconclusive or without evidence it is none, and what is not required does not count."""
    silent = [
        _judged(0.5, carried=True),
        _judged(0.5, evidence=None),
        _judged(0.5, status=CriterionStatus.INCONCLUSIVE),
    ]
    assert [*reward_rows(_session(*silent))] == []
    session = _session(_judged(0.25))
    session.turns[0].results += [
        CriterionResult(id=name, status=CriterionStatus.MET, progress=1, evidence=1) for name in ("b", "c")
    ]
    assert reward_of(session, session.turns[0]) == 0.25


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), max_size=6))
def test_pairs_are_of_one_better_and_one_worse(progress: list[float]) -> None:
    """Each two that differ, once; both answer the same question."""
    session = _session(*map(_judged, progress))
    rows = [*preference_rows(session)]
    differing = sum(one != other for place, one in enumerate(progress) for other in progress[place + 1 :])
    assert len(rows) == differing
    assert all(row["chosen_reward"] > row["rejected_reward"] for row in rows)  # type: ignore[operator]
    assert len({json.dumps(row["prompt"]) for row in rows}) <= 1


def test_chat_rows_know_what_came_before_and_nothing_after() -> None:
    """A later iteration's prompt holds the earlier answers; a coding agent's own words take their place where they are given."""
    session = _session(_judged(0.0), _judged(1.0))
    first, second = chat_rows(session, {1: AttemptText("the prompt", "the answer")})
    assert "try 1" not in json.dumps(first)
    assert [row["content"] for row in second["messages"]] == ["the prompt", "the answer"]  # type: ignore[index, union-attr, call-overload]
    plain = [*chat_rows(session)][1]
    assert "try 0" in json.dumps(plain["messages"])
    calls = [call for row in plain["messages"] for call in row.get("tool_calls", ())]  # type: ignore[union-attr]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [{"x": 0}, {"x": 1}]


def test_a_trajectory_holds_large_values_in_place_of_references() -> None:
    """And keeps a reference that nobody resolves."""
    events = [
        SessionCreated(tenant="t", session_id="s", mission=MISSION, digest="0" * 64),
        Proposed(iteration=0, strategy={}, source="plan", step="p"),
        Intended(effect="0.0", iteration=0, tool="look", args=[1], effect_class=EffectClass.PURE, place="p"),
        Settled(effect="0.0", state=EffectState.DONE, value={"$blob": "a" * 64, "bytes": 9000}),
    ]
    records = [EventRecord("2026-11-22T00:00:00Z", "engine", event) for event in events]
    [use] = trajectory_of(records, {"a" * 64: "large"}).turns[0].uses
    assert (use.arguments, use.value) == ({"value": [1]}, "large")
    [use] = trajectory_of(records, {}).turns[0].uses
    assert use.value == {"$blob": "a" * 64, "bytes": 9000}
