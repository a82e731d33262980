"""Answers read while they are written."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.answers import AnswerStream, ExtractionReason, extract
from tests.answers.cases import Case, Person, load
from tests.answers.test_extract import ADA, BOB, json_objects, messy_texts

SHORT = [case for case in load() if len(case.text) < 3_000]


def cut(text: str | bytes, places: list[int]) -> list[Any]:
    """The pieces of `text` between the places."""
    bounds = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in pairwise(bounds)]


def fed(model: Any, chunks: list[Any]) -> tuple[AnswerStream, Any]:
    """A stream that took the chunks until it had enough, and what it took."""
    stream, taken = AnswerStream(model), []
    for chunk in chunks:
        taken.append(chunk)
        if stream.feed(chunk):
            break
    return stream, (b"" if chunks and isinstance(chunks[0], bytes) else "").join(taken)


@pytest.mark.parametrize("case", SHORT, ids=lambda case: case.id)
@pytest.mark.parametrize("size", [1, 4, 17])
def test_the_corpus_gives_the_same_streamed(case: Case, size: int) -> None:
    """How a provider cuts its text is no part of the answer."""
    chunks = [case.text[start : start + size] for start in range(0, len(case.text), size)]
    stream, taken = fed(case.model, chunks)
    assert stream.close(case.finish_reason) == extract(taken, case.model, finish_reason=case.finish_reason)


@given(messy_texts | st.text(), st.lists(st.integers(0, 500), max_size=12))
def test_every_way_to_cut_any_text_gives_what_the_whole_gives(text: str, places: list[int]) -> None:
    """Where the stream stopped early, what follows is not looked at."""
    for model in (None, Person):
        stream, taken = fed(model, cut(text, places))
        assert stream.close() == extract(taken, model)


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=8))
def test_every_way_to_cut_any_bytes_gives_what_the_whole_gives(data: bytes, places: list[int]) -> None:
    """A chunk may end inside a character."""
    stream, taken = fed(None, cut(data, places))
    assert stream.close() == extract(taken)


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ("", ADA),
        ("\n ```json\n", ADA),
        ("<think>Try {this} or " + BOB + ".</think>\n\n", ADA),
        ("some thought " + BOB + "</think>", ADA),
        ("[THINK]" + BOB + "[/THINK]", ADA),
        ("<tool_call>\n", '{"name": "save", "arguments": ' + ADA + "}"),
        ("<|channel|>analysis<|message|>" + BOB + "<|end|><|start|>assistant<|channel|>final<|message|>", ADA),
        ("", '{"age": 36, "name": "a } \\" { b"}'),
        ("", "{'name': 'Ada', 'age': 36,}"),
        ("", '{"name": "Ada", /* } */ "age": 36,}'),
    ],
)
def test_the_stream_is_done_in_the_character_that_closes_the_object(before: str, body: str) -> None:
    """Every token after it is paid for and read by nobody."""
    stream = AnswerStream(Person)
    for place, sign in enumerate(before + body + " and more " + BOB):
        if stream.feed(sign):
            assert place == len(before + body) - 1
            break
    assert stream.finished
    assert stream.result.value is not None


@pytest.mark.parametrize("text", ["Answer: " + ADA, '{"name": "Ada"} ' + ADA, "<think>" + ADA, '"' + ADA, "{x} " + ADA])
def test_the_stream_waits_where_the_end_decides(text: str) -> None:
    """After prose, the last object is the answer."""
    stream = AnswerStream(Person)
    assert not any(stream.feed(sign) for sign in text)


def test_a_stream_that_ended_for_length_has_no_answer() -> None:
    """The same as for the whole text."""
    stream = AnswerStream(Person)
    assert stream.feed(ADA)
    assert stream.close("length").reason is ExtractionReason.TRUNCATED


def test_previews_grow_and_hold_numbers_and_literals_only_when_whole() -> None:
    """A number that still grows is a wrong number."""
    text = '{"n": 1234, "ok": true, "s": "abc", "l": [1.5, {"x": null}]}'
    final = json.loads(text)
    stream = AnswerStream()
    for sign in text:
        stream.feed(sign)
        partial = stream.partial
        assert isinstance(partial, dict)
        for key, value in partial.items():
            if key != "l":
                assert value == final[key]
        if isinstance(partial.get("l"), list):
            assert partial["l"] in ([], [1.5], [1.5, {}], [1.5, {"x": None}])
    assert stream.partial == final


def test_there_are_previews_after_prose_too() -> None:
    """Most models say a word first."""
    stream = AnswerStream(Person)
    stream.feed('Here: {"name": "Ada", "age": 3')
    assert stream.partial == {"name": "Ada"}


@settings(deadline=None)  # a preview for each character of long texts
@given(json_objects)
def test_previews_never_raise_and_end_with_the_value(value: dict[str, Any]) -> None:
    """For any object at all."""
    stream = AnswerStream()
    for sign in json.dumps(value):
        stream.feed(sign)
        _ = stream.partial
    assert stream.partial == value
    assert stream.result.value == value
