"""Sort what a tool gave into value, metrics, events and error; pure, and total over anything that looks like JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, cast

from journeyman.mission.values.canonical import Json, JsonObject, NotJson, canonical, checked
from journeyman.mission.values.documents import unique_keys
from journeyman.tools.base import CallStatus, Result
from journeyman.tools.metrics import MetricMapping, ReportedValues, reported_values, with_mapped

_ERROR_CHARS: Final = 500
_UNSHOWN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""What a terminal or a log obeys instead of showing it: control characters, and those that turn or hide text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultCaps:
    """How much of a result is kept."""

    value_bytes: int = 2**20
    """A larger value is replaced by a preview; a call with more bytes of metrics and events has failed."""
    hard_bytes: int = 64 * 2**20
    """Anything larger is refused: the call failed with `too_large`."""
    head_chars: int = 16 * 2**10
    """How much of a larger value the preview shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireAnswer:
    """What came back over the wire, before anybody believed it."""

    structured: object = None
    has_structured: bool = False
    texts: Sequence[str] = ()
    others: Sequence[object] = ()
    """Content that is neither: images, sound, links, as plain objects."""
    is_error: bool = False


def failed_result(error_class: str, error: str, *, status: CallStatus = CallStatus.FAILED) -> Result:
    """A result without a value; the text is brought to one line of at most 500 characters."""
    return Result(status=status, error_class=error_class, error=one_line(error))


def one_line(text: str) -> str:
    """`text` on one line, at most 500 characters, with nothing in it that a terminal would obey.

    White space of any kind becomes one space, every other control character `\ufffd`, lone surrogates `?`.
    """
    words = " ".join(text[: 20 * _ERROR_CHARS].encode("utf-8", "replace").decode().split())
    line = _UNSHOWN.sub("\ufffd", words)
    return line if len(line) <= _ERROR_CHARS else line[: _ERROR_CHARS - 1] + "…"


def classify_value(value: object, caps: ResultCaps, mapped: Sequence[MetricMapping] = ()) -> Result:
    """The result of a function that returned `value`, already made of plain Python values."""
    if isinstance(value, str):
        return classify_answer(WireAnswer(texts=(value,)), caps, mapped)
    return classify_answer(WireAnswer(structured=value, has_structured=True), caps, mapped)


def classify_answer(answer: WireAnswer, caps: ResultCaps, mapped: Sequence[MetricMapping] = ()) -> Result:
    """The result of an answer: its value is structured content, else JSON in the text, else the text.

    Metrics and events are read from structured content alone: text is data, whatever it looks like. Metrics out of
    text are what the mission maps (`mapped`), and nothing else.
    """
    size = sum(map(len, answer.texts))
    if size > caps.hard_bytes:
        return failed_result("too_large", f"the answer has {size:,} characters; {caps.hard_bytes:,} are allowed")
    try:
        structured = checked(_unwrapped(answer.structured, answer.texts)) if answer.has_structured else None
        value = structured if answer.has_structured else checked(_value_of_texts(answer))
        texts = checked(list(answer.texts))
    except NotJson as error:
        return failed_result("not_json", f"the answer is not finite JSON: {error}")
    except RecursionError:
        return failed_result("not_json", "the answer is nested too deeply")
    found = reported_values(structured)
    text = "\n".join(cast("list[str]", texts)) if texts else value if isinstance(value, str) else ""
    found.metrics = with_mapped(found.metrics, mapped, value, text)
    return _judged(value, structured, found, answer, caps)


