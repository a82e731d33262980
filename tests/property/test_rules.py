"""The rules hold for every mission, world and order of events that hypothesis can think of."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields

from journeyman.mission.chain import Envelope
from journeyman.mission.criteria.evidence import CriterionStatus
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.fold.fold import fold, fold_all
from journeyman.mission.model import events as e
from journeyman.mission.model.effects import CallPurpose, EffectClass, EffectState
from journeyman.mission.model.events import Event, EventRecord, decode, encode
from journeyman.mission.model.mission import Mission, dump, mission_digest
from journeyman.mission.model.reasons import Phase, SessionStatus, VerdictLabel, VerdictReason, WaitFor
from journeyman.mission.model.state import CriterionState, Progress, State
from journeyman.mission.rules import commands as c
from journeyman.mission.rules.decide import criteria_hold, decide, exhausted
from journeyman.mission.rules.next_command import next_command
from journeyman.mission.values.canonical import Json, JsonObject, canonical, checked, parsed
from journeyman.mission.values.errors import RecordBroken
from journeyman.mission.values.value import replace
from tests.mission.simulation import Reply, SimTool, Simulation, failed

AT = "2026-01-01T00:00:00.000000Z"
TOOLS = ("look", "act", "ask")
IDS = ("a", "b", "g")


def a_mission(**more: Any) -> Mission:
    """A mission with a threshold, an optional event and a guard."""
    plain: dict[str, Any] = {
        "directive": "d",
        "tools": ["*"],
        "criteria": [
            {"id": "a", "kind": "metric_threshold", "metric": "m", "op": ">=", "target": 5},
            {"id": "b", "kind": "event", "event": "done", "required": False},
            {
                "id": "g",
                "kind": "metric_threshold",
                "metric": "harm",
                "op": ">",
                "target": 0,
                "abort_when_met": True,
                "required": False,
            },
        ],
        "budget": {"iterations": 12},
    }
    return validate_mission({**plain, **more})


def begun(mission: Mission) -> State:
    """The state of a fresh session."""
    created = e.SessionCreated(tenant="t", session_id="s", mission=dump(mission), digest=mission_digest(mission))
    rows: list[Any] = [
        {
            "name": name,
            "description": "",
            "input_schema": {"type": "object"},
            "pin": "0",
            "effect": effect,
            "destructive": False,
        }
        for name, effect in zip(TOOLS, ("pure", "unsafe", "keyed"), strict=True)
    ]
    state = fold(None, EventRecord(AT, "engine", created))
    return fold(state, EventRecord(AT, "engine", e.CatalogPinned(tools=rows)))


names = st.sampled_from(["0.0", "0.1", "1.0", "2.0"])
scalars = st.none() | st.booleans() | st.integers(-10, 10) | st.text(max_size=4)
metrics = st.dictionaries(st.sampled_from(["m", "harm", "x"]), st.integers(-3, 9), max_size=3)
rows = st.builds(
    e.CriterionResult,
    id=st.just("a"),
    status=st.sampled_from(CriterionStatus),
    progress=st.floats(0, 1),
    carried=st.booleans(),
    held=st.integers(0, 3),
)
any_event: st.SearchStrategy[Event] = st.one_of(
    st.builds(e.Claimed, owner=st.text(max_size=3), token=st.integers(1, 9)),
    st.builds(
        lambda i, tool, source: e.Proposed(
            iteration=i, strategy={"calls": [{"tool": tool}]}, source=source, step=f"{source}.{i}"
        ),
        st.integers(0, 3),
        st.sampled_from(TOOLS),
        st.sampled_from(["planner", "plan", "advisor:a"]),
    ),
    st.builds(e.ApprovalAsked, approval=st.sampled_from(["iteration-0", "sign"]), question=st.just("?")),
    st.builds(e.ApprovalAnswered, approval=st.sampled_from(["iteration-0", "sign"]), granted=st.booleans()),
    st.builds(
        e.Intended,
        effect=names,
        iteration=st.integers(0, 3),
        tool=st.sampled_from(TOOLS),
        args=st.just({}),
        effect_class=st.sampled_from(EffectClass),
        place=st.sampled_from(["p.0", "p.1"]),
        turn=st.integers(0, 2),
        purpose=st.sampled_from(CallPurpose),
    ),
    st.builds(e.ExtraCall, effect=names, tool=st.sampled_from(TOOLS)),
    st.builds(
        e.Unanswered, effect=names, tool=st.sampled_from(TOOLS), error_class=st.just("timeout"), error=st.just("late")
    ),
    st.builds(
        e.Settled,
        effect=names,
        state=st.sampled_from([EffectState.DONE, EffectState.FAILED, EffectState.UNKNOWN]),
        value=scalars,
        metrics=metrics,
    ),
    st.builds(e.Reconciled, effect=names, state=st.sampled_from([EffectState.DONE, EffectState.FAILED])),
    st.builds(lambda i, row: e.Evaluated(iteration=i, checkpoint=True, results=[row]), st.integers(0, 3), rows),
    st.builds(
        e.Decided,
        iteration=st.integers(0, 3),
        verdict=st.sampled_from([VerdictLabel.CONTINUE, VerdictLabel.ADJUST]),
        reason=st.sampled_from([VerdictReason.IN_PROGRESS, VerdictReason.STAGNATION, VerdictReason.WAITING_FOR_EFFECT]),
        mission=st.just("d"),
    ),
    st.builds(e.WaitStarted, reason=st.sampled_from(WaitFor)),
    st.just(e.WaitEnded()),
    st.builds(e.Paused),
    st.just(e.Resumed()),
    st.builds(e.NoteAdded, text=st.text(max_size=5)),
    st.builds(e.EndAsked, reason=st.sampled_from([VerdictReason.ABORTED, VerdictReason.FORCED])),
    st.builds(
        lambda ask, n: e.AdviceAsked(
            ask=ask,
            request="r",
            purpose="strategy",
            advisor="a",
            iteration=0,
            prompt_bytes=64,
            prompt_key="k",
            reserved_tokens=n,
        ),
        names,
        st.integers(0, 9),
    ),
    st.builds(lambda ask, n: e.AdviceSettled(ask=ask, input_tokens=n), names, st.integers(0, 9)),
    st.builds(lambda ask: e.AdviceRejected(request=ask, purpose="strategy", reason="timeout"), names),
    st.builds(lambda text: e.ClosingNotes(lessons=[text]), st.text(max_size=5)),
    st.builds(lambda form: e.SnapshotTaken(state={"$blob": "0" * 64, "bytes": 1}, form=form), st.text(max_size=3)),
    st.builds(lambda n: e.BudgetAmended(changes={"iterations": n}, digest="d"), st.integers(1, 99)),
)


@given(st.lists(any_event, max_size=30))
def test_fold_is_total_and_deterministic(events: list[Event]) -> None:
    """Whatever a record holds, in whatever order, it folds, and always to the same state."""
    happened = [EventRecord(AT, "engine", event) for event in events]
    start = begun(a_mission())
    assert fold_all(start, happened) == fold_all(start, happened)
    state = fold_all(start, happened)
    assert state is not None
    next_command(state)


@given(st.lists(any_event, max_size=20))
def test_events_survive_their_written_form(events: list[Event]) -> None:
    """What is kept is what happened."""
    for event in events:
        kind = type(event)
        data = encode(event)
        written = Envelope(1, AT, "engine", kind.__name__, canonical(data))
        assert decode(written).event == event
        assert canonical(encode(decode(written).event)) == canonical(data)


def _with(data: JsonObject, name: str, value: Json) -> JsonObject:
    return {**data, name: value}


@given(st.lists(any_event, max_size=3), st.text(max_size=5).map(lambda name: f"x{name}"))
def test_events_of_another_form_are_refused_without_a_word_of_what_they_hold(events: list[Event], name: str) -> None:
    """A field too many, or one of another type: a record that was forged, or is of another version."""
    for event in events:
        data, kind = encode(event), type(event)
        forged = [_with(data, name, "SECRET")]
        forged += [
            _with(data, one.name, {"SECRET": 1} if one.type is str else "SECRET")
            for one in fields(kind)
            if one.required and one.type is not Any
        ]
        for row in forged:
            with pytest.raises(RecordBroken, match=f"event 7 .{kind.__name__}. is malformed") as caught:
                decode(Envelope(7, AT, "engine", kind.__name__, canonical(row)))
            assert "SECRET" not in str(caught.value)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([2.0**53, 1e16, -(2.0**60), 1e20, 1e21]))
def test_numbers_are_read_as_canonical_json_means_them(small: float, wide: float) -> None:
    """Floats from 2^53 on are written like integers, and no integer of ours is that large."""
    for number in (small, wide):
        metrics: JsonObject = {"n": checked(number)}
        written = Envelope(
            1, AT, "engine", "Settled", canonical({"effect": "0.0", "state": "done", "metrics": metrics})
        )
        event = decode(written).event
        assert isinstance(event, e.Settled)
        assert event.metrics == parsed(canonical(metrics))
        assert canonical(event.metrics) == canonical(metrics)


def known(status: CriterionStatus, *, carried: bool = False) -> CriterionState:
    """How a criterion stands."""
    return CriterionState(result=e.CriterionResult(id="a", status=status, progress=0.0, carried=carried))


criterion_states = st.builds(
    lambda status, carried: known(status, carried=carried), st.sampled_from(CriterionStatus), st.booleans()
)


def _judged(
    criteria: dict[str, CriterionState],
    index: int,
    calls: int,
    wall: float,
    progress: Progress,
    asked: VerdictReason | None,
) -> State:
    state = begun(a_mission(budget={"iterations": 5, "tool_calls": 5, "wall_clock_s": 5}))
    return replace(
        state,
        progress=replace(progress, criteria=criteria),
        iteration=replace(state.iteration, index=index, judged=True),
        phase=Phase.DECIDE,
        usage=replace(state.usage, tool_calls=calls, wall_clock_s=wall),
        people=replace(state.people, end_asked=asked),
    )


progresses = st.builds(
    Progress,
    stalled=st.integers(0, 9),
    adjusted=st.booleans(),
    checkpoint=st.booleans(),
    aborted=st.sampled_from(["", "g"]),
)
judged_states = st.builds(
    _judged,
    st.dictionaries(st.sampled_from(IDS), criterion_states, max_size=3),
    st.integers(0, 9),
    st.integers(0, 9),
    st.floats(0, 9),
    progresses,
    st.sampled_from([None, VerdictReason.ABORTED]),
)


@given(judged_states)
def test_completion_needs_every_required_criterion_met_by_fresh_evidence(state: State) -> None:
    """`complete` is never said with a required criterion unmet, undecided, carried or missing."""
    one = state.progress.criteria.get("a")
    holds = one is not None and one.status is CriterionStatus.MET and not one.result.carried
    verdict = decide(state)
    assert (verdict.label is VerdictLabel.COMPLETE) == (holds and not state.progress.aborted)
    assert (verdict.reason is VerdictReason.GUARD_BROKEN) == bool(state.progress.aborted)
    assert criteria_hold(state) == holds


@given(judged_states)
def test_completion_outranks_every_cap_and_person(state: State) -> None:
    """Reaching the goal with the last call is success."""
    met = replace(state.progress, criteria={"a": known(CriterionStatus.MET)}, aborted="")
    assert decide(replace(state, progress=met)).label is VerdictLabel.COMPLETE


def _tool(behaviour: list[int], effect: str) -> SimTool:
    turn = iter(range(10**9))

    def call(_: dict[str, Any]) -> Reply:
        what = behaviour[next(turn) % len(behaviour)]
        if what == 0:
            return failed("no", f"class_{what}")
        if what == 1:
            return Reply(state="unknown", error_class="timeout") if effect != "pure" else failed("late", "timeout")
        return Reply(
            value={"n": what},
            metrics=cast("Any", {"m": what - 2} | ({"harm": 1} if what == 9 else {})),
            events=({"name": "done"},) if what == 5 else (),
        )

    return SimTool(call, effect=effect)


policies = st.fixed_dictionaries(
    {},
    optional={
        "cadence": st.sampled_from([{"every_iterations": 1}, {"every_iterations": 3}, {"every_s": 4}, {"on_event": "done"}]),
        "stagnation": st.builds(lambda n: {"threshold": n}, st.integers(1, 5)),
        "budget": st.builds(
            lambda i, t, w: {"iterations": i} | ({"tool_calls": t} if t is not None else {}) | ({"wall_clock_s": w} if w else {}),
            st.integers(1, 15), st.none() | st.integers(0, 12), st.none() | st.integers(1, 60),
        ),
        "on_unknown": st.sampled_from(["ask", "assume_done", "assume_failed"]),
        "on_exhausted": st.sampled_from(["end", "ask"]),
        "approve": st.sampled_from(["never", "always"]),
        "pause_s": st.sampled_from([0, 1.5]),
        "plan": st.sampled_from([
            None,
            [{"calls": [{"tool": "look"}, {"tool": "act"}, {"tool": "ask"}]}],
            [{"calls": [{"tool": "look"}, {"tool": "act"}], "parallel": True, "sleep_s": 2}],
        ]),
        "explore": st.booleans(),
        "context": st.lists(st.builds(lambda every: {"tool": "look"} | ({"every": every} if every else {}), st.integers(0, 3)), max_size=3),
    },
)  # fmt: skip
behaviours = st.lists(st.integers(0, 9), min_size=1, max_size=5)


def _simulated(policy: dict[str, Any], acts: list[list[int]], *, probe: bool) -> Simulation:
    criteria = dump(a_mission())["criteria"]
    assert isinstance(criteria, list)
    if probe and isinstance(criteria[0], dict):
        criteria[0]["probe"] = {"tool": "look"}
    mission = a_mission(**{key: value for key, value in policy.items() if value is not None}, criteria=criteria)
    effects = ("pure", "unsafe", "keyed")
    return Simulation(
        mission, {name: _tool(act, effect) for name, act, effect in zip(TOOLS, acts, effects, strict=True)}
    )


@settings(max_examples=150)
@given(policies, st.lists(behaviours, min_size=3, max_size=3), st.booleans(), st.booleans())
def test_every_session_ends_or_waits_for_a_person_within_its_budget(
    policy: dict[str, Any],
    acts: list[list[int]],
    probe: bool,  # noqa: FBT001  # drawn by hypothesis
    says_yes: bool,  # noqa: FBT001  # drawn by hypothesis
) -> None:
    """No mission runs for ever, and no budget is exceeded on the way."""
    simulation = _simulated(policy, acts, probe=probe)
    state = simulation.run(ask=lambda _: says_yes)
    assert state.status is SessionStatus.ENDED or (
        state.status is SessionStatus.WAITING and state.people.wait in (WaitFor.BUDGET, WaitFor.EFFECT)
    )
    for then in simulation.states:
        budget = then.mission.budget
        assert then.usage.iterations <= (budget.iterations or 10**9)
        assert then.usage.tool_calls <= (budget.tool_calls if budget.tool_calls is not None else 10**9)
    begun_any = any(isinstance(item.event, e.Proposed) for item in simulation.events)
    if state.verdict is None:  # context calls took the time, and a person may give more
        assert not begun_any
        assert state.people.wait is WaitFor.BUDGET
        return
    if state.verdict.label is VerdictLabel.COMPLETE:
        assert criteria_hold(state)
    if state.status is SessionStatus.ENDED and state.verdict.reason.startswith("max_"):
        # Asked of the state from which it was decided: verdict and end take time, which may use up another budget too.
        # Where context calls took the time there is no iteration that a verdict could be of.
        assert exhausted(simulation.states[-3 if begun_any else -2]) is state.verdict.reason


@settings(max_examples=60)
@given(policies, st.lists(behaviours, min_size=3, max_size=3), st.text(max_size=20), st.text(min_size=1, max_size=8))
def test_verdicts_do_not_depend_on_what_is_said_about_a_strategy(
    policy: dict[str, Any], acts: list[list[int]], words: str, who: str
) -> None:
    """Rationale and origin are words: the same calls with other words lead to the same verdicts."""
    original = _simulated(policy, acts, probe=False)
    original.run()

    def reworded(happened: EventRecord) -> EventRecord:
        event = happened.event
        if isinstance(event, e.Proposed):
            return replace(
                happened,
                event=replace(
                    event,
                    strategy={**event.strategy, "rationale": words},
                    source=event.source if event.source == "plan" else f"advisor:{who}",
                ),
            )
        return happened

    state: State | None = None
    for happened in original.events:
        event = happened.event
        if isinstance(event, e.Decided) and state is not None:
            command = next_command(state)
            assert isinstance(command, c.Decide)
            assert (command.verdict.label, command.verdict.reason) == (event.verdict, event.reason)
        state = fold(state, reworded(happened))
