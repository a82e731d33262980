"""Where the values of arguments come from besides the schema: the mission's own words, and what results have shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from journeyman.mission.fold.observed_values import Seen
from journeyman.mission.planner.directive_values import TextKind, asked_kind, directive_values, kind_of, words_of
from journeyman.mission.values.canonical import Json, JsonObject


class ValueSources:
    """The values that a proposal may be made of."""

    def __init__(
        self, seen: Seen, directive: str, best: JsonObject | None, wanted: frozenset[str] = frozenset()
    ) -> None:
        self.invents = True
        """Whether a value may be made up; never for a tool that may change the world."""
        self.seen = seen
        self.pointed = _pointed(seen, wanted)
        """What is seen under names that unmet criteria speak of, newest first: where `alerts` must go, what has one."""
        self.directive = directive_values(directive)
        self.best = best

    def best_args(self, tool: str) -> JsonObject | None:
        """The arguments after which progress was highest, if that was this tool."""
        if self.best is not None and self.best.get("tool") == tool:
            return cast("JsonObject", self.best["args"])
        return None

    def current(self, name: str) -> Json:
        """The newest value seen under an argument's very name, or as its `current_` one; `None` where there is none."""
        for key, row in reversed(list(self.seen.items())):
            if row and words_of(key) in (words_of(name), ("current", *words_of(name))):
                return row[-1]
        return None

    def texts(self, name: str, tool: str) -> list[Json]:
        """Texts for an argument, those that stand for it by name first; made up only at the end, and only if it may be."""
        directive, asked = self.directive, asked_kind(name)
        ranked = self._ranked(name)
        found: list[Json] = [*directive.behind(name, plain=self.invents)]
        if asked is not TextKind.NAME:
            found += directive.fitting(name)
        found += [value for rank, row in ranked if rank < 2 for value in row]
        found += self.seen.get(f"error:{tool}", ())
        found += directive.quoted
        found += [value for rank, row in ranked if rank == 2 for value in row]
        if asked is TextKind.NAME:
            found += directive.fitting(name)
        else:
            found += [value for _, row in ranked for value in row if isinstance(value, str) and kind_of(value) is asked]
        if not self.invents:
            return [value for value in found if asked is TextKind.NAME or not _is_other_kind(value, asked)]
        found += [value for rank, row in ranked if rank == 3 for value in row]
        return [*found, *directive.telling, *directive.words, name]

    def numbers(self, name: str, *, loosely: bool) -> list[int | float]:
        """Numbers for an argument: behind its name in the directive, seen under fitting names, then any of the directive."""
        behind = [float(text) for text in self.directive.behind(name, plain=False) if _is_number(text)]
        named = [value for rank, row in self._ranked(name) if rank < 3 or loosely for value in row]
        seen = [value for value in named if isinstance(value, (int, float)) and not isinstance(value, bool)]
        return [*behind, *seen, *self.directive.numbers]

    def _ranked(self, name: str) -> list[tuple[int, Sequence[Json]]]:
        """Seen values by how well the name fits that they stand under, newest first."""
        wanted = words_of(name)
        ranked: list[tuple[int, Sequence[Json]]] = []
        for key, row in self.seen.items():
            if key.startswith("error:"):
                continue
            have = words_of(key)
            rank = 0 if have == wanted else 1 if wanted[-1:] == have[-1:] else 2 if set(wanted) & set(have) else 3
            ranked.append((rank, tuple(reversed(row))))
        ranked.sort(key=lambda item: item[0])
        return ranked


def _is_other_kind(value: Json, asked: TextKind) -> bool:
    return isinstance(value, str) and kind_of(value) not in (asked, TextKind.NAME)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


def _pointed(seen: Seen, wanted: frozenset[str]) -> tuple[Json, ...]:
    known = {word for name in wanted for word in words_of(name)}
    rows = [row for key, row in seen.items() if not key.startswith("error:") and known & set(words_of(key))]
    return tuple(value for row in reversed(rows) for value in reversed(row))