def _judged(value: Json, structured: Json, found: ReportedValues, answer: WireAnswer, caps: ResultCaps) -> Result:
    body = canonical(value)
    if len(body) > caps.hard_bytes:
        return failed_result("too_large", f"the value has {len(body):,} bytes; {caps.hard_bytes:,} are allowed")
    fits = len(body) <= caps.value_bytes
    result = Result(
        status=CallStatus.DONE,
        value=value if fits else _preview(body, caps),
        original_bytes=len(body),
        truncated=not fits,
    )
    if answer.is_error:
        return _refused(result, "tool_error", _words(value) or "the tool reported an error and gave no text")
    envelope = _envelope(structured, answer.texts)
    if envelope is not None:
        return _refused(result, "error_envelope", _words(envelope))
    problem = found.problem(caps.value_bytes)
    if problem is not None:
        return _refused(result, "too_many_metrics", problem)
    return replace(result, metrics=found.metrics, events=tuple(found.events))


def _envelope(structured: Json, texts: Sequence[str]) -> Json:
    """The error that an answer tells of. Text is believed here: at worst a call counts as failed that was none."""
    if isinstance(structured, dict):
        return structured if is_error_envelope(structured) else None
    for text in texts:
        with suppress(NotJson):
            part = checked(_parsed(text))
            if is_error_envelope(part):
                return part
    return None


def _refused(result: Result, error_class: str, error: str) -> Result:
    return replace(result, status=CallStatus.FAILED, error_class=error_class, error=one_line(error))


def _value_of_texts(answer: WireAnswer) -> object:
    if answer.texts:
        parts = [_parsed(text) for text in answer.texts]
        if len(parts) == 1:
            return parts[0]
        whole = all(not isinstance(part, str) for part in parts)
        return parts if whole else "\n".join(answer.texts)
    return list(answer.others) or None


def _unwrapped(value: object, texts: Sequence[str]) -> object:
    """Take off the `{"result": ...}` that SDKs put around what is no object; a tool's own `result` key stays.

    The text blocks tell the two apart: they repeat what was wrapped, without its wrapping. A wrapped text stays text.
    """
    if not isinstance(value, dict):
        return value
    items = cast("dict[object, object]", value)
    if items.keys() != {"result"} or not _repeats(texts, items["result"]):
        return items
    return items["result"]


def _repeats(texts: Sequence[str], inner: object) -> bool:
    """Say whether the text blocks show `inner` itself, or, for a list, one block for each of its items."""
    if isinstance(inner, list):
        row = cast("list[object]", inner)
        if len(row) == len(texts) and all(_shows(text, item) for text, item in zip(texts, row, strict=True)):
            return True
    return len(texts) == 1 and _shows(texts[0], cast("object", inner))


def _shows(text: str, value: object) -> bool:
    if text == value:
        return True
    try:
        return bool(json.loads(text) == value)
    except (ValueError, RecursionError):
        return False


def _parsed(text: str) -> object:
    """The object or list that `text` is, or `text`; bare numbers and literals stay text, ids look like them, and so does what has a key twice."""
    if text.lstrip()[:1] not in {"{", "["}:
        return text
    try:
        return cast("object", json.loads(text, object_pairs_hook=unique_keys))
    except (ValueError, RecursionError):
        return text


def is_error_envelope(value: Json) -> bool:
    """Say whether an object tells of a failure although the call itself went well."""
    if not isinstance(value, dict):
        return False
    if value.get("error") or value.get("ok") is False or value.get("success") is False:
        return True
    status = value.get("status")
    if isinstance(status, str) and status.lower() == "error":
        return True
    return bool(value.get("code")) and "details" in value and value.keys() <= {"code", "details", "message"}


def _words(value: Json) -> str:
    """The text that says best what went wrong."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        error = value.get("error")
        for found in _said([error, value]):
            return found
    return "" if value is None else canonical(value).decode()


def _said(values: Iterable[Json]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str) and value:
            yield value
        if isinstance(value, dict):
            for key in ("message", "detail", "reason", "code"):
                said = value.get(key)
                if isinstance(said, str) and said:
                    yield said


def _preview(body: bytes, caps: ResultCaps) -> JsonObject:
    head = body[: 4 * caps.head_chars].decode("utf-8", "ignore")[: caps.head_chars]
    return {"_truncated": True, "_original_bytes": len(body), "head": head}
