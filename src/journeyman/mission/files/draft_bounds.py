"""The bounds that a sentence states, and their numbers as people write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from journeyman.mission.files import draft_vocabulary as words

_NUMBER: Final = r"(?P<sign>[-\u2212]?)(?P<money>[$€]\s?)?(?P<number>\d+(?:[.,'\u2019 \u00a0\u202f]\d+)*)"
_UNIT: Final = "|".join(sorted(map(re.escape, words.UNITS), key=lambda text: -len(text)))
_BEHIND: Final = rf"(?:\s?(?P<unit>{_UNIT})(?![\w/]))?"


class Unclear(Exception):
    """Why a bound is left to a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A bound as it is written, with what stands around it."""

    operator: str
    language: str
    number: str
    unit: str
    start: int
    end: int
    sentence: str

    @property
    def text(self) -> str:
        """As it is written."""
        return self.sentence[self.start : self.end]

    @property
    def clause(self) -> tuple[int, int]:
        """Where the clause around the bound begins and ends."""
        joints = list(words.JOINTS.finditer(self.sentence))
        begin = max((match.end() for match in joints if match.end() <= self.start), default=0)
        end = min((match.start() for match in joints if match.start() >= self.end), default=len(self.sentence))
        return begin, end


def bounds_in(sentence: str) -> list[Bound]:
    """The bounds of a sentence in order; where phrases overlap, the longest counts."""
    rows: list[Bound] = []
    for match, language, operator in _matches(sentence):
        if not any(row.start < match.end() and match.start() < row.end for row in rows):
            money = (match["money"] or "").strip()
            rows.append(
                Bound(
                    operator=operator,
                    language=language,
                    number=("-" if match["sign"] else "") + match["number"],
                    unit=words.UNITS.get((match["unit"] or money).lower(), ""),
                    start=match.start(),
                    end=match.end(),
                    sentence=sentence,
                )
            )
    return sorted(rows, key=lambda row: row.start)


def _matches(sentence: str) -> list[tuple[re.Match[str], str, str]]:
    found = [
        (match, language, operator)
        for language, operator, pattern in _patterns()
        for match in pattern.finditer(sentence)
    ]
    return sorted(found, key=lambda item: (item[0].start() - item[0].end(), item[0].start()))


@cache
def _patterns() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    before = [
        (language, operator, rf"{'' if not language else chr(92) + 'b'}(?:{phrase})\s*{_NUMBER}{_BEHIND}")
        for language, operator, phrase in words.COMPARATORS
    ]
    behind = [("", operator, rf"(?<![\w.,]){_NUMBER}{_BEHIND}\s(?:{phrase})\b") for operator, phrase in words.SUFFIXES]
    return tuple(
        (language, operator, re.compile(text, re.IGNORECASE)) for language, operator, text in (*before, *behind)
    )


def number_of(bound: Bound) -> float:
    """Raises where a separator may be one of decimals or of thousands."""
    text = re.sub(r"['\u2019 \u00a0\u202f](?=\d{3}(?:\D|$))", "", bound.number)
    signs = re.findall(r"[.,]", text)
    if re.search(r"[^\d.,-]", text):
        raise Unclear("its number cannot be read")
    if not signs:
        return float(text)
    if len(set(signs)) == 2 and len(signs) == 2:
        return float(text.replace(signs[0], "").replace(signs[1], "."))
    whole, _, part = text.partition(signs[0])
    grouped = re.fullmatch(r"-?[1-9]\d{0,2}(?:[.,]\d{3})+", text)
    if not grouped and len(signs) == 1:
        return float(f"{whole}.{part}")
    if grouped and bound.language == "en":
        return float(text.replace(",", "")) if signs[0] == "," or len(signs) == 1 else _unreadable(text)
    return _unreadable(text)


def _unreadable(text: str) -> float:
    raise Unclear(f"{text} may be a decimal number or thousands: write it without the separator")
