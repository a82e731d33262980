"""Hears that an installed hook is silent: its host ran and ended, and nobody called the guard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from journeyman.agents import HOSTS, Host
from journeyman.agents.installing.file_changes import Backups
from journeyman.agents.installing.host_files import Base, Scope, base_at
from journeyman.agents.installing.installation import Installer
from journeyman.guard.contract_lookup import GuardPlace
from journeyman.guard.stop_hook import calls_file
from journeyman.mission.values.errors import JourneymanError
from journeyman.tools.processes.command_runner import CommandResult

_WRAPPER_WORDS = 4
"""So many words may stand before the agent's own: `env`, `npx`, an interpreter."""


@dataclass(frozen=True, slots=True)
class HookWatch:
    """What was there before a round."""

    host: Host
    place: GuardPlace
    base: Base
    files: tuple[Path, ...]
    """Where its hook stood."""
    calls: int

    def silence(self, ended: CommandResult) -> str:
        """That the hook was silent, in words; empty where it called, or where the command was ended from outside."""
        is_own_end = ended.exit_code is not None and 0 <= ended.exit_code < 128
        if not is_own_end or _calls(self.place, self.host) != self.calls:
            return ""
        gone = [str(file) for file in self.files if file not in _hook_files(self.host, self.base)]
        why = f"; it is gone from {', '.join(gone)}" if gone else f" in {', '.join(map(str, self.files))}"
        return f"the hook of {self.host.name} was installed and made no call{why}"


def watch_hook(command: Sequence[str], place: GuardPlace, environment: Mapping[str, str]) -> HookWatch | None:
    """What to listen to while a command runs; `None` where it runs no agent with an installed hook."""
    names = {Path(word).stem for word in command[:_WRAPPER_WORDS]}
    host = next((host for host in HOSTS.values() if names & {*host.programs}), None)
    if host is None:
        return None
    base = base_at(Path(place.root), environment)
    files = _hook_files(host, base)
    return HookWatch(host, place, base, files, _calls(place, host)) if files else None


def _hook_files(host: Host, base: Base) -> tuple[Path, ...]:
    """The files in which the hook stands, as far as they can be read."""
    found: list[Path] = []
    for scope in Scope:
        with suppress(JourneymanError):
            at = Installer(host=host.name, scope=scope, base=base, backups=Backups(base.home))
            one = at.installed()
            found += [] if one is None else [one.file]
    return tuple(found)


def _calls(place: GuardPlace, host: Host) -> int:
    file = calls_file(place, host)
    return file.stat().st_size if file.exists() else 0
