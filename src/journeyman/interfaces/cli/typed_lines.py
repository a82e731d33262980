"""Lines that a person types while a view goes on: read as they come, never waited for."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Final

if sys.platform != "win32":
    import termios
    import tty

_ERASES: Final = "\x7f\b"
_CLEARS: Final = "\x15"
_MOST: Final = 80


def can_ask() -> bool:
    """Tell whether a person sits at standard input, with this process in front."""
    if sys.platform == "win32" or not sys.stdin.isatty():
        return False
    with suppress(OSError):
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    return False


class TypedLines:
    """What was typed so far, and the lines that were ended."""

    def __init__(self, on_text: Callable[[str], None]) -> None:
        self._on_text = on_text
        self._text = ""
        self.lines: deque[str] = deque()
        """Ended lines that nobody has taken yet, oldest first."""

    def take(self, typed: str) -> None:
        """Take in what was typed, with the keys that erase."""
        for letter in typed:
            if letter in "\r\n":
                self.lines.append(self._text)
                self._text = ""
            elif letter in _CLEARS:
                self._text = ""
            elif letter in _ERASES:
                self._text = self._text[:-1]
            elif letter.isprintable() and len(self._text) < _MOST:
                self._text += letter
        self._on_text(self._text)


@contextmanager
def typed_lines(on_text: Callable[[str], None], *, echoes: bool) -> Generator[TypedLines]:
    """Read standard input on the running loop; what was typed before a question was asked is no answer to it.

    Args:
        on_text: Told the line as it stands after each key.
        echoes: Whether the caller shows what is typed, so that the terminal must not.
    """
    found = TypedLines(on_text)
    if sys.platform == "win32":
        yield found
        return
    loop, number = asyncio.get_running_loop(), sys.stdin.fileno()
    before = termios.tcgetattr(number)

    def read() -> None:
        data = os.read(number, 1024)
        if not data:  # the terminal is gone: answers can come from elsewhere alone
            loop.remove_reader(number)
        found.take(data.decode(errors="replace"))

    termios.tcflush(number, termios.TCIFLUSH)
    if echoes:
        tty.setcbreak(number, termios.TCSADRAIN)  # Ctrl-C stays a signal
    loop.add_reader(number, read)
    try:
        yield found
    finally:
        loop.remove_reader(number)
        with suppress(termios.error):
            termios.tcsetattr(number, termios.TCSADRAIN, before)
