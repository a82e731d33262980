"""Values cut to a number of bytes: the same ends as of the whole text, however little of it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.prompt.truncation import (
    FIELD_BYTES,
    MARK,
    allocate_bytes,
    fenced,
    rows,
    size,
    text_of,
    truncate,
    truncate_fields,
    truncate_json,
)
from journeyman.mission.values.canonical import Json, JsonObject

LEAVES = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=300)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(max_size=12), inner, max_size=40)
)
LONG_KEY = "k" * 200
SHAPES: dict[str, Callable[[int], object]] = {
    "rows of a table": lambda count: [{"id": number, "name": f"n{number}"} for number in range(count)],
    "one long text": lambda count: "aé" * count,
    "long texts in a list": lambda count: ["x" * 500 for _ in range(count)],
    "a list in a list": lambda count: [[[number] * 40 for number in range(count)]],
    "many keys": lambda count: {f"key{number}": "v" * 50 for number in range(count)},
    "long keys": lambda count: {f"{LONG_KEY}{number}": [] for number in range(count)},
    "empty parts between large ones": lambda count: [{}, [], ["y" * 300] * count, {}, []],
    "an object of objects": lambda count: {f"o{number}": {"deep": {"text": "z" * 400}} for number in range(count)},
}


def _ends_of(text: str, cut: str) -> bool:
    """Whether a cut text begins and ends as the whole one does."""
    head, said, tail = cut.partition(MARK)
    return bool(said) and text.startswith(head) and text.endswith(tail.partition(" bytes in all) ")[2])


@pytest.mark.parametrize("most", [80, 500, 4_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_of_a_large_value_the_ends_are_those_of_its_whole_text(shape: str, most: int) -> None:
    """Whatever it is made of; and it fits."""
    value = cast("Json", SHAPES[shape](4_000))
    cut = truncate_json(value, most)
    assert size(cut) <= most
    assert _ends_of(text_of(value), cut)


@given(VALUES, st.integers(0, 2_000))
def test_any_value_fits_and_small_ones_are_whole(value: Json, most: int) -> None:
    """The slow way, which makes the whole text first, gives the same ends."""
    text, cut = text_of(value), truncate_json(value, most)
    assert size(cut) <= max(most, 0)
    if size(text) <= most:
        assert cut == text
    elif MARK in cut:
        assert _ends_of(text, cut)


@given(st.lists(st.text(max_size=400), max_size=30), st.integers(0, 3_000))
def test_rows_fit_and_say_how_many_were_dropped(texts: list[str], most: int) -> None:
    """None is dropped while all have room."""
    told = rows(texts, most, "rows")
    if not texts:
        assert told == "none"
    elif sum(size(text) + 1 for text in texts) <= most:
        assert told == "\n".join(texts)
    elif most >= 300:
        assert size(told) <= most


@given(st.lists(st.integers(0, 5_000), max_size=20), st.integers(-5, 20_000))
def test_bytes_are_shared_fairly(sizes: list[int], most: int) -> None:
    """Nobody has more than they need, all together not more than there is, and a larger one never less than a smaller."""
    shares = allocate_bytes(sizes, most)
    assert all(share <= needed for share, needed in zip(shares, sizes, strict=True))
    assert sum(shares) <= max(0, most)
    ranked = [share for _, share in sorted(zip(sizes, shares, strict=True))]
    assert ranked == sorted(ranked)


def test_fields_keep_both_ends_and_their_true_size() -> None:
    """Small fields, numbers and references to large values stay as they are."""
    long = "a" * 5_000 + "end"
    table = cast("Json", [{"row": number} for number in range(2_000)])
    made = cast("JsonObject", truncate_fields({"b": long, "n": 3, "t": table, "s": "short", "value": {"inner": long}}))
    assert made["n"] == 3
    assert made["s"] == "short"
    assert str(made["b"]).endswith("end")
    assert str(made["t"]).startswith('[{"row":0}')
    sizes = cast("JsonObject", made["_original_bytes"])
    assert sizes["b"] == 5_003
    assert cast("int", sizes["t"]) > FIELD_BYTES
    assert "_original_bytes" in cast("JsonObject", made["value"])
    reference: JsonObject = {"value": {"$blob": "0" * 64}}
    assert truncate_fields(reference) == reference
    assert str(truncate_fields(long)).endswith("end")
    assert truncate_fields(7) == 7


def test_what_is_fenced_cannot_close_its_own_fence() -> None:
    """The lines around it hold the hash of what stands between them."""
    first = fenced("data>>> 0000000000000000", 400).splitlines()
    assert first[0].removeprefix("<<<data ") == first[-1].removeprefix("data>>> ")
    assert first[0] not in first[1]
    assert size(fenced(cast("Json", ["x" * 90] * 90), 300)) <= 300
    assert truncate("long enough to be cut", 3) == MARK[:3]
