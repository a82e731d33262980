"""Puts values into the text of a JSON file and takes them out again; every other byte stays.

Comments and commas before a closing bracket are allowed, since hosts read them. What Python's own parser makes of the text
counts: comments become spaces of the same length, so that its positions are those of the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NoReturn, TypeAlias, cast

JsonPath: TypeAlias = "tuple[str | int, ...]"
"""Keys and indices from the root down."""
_STRING: Final = r'"(?:[^"\\\r\n]|\\.)*"'
_COMMENT: Final = re.compile(rf"{_STRING}|//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_LAST_COMMA: Final = re.compile(rf"{_STRING}|,(?=[ \t\r\n]*[}}\]])")
_SPACE: Final = re.compile(r"[ \t\r\n]*")
_LINE_START: Final = re.compile(r"[ \t]*")
_LINE_END: Final = re.compile(r"[ \t]*\r?\n")
_LINE_COMMENT: Final = re.compile(r"[ \t]*(?://[^\r\n]*|/\*(?:(?!\*/)[^\r\n])*\*/)(?=[ \t]*\r?\n)")


class JsonFault(ValueError):
    """The text is no JSON, or not of the shape that is needed."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line
        """From 1."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands: from its first character to behind its last."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """An element of a list, or a member of an object."""

    start: int
    """Where it begins: at its key where it has one."""
    key: str | None
    value: Span


@dataclass(frozen=True, slots=True)
class JsonText:
    """A text that was read as JSON."""

    text: str
    value: object
    bare: str = field(repr=False)
    """The text with spaces for comments."""
    clean: str = field(repr=False)
    """The same, with spaces for commas that nothing follows."""

    @property
    def root(self) -> Span:
        """The outermost value."""
        start = _after_space(self.clean, 0)
        return Span(start, json.JSONDecoder().raw_decode(self.clean, start)[1])

    @property
    def comment_line(self) -> int | None:
        """The line of the first comment."""
        return self._first_other(self.text, self.bare)

    @property
    def last_comma_line(self) -> int | None:
        """The line of the first comma that nothing follows."""
        return self._first_other(self.bare, self.clean)

    def _first_other(self, one: str, other: str) -> int | None:
        if one == other:
            return None
        return self.line(next(at for at, (left, right) in enumerate(zip(one, other, strict=True)) if left != right))

    @property
    def newline(self) -> str:
        """How its lines end."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def line(self, at: int) -> int:
        """The line of a position, from 1."""
        return self.text.count("\n", 0, at) + 1

    def items(self, span: Span) -> list[Item]:
        """What a list or an object holds; nothing where it is neither."""
        text, at = self.clean, span.start
        if text[at] not in "[{":
            return []
        found: list[Item] = []
        at = _after_space(text, at + 1)
        while text[at] not in "]}":
            start, key = at, None
            if text[span.start] == "{":
                key, at = cast("tuple[str, int]", json.JSONDecoder().raw_decode(text, at))
                at = _after_space(text, _after_space(text, at) + 1)  # the colon
            end = json.JSONDecoder().raw_decode(text, at)[1]
            found.append(Item(start, key, Span(at, end)))
            at = _after_space(text, end)
            if text[at] == ",":
                at = _after_space(text, at + 1)
        return found

    def find(self, path: JsonPath) -> Span | None:
        """Where the value of a path stands; raises `JsonFault` where a key of the way is given twice."""
        span = self.root
        for name in path:
            items = self.items(span)
            if isinstance(name, int):
                fitting = items[name : name + 1] if self.clean[span.start] == "[" else []
            else:
                fitting = [item for item in items if item.key == name]
            if len(fitting) > 1:
                raise JsonFault(f"the key {name!r} is given twice", self.line(fitting[1].start))
            if not fitting:
                return None
            span = fitting[0].value
        return span


