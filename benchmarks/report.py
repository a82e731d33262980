"""What a benchmark says, as a table or as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """One measured value and what it must be."""

    what: str
    value: float | str
    unit: str = ""
    bar: str = ""
    """What must hold, such as `>= 100,000`; empty where the value only informs."""
    holds: bool = True

    def __post_init__(self) -> None:
        """Refuse a value that fails against nothing: the exit code would say so, and the table would not."""
        if not self.holds and not self.bar:
            raise ValueError(f"{self.what!r} does not hold, but has no bar: say what must hold")


class Meter:
    """Shows on stderr how far a benchmark is; quiet when stderr is no terminal."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = None

    def start(self, what: str, total: int) -> None:
        """Begin a new stretch of `total` steps."""
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(what, total=total)

    def step(self, count: int = 1) -> None:
        """Go on by `count` steps."""
        if self._task is not None:
            self._bar.advance(self._task, count)


@contextmanager
def meter(name: str) -> Generator[Meter]:
    """A meter that is wiped at the end."""
    console = Console(stderr=True)
    columns = (TextColumn(f"{name}: {{task.description}}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield Meter(bar)


def machine() -> dict[str, str | int]:
    """What the figures depend on."""
    return {
        "cores": os.cpu_count() or 1,
        "cpu": _cpu(),
        "python": platform.python_version(),
        "os": f"{platform.system()} {platform.release()}",
    }


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def as_json(name: str, rows: Sequence[Row]) -> str:
    """One JSON object for machines to read."""
    return json.dumps({"name": name, "machine": machine(), "rows": [asdict(row) for row in rows]})


def as_table(name: str, rows: Sequence[Row]) -> Table:
    """A table for people to read."""
    facts = machine()
    caption = f"{facts['cores']} cores, {facts['cpu']}, Python {facts['python']}, {facts['os']}"
    table = Table(title=name, caption=caption, title_justify="left", caption_justify="left")
    table.add_column("what")
    table.add_column("value", justify="right")
    for heading in ("unit", "bar", "holds"):
        table.add_column(heading)
    for row in rows:
        mark = ("yes" if row.holds else "[bold red]NO[/]") if row.bar else ""
        table.add_row(row.what, _number(row.value), row.unit, row.bar, mark)
    return table


def _number(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}".rstrip("0").rstrip(".")
