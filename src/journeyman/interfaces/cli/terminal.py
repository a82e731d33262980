"""The one way to a person's terminal: nothing that a tool, an agent or a model wrote can move its cursor or hide text."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from journeyman.mission.values.errors import Unavailable
from journeyman.mission.values.printable import visible

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def say(text: str, *, err: bool = False, nl: bool = True, exact: bool = False) -> None:
    """Print text with its control characters made visible.

    Args:
        text: What is printed.
        err: To standard error.
        nl: With a line break behind it.
        exact: Data for programs: left as it is wherever it does not go to a terminal.
    """
    stream = sys.stderr if err else sys.stdout
    shown = text if exact and not stream.isatty() else visible(text)
    typer.echo(shown, err=err, nl=nl, color=exact or None)  # noqa: TID251  # the one place


def print_error(text: str, code: str) -> None:
    """Print an error where errors go."""
    with suppress(BrokenPipeError):
        say(f"journeyman: {text} [{code}]", err=True)


def is_output_lost(error: Exception) -> bool:
    """Tell whether an error is of the place that output goes to, and say so; nothing more is written there."""
    if not (isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None):
        return False
    discard_output()
    print_error(f"the output cannot be written: {error.strerror}; make room, or send it elsewhere", Unavailable.code)
    return True


def discard_output() -> None:
    """Point standard output at nothing, so that the interpreter's last flush does not fail on a closed pipe."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class SafeConsole(Console):
    """A console that makes control characters visible in whatever it renders."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of what is shown; those that rich itself uses to move the cursor stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)
