"""Results: what is lifted, what is a failure, what is cut, and that nothing raises."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.model.metric_sources import MetricSource
from journeyman.mission.values.canonical import Json, canonical, checked
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.metrics import MetricMapping, sources_of
from journeyman.tools.results import (
    ResultCaps,
    WireAnswer,
    classify_answer,
    classify_value,
    is_error_envelope,
    one_line,
)

CAPS = ResultCaps()


def structured(value: object, *texts: str) -> WireAnswer:
    """An answer with structured content."""
    return WireAnswer(structured=value, has_structured=True, texts=texts)


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        (structured({"a": 1}, "other"), {"a": 1}),
        (WireAnswer(texts=('{"a": 1}',)), {"a": 1}),
        (WireAnswer(texts=("  [1, 2]\n",)), [1, 2]),
        (WireAnswer(texts=("123456",)), "123456"),
        (WireAnswer(texts=("{not json",)), "{not json"),
        (WireAnswer(texts=("one", "two")), "one\ntwo"),
        (WireAnswer(texts=('{"a": 1}', '{"b": 2}')), [{"a": 1}, {"b": 2}]),
        (WireAnswer(), None),
        (WireAnswer(others=({"type": "image"},)), [{"type": "image"}]),
        (structured(None), None),
        (structured({"result": 5}, "5"), 5),
        (structured({"result": 5}, '{"result": 5}'), {"result": 5}),
        (structured({"result": "text"}, "text"), "text"),
        (structured({"result": "text"}, '{"result": "text"}'), {"result": "text"}),
        (structured({"result": '{"a": 1}'}, '{"a": 1}'), '{"a": 1}'),
        (structured({"result": '{"a": 1}'}), {"result": '{"a": 1}'}),
        (structured({"result": {"a": 1}}, '{"a": 1}'), {"a": 1}),
        (structured({"result": [1, 2]}, "1", "2"), [1, 2]),
        (structured({"result": 1, "more": 2}, "1"), {"result": 1, "more": 2}),
        (WireAnswer(texts=("[" * 100_000,)), "[" * 100_000),
        (WireAnswer(texts=('{"a": ' + "9" * 5000 + "}",)), '{"a": ' + "9" * 5000 + "}"),
    ],
)
def test_the_value_is_structured_content_else_json_in_text_else_text(answer: WireAnswer, value: Json) -> None:
    """Wrapping that SDKs add is taken off; a tool's own `result` key stays."""
    result = classify_answer(answer, CAPS)
    assert (result.status, result.value) == (CallStatus.DONE, value)


SHAPED = '{"metrics": {"loss": 0.5}, "events": [{"name": "done", "n": 1}, {"event_name": "old"}]}'


@pytest.mark.parametrize(
    "answer",
    [
        structured(
            {
                "metrics": {"loss": 0.5},
                "events": [{"name": "done", "n": 1}, {"event_name": "old"}, 3, {}],
            }
        ),
        structured({"result": json.loads(SHAPED)}, SHAPED),
    ],
)
def test_metrics_and_events_are_lifted_from_structured_content(answer: WireAnswer) -> None:
    """Also where an SDK wrapped it."""
    result = classify_answer(answer, CAPS)
    assert result.metrics == {"loss": 0.5}
    assert result.events == ({"name": "done", "n": 1}, {"event_name": "old", "name": "old"})


def test_a_metric_is_any_json_value() -> None:
    """A list or nothing where a number was expected is no loss in silence: the criterion says what it is."""
    values = {"n": 1, "rows": [1], "none": None, "by_zone": {"eu": 2}, "state": "ok"}
    assert classify_answer(structured({"metrics": values}), CAPS).metrics == values


