"""A terminal's screen, by the few control sequences that our displays may use; any other one is an error."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SEQUENCE: Final = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class UnknownSequence(AssertionError):
    """Something was written that no display of ours writes."""


class Screen:
    """Rows of characters with a cursor; what leaves at the top is kept as history."""

    def __init__(self, columns: int, rows: int = 40) -> None:
        self.columns = columns
        self.rows = rows
        self.scrolled: list[str] = []
        self.wrapped = 0
        """How often a line was longer than the screen is wide."""
        self.coloured = False
        self._lines = [[" "] * columns for _ in range(rows)]
        self._row = self._column = 0
        self._pending = ""

    def resize(self, columns: int) -> None:
        """Make it narrower or wider, cutting its lines as most terminals do."""
        self._lines = [(line + [" "] * columns)[:columns] for line in self._lines]
        self.columns, self._column = columns, min(self._column, columns - 1)

    def feed(self, text: str) -> None:
        """Take in what a program wrote."""
        text = self._pending + text
        self._pending = ""
        place = 0
        while place < len(text):
            if text[place] == "\x1b":
                found = _SEQUENCE.match(text, place)
                if found is None:
                    if len(text) - place < 16:
                        self._pending = text[place:]
                        return
                    raise UnknownSequence(repr(text[place : place + 20]))
                self._control(*found.groups())
                place = found.end()
            else:
                self._put(text[place])
                place += 1

    def _control(self, private: str, numbers: str, what: str) -> None:
        count = int(numbers or 1) if numbers.isdigit() or not numbers else 0
        if private and numbers == "25" and what in "hl":
            return  # hides or shows the cursor
        match what:
            case "m":
                self.coloured = self.coloured or bool(re.search(r"\b(3[0-7]|9[0-7]|38)\b", numbers))
            case "A":
                self._row = max(0, self._row - count)
            case "K" if numbers == "2":
                self._lines[self._row] = [" "] * self.columns
            case "H" if not numbers:
                self._row = self._column = 0
            case "J" if numbers == "2":
                self._lines = [[" "] * self.columns for _ in range(self.rows)]
            case _:
                raise UnknownSequence(f"CSI {private}{numbers}{what}")

    def _put(self, letter: str) -> None:
        if letter == "\r":
            self._column = 0
        elif letter == "\n":
            self._down()
        elif letter == "\t":
            self._column = min(self.columns - 1, (self._column // 8 + 1) * 8)
        elif letter < " " or letter == "\x7f":
            raise UnknownSequence(repr(letter))
        else:
            self._write(letter)

    def _write(self, letter: str) -> None:
        width = 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if self._column + width > self.columns:
            self.wrapped += 1
            self._column = 0
            self._down()
        self._lines[self._row][self._column] = letter
        self._column += width

    def _down(self) -> None:
        if self._row + 1 < self.rows:
            self._row += 1
            return
        self.scrolled.append("".join(self._lines.pop(0)).rstrip())
        self._lines.append([" "] * self.columns)

    def lines(self) -> list[str]:
        """What stands on the screen, without the blank rest."""
        found = ["".join(line).rstrip() for line in self._lines]
        while found and not found[-1]:
            found.pop()
        return found

    def text(self) -> str:
        """All that was ever shown and still stands, history first."""
        return "\n".join([*self.scrolled, *self.lines()])
