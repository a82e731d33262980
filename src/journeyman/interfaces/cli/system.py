"""`doctor` and `config`: what this installation can do, and with which settings."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated, Final

import typer

from journeyman.agents.drivers.confinement import confinement_fault
from journeyman.config import Settings, checked_setting, settings_file
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.options import JsonOption
from journeyman.interfaces.cli.rendering import print_table, table
from journeyman.interfaces.cli.settings_files import write_commented, write_value
from journeyman.interfaces.cli.shared import NOT_ACHIEVED, CommandGroup, print_json, settings_of
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
_PACKAGE: Final = "journeyman"
_REQUIREMENT: Final = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA: Final = re.compile(r"extra == [\x22\x27]([^\x22\x27]+)")


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
        print_table(made)
    if not all(row.good for row in found if row.needed):
        raise typer.Exit(NOT_ACHIEVED)


async def _examine(settings: Settings) -> list[Finding]:
    return [
        Finding("python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.platform()}"),
        await _attempt("store", lambda: _store(settings)),
        await _attempt("sandbox", _sandbox),
        _free(settings.data_dir),
        *_advisors(settings),
        *_extras(),
        _confinement(),
        _secret_scan(),
        Finding(
            "git",
            shutil.which("git") is not None,
            shutil.which("git") or "not found; only the demo needs it",
            needed=False,
        ),
    ]


def _confinement() -> Finding:
    """Tell what coding agents can be confined in."""
    fault = confinement_fault()
    held = "bubblewrap confines files and processes of coding agents, and the network where settings say so"
    return Finding("agents' confinement", not fault, fault or held, needed=False)


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


def _secret_scan() -> Finding:
    """Tell with what bundles are scanned for secrets."""
    try:
        own = f"detect-secrets {metadata.version('detect-secrets')} and forms of our own"
    except metadata.PackageNotFoundError:
        return Finding(
            "secret scan", False, f"no bundles without detect-secrets; pip install '{_PACKAGE}[bundles]'", needed=False
        )
    gitleaks = shutil.which("gitleaks")
    return Finding(
        "secret scan", True, f"{own}; gitleaks {f'at {gitleaks}' if gitleaks else 'is not on the PATH'}", needed=False
    )


def _free(folder: Path) -> Finding:
    place = next((parent for parent in (folder, *folder.parents) if parent.exists()), Path(tempfile.gettempdir()))
    free = shutil.disk_usage(place).free
    return Finding("disk", free >= _MIN_FREE_BYTES, f"{free / 1e9:.1f} GB free at {place}")


def _extras() -> list[Finding]:
    """Every extra of the package with what is installed of it."""
    wanted: dict[str, list[str]] = {name: [] for name in metadata.metadata(_PACKAGE).get_all("Provides-Extra") or ()}
    for text in metadata.requires(_PACKAGE) or ():
        name, extra = _REQUIREMENT.match(text), _EXTRA.search(text)
        if name is not None and extra is not None and name[0] != _PACKAGE:
            wanted[extra[1]].append(name[0])
    return [_extra(extra, names) for extra, names in sorted(wanted.items())]


def _extra(extra: str, names: list[str]) -> Finding:
    found, missing = list[str](), list[str]()
    for name in names:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    told = ", ".join(found)
    if missing:
        told = f"not there: {', '.join(missing)}; pip install '{_PACKAGE}[{extra}]'"
    return Finding(f"extra {extra}", not missing, told, needed=False)


@config.command("init")
def init() -> None:
    """Write a settings file in which every setting stands, explained and commented out."""
    write_commented(settings_file())
    say(f"wrote {settings_file()}")


@config.command("set")
def set_value(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `journeyman config show` names it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE")],
) -> None:
    """Change one setting in the settings file; its comments and everything else stay."""
    write_value(settings_file(), name, checked_setting(name, value))
    say(f"{name} is {value!r} in {settings_file()} now")


@config.command("show")
def show(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Print each setting with its value, where it came from, and what it is for."""
    settings = settings_of(ctx)
    if as_json:
        rows: JsonObject = {
            row.name: {"value": row.value, "source": row.source, "about": row.about} for row in settings.rows()
        }
        print_json(rows)
        return
    made = table("setting", "value", "from", "what it is for")
    for row in settings.rows():
        made.add_row(row.name, row.value, row.source, row.about)
    print_table(made)
    say(f"settings file: {settings_file()}", err=True)
