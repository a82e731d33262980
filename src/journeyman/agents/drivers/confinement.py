"""Confines an agent's program with bubblewrap, where that is there and works: what it can write, see, reach and leave behind.

Writable are its working copy, a `/tmp` of its own, and a home of its own in which there is nothing of the real one but where it keeps
its login and sessions. The rest of the system is read-only; homes, `/run` with its sockets, and other temporary files are
hidden. It has process numbers of its own, so that it sees no process of ours and none of its own outlives it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from journeyman.agents.settings import ConfineMode, NetworkAccess
from journeyman.mission.values.errors import CouldNotStart, NotFound
from journeyman.mission.values.printable import visible_line
from journeyman.tools.processes.reaper import missing_interpreter

_PROGRAM: Final = "bwrap"
_INSTALL: Final = "install bubblewrap (apt-get install bubblewrap, dnf install bubblewrap)"
_NAMESPACES: Final = (
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--die-with-parent",
    "--cap-drop",
    "ALL",
)
_TRIAL_S: Final = 10.0
_OTHER_HOMES: Final = ("/home", "/root")
_SYSTEM_SWITCHES: Final = ("/proc/sys", "/proc/sysrq-trigger")
"""Who is root outside is so to these, whatever user it is inside."""
_READ_OF_HOME: Final = (".gitconfig", ".config/git/config")
"""So that commits have an author; no passwords are kept there."""
_SHARED: Final = frozenset({".local", ".config", ".cache"})
"""Folders of a home in which many programs keep what is theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfineOrder:
    """How an agent is to be confined."""

    mode: ConfineMode = ConfineMode.OFF
    network: NetworkAccess = NetworkAccess.HOST
    state: tuple[str, ...] = ()
    """Files and folders that it may write besides: those where it keeps login and sessions. Relative ones lie in the home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What held while an agent worked."""

    files: bool = False
    """It could write nothing but its working copy, a home of its own and temporary files of its own."""
    processes: bool = False
    """Nothing of it could outlive it, or see our processes."""
    network: bool = False
    """It could reach nothing outside."""
    why_not: str = ""
    """Why it was not confined, where it was not."""

    @property
    def summary(self) -> str:
        """In a few words."""
        parts = {"files": self.files, "processes": self.processes, "network": self.network}
        held = [word for word, holds in parts.items() if holds]
        return f"confined: {', '.join(held)}" if held else f"not confined: {self.why_not}"


