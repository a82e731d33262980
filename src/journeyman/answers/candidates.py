"""Read what begins like an object: strictly, or repaired as a whole."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass, replace
from typing import Final, cast

from pydantic_core import from_json

from journeyman.answers import markup_patterns
from journeyman.answers.extraction import ExtractionReason
from journeyman.answers.strict_json import DECODER, check_well_formed, parse_strict
from journeyman.answers.token_patterns import Value
from journeyman.answers.tolerant_json import MAX_CHARS, MAX_DEPTH, ParseResult, parse_tolerant

_ESCAPED: Final = re.compile(r"\{\s*+(?:\\+n|\\+t|\s)*+\\+\"")
_HTML: Final = re.compile(r"\{\s*+(?:&quot;|&#34;)")
_FENCE_BEFORE: Final = re.compile(r"(?:```|~~~)[\w+.-]{0,32}\Z")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that begins like an object, and what reading it gave."""

    start: int
    end: int
    """Where to go on; the length of the text when nothing after it counts."""
    reading: ParseResult
    leads: bool
    """Whether nothing but white space, a fence, a tag or closed reasoning precedes it."""

    @property
    def whole(self) -> bool:
        """Tell whether there is a value."""
        return self.reading.reason in {ExtractionReason.OK, ExtractionReason.REPAIRED}


def candidate_at(
    text: str, start: int, *, leads: bool, repair_chars: int = MAX_CHARS, alone: bool = False
) -> Candidate:
    """Read what begins at `start`; anything but strict JSON may be `repair_chars` long.

    `alone` cuts the object out of the text first. That is slower for an object that is right and far faster for one
    that is wrong, since the decoder's error counts all lines before it.
    """
    fenced = leads or is_fenced_at(text, start)  # strict JSON holds no line that begins with a fence
    try:
        if alone:
            value, chars = cast(
                "tuple[Value, int]", DECODER.raw_decode(text[start : end_of_broken(text, start, fenced=fenced)])
            )
            end = start + chars
        else:
            value, end = cast("tuple[Value, int]", DECODER.raw_decode(text, start))
    except (ValueError, RecursionError):
        reading = _repaired(text, start, repair_chars) if repair_chars > 0 else ParseResult(ExtractionReason.TOO_LARGE)
        whole = reading.reason in {ExtractionReason.OK, ExtractionReason.REPAIRED}
        end = reading.end if whole else end_of_broken(text, start, fenced=fenced)
        return Candidate(start, end, reading, leads)
    return Candidate(start, end, ParseResult(ExtractionReason.OK, value, end), leads)


def is_fenced_at(text: str, start: int) -> bool:
    """Tell whether a fence stands right before `start`."""
    line = text[max(0, start - 70) : start].rstrip().rpartition("\n")[2]
    return _FENCE_BEFORE.search(line) is not None


def refusal(text: str, candidate: Candidate) -> ExtractionReason | None:
    """Say why a value may not leave, whatever was asked: not finite, no text, or too deep; `None` when it may."""
    try:
        check_well_formed(text[candidate.start : candidate.end])
    except ValueError:
        return ExtractionReason.TOO_LARGE if _too_deep(candidate.reading.value) else ExtractionReason.MALFORMED
    return None


def end_of_broken(text: str, start: int, *, fenced: bool) -> int:
    """Where the broken thing at `start` is over: after its last bracket, or at the mark or fence that ends it."""
    found = markup_patterns.unmatched_closer(text, start + 1, fences=fenced)
    if found is None:
        return len(text)
    return found.end() if found[0] in "}]" else found.start()


def _repaired(text: str, start: int, chars: int) -> ParseResult:
    if _ESCAPED.match(text, start) or _HTML.match(text, start):
        return _unescaped(text, start)
    reading = parse_tolerant(text, start, chars)
    if reading.reason is ExtractionReason.TOO_LARGE and _cut_off(text[start:]):
        return ParseResult(ExtractionReason.TRUNCATED, reading.value, len(text), undecided=True)
    if reading.reason is ExtractionReason.OK:  # strict but for white space that JSON does not know
        reading = replace(reading, reason=ExtractionReason.REPAIRED, repairs=("white_space",))
    if reading.reason is not ExtractionReason.REPAIRED:
        return reading
    try:
        check_well_formed(json.dumps(reading.value, ensure_ascii=False))
    except ValueError:
        return ParseResult(ExtractionReason.MALFORMED, None, reading.end)
    return reading


def _unescaped(text: str, start: int) -> ParseResult:
    """Read an object that was escaped once more than it should be."""
    end = end_of_balanced(text, start)
    if end < 0:
        return ParseResult(ExtractionReason.TRUNCATED, None, len(text), undecided=True)
    region = text[start:end]
    try:
        plain = html.unescape(region) if _HTML.match(region) else json.loads(f'"{region}"', strict=False)
        value = parse_strict(plain)
    except (ValueError, RecursionError):
        return ParseResult(ExtractionReason.MALFORMED, None, end)
    return ParseResult(ExtractionReason.REPAIRED, value, end, ("unescaped",))


def end_of_balanced(text: str, start: int) -> int:
    """Where the braces that open at `start` are balanced, strings or not; -1 when nowhere near."""
    depth = 0
    for found in re.compile(r"[{}]").finditer(text, start, min(len(text), start + MAX_CHARS)):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return found.end()
    return -1


def _cut_off(text: str) -> bool:
    """Tell whether long text is strict JSON up to its very end."""
    try:
        from_json(text)
    except ValueError as error:
        return str(error).startswith("EOF")
    except TypeError:
        return False
    return False


def _too_deep(value: Value) -> bool:
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
        ]
    return bool(level)
