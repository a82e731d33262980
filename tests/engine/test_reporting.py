"""A report of a long mission is the same whether its middle was folded or passed by."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeyman.engine import reporting, snapshots
from journeyman.engine.record_reading import read_events, state_of
from journeyman.engine.records import read_record
from journeyman.engine.replaying import replay_of
from journeyman.engine.reporting import report_of
from journeyman.mission.model.effects import EffectClass, EffectState
from journeyman.mission.model.events import Intended, SnapshotTaken
from journeyman.mission.model.state import Effect
from journeyman.mission.report import build, retention
from journeyman.mission.report.build import ReportBuilder, build_report
from journeyman.mission.report.gather import effect_row
from journeyman.mission.report.model import to_json
from journeyman.mission.report.rows import IterationRow
from journeyman.mission.values.canonical import canonical
from journeyman.mission.values.errors import NotFound
from journeyman.mission.values.value import replace
from journeyman.tools.functions import tool
from tests.engine.engine_bench import EngineBench, bench, mission

pytestmark = pytest.mark.anyio


@tool(effect="keyed")
def work() -> dict[str, object]:
    """Count upwards, and fail now and then."""
    vars(work).setdefault("count", [0])[0] += 1
    count: int = vars(work)["count"][0]
    if count % 5 == 0:
        raise RuntimeError("every fifth one fails")
    return {"metrics": {"count": count, **({"rare": count} if count % 7 == 0 else {})}}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a few dozen iterations a long mission."""
    monkeypatch.setattr(snapshots, "EVERY_EVENTS", 8)
    monkeypatch.setattr(snapshots, "SHARE", 0)
    monkeypatch.setattr(retention, "FIRST_ITERATIONS", 4)
    monkeypatch.setattr(build, "FIRST_ITERATIONS", 4)
    monkeypatch.setattr(retention, "NEWEST_ITERATIONS", 6)
    monkeypatch.setattr(retention, "MOST_BETWEEN", 4)
    monkeypatch.setattr(reporting, "_MARGIN", 0)


@tool(effect="pure")
def around() -> str:
    """Look around."""
    return "quiet"


async def _long(at: EngineBench, iterations: int, every: int | None = None) -> str:
    context = [{"tool": "around", "every": every}, "around"] if every else []
    patient = {"budget": {"iterations": 200}, "stagnation": {"threshold": 200}}
    wanted = mission(*["work"] * iterations, "finish", context=context, **patient)
    session = await at.engine.create(wanted)
    await at.tell(session, "note", text="before")
    return (await at.engine.drive(session)).session_id


@given(iterations=st.integers(1, 40), cut=st.integers(0, 60), every=st.sampled_from([None, 1, 3]))
@settings(max_examples=16, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_passing_the_middle_by_gives_the_same_bytes(iterations: int, cut: int, every: int | None) -> None:
    """As folding everything, as a replay, and at every length of the record."""
    async with bench(work, around) as at:
        session = await _long(at, iterations, every)
        head = await at.store.head(session)
        folded = build_report([happened async for happened in read_events(at.store, session)], head)
        assert canonical(to_json(await report_of(at.store, session))) == canonical(to_json(folded))
        assert (await replay_of(at.store, session, at.predicates)).difference is None
        record = await read_record(at.store, session)
        length = max(3, len(record.entries) - cut)
        vars(at.store)["_entries"][session] = list(record.entries[:length])
        shorter = build_report(record.events[:length], await at.store.head(session))
        assert canonical(to_json(await report_of(at.store, session))) == canonical(to_json(shorter))


async def test_a_session_that_is_not_there_is_named() -> None:
    """A replay reads from its end first, where there is none."""
    async with bench(work) as at:
        with pytest.raises(NotFound, match="no session 'nobody'"):
            await replay_of(at.store, "nobody", at.predicates)


async def test_what_is_left_out_is_counted_and_the_rest_is_told() -> None:
    """Both ends, one point for each snapshot between, and every effect in the counts."""
    async with bench(work) as at:
        session = await _long(at, 40)
        found = await report_of(at.store, session)
        assert await vars(reporting)["_in_parts"](at.store, session) == found
        report: Any = to_json(found)
        told = [row["index"] for row in report["iterations"]]
        run = report["iterations_run"]
        assert told == [0, 1, 2, 3, *range(run - 6, run)]
        assert report["left_out"]["iterations"] == run - 10
        calls = sum(report["effects_by_state"].values())
        assert calls == len(report["effects"]) + report["left_out"]["effects"] == report["used"]["tool_calls"]
        assert {row["iteration"] for row in report["effects"]} <= set(told)
        line = [index for index, _ in report["series"]["count"]]
        assert line == sorted(set(line))
        assert set(line) - set(told)
        assert [row["iteration"] for row in report["budget_series"]][-6:] == told[-6:]
        assert [row["what"] for row in report["people"]] == ["NoteAdded"]


async def test_an_unknown_effect_of_the_middle_is_told() -> None:
    """Somebody must still find out what it did."""
    async with bench(work) as at:
        session = await _long(at, 12)
        state = await state_of(at.store, session)
        unsafe = EffectClass.UNSAFE
        intended = Intended(effect="5.9", iteration=5, tool="send", args={}, effect_class=unsafe, place="p.0", turn=0)
        effect = Effect(intended=intended, state=EffectState.UNKNOWN, error="lost")
        lost = replace(state, effects={**state.effects, "5.9": effect})
        report: Any = to_json(ReportBuilder().finish(lost, await at.store.head(session)))
        told = [(row["effect"], row["tool"], row["state"], row["error"]) for row in report["effects"]]
        assert told == [("5.9", "send", "unknown", "lost")]


def test_an_effect_is_counted_once_in_the_state_it_ended_in() -> None:
    """Also when its row is no longer told, and when it settles late or again."""
    rows = retention.IterationRows()
    for index in range(20):
        rows.begin(index, IterationRow(index=index, effects=[f"{index}.0"]))
        intent = Intended(effect=f"{index}.0", iteration=index, tool="t", effect_class=EffectClass.PURE, place="p")
        rows.intend(f"{index}.0", effect_row(intent, EffectState.INTENDED))
        rows.settle(f"{index}.0", EffectState.UNKNOWN if index == 5 else EffectState.DONE)
    assert "5.0" not in rows.effects
    assert rows.settle("5.0", EffectState.FAILED) is None
    assert rows.by_state() == {"done": 19, "unknown": 1}
    rows.settle("5.0", EffectState.FAILED, reconciled=True)
    rows.settle("6.0", EffectState.FAILED, reconciled=True)
    assert rows.by_state() == {"done": 19, "failed": 1}
    assert rows.left_out() == (10, 10)


async def test_a_damaged_snapshot_in_the_middle_only_costs_time() -> None:
    """The events say the same."""
    async with bench(work) as at:
        session = await _long(at, 40)
        whole = await report_of(at.store, session)
        record = await read_record(at.store, session)
        middle = [item.event for item in record.events if isinstance(item.event, SnapshotTaken)][8]
        vars(at.store)["_blobs"][str(middle.state["$blob"])] = b"other"
        assert await vars(reporting)["_in_parts"](at.store, session) is None
        assert canonical(to_json(await report_of(at.store, session))) == canonical(to_json(whole))