@cache
def confinement_fault(program: str = _PROGRAM) -> str:
    """Why nothing can be confined here, in words; empty where it can. Tried once, since a kernel may refuse what is installed."""
    found = shutil.which(program)
    if found is None:
        return f"bubblewrap is not there; {_INSTALL}"
    words = [found, *_NAMESPACES, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    try:
        done = subprocess.run(words, capture_output=True, timeout=_TRIAL_S, check=False, stdin=subprocess.DEVNULL)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not work here: {error}"
    if done.returncode:
        said = visible_line(done.stderr.decode("utf-8", "replace").strip()[-200:])
        return f"bubblewrap does not work here: {said}; its user namespaces may be switched off"
    return ""


def confined(
    argv: Sequence[str], folder: Path, environment: Mapping[str, str], order: ConfineOrder, scratch: Path | None
) -> tuple[list[str], Confinement]:
    """The command line that runs a program as ordered, and what holds then.

    Raises:
        CouldNotStart: It must be confined, and cannot be.
        NotFound: Its interpreter is not there, which nobody could tell apart from its own failing inside.
    """
    if order.mode is ConfineMode.OFF:
        return list(argv), Confinement(why_not="switched off in the settings")
    if fault := confinement_fault():
        if order.mode is ConfineMode.REQUIRE:
            raise CouldNotStart(
                f'{argv[0]!r} must be confined and cannot be: {fault}; or set confine = "auto" to let it run without',
                code="cannot_confine",
            )
        return list(argv), Confinement(why_not=fault)
    program = shutil.which(argv[0], path=environment.get("PATH"))
    if program is not None and (missing := missing_interpreter(program)):
        raise NotFound(f"{argv[0]!r} cannot be started: {missing}", code="program_not_started")
    words = [shutil.which(_PROGRAM) or _PROGRAM, *_NAMESPACES]
    apart = order.network is NetworkAccess.NONE
    if apart:
        words.append("--unshare-net")
    words += _mounts(argv, folder, environment, order, scratch)
    words += ["--setenv", "TMPDIR", "/tmp", "--chdir", str(folder), "--", *argv]  # noqa: S108 - a mount of its own
    return words, Confinement(files=True, processes=True, network=apart)


def _mounts(
    argv: Sequence[str], folder: Path, environment: Mapping[str, str], order: ConfineOrder, scratch: Path | None
) -> Iterator[str]:
    home = environment.get("HOME") or "/nonexistent"
    yield from ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
    for switch in _SYSTEM_SWITCHES:
        yield from ("--ro-bind-try", switch, switch)
    hidden = [place for place in ("/tmp", "/var/tmp", "/run", *_OTHER_HOMES) if Path(place).is_dir()]  # noqa: S108 - as above
    hidden += [home] if Path(home).is_dir() and not any(_below(home, place) for place in hidden) else []
    for place in hidden:
        yield from ("--tmpfs", place)
    if any(_below(home, place) for place in hidden):
        yield from ("--dir", home)
    shown = [place for place in _needed(argv, environment, home) if any(_below(place, over) for over in hidden)]
    for place in dict.fromkeys(shown):
        yield from ("--ro-bind-try", place, place)
    for name in order.state:
        place = os.path.join(home, name)  # noqa: PTH118 - an absolute name stays as it is
        yield from ("--bind-try", place, place)
    for place in (scratch,) if scratch is not None else ():
        yield from ("--ro-bind", str(place), str(place))
    yield from ("--bind", str(folder), str(folder))


def _needed(argv: Sequence[str], environment: Mapping[str, str], home: str) -> Iterator[str]:
    """What a program needs to run, wherever it lies: its own files, tools of the PATH, how names are resolved."""
    yield from (f"{home}/{name}" for name in _READ_OF_HOME)
    yield os.path.realpath("/etc/resolv.conf")
    for entry in environment.get("PATH", "").split(os.pathsep):
        if entry.startswith("/"):
            yield from _tools_at(entry, home)
    program = shutil.which(argv[0], path=environment.get("PATH"))
    for word in (*((program,) if program else ()), *argv):
        if word.startswith("/") and os.path.isfile(word):  # noqa: PTH113 - text of a command line
            for file in dict.fromkeys((word, os.path.realpath(word))):
                yield from (file, _package_of(file, home))


def _tools_at(entry: str, home: str) -> Iterator[str]:
    """A folder of the PATH, with what its programs read beside it where it lies in anybody's home."""
    yield entry
    owner = _home_of(entry, home)
    if not owner or entry == owner:
        return
    first = entry.removeprefix(f"{owner}/").partition("/")[0]
    if first.startswith(".") and first not in _SHARED:
        yield f"{owner}/{first}"  # one tool's own place, such as .cargo or .nvm
    elif entry.endswith("/bin"):
        yield from (f"{entry[:-4]}/{beside}" for beside in ("lib", "lib64", "pyvenv.cfg"))


def _home_of(entry: str, home: str) -> str:
    """The home folder that a path lies in; empty where it lies in none."""
    if _below(entry, home):
        return home
    if entry.startswith("/home/"):
        return "/".join(entry.split("/")[:3])
    return "/root" if _below(entry, "/root") else ""


def _package_of(file: str, home: str) -> str:
    """The folder whose files a program may read: the topmost `node_modules` that it lies in, or its own folder."""
    before, found, _ = file.partition("/node_modules/")
    if found:
        return f"{before}/node_modules"
    own = os.path.dirname(file)  # noqa: PTH120 - text of a command line
    return file if own in ("/", home, "/tmp", "/var/tmp") else own  # noqa: S108 - never shown as a whole


def _below(place: str, folder: str) -> bool:
    return place == folder or place.startswith(folder.rstrip("/") + "/")
