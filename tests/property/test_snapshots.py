"""A snapshot is the state: whoever goes on from one is where a fold of all events is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.chain import Envelope, genesis, is_of_kind, kind_of, open_entry, seal, seal_bytes
from journeyman.mission.fold.fold import fold, fold_all
from journeyman.mission.model import events as e
from journeyman.mission.model.events import Event, EventRecord, decode, encode
from journeyman.mission.model.reasons import Outcome, VerdictLabel, VerdictReason
from journeyman.mission.model.state import State, Verdict
from journeyman.mission.record import snapshot
from journeyman.mission.record.snapshot import form, restored, snapshot_event, snapshot_of
from journeyman.mission.values.canonical import Json, JsonObject, canonical, parsed
from journeyman.mission.values.errors import RecordBroken
from journeyman.mission.values.value import replace
from tests.property.test_rules import AT, a_mission, any_event, begun

numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=6,
)
wide_event: st.SearchStrategy[Event] = st.one_of(
    any_event,
    st.builds(
        e.Settled,
        effect=st.sampled_from(["0.0", "0.1"]),
        state=st.just("done"),
        value=json_values,
        metrics=st.dictionaries(st.sampled_from(["m", "x", "b", "\U0001f600", "\uffff"]), json_values, max_size=5),
        duration_s=st.floats(0, 9),
    ),
    st.builds(e.ScriptAdvanced, iteration=st.just(0), status=st.just("waiting"), value=json_values),
)


def _read_back(event: Event) -> Event:
    """The event as every reader of the record has it."""
    return decode(Envelope(1, AT, "engine", type(event).__name__, canonical(encode(event)))).event


@given(st.lists(wide_event, max_size=25), st.integers(0, 25))
def test_going_on_from_a_snapshot_is_going_on_from_the_start(events: list[Event], cut: int) -> None:
    """Byte for byte, the order of every mapping and the events to come included."""
    happened = [EventRecord(AT, "engine", _read_back(event)) for event in events]
    slow = fold_all(begun(a_mission()), happened)
    before = fold_all(begun(a_mission()), happened[:cut])
    assert slow is not None
    assert before is not None
    again = restored(snapshot_of(before))
    assert again == before
    assert snapshot_of(again) == snapshot_of(before)
    quick = fold_all(again, happened[cut:])
    assert quick is not None
    assert snapshot_of(quick) == snapshot_of(slow)


@given(st.lists(wide_event, max_size=12))
def test_taking_a_snapshot_changes_nothing(events: list[Event]) -> None:
    """Not even the time at which something last happened."""
    state = fold_all(begun(a_mission()), [EventRecord(AT, "engine", event) for event in events])
    assert state is not None
    assert fold(state, EventRecord("2031-01-01T00:00:00Z", "engine", snapshot_event(state))) is state


kinds = st.from_regex(r"[A-Za-z]{1,9}", fullmatch=True)


@given(kinds, json_values.filter(lambda value: isinstance(value, dict)), st.text(max_size=9))
def test_a_kind_is_known_without_reading_the_event(kind: str, data: JsonObject, other: str) -> None:
    """Whatever stands beside it, and in both ways of sealing."""
    plain: Json = parsed(canonical(data))
    assert isinstance(plain, dict)
    head = genesis("t", "s")
    entry = seal(head, at=AT, actor=other, kind=kind, data=plain)
    assert entry == seal_bytes(head, at=AT, actor=other, kind=kind, data=canonical(plain))
    assert kind_of(entry) == kind == open_entry(entry).kind
    hidden = seal(head, at=AT, actor="", kind="Other", data={"text": entry.body.decode()})
    assert kind_of(hidden) == "Other"


@given(kinds, st.text(max_size=9))
def test_no_text_passes_for_a_kind(kind: str, other: str) -> None:
    """Only the kind itself does, whatever was sealed as one."""
    for odd in (other, f'{kind}","seq":1', f"{kind}\\", f'x,"kind":"{kind}', f"{kind}\x00"):
        entry = seal(genesis("t", "s"), at=AT, actor="", kind=odd, data={})
        assert is_of_kind(entry, kind) is (odd == kind)


def test_the_form_tells_other_fields_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A version whose states hold something else must not read this one's snapshots."""
    known = form()
    form.cache_clear()
    monkeypatch.setitem(State.__annotations__, "session_id", "int")
    assert form() != known
    form.cache_clear()
    monkeypatch.undo()
    assert form() == known
    monkeypatch.setattr(snapshot, "FORM_NUMBER", snapshot.FORM_NUMBER + 1)
    form.cache_clear()
    assert form() != known
    form.cache_clear()


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"phase": "nowhere"}', b"[" * 100_000])
def test_what_is_no_state_is_said_to_be_broken(data: bytes) -> None:
    """Foreign bytes never end in a traceback of another kind."""
    with pytest.raises(RecordBroken, match="no state"):
        restored(data)


def test_every_field_is_kept() -> None:
    """Also those that the generated events never set."""
    state = begun(a_mission())
    changes: dict[str, Any] = {
        "identity": replace(state.identity, origin="/x"),
        "world": replace(state.world, order=3, known={"m": frozenset({"b", "a"})}),
        "advice": replace(state.advice, asked=2),
        "iteration": replace(state.iteration, slept=True, until_met=False),
        "verdict": Verdict(label=VerdictLabel.COMPLETE, reason=VerdictReason.CRITERIA_MET, outcome=Outcome.ACHIEVED),
    }
    for name, value in changes.items():
        changed = replace(state, **{name: value})
        assert restored(snapshot_of(changed)) == changed
