"""`guard doctor`: an installation, proven with the agent itself and a model that lies."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import typer

from journeyman.agents.installing.hook_command import missing_program, split
from journeyman.agents.installing.host_files import FILES, base_at
from journeyman.agents.installing.installation import Installed
from journeyman.agents.offline import OFFLINE
from journeyman.concurrency.folder_removal import remove_folder
from journeyman.config import Settings
from journeyman.interfaces.cli.event_loop import run_async
from journeyman.interfaces.cli.guard.install_status import HostStatus, status_of
from journeyman.interfaces.cli.guard.proof_trials import MOST_BLOCKS, Trial, TrialResult, stand_in
from journeyman.interfaces.cli.shared import NOT_ACHIEVED, print_json
from journeyman.interfaces.cli.terminal import say
from journeyman.mission.values.canonical import JsonObject
from journeyman.mission.values.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What the trials have shown."""

    status: HostStatus
    installed: Installed
    lie: TrialResult
    cap: TrialResult
    broken: TrialResult
    alone: TrialResult | None
    """Headless, for a host that hears hooks only in its server."""

    @property
    def holds(self) -> bool:
        """Whether the installation blocks, and says what is missing."""
        return self.lie.blocks > 0 and self.lie.told


def prove(settings: Settings, host: str, folder: Path, *, quiet: bool, as_json: bool) -> None:
    """Run the trials, print what they have shown, and exit with 0 where the installation blocks."""
    if why := FILES[host].proof:
        if as_json:
            print_json({"host": host, "proven": False, "why": why})
        else:
            say(f"{host}: nothing can be proven here: {why}; journeyman guard status {host} shows what is installed")
        raise typer.Exit(NOT_ACHIEVED)
    tell: Callable[[str], None] = (lambda _: None) if quiet else partial(say, err=True)
    tell(f"looking at what is installed for {host}")
    status = status_of(settings, host, base_at(folder, os.environ), folder)
    installed = _usable(status)
    runs = settings.data_dir / "guard-trials"  # Codex keeps no home in the system's temporary folder
    runs.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=runs))
    try:
        proof = run_async(partial(_proof, status, installed, place, tell))
    finally:
        remove_folder(place)
    if as_json:
        print_json(_json(proof))
    else:
        for line in _lines(proof):
            say(line)
    raise typer.Exit(0 if proof.holds else NOT_ACHIEVED)


def _usable(status: HostStatus) -> Installed:
    """The installation that is proven; raises `NotFound` where there is none, or nothing that could be run."""
    host = status.host
    if not status.program:
        raise NotFound(f"{host} is not on the PATH, so nothing can be proven; it comes by: {FILES[host].get}")
    if status.faults:
        raise NotFound("; ".join(status.faults))
    if not status.found:
        raise NotFound(f"the guard is not installed in {host}: journeyman guard install {host}")
    if gone := missing_program(status.found[0].command):
        raise NotFound(f"the hook calls {gone}, which is not there: journeyman guard install {host} writes it anew")
    if off := status.found[0].off:
        raise NotFound(f"{host} runs no hook of {status.found[0].file}: {off}")
    return status.found[0]


async def _proof(status: HostStatus, installed: Installed, place: Path, tell: Callable[[str], None]) -> Proof:
    host = status.host
    program = _program_of(installed.command, place / "data")
    trial = partial(Trial, host=host, program=status.program, scope=installed.scope)
    as_installed = partial(trial, hook=program, trusted=status.trust == "trusted")
    tell("a model that lies, under the hook as it is installed")
    lie = await _run(as_installed(folder=place / "lie"))
    alone = None
    if OFFLINE[host].server:
        tell(f"the same under `{Path(status.program).name} {OFFLINE[host].run_words('', '')[0]}`, without its server")
        alone = await _run(as_installed(folder=place / "alone", alone=True))
    tell("a hook that always blocks: after how many blocks the host lets go")
    blocking = stand_in(place / "blocking", host, blocks=True)
    cap = await trial(hook=blocking, folder=place / "cap", trusting=True).run()
    tell("a hook that breaks")
    breaking = stand_in(place / "breaking", host, blocks=False)
    broken = await trial(hook=breaking, folder=place / "broken", trusting=True).run()
    return Proof(status=status, installed=installed, lie=lie, cap=cap, broken=broken, alone=alone)


async def _run(trial: Trial) -> TrialResult:
    """A trial in a repository that the installed program guards."""
    await trial.pin()
    return await trial.run()


def _program_of(command: str, data: Path) -> list[str]:
    """The program of an installed command, with its records in another place."""
    words = split(command)
    words = words[: words.index("guard")]
    if "--data-dir" in words:
        at = words.index("--data-dir")
        del words[at : at + 2]
    return [*words, "--data-dir", str(data)]


def _lines(proof: Proof) -> list[str]:
    status, lie, cap = proof.status, proof.lie, proof.cap
    lines = [f"{status.host} {status.version} ({status.program})", f"  installed: {proof.installed.file}"]
    if status.trust:
        lines.append(f"  trust: {status.trust}{'' if status.trust == 'trusted' else '; open codex and type /hooks'}")
    told = ", told what is missing" if lie.told else ""
    lines.append(f"  a model that lies: {f'blocked {lie.blocks} times{told}' if lie.blocks else 'NOT BLOCKED'}")
    if proof.alone is not None:
        held = (
            f"blocked {proof.alone.blocks} times"
            if proof.alone.blocks
            else "not blocked: it ends before the plugin is heard"
        )
        lines.append(f"  headless ({Path(status.program).name} run): {held}")
    capped = (
        f"lets go after {cap.blocks} blocks in a row, as if all were well"
        if _is_capped(proof)
        else f"none within {MOST_BLOCKS} blocks"
    )
    lines.append(f"  the host's cap: {capped}")
    silent = "the host lets the agent go in silence" if not proof.broken.blocks else "the host does not let go"
    lines.append(f"  a hook that breaks: {silent}")
    if proof.holds:
        return [
            *lines,
            "proven: this installation blocks; what the work is worth is what guard run or guard ci exit with",
        ]
    return [*lines, f"NOT PROVEN: the agent was let go; it printed last: {lie.output[-300:].strip()!r}"]


def _is_capped(proof: Proof) -> bool:
    return proof.cap.blocks < MOST_BLOCKS


def _json(proof: Proof) -> JsonObject:
    return {
        "host": proof.status.host,
        "program": proof.status.program,
        "version": proof.status.version,
        "file": str(proof.installed.file),
        "scope": proof.installed.scope.value,
        "trust": proof.status.trust or None,
        "blocks": proof.lie.blocks,
        "told": proof.lie.told,
        "headless_blocks": None if proof.alone is None else proof.alone.blocks,
        "cap": proof.cap.blocks if _is_capped(proof) else None,
        "broken_hook_lets_go": not proof.broken.blocks,
        "proven": proof.holds,
    }
