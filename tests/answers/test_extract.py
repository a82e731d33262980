"""Values out of model text: the corpus, the rules of position and form, and what must never happen."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, field_validator

from journeyman.answers import ExtractionReason, extract, problem_lines
from tests.answers.cases import Case, Order, Person, Sensor, Task, load

ADA = '{"name": "Ada", "age": 36}'
BOB = '{"name": "Bob", "age": 41}'
CASES = load()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
json_objects = st.dictionaries(st.text(), json_values, min_size=1, max_size=5)
marks = st.sampled_from(
    ["{", "}", "[", "]", '"', "'", ":", ",", "\\", "\n", "```", "```json\n", "<think>", "</think>", "<tool_call>", "<|",
     "[TOOL_CALLS]", ADA, BOB, '"name"', "name", "36", "true", "NaN", "//", "/*", "#", "“", "\ud800", "\ufeff", " "],
)  # fmt: skip
messy_texts = st.lists(marks | st.text(max_size=4), max_size=24).map("".join)


def test_the_corpus_is_as_large_as_it_claims() -> None:
    """A benchmark over few items shows nothing."""
    assert len(CASES) >= 500
    assert len({case.category for case in CASES}) >= 25
    assert len({case.id for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_each_messy_answer_gives_what_it_must(case: Case) -> None:
    """The published score is of these items."""
    found = extract(case.text, case.model, finish_reason=case.finish_reason, several=case.several)
    assert case.right(found.value), found
    assert found.ok == (found.value is not None)


@given(messy_texts | st.text())
def test_no_text_raises_or_gives_a_value_without_a_good_reason(text: str) -> None:
    """Whatever a model writes, the caller gets a reading."""
    for model in (None, Person, list[int]):
        found = extract(text, model)
        assert (found.value is not None) == found.ok
        if found.value is not None and found.span is not None:
            assert 0 <= found.span[0] < found.span[1] <= len(text)


@given(st.binary())
def test_no_bytes_raise(data: bytes) -> None:
    """A wire may deliver anything."""
    extract(data)


@given(json_objects, st.sampled_from(["{}", "Here it is: {}", "```json\n{}\n```", "<think>{{no}}</think>\n{}", "{} Done.",
                                      "It's [1] (see above):\n\n{}\n\nThat's it.", "<tool_call>\n{}\n</tool_call>"]))  # fmt: skip
def test_any_object_comes_back_from_its_surroundings(value: dict[str, Any], frame: str) -> None:
    """What a model wrote correctly is never changed."""
    text = json.dumps(value, ensure_ascii=False)
    found = extract(frame.replace("{}", text).replace("{{no}}", "{no}"))
    assert found.reason is ExtractionReason.OK
    assert found.value == value


@given(json_objects)
def test_any_object_comes_back_from_its_python_form(value: dict[str, Any]) -> None:
    """Models print dicts: every one is read as Python means it, or refused; never as something else."""
    found = extract(str(value))
    assert found.value in (value, None)


@given(json_objects, st.data())
def test_a_cut_object_is_never_passed_off_as_another_one(value: dict[str, Any], data: st.DataObject) -> None:
    """What is open is never closed for the model."""
    text = json.dumps(value)
    assert extract(text[: data.draw(st.integers(0, len(text) - 1))]).value is None


@pytest.mark.parametrize("reason", ["length", "max_tokens", "MAX_TOKENS", "maxTokens"])
def test_an_answer_that_ended_for_length_is_never_final(reason: str) -> None:
    """Even a closed object may be a draft of what the model had no room for."""
    assert extract(ADA, Person, finish_reason=reason).reason is ExtractionReason.TRUNCATED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ADA, ExtractionReason.OK),
        ("{'name': 'Ada', 'age': 36}", ExtractionReason.REPAIRED),
        ("I am sorry.", ExtractionReason.NOTHING),
        ('{"name": "Ad', ExtractionReason.TRUNCATED),
        ('{"name": "Ada"}', ExtractionReason.INVALID),
        ('{"name": "Ada", "age": NaN}', ExtractionReason.MALFORMED),
        ('{"name": "Ada", "age": , }', ExtractionReason.MALFORMED),
        ("[" * 300 + "]" * 300, ExtractionReason.TOO_LARGE),
        ("x" * (4 * 1024 * 1024 + 1), ExtractionReason.TOO_LARGE),
    ],
)
def test_each_reason_says_what_happened(text: str, reason: ExtractionReason) -> None:
    """Callers act on the token."""
    assert extract(text, Person).reason is reason


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"name": "Ada, "age": 36}', {"name": "Ada", "age": 36}),
        ('{"name": "Ada",\n "email": "a@b,\n "age": 36}', {"name": "Ada", "email": "a@b", "age": 36}),
        ('{"a=b": 1,}', {"a=b": 1}),
        ('{"name": "A" + "da", "age": 36}', None),
        ('{"name": "Ada", "age": 1,234}', None),
        ('{"name": "Ada", "age": 36 years}', None),
    ],
)
def test_what_could_mean_two_things_is_not_guessed(text: str, value: dict[str, Any] | None) -> None:
    """A lost quote shows in the next key; a sum, a thousand or a unit could be anything."""
    assert extract(text).value == value


def test_a_draft_does_not_stand_in_for_a_cut_final_answer() -> None:
    """The draft is valid and false: worse than none."""
    found = extract(f'Draft: {ADA}\nBetter: {{"name": "Bob", "age": 4', Person)
    assert found.reason is ExtractionReason.TRUNCATED


def test_nothing_inside_a_broken_object_counts() -> None:
    """An inner object that happens to fit is not the answer."""
    assert extract(f'{{"wrong": {ADA}, "x": }}', Person).value is None
    assert extract(f'{{"wrong": {ADA}, "x": "', Person).value is None


def test_a_tool_call_is_never_taken_for_its_arguments() -> None:
    """A call has a name too: the tool's, not the answer's."""

    class Named(BaseModel):
        name: str
        size: int = 0

    call = '{"name": "save", "arguments": %s}'
    assert extract(call % '{"name": "x"}', Named).value == Named(name="x")
    assert extract(call % '{"size": 3}', Named).value is None


def test_a_type_that_takes_everything_does_not_take_the_wrapper() -> None:
    """Pydantic ignores unknown keys: without a known one there is no answer."""

    class Wish(BaseModel):
        colour: str = "red"

    assert extract('{"arguments": {"colour": "blue"}}', Wish).value == Wish(colour="blue")
    assert extract('{"status": "done", "code": 1}', Wish).value is None


@pytest.mark.parametrize(
    ("model", "text", "value"),
    [
        (list[int], "The primes: [2, 3, 5]", [2, 3, 5]),
        (int, "42", 42),
        (Literal["yes", "no"], '"yes"', "yes"),
        (list[Person], f"```json\n[{ADA}]\n```", [Person(name="Ada", age=36)]),
        (dict[str, int], 'so {"a": 1}', {"a": 1}),
        (Person | Sensor, ADA, Person(name="Ada", age=36)),
    ],
)
def test_any_pydantic_type_may_be_asked_for(model: Any, text: str, value: object) -> None:
    """Not only models."""
    assert extract(text, model).value == value


def test_dataclasses_may_be_asked_for() -> None:
    """Pydantic validates them too."""

    @dataclasses.dataclass
    class Point:
        x: int
        y: int

    assert extract('at {"x": 1, "y": "2"}', Point).value == Point(1, 2)


def test_a_validator_that_raises_anything_only_makes_the_answer_unfit() -> None:
    """Validators are the caller's code."""

    class Odd(BaseModel):
        x: int

        @field_validator("x")
        @classmethod
        def _fail(cls, value: int) -> int:
            raise KeyError(value)

    assert extract('{"x": 1}', Odd).reason is ExtractionReason.INVALID


