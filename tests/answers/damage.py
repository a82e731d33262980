"""Documents damaged at every byte, and the slow, obvious reference for what may be made of them.

What must come out follows from how the text was made, not from any reader: a cut document gives nothing; one with a quote
too many gives what was meant, what was meant with that quote in the one string where it stands, or nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

PERSON: Final = {"name": "Ada L., Countess", "age": 36, "email": "ada@x.org"}
TASK: Final = {"title": 'it\'s "done", or: not', "priority": "high", "done": True, "tags": ["web", "a b"]}
SENSOR: Final = {"sensor": "t1", "value": 21.5, "ok": True}
ORDER: Final = {"id": 7, "customer": {"name": "Ada", "age": 36}, "items": [{"sku": "A", "qty": 12}]}
FENCED: Final = "Here it is:\n```json\n{}\n```\nDone."
THOUGHT: Final = "<think>Is it {this}?</think>\n{}"
PROSE: Final = "So the answer is {} and nothing else."


@dataclass(frozen=True, slots=True)
class Damaged:
    """One text, what it was meant to say, and which readings are right."""

    category: str
    model: str
    text: str
    meant: dict[str, Any]
    right: Literal["value", "nothing", "either"]
    quote: str = ""
    """What was put in: it may stand in one string of a right reading."""


def damaged() -> Iterator[Damaged]:
    """Every damaged document."""
    yield from _cut("Person", PERSON, "{}")
    yield from _cut("Sensor", SENSOR, FENCED)
    yield from _cut("Task", TASK, THOUGHT)
    yield from _put_in("quotes_put_in", "Task", TASK, "{}", '"')
    yield from _put_in("quotes_put_in", "Person", PERSON, FENCED, '"')
    yield from _put_in("apostrophes_put_in", "Sensor", SENSOR, PROSE, "'")
    yield from _put_in("brackets_put_in", "Order", ORDER, "{}", "}")
    yield from _put_in("brackets_put_in", "Order", ORDER, "{}", "]")
    yield from _quotes_lost("Task", TASK, "{}")
    yield from _quotes_lost("Order", ORDER, PROSE)


def _framed(document: dict[str, Any], frame: str) -> tuple[str, int, int]:
    text = json.dumps(document)
    start = frame.index("{}")
    return frame[:start] + text + frame[start + 2 :], start, start + len(text)


def _cut(model: str, document: dict[str, Any], frame: str) -> Iterator[Damaged]:
    text, _, end = _framed(document, frame)
    for at in range(1, len(text)):
        yield Damaged("cut_anywhere", model, text[:at], document, "value" if at >= end else "nothing")


def _put_in(category: str, model: str, document: dict[str, Any], frame: str, sign: str) -> Iterator[Damaged]:
    text, start, end = _framed(document, frame)
    inside = string_places(text, start, end)
    for at in range(start, end + 1):
        if text[at - 1 : at] == "\\" or (sign in "[]{}" and (at in inside or at == start)):
            continue  # after a backslash it makes an escape, in a string it is text: the document is right as it stands
        yield Damaged(category, model, text[:at] + sign + text[at:], document, "either", sign)


def _quotes_lost(model: str, document: dict[str, Any], frame: str) -> Iterator[Damaged]:
    text, start, end = _framed(document, frame)
    for at in range(start, end):
        if text[at] == '"' and text[at - 1] != "\\":
            yield Damaged("quotes_lost", model, text[:at] + text[at + 1 :], document, "either")


def string_places(text: str, start: int, end: int) -> set[int]:
    """The places of a strict document where a sign put in before them stands inside a string."""
    places, inside, escaped = set[int](), False, False
    for at in range(start, end):
        if inside:
            places.add(at)
        if escaped:
            escaped = False
        elif text[at] == "\\":
            escaped = True
        elif text[at] == '"':
            inside = not inside
    return places


def meant(value: Any, quote: str, whole: Any) -> bool:
    """Tell whether `value` is `whole`, or `whole` with one string (a name or a value) that has one quote more."""
    return bool(value == whole) or (bool(quote) and _with_one_more(value, quote, whole))


def _with_one_more(value: Any, quote: str, whole: Any) -> bool:
    if isinstance(value, str) and isinstance(whole, str):
        longer = len(value) == len(whole) + 1
        return longer and any(whole[:at] + quote + whole[at:] == value for at in range(len(whole) + 1))
    if isinstance(value, list) and isinstance(whole, list):
        rows = list(zip(value, whole, strict=False))
    elif isinstance(value, dict) and isinstance(whole, dict):
        keys = [*value], [*whole]
        rows = [*zip(*keys, strict=False), *((value[one], whole[two]) for one, two in zip(*keys, strict=False))]
    else:
        return False
    other = [(one, two) for one, two in rows if one != two]
    return len(value) == len(whole) and len(other) == 1 and _with_one_more(*other[0][:1], quote, other[0][1])
