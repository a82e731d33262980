"""`guard status`: which hooks stand where, what they call, and what their hosts make of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from journeyman.agents import HOSTS
from journeyman.agents.installing.codex_hooks import codex_hooks
from journeyman.agents.installing.hook_command import is_guard, missing_program
from journeyman.agents.installing.host_files import FILES, Base, Scope, base_at
from journeyman.agents.installing.installation import Installed
from journeyman.agents.installing.programs import find_program, version_in
from journeyman.config import Settings
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.guard.installing import installer
from journeyman.interfaces.cli.shared import print_json
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.canonical import Json, JsonObject
from journeyman.mission.values.errors import InvalidInput, JourneymanError
from journeyman.tools.processes.command_runner import run_command

_VERSION_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostStatus:
    """How it stands with one host."""

    host: str
    program: str
    """Empty: it is not on the PATH."""
    version: str
    found: list[Installed]
    faults: list[str]
    """Files that cannot be read as the host wants them."""
    trust: str
    """What Codex says of the hook; empty for hosts that keep no trust, or where it cannot be asked."""

    @property
    def is_whole(self) -> bool:
        """Whether a hook stands there, is on, calls a program that exists and is not refused."""
        return self.trust in ("", "trusted") and any(
            not missing_program(one.command) and not one.off for one in self.found
        )


def show_status(settings: Settings, host: str, folder: Path, *, as_json: bool) -> None:
    """Print the status of one host, or of all."""
    base = base_at(folder, os.environ)
    rows = [status_of(settings, name, base, folder) for name in ([host] if host else HOSTS)]
    if as_json:
        found: list[Json] = [_json(row) for row in rows]
        print_json(found)
        return
    for row in rows:
        for line in _lines(row):
            say(line)


def status_of(settings: Settings, host: str, base: Base, folder: Path) -> HostStatus:
    """How it stands with one host; its program is asked for its version, Codex for its trust."""
    found: list[Installed] = []
    faults: list[str] = []
    for scope in Scope:
        try:
            one = installer(settings, host, scope, base).installed()
        except InvalidInput as error:
            faults.append(f"{error}")
            continue
        if one is not None:
            found.append(one)
    program = find_program(host, base.environment)
    trust = _trust(program, folder, base) if host == "codex" and program and found else ""
    return HostStatus(
        host=host, program=program, version=program_version(program), found=found, faults=faults, trust=trust
    )


def program_version(program: str) -> str:
    """What a program says with `--version`; empty where it says nothing of the kind."""
    if not program:
        return ""
    ended = run_async(partial(run_command, [program, "--version"], timeout_s=_VERSION_S))
    return version_in(ended.output)


def _trust(program: str, folder: Path, base: Base) -> str:
    """The least trust that Codex has in any of the guard's hooks."""
    try:
        rows = run_async(partial(codex_hooks, [program], folder.resolve(), base.environment))
    except JourneymanError as error:
        return f"unknown ({error})"
    states = {row.trust for row in rows if is_guard(row.command, "codex")}
    return next((state for state in states if state != "trusted"), "trusted" if states else "not seen by codex")


def _cap(row: HostStatus) -> int | None:
    """The host's cap, as its settings say; the narrower file counts."""
    host = HOSTS[row.host]
    said = next((one.cap for one in reversed(row.found) if one.cap), "")
    return host.cap_here({host.cap_variable: said} if said else os.environ)


def _lines(row: HostStatus) -> list[str]:
    agent = f"{row.program} {row.version}".strip() if row.program else f"not on the PATH ({FILES[row.host].get})"
    lines = [f"{row.host}: {'installed' if row.found else 'not installed'}", f"  agent: {agent}"]
    for one in row.found:
        gone = missing_program(one.command)
        lines += [f"  {one.scope}: {one.file}", f"    calls: {one.command}"]
        lines += [f"    OFF: {one.off}"] if one.off else []
        lines += [f"    MISSING: {gone}; journeyman guard install {row.host} writes it anew"] if gone else []
        lines += [] if one.has_skill else ["    the skill is not there"]
    lines += [f"  {fault}" for fault in row.faults]
    if len(row.found) > 1:
        lines.append("  both are called at each stop; one is enough: journeyman guard uninstall … --project")
    if row.trust:
        lines.append(f"  trust: {row.trust}{'' if row.trust == 'trusted' else '; open codex and type /hooks'}")
    cap = _cap(row)
    return [*lines, f"  the host's cap: {'none' if cap is None else f'{cap} blocks in a row'}"]


def _json(row: HostStatus) -> JsonObject:
    found: list[Json] = [
        {
            "scope": one.scope.value,
            "file": str(one.file),
            "command": one.command,
            "command_exists": not missing_program(one.command),
            "off": one.off or None,
            "skill": one.has_skill,
        }
        for one in row.found
    ]
    faults: list[Json] = [*row.faults]
    return {
        "host": row.host,
        "program": row.program or None,
        "version": row.version or None,
        "installed": found,
        "faults": faults,
        "trust": row.trust or None,
        "cap": _cap(row),
    }