def test_feedback_names_places_and_rules_and_no_word_of_the_answer() -> None:
    """It goes into prompts and may go into logs."""

    class Strict(BaseModel, extra="forbid"):
        level: Literal["low", "high"]
        scores: dict[str, int] = Field(default_factory=dict)
        end: int = 0

        @field_validator("end")
        @classmethod
        def _late(cls, value: int) -> int:
            raise ValueError(f"canary {value} is too early")

    text = '{"level": "canaryone", "scores": {"canarytwo": "canarythree"}, "end": 991177, "canaryfour": 1}'
    lines = problem_lines(Strict, extract(text, Strict))
    told = "\n".join(lines)
    assert "level: Input should be 'low' or 'high'" in lines
    assert "end: breaks a rule of this field" in lines
    assert "canary" not in told
    assert "991177" not in told


def test_feedback_says_which_keys_were_expected_when_nothing_was_found() -> None:
    """The next try should know the form."""
    lines = problem_lines(Task, extract("Sorry.", Task))
    assert lines == ["no JSON object was found in the answer; expected keys: title, priority, done, tags"]
    assert problem_lines(Task, extract('{"title": "x", "priority": "low"}', Task)) == []


def test_the_span_and_the_repairs_say_what_was_read() -> None:
    """Somebody may want to look."""
    text = f"Sure: {ADA[:-1]},}} bye"
    found = extract(text, Person)
    assert found.span is not None
    assert text[slice(*found.span)] == ADA[:-1] + ",}"
    assert found.repairs == ("trailing_comma",)


def test_the_text_of_an_extraction_shows_no_answer() -> None:
    """Extractions end up in logs and tracebacks."""
    assert "Ada" not in repr(extract(ADA, Person))
    assert "Ada" not in repr(extract('{"id": "Ada"}', Order))
