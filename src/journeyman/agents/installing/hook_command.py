"""The command that a host runs at a stop: written so that it works anywhere, and known again wherever it stands."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

_KEYS: Final = ("command", "bash", "powershell")
"""Where hosts have the command of a handler."""
_GUARD: Final = re.compile(r"journeyman\b.*\bguard['\"]?\s+['\"]?hook['\"]?\s+['\"]?([a-z-]+)", re.DOTALL)


def own_program() -> tuple[str, ...]:
    """How this Journeyman is started from any folder, without its environment being active."""
    here = Path(sys.executable)
    script = here.with_name("journeyman.exe" if sys.platform == "win32" else "journeyman")
    # -P: a file journeyman.py in an agent's folder must not be taken for us.
    return (str(script),) if script.is_file() else (str(here), "-P", "-m", "journeyman")


def hook_words(program: Sequence[str], host: str) -> tuple[str, ...]:
    """The command, word by word."""
    return (*program, "guard", "hook", host)


def quoted(words: Sequence[str]) -> str:
    """The words as the shell of a host wants them."""
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


def split(command: str) -> list[str]:
    """The words of a command; none where it is no command that a shell would read."""
    try:
        return shlex.split(command, posix=sys.platform != "win32")
    except ValueError:
        return []


def command_of(handler: object) -> str:
    """The command of a host's handler; empty where it has none, or none in words."""
    if not isinstance(handler, dict):
        return ""
    row = cast("dict[object, object]", handler)
    found = next((row[key] for key in _KEYS if isinstance(row.get(key), str)), "")
    more = row.get("args")
    words = [str(word) for word in cast("list[object]", more)] if isinstance(more, list) else []
    return f"{found} {quoted(words)}" if words else str(found)


def is_guard(command: str, host: str) -> bool:
    """Whether a command is the guard's hook for a host, whichever Journeyman it calls."""
    found = _GUARD.search(command)
    return found is not None and found[1] == host


def missing_program(command: str) -> str:
    """The program that a command names where it is not there any more; empty where all is well."""
    words = split(command)
    program = words[0] if words else ""
    return program if Path(program).is_absolute() and not Path(program).exists() else ""
