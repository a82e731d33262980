"""Sort what a tool gave into value, metrics, events and error; pure, and total over anything that looks like JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

from journeyman.mission.values.canonical import Json, JsonObject, NotJson, canonical, checked
from journeyman.tools.base import Result, Status

_ERROR_CHARS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much of a result is kept."""

    value_bytes: int = 2**20
    """A larger value is replaced by a preview; metrics and events have the same cap and are dropped over it."""
    hard_bytes: int = 64 * 2**20
    """Anything larger is refused: the call failed with `too_large`."""
    head_chars: int = 16 * 2**10
    """How much of a larger value the preview shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back over the wire, before anybody believed it."""

    structured: object = None
    has_structured: bool = False
    texts: Sequence[str] = ()
    others: Sequence[object] = ()
    """Content that is neither: images, sound, links, as plain objects."""
    is_error: bool = False


@dataclass(slots=True)
class _Lift:
    """Metrics and events found at the top of values."""

    metrics: JsonObject = field(default_factory=dict[str, Json])
    events: list[JsonObject] = field(default_factory=list[JsonObject])

    def take(self, value: Json) -> None:
        if not isinstance(value, dict):
            return
        metrics, events = value.get("metrics"), value.get("events")
        if isinstance(metrics, dict):
            kept = {name: item for name, item in metrics.items() if isinstance(item, (bool, int, float, str, dict))}
            self.metrics.update(kept)
        for event in events if isinstance(events, list) else []:
            name = (event.get("name") or event.get("event_name")) if isinstance(event, dict) else None
            if isinstance(event, dict) and isinstance(name, str):
                self.events.append({**event, "name": name})


def failure(error_class: str, error: str, *, status: Status = Status.FAILED) -> Result:
    """Give a result without a value; the text is brought to one line of at most 500 characters."""
    return Result(status=status, error_class=error_class, error=one_line(error))


def one_line(text: str) -> str:
    """Give `text` on one line, at most 500 characters, without lone surrogates."""
    line = " ".join(text[: 20 * _ERROR_CHARS].encode("utf-8", "replace").decode().split())
    return line if len(line) <= _ERROR_CHARS else line[: _ERROR_CHARS - 1] + "…"


def sorted_value(value: object, caps: Caps) -> Result:
    """Give the result of a function that returned `value`, already made of plain Python values."""
    if isinstance(value, str):
        return sorted_answer(Answer(texts=(value,)), caps)
    return sorted_answer(Answer(structured=value, has_structured=True), caps)


def sorted_answer(answer: Answer, caps: Caps) -> Result:
    """Give the result of a server's answer: structured content first, else JSON in the text, else the text."""
    size = sum(map(len, answer.texts))
    if size > caps.hard_bytes:
        return failure("too_large", f"the answer has {size:,} characters; {caps.hard_bytes:,} are allowed")
    try:
        value, parts = _value(answer)
        value = checked(value)
        parts = [checked(part) for part in parts]
    except NotJson as error:
        return failure("not_json", f"the answer is not finite JSON: {error}")
    except RecursionError:
        return failure("not_json", "the answer is nested too deeply")
    lift = _Lift()
    for part in parts:
        lift.take(part)
    return _judged(value, parts, lift, answer, caps)


def _judged(value: Json, parts: Sequence[Json], lift: _Lift, answer: Answer, caps: Caps) -> Result:
    body = canonical(value)
    if len(body) > caps.hard_bytes:
        return failure("too_large", f"the value has {len(body):,} bytes; {caps.hard_bytes:,} are allowed")
    fits = len(body) <= caps.value_bytes
    lifted = len(canonical([lift.metrics, cast("list[Json]", lift.events)])) <= caps.value_bytes
    result = Result(
        status=Status.DONE,
        value=value if fits else _preview(body, caps),
        metrics=lift.metrics if lifted else {},
        events=tuple(lift.events) if lifted else (),
        original_bytes=len(body),
        truncated=not (fits and lifted),
    )
    if answer.is_error:
        return _refused(result, "tool_error", _words(value) or "the tool reported an error and gave no text")
    envelope = next((part for part in parts if is_error_envelope(part)), None)
    if envelope is not None:
        return _refused(result, "error_envelope", _words(envelope))
    return result


def _refused(result: Result, error_class: str, error: str) -> Result:
    return replace(result, status=Status.FAILED, error_class=error_class, error=one_line(error))


def _value(answer: Answer) -> tuple[object, list[object]]:
    """Give the value, and the parts of it in which metrics, events and error envelopes are looked for."""
    if answer.has_structured:
        value = _unwrapped(answer.structured, answer.texts)
        return value, [value]
    if answer.texts:
        parts = [_parsed(text) for text in answer.texts]
        if len(parts) == 1:
            return parts[0], parts
        whole = all(not isinstance(part, str) for part in parts)
        return (parts if whole else "\n".join(answer.texts)), parts
    return (list(answer.others) or None), []


def _unwrapped(value: object, texts: Sequence[str]) -> object:
    """Take off the `{"result": ...}` that SDKs put around what is no object; a tool's own `result` key stays."""
    if not isinstance(value, dict):
        return value
    items = cast("dict[object, object]", value)
    if items.keys() != {"result"}:
        return items
    inner = items["result"]
    if isinstance(inner, str):
        # The text block repeats a wrapped text as it is; a tool's own object is repeated as JSON.
        parsed = _parsed(inner)
        return parsed if parsed is not inner or _repeats(texts, inner) else items
    return inner if _repeats(texts, inner) else items


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
    """Give the object or list that `text` is, or `text`; bare numbers and literals stay text, ids look like them."""
    if text.lstrip()[:1] not in {"{", "["}:
        return text
    try:
        return cast("object", json.loads(text))
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
    """Give the text that says best what went wrong."""
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


def _preview(body: bytes, caps: Caps) -> JsonObject:
    head = body[: 4 * caps.head_chars].decode("utf-8", "ignore")[: caps.head_chars]
    return {"_truncated": True, "_original_bytes": len(body), "head": head}