@pytest.mark.parametrize(
    "answer",
    [
        WireAnswer(texts=(SHAPED,)),
        WireAnswer(texts=(SHAPED, SHAPED)),
        structured({"result": SHAPED}, SHAPED),
        structured({"result": SHAPED}),
        structured({"text": SHAPED}, SHAPED),
        structured([json.loads(SHAPED)], SHAPED),
        structured({"result": [json.loads(SHAPED)]}, SHAPED),
    ],
)
def test_text_that_looks_like_metrics_measures_nothing(answer: WireAnswer) -> None:
    """A file that a tool reads out cannot complete a mission."""
    result = classify_answer(answer, CAPS)
    assert (result.status, result.metrics, result.events) == (CallStatus.DONE, {}, ())


def mapped(**sources: dict[str, str]) -> tuple[MetricMapping, ...]:
    """What a mission maps out of the tool `t`."""
    return sources_of(
        "t", {name: MetricSource.model_validate({"tool": "t", **source}) for name, source in sources.items()}
    )


@pytest.mark.parametrize(
    ("source", "answer", "metrics"),
    [
        ({"path": "a.0.b"}, structured({"a": [{"b": 2}]}), {"m": 2}),
        ({"path": "a.-1"}, structured({"a": [1, 7]}), {"m": 7}),
        ({"path": "a"}, WireAnswer(texts=('{"a": true}',)), {"m": True}),
        ({"path": "a"}, structured({"result": '{"a": "x"}'}, '{"a": "x"}'), {"m": "x"}),
        ({"path": "a"}, WireAnswer(texts=("12",)), {}),
        ({"path": "b"}, structured({"a": 1}), {}),
        ({"path": "a"}, structured({"a": [1]}), {"m": [1]}),
        ({"path": "a"}, structured({"a": None}), {"m": None}),
        ({"regex": r"loss=([\d.]+)"}, WireAnswer(texts=("epoch 3", "loss=0.25 end")), {"m": 0.25}),
        ({"regex": r"(\S+) passed"}, structured({"result": "12 passed"}, "12 passed"), {"m": 12}),
        ({"regex": r"(\S+) passed"}, WireAnswer(texts=("nan passed",)), {}),
        ({"regex": r"(\S+) passed"}, WireAnswer(texts=("1e999 passed",)), {}),
        ({"regex": r"(\S+) passed"}, WireAnswer(texts=("9007199254740993 passed",)), {"m": "9007199254740993"}),
        ({"regex": r"n(=\d+)?"}, WireAnswer(texts=("n",)), {}),
        ({"path": "log", "regex": r"at (-?\d+)"}, structured({"log": "at -4"}, "at 5"), {"m": -4}),
        ({"path": "log", "regex": r"at (-?\d+)"}, structured({"log": 4}, "at 5"), {}),
    ],
)
def test_a_mapped_metric_is_taken_from_where_the_mission_says(
    source: dict[str, str], answer: WireAnswer, metrics: dict[str, Json]
) -> None:
    """And one that is not found is no metric, and no error."""
    result = classify_answer(answer, CAPS, mapped(m=source))
    assert (result.status, result.metrics) == (CallStatus.DONE, metrics)


def test_the_missions_word_on_a_metric_replaces_the_tools() -> None:
    """Other metrics of the tool stay; neither it nor another tool gives the name where the mapped place is empty."""
    answer = structured({"metrics": {"loss": 1, "n": 2}, "real": 9})
    assert classify_answer(answer, CAPS, mapped(loss={"path": "real"})).metrics == {"loss": 9, "n": 2}
    empty = structured({"metrics": {"loss": 1, "n": 2}})
    assert classify_answer(empty, CAPS, mapped(loss={"path": "real"})).metrics == {"n": 2}
    elsewhere = sources_of("other", {"loss": MetricSource(tool="t*", path="real")})
    assert classify_answer(answer, CAPS, elsewhere).metrics == {"n": 2}


