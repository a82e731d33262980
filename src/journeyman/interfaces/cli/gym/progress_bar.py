"""The bar that shows how far work is."""

from __future__ import annotations

from contextlib import AbstractContextManager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from journeyman.interfaces.cli.terminal import SafeConsole


def bar() -> AbstractContextManager[Progress]:
    """A progress bar on standard error; none where that is no terminal."""
    out = SafeConsole(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=out, transient=True, disable=not out.is_terminal)
