"""The one way to a person's terminal: nothing that a tool, an agent or a model wrote can move its cursor or hide text."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from journeyman.mission.values.printable import visible


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


class SafeConsole(Console):
    """A console that makes control characters visible in whatever it renders."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of what is shown; those that rich itself uses to move the cursor stay."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)
