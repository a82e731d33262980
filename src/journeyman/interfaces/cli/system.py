"""`doctor` and `config`: what this installation can do, and with which settings."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import typer

from journeyman.config import Settings, settings_file
from journeyman.interfaces.cli.options import JsonOption
from journeyman.interfaces.cli.rendering import console, table
from journeyman.interfaces.cli.shared import NOT_ACHIEVED, CommandGroup, print_json, run_async, settings_of
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import JourneymanError
from journeyman.stores.sqlite import SqliteStore
from journeyman.tools.predicate import Predicates
from journeyman.tools.sandbox import Sandbox
from journeyman.wiring import broker_of

app = CommandGroup()
config = CommandGroup(no_args_is_help=True, help="Show settings and where each comes from.")
app.add_typer(config, name="config")
_MIN_FREE_BYTES = 100 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    good: bool
    detail: str
    needed: bool = True


@app.command("doctor")
def doctor(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Check this installation and say what to repair; exits with 1 when something needed does not work."""
    settings = settings_of(ctx)
    found = run_async(lambda: _examine(settings))
    if as_json:
        rows: list[Json] = [
            {"what": row.what, "good": row.good, "detail": row.detail, "needed": row.needed} for row in found
        ]
        print_json(rows)
    else:
        made = table("", "what", "found")
        for row in found:
            made.add_row("✓" if row.good else "✗" if row.needed else "-", row.what, row.detail)
        console().print(made)
    if not all(row.good for row in found if row.needed):
        raise typer.Exit(NOT_ACHIEVED)


async def _examine(settings: Settings) -> list[Finding]:
    return [
        Finding("python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.platform()}"),
        await _attempt("store", lambda: _store(settings)),
        await _attempt("sandbox", _sandbox),
        _free(settings.data_dir),
        *_advisors(settings),
        _extra("mcp", "MCP servers", "pip install 'journeyman[mcp]'"),
        Finding(
            "git",
            shutil.which("git") is not None,
            shutil.which("git") or "not found; only the demo needs it",
            needed=False,
        ),
    ]


def _advisors(settings: Settings) -> list[Finding]:
    """Tell for each configured advisor whether it would be used, and why not."""
    try:
        rows = broker_of(settings, os.environ).resolve(sorted(settings.advisors))
    except OSError as error:
        return [Finding("advisors", False, f"the tenant's folder cannot be written: {error.strerror}", needed=False)]
    if not rows:
        return [Finding("advisors", False, "none is configured; missions run by plan and planner", needed=False)]
    return [Finding(f"advisor {row.name}", row.used, row.why, needed=False) for row in rows]


async def _attempt(what: str, work: Callable[[], Awaitable[str]]) -> Finding:
    try:
        return Finding(what, True, await work())  # the finding's own flag
    except (JourneymanError, OSError) as error:
        return Finding(what, False, str(error))


async def _store(settings: Settings) -> str:
    async with await SqliteStore.open(settings.data_dir, tenant=settings.tenant) as store:
        sessions = await store.sessions()
        return f"{store.path}: {len(sessions)} sessions"


async def _sandbox() -> str:
    async with Sandbox(1) as sandbox:
        result = await Predicates(sandbox).evaluate("sum(obs['n']) == 6", {"n": [1, 2, 3]})
        if result.value is not True:
            raise OSError(f"the sandbox gave {result}; reinstall pydantic-monty")
        return "evaluates predicates in its own process"


def _free(folder: Path) -> Finding:
    place = next((parent for parent in (folder, *folder.parents) if parent.exists()), Path(tempfile.gettempdir()))
    free = shutil.disk_usage(place).free
    return Finding("disk", free >= _MIN_FREE_BYTES, f"{free / 1e9:.1f} GB free at {place}")


def _extra(module: str, what: str, install: str) -> Finding:
    there = importlib.util.find_spec(module) is not None
    return Finding(
        f"extra {module}", there, f"{what} can be used" if there else f"{what} cannot be used: {install}", needed=False
    )


@config.command("show")
def show(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Print each setting with its value and where it came from."""
    settings = settings_of(ctx)
    if as_json:
        rows: JsonObject = {name: {"value": value, "source": source} for name, value, source in settings.rows()}
        print_json(rows)
        return
    made = table("setting", "value", "from")
    for row in settings.rows():
        made.add_row(*row)
    console().print(made)
    say(f"settings file: {settings_file()}", err=True)