@pytest.mark.parametrize("own", [{"a.b": 1}, {"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}])
def test_a_mapped_name_with_dots_is_no_place_in_another_metric(own: dict[str, Json]) -> None:
    """Criteria walk dots; a tool that nests its own value there must not be read for the mapped one."""
    answer = structured({"metrics": {**own, "n": 2}})
    assert classify_answer(answer, CAPS, mapped(**{"a.b": {"path": "real"}})).metrics == {"n": 2}


def test_what_is_too_small_for_a_number_is_not_zero() -> None:
    """Nobody said none."""
    found = mapped(m={"regex": r"(\S+) failed"})
    assert classify_answer(WireAnswer(texts=("0.00000001e-400 failed",)), CAPS, found).metrics == {}
    assert classify_answer(WireAnswer(texts=("0.000e-400 failed",)), CAPS, found).metrics == {"m": 0}


def test_a_document_that_says_a_thing_twice_says_nothing() -> None:
    """Readers differ in which of two equal keys counts, so neither is a metric."""
    assert (
        classify_answer(
            WireAnswer(texts=('{"r": {"loss": 5, "loss": 0}}',)), CAPS, mapped(m={"path": "r.loss"})
        ).metrics
        == {}
    )


@pytest.mark.parametrize(
    ("content", "count"),
    [({"metrics": {f"m{i}": i for i in range(501)}}, "501"), ({"events": [{"name": "e"}] * 1001}, "1,001")],
)
def test_too_many_metrics_or_events_fail_the_call(content: dict[str, Json], count: str) -> None:
    """A part of them would be a silent loss."""
    result = classify_answer(structured(content), CAPS)
    assert (result.status, result.error_class, result.metrics) == (CallStatus.FAILED, "too_many_metrics", {})
    assert count in (result.error or "")


def test_the_most_metrics_and_events_are_kept() -> None:
    """The limit itself is allowed."""
    content = {"metrics": {f"m{i}": i for i in range(500)}, "events": [{"name": "e"}] * 1000}
    result = classify_answer(structured(content), CAPS)
    assert (result.status, len(result.metrics), len(result.events)) == (CallStatus.DONE, 500, 1000)


HOSTILE = st.text(
    st.sampled_from("ab\x00\x07\x1b\x7f\x9b\u200b\u202e\u2066\ufeff\r\n\t [31m") | st.characters(codec=None)
)


@given(HOSTILE, st.sampled_from(["error", "texts", "message"]))
def test_no_error_text_holds_what_a_terminal_obeys(text: str, where: str) -> None:
    """Escape sequences and marks that turn or hide text are shown, not obeyed; the value keeps them."""
    said = one_line(text)
    if where == "texts":
        said = classify_answer(WireAnswer(texts=(text,), is_error=True), CAPS).error or ""
    elif where == "message":
        said = classify_answer(structured({"error": {"message": text}}), CAPS).error or ""
    assert all(unicodedata.category(one) not in {"Cc", "Zl", "Zp", "Cs"} for one in said)
    assert not set(said) & set("\u200b\u202e\u2066\ufeff")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"error": "no host"}, "no host"),
        ({"error": {"message": "no host", "code": 3}}, "no host"),
        ({"code": "validation_error", "details": {"field": "x"}}, "validation_error"),
        ({"ok": False, "reason": "full"}, "full"),
        ({"success": False}, '{"success":false}'),
        ({"status": "error", "message": "bad\nthing"}, "bad thing"),
        ({"error": True}, '{"error":true}'),
    ],
)
def test_an_error_envelope_is_a_failed_call(value: Json, said: str) -> None:
    """A call that says it failed must not count as success; its value stays as evidence."""
    text = json.dumps(value)
    for answer, kept in (
        (structured(value), value),
        (WireAnswer(texts=(text,)), value),
        (structured({"result": text}, text), text),
    ):
        result = classify_answer(answer, CAPS)
        assert (result.status, result.error_class, result.error) == (CallStatus.FAILED, "error_envelope", said)
        assert result.value == kept


