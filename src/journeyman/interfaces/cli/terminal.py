"""The one way to a person's terminal: nothing that a tool, an agent or a model wrote can move its cursor or hide text."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import textwrap
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO, cast

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from journeyman.mission.values.errors import Unavailable
from journeyman.mission.values.printable import visible

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


_LEAST_COLUMNS: Final = 20


@dataclass(frozen=True, slots=True)
class _OwnStreams:
    """Where our own text goes while whatever else this process prints goes to a log."""

    out: TextIO
    err: TextIO


_own: _OwnStreams | None = None


def out_stream() -> TextIO:
    """Where results go."""
    return sys.stdout if _own is None else _own.out


def err_stream() -> TextIO:
    """Where progress, questions and errors go."""
    return sys.stderr if _own is None else _own.err


def own_files() -> tuple[TextIO | None, TextIO | None]:
    """Standard output and error for a program that speaks for us; `None` where it has them from this process anyway."""
    return (None, None) if _own is None else (_own.out, _own.err)


@contextmanager
def others_print_to(log: Path) -> Generator[None]:
    """Keep both streams for this module: what tools, their libraries and programs print is appended to a file.

    Streams that are no files of this process, as in tests that catch them, are left as they are. A log that cannot be
    written is none: nothing of a mission depends on it.
    """
    global _own  # noqa: PLW0603  # a process has one standard output
    streams = (sys.stdout, sys.stderr)
    if _own is not None or not all(_is_file(stream, number) for number, stream in enumerate(streams, start=1)):
        yield
        return
    kept = [os.dup(number) for number in (1, 2)]
    _own = _OwnStreams(*map(_text_file, kept))
    try:
        with suppress(OSError):
            log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = _opened(log)
        for number in (1, 2):
            os.dup2(target, number)
        os.close(target)
        yield
    finally:
        for stream, number, mine in zip(streams, (1, 2), (_own.out, _own.err), strict=True):
            with suppress(OSError, ValueError):
                stream.flush()
            with suppress(OSError, ValueError):
                mine.flush()
            os.dup2(mine.fileno(), number)
            with suppress(OSError):
                mine.close()
        _own = None
        with suppress(OSError):
            if log.stat().st_size == 0:
                log.unlink()


def print_as_others(text: str) -> None:
    """Add to the log what a tool printed whose output was caught, as if it had printed there itself; nowhere else."""
    if _own is None:
        return
    with suppress(OSError):
        os.write(1, text.encode(errors="replace"))


def _text_file(number: int) -> TextIO:
    return open(number, "w", encoding="utf-8", errors="replace", buffering=1)  # closed by number's owner


def _opened(log: Path) -> int:
    try:
        return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


def _is_file(stream: TextIO, number: int) -> bool:
    try:
        return stream.fileno() == number
    except (OSError, ValueError, AttributeError):
        return False


def say(text: str, *, err: bool = False, nl: bool = True, exact: bool = False) -> None:
    """Print text with its control characters made visible.

    Args:
        text: What is printed.
        err: To standard error.
        nl: With a line break behind it.
        exact: Data for programs: left as it is wherever it does not go to a terminal.
    """
    stream = err_stream() if err else out_stream()
    shown = text if exact and not stream.isatty() else visible(text)
    typer.echo(shown, file=stream, nl=nl, color=exact or None)  # noqa: TID251  # the one place


def say_prose(text: str, *, err: bool = False) -> None:
    """Print words for a person: on a terminal no line breaks inside a word, and what goes on is indented."""
    stream = err_stream() if err else out_stream()
    say(folded(text, stream), err=err)


def folded(text: str, stream: TextIO) -> str:
    """A text as a terminal shows it with its lines broken between words; as it is for anything else."""
    if not _is_terminal(stream):
        return text
    columns = max(shutil.get_terminal_size().columns, _LEAST_COLUMNS)
    return "\n".join(row for line in text.split("\n") for row in _rows(line, columns))


def _rows(line: str, columns: int) -> list[str]:
    indent = " " * (len(line) - len(line.lstrip(" -!")))
    rows = textwrap.wrap(
        line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True,
        replace_whitespace=False,
    )  # fmt: skip
    end = line[len(line.rstrip(" ")) :]  # a prompt keeps its distance from what is typed
    return [*rows[:-1], rows[-1] + end] if rows else [""]


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def say_on_the_side(text: str) -> None:
    """Print a line to standard error, where there is one."""
    if text:
        say(text, err=True)


def print_error(text: str, code: str) -> None:
    """Print an error where errors go."""
    with suppress(BrokenPipeError):
        say_prose(f"journeyman: {text} [{code}]", err=True)


def is_output_lost(error: Exception) -> bool:
    """Tell whether an error is of the place that output goes to, and say so; nothing more is written there."""
    if isinstance(error, ExceptionGroup):
        inner = cast("ExceptionGroup[Exception]", error).exceptions
        return len(inner) == 1 and is_output_lost(inner[0])
    if isinstance(error, BrokenPipeError):
        discard_output()
        return True
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