def read_json_text(text: str) -> JsonText:
    """Read it. Raises `JsonFault`."""
    bare = _COMMENT.sub(_blank_comment, text)
    clean = _LAST_COMMA.sub(lambda found: _blank_comma(bare, found), bare)
    try:
        value: object = json.loads(clean, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        message = "it is empty" if not clean.strip() else f"{error.msg} at column {error.colno}"
        raise JsonFault(message, error.lineno) from None
    except (RecursionError, ValueError) as error:
        raise JsonFault(f"it cannot be read as JSON ({type(error).__name__})", 1) from None
    return JsonText(text, value, bare, clean)


def value_at(value: object, path: Sequence[str | int]) -> object:
    """The value of a path, `None` where there is none."""
    for name in path:
        if isinstance(value, dict):
            value = cast("dict[object, object]", value).get(name)
        elif isinstance(value, list) and isinstance(name, int) and name < len(cast("list[object]", value)):
            value = cast("list[object]", value)[name]
        else:
            return None
    return value


def put_last(found: JsonText, path: JsonPath, value: object, key: str | None = None) -> str:
    """The text with a value as the last of a list, or of an object under a key that it has not.

    Last, since hosts know hooks by their number: those before it keep theirs.
    """
    span = found.find(path)
    assert span is not None  # noqa: S101 - asked for by the caller
    items, text = found.items(span), found.text
    name = "" if key is None else f"{json.dumps(key, ensure_ascii=False)}: "
    plain = f"{name}{json.dumps(value, ensure_ascii=False)}"
    unit, base = _indent_unit(found), _indent(text, span.start)
    if not items:
        if "\n" not in text.strip() and span != found.root:
            return _with(text, span.start + 1, plain)
        at = _behind_comment(text, span.start + 1)
        return _with(text, at, f"{_rows(found, name, value, base + unit)}{found.newline}{base}")
    last = items[-1]
    comma = _comma_behind(found.bare, last.value.end)
    at = last.value.end if comma is None else comma + 1
    after = "" if comma is None else ","
    if _begins_line(text, last.start):
        shown = _rows(found, name, value, _indent(text, last.start)) + after
        text = _with(text, _behind_comment(text, at), shown)
    else:
        text = _with(text, at, f" {plain}{after}")
    return text if comma is not None else _with(text, at, ",")


def take_out(found: JsonText, path: JsonPath) -> str:
    """The text without the element or member that a path names: what `put_last` put there leaves nothing behind."""
    span = found.find(path[:-1])
    assert span is not None  # noqa: S101 - asked for by the caller
    items, text, bare = found.items(span), found.text, found.bare
    name = path[-1]
    index = name if isinstance(name, int) else next(at for at, item in enumerate(items) if item.key == name)
    end = items[index].value.end
    comma = _comma_behind(bare, end)
    middle, tail = ("", text[end:]) if comma is None else (text[end:comma], text[comma + 1 :])
    cut, spread = _cut(found, items[index], index, middle + tail)
    if len(items) == 1 and spread:  # without the line that `put_last` began for the closing bracket
        closed = tail.removeprefix(found.newline + _indent(text, span.start))
        is_safe = not _ends_in_comment(found, cut) or _LINE_END.match(middle + closed)
        return text[:cut] + middle + (closed if is_safe else tail)
    if comma is not None:
        return text[:cut] + middle + (tail if spread or index else tail.removeprefix(" "))
    if not index:
        return text[:cut] + tail
    before = _comma_behind(bare, items[index - 1].value.end)
    assert before is not None  # noqa: S101 - valid JSON has one
    return text[:before] + text[before + 1 : max(cut, before + 1)] + tail


def _cut(found: JsonText, item: Item, index: int, rest: str) -> tuple[int, bool]:
    """From where an item is taken out: with the line break before it, if it stands on a line of its own."""
    text = found.text
    above = len(text[: item.start].rstrip(" \t\r\n"))
    gap = text[above : item.start]
    if "\n" not in gap:
        return item.start - (index > 0 and gap.endswith(" ")), False
    if _ends_in_comment(found, above) and gap.count("\n") == 1 and not _LINE_END.match(rest):
        return item.start, True  # a comment stands before it, and would go on behind it
    cut = above + gap.rfind("\n")
    return cut - (text[cut - 1] == "\r"), True


def _ends_in_comment(found: JsonText, at: int) -> bool:
    last = len(found.text[:at].rstrip(" \t")) - 1
    return found.text[last] not in "\r\n" and found.bare[last] == " "


def _rows(found: JsonText, name: str, value: object, indent: str) -> str:
    rows = json.dumps(value, indent=_indent_unit(found), ensure_ascii=False).splitlines()
    return "".join(f"{found.newline}{indent}{row}" for row in [name + rows[0], *rows[1:]])


def _comma_behind(bare: str, at: int) -> int | None:
    """Where a comma stands behind a value."""
    at = _after_space(bare, at)
    return at if bare[at : at + 1] == "," else None


def _behind_comment(text: str, at: int) -> int:
    """Behind a comment that ends the line: it is of what stands before it."""
    comment = _LINE_COMMENT.match(text, at)
    return comment.end() if comment else at


def _blank_comment(found: re.Match[str]) -> str:
    text = found.group()
    return text if text.startswith('"') else re.sub(r"[^\r\n]", " ", text)


def _blank_comma(text: str, found: re.Match[str]) -> str:
    if found.group() != ",":
        return found.group()
    before = text[: found.start()].rstrip(" \t\r\n")[-1:]
    return "," if before in ("", "[", "{", ",", ":") else " "


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _with(text: str, at: int, more: str) -> str:
    return text[:at] + more + text[at:]


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _indent(text: str, at: int) -> str:
    found = _LINE_START.match(text, _line_start(text, at), at)
    return found.group() if found else ""


def _begins_line(text: str, at: int) -> bool:
    return not text[_line_start(text, at) : at].strip(" \t")


def _indent_unit(found: JsonText) -> str:
    items = found.items(found.root)
    own = _indent(found.text, items[0].start) if items and _begins_line(found.text, items[0].start) else ""
    return own or "  "
