"""A chain shows every change, and the first place of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.chain import Entry, Head, check_chain, genesis, head_of, open_entry, seal
from journeyman.mission.values.canonical import JsonObject, checked
from journeyman.mission.values.errors import RecordBroken
from journeyman.mission.values.value import replace

AT = "2026-11-20T10:00:00.000000Z"
START = genesis("default", "s1")
data = st.dictionaries(
    st.text(max_size=5).filter(lambda key: key != "$blob"),
    st.integers() | st.text(max_size=8) | st.floats(allow_nan=False),
    max_size=3,
)


def _chain(rows: Sequence[Mapping[str, object]], start: Head = START) -> list[Entry]:
    head, entries = start, list[Entry]()
    for row in rows:
        entries.append(seal(head, at=AT, actor="engine", kind="Noted", data=_plain(row)))
        head = head_of(entries[-1])
    return entries


def _plain(row: Mapping[str, object]) -> JsonObject:
    plain = checked({key: value for key, value in row.items() if value not in {float("inf"), float("-inf")}})
    assert isinstance(plain, dict)
    return plain


def _broken_at(entries: list[Entry], head: Head) -> int:
    """The first bad event by checking ever longer beginnings."""
    for count in range(1, len(entries) + 1):
        try:
            check_chain(START, entries[:count])
        except RecordBroken:
            return count
    with pytest.raises(RecordBroken):
        check_chain(START, entries, head)
    return len(entries) + 1


chains = st.lists(data, min_size=2, max_size=8).map(_chain)


@given(st.lists(data, max_size=8), st.integers(0, 8))
def test_a_chain_holds_in_one_piece_and_in_two(rows: list[dict[str, object]], cut: int) -> None:
    """Long records are checked page by page."""
    entries = _chain(rows)
    end = check_chain(START, entries)
    assert end == (head_of(entries[-1]) if entries else START)
    assert check_chain(check_chain(START, entries[:cut]), entries[cut:], end) == end


@given(data)
def test_what_was_sealed_is_what_is_opened(row: dict[str, object]) -> None:
    """The body holds the whole event."""
    entry = _chain([row])[0]
    event = open_entry(entry)
    assert (event.seq, event.at, event.actor, event.kind) == (1, AT, "engine", "Noted")
    assert event.data == _plain(row)


@given(chains, st.data())
def test_a_flipped_bit_is_found_where_it_is(entries: list[Entry], draw: st.DataObject) -> None:
    """In the body or in the hash, anywhere."""
    head = head_of(entries[-1])
    place = draw.draw(st.integers(0, len(entries) - 1))
    field = draw.draw(st.sampled_from(["body", "hash"]))
    raw = bytearray(entries[place].body if field == "body" else entries[place].hash)
    raw[draw.draw(st.integers(0, len(raw) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    changed = replace(entries[place], body=bytes(raw)) if field == "body" else replace(entries[place], hash=bytes(raw))
    assert _broken_at([*entries[:place], changed, *entries[place + 1 :]], head) == place + 1


@given(chains, st.data())
def test_a_dropped_or_moved_event_is_found_where_it_is(entries: list[Entry], draw: st.DataObject) -> None:
    """Gaps, swaps and cut tails."""
    head = head_of(entries[-1])
    place = draw.draw(st.integers(0, len(entries) - 1))
    assert _broken_at(entries[:place] + entries[place + 1 :], head) == place + 1
    assert _broken_at(entries[:place], head) == place + 1
    other = draw.draw(st.integers(0, len(entries) - 1).filter(lambda number: number != place))
    moved = list(entries)
    moved[place], moved[other] = entries[other], entries[place]
    assert _broken_at(moved, head) == min(place, other) + 1


@given(chains, st.sampled_from([("other", "s1"), ("default", "s2"), ("default/s1", "")]), st.data())
def test_an_event_of_another_record_fits_nowhere(
    entries: list[Entry], owner: tuple[str, str], draw: st.DataObject
) -> None:
    """Also when it says the same at the same place."""
    foreign = _chain([dict(open_entry(entry).data) for entry in entries], genesis(*owner))
    place = draw.draw(st.integers(0, len(entries) - 1))
    assert _broken_at([*entries[:place], foreign[place], *entries[place + 1 :]], head_of(entries[-1])) == place + 1
    assert _broken_at(foreign, head_of(foreign[-1])) == 1


HOSTILE = [b"[" * 100_000, b'{"v":' + b"9" * 5_000 + b"}", b'{"v":' + b"9" * 400 + b"}", b"\xff", b"", b"null", b"{}"]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_event_is_said_to_be_broken(body: bytes) -> None:
    """Foreign bytes never end in a traceback of another kind."""
    with pytest.raises(RecordBroken, match="event 1"):
        open_entry(Entry(1, b"\0" * 32, body))


@given(st.binary(max_size=60))
def test_arbitrary_bytes_are_no_event(body: bytes) -> None:
    """Whatever they are."""
    with pytest.raises(RecordBroken, match="event 1"):
        open_entry(Entry(1, b"\0" * 32, body))