@pytest.mark.parametrize(
    "value",
    [
        {"error": None},
        {"error": ""},
        {"errors": []},
        {"ok": True},
        {"status": "ok"},
        {"code": 0, "details": ""},
        {"ok": 0},
        [],
        "error",
        {"code": "x", "details": 1, "rows": []},
    ],
)
def test_ordinary_objects_are_no_error_envelopes(value: Json) -> None:
    """Words that only look like errors do not fail a call."""
    assert not is_error_envelope(value)
    assert classify_answer(structured(value), CAPS).status is CallStatus.DONE


def test_is_error_fails_with_the_words_of_the_text() -> None:
    """What the server flags as an error is one, whatever it holds."""
    result = classify_answer(WireAnswer(texts=("disk\nfull",), is_error=True), CAPS)
    assert (result.status, result.error_class, result.error) == (CallStatus.FAILED, "tool_error", "disk full")
    assert "no text" in (classify_answer(WireAnswer(is_error=True), CAPS).error or "")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), {1: 2}, object(), "\ud800", {"a": {1, 2}}])
def test_what_is_not_finite_json_is_refused(bad: object) -> None:
    """Nothing else can reach the record."""
    assert classify_answer(structured({"v": bad}), CAPS).error_class == "not_json"


def test_nan_in_json_text_is_refused() -> None:
    """A metric of NaN must not vanish into a text."""
    assert classify_answer(WireAnswer(texts=('{"metrics": {"loss": NaN}}',)), CAPS).error_class == "not_json"


def test_deep_nesting_is_refused() -> None:
    """Values that later readers could not read are stopped here."""
    deep: object = 1
    for _ in range(50_000):
        deep = [deep]
    assert classify_answer(structured(deep), CAPS).error_class == "not_json"


def test_a_large_value_becomes_a_marked_preview_and_keeps_its_metrics() -> None:
    """The record stays small and says what was cut."""
    result = classify_answer(
        structured({"metrics": {"n": 1}, "rows": ["x" * 100] * 1000}), ResultCaps(value_bytes=1000, head_chars=50)
    )
    assert result.truncated
    assert result.metrics == {"n": 1}
    assert result.value == {
        "_truncated": True,
        "_original_bytes": result.original_bytes,
        "head": '{"metrics":{"n":1},"rows":["' + "x" * 22,
    }


def test_what_is_far_too_large_is_refused() -> None:
    """Both as text and as structure."""
    caps = ResultCaps(hard_bytes=1000)
    assert classify_answer(WireAnswer(texts=("x" * 2000,)), caps).error_class == "too_large"
    assert classify_answer(structured(["x" * 2000]), caps).error_class == "too_large"


def test_an_error_is_one_line_of_at_most_500_characters() -> None:
    """Logs and tables stay readable."""
    line = one_line("a\n b\t" + "c" * 9000 + "\ud800")
    assert len(line) == 500
    assert line.startswith("a b ccc")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary()
KEYS = (
    st.sampled_from(["metrics", "events", "error", "result", "ok", "status", "code", "details", "name", "message"])
    | st.text()
)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=20
)


def sound(result: Result) -> None:
    """Hold a result to what the record needs."""
    for value in (result.value, result.metrics, list(result.events)):
        assert canonical(checked(value))
    assert (result.status is CallStatus.DONE) == (result.error_class is None) == (result.error is None)
    assert all(isinstance(event["name"], str) for event in result.events)


@given(
    ANYTHING,
    st.lists(st.text(st.characters()) | ANYTHING.map(lambda value: json.dumps(value, default=str)), max_size=3),
    st.booleans(),
    st.integers(0, 200),
)
def test_any_answer_gives_a_sound_result(value: object, texts: list[str], is_error: bool, cap: int) -> None:  # noqa: FBT001 - hypothesis gives it
    """Sorting never raises, and what it gives always fits the record."""
    caps = ResultCaps(value_bytes=cap, hard_bytes=4 * cap + 100, head_chars=cap)
    sound(classify_answer(WireAnswer(structured=value, has_structured=True, texts=texts, is_error=is_error), caps))
    sound(classify_answer(WireAnswer(texts=texts, others=[value], is_error=is_error), caps))
    sound(classify_value(value, caps))
