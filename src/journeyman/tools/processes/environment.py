"""What a program of ours finds around it: variables, and programs by name."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from journeyman.mission.values.errors import Problem

_INHERITED: Final = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "VIRTUAL_ENV",
)  # fmt: skip
_INHERITED_WINDOWS: Final = (
    "APPDATA", "COMSPEC", "LOCALAPPDATA", "PATHEXT", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP",
)  # fmt: skip
VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


def environment(extra: Mapping[str, str], ours: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that a program may see: those that programs need to run at all, and the configured ones.

    Nothing else of `ours`, our environment: it may run what an agent wrote.
    """
    names = _INHERITED + (_INHERITED_WINDOWS if sys.platform == "win32" else ())
    return {name: ours[name] for name in names if name in ours} | dict(extra)


def expanded(values: Mapping[str, str]) -> dict[str, str]:
    """The values with each `${NAME}` replaced by that variable of this process, nothing where it is missing."""
    return {name: VARIABLE.sub(lambda found: os.environ.get(found[1], ""), value) for name, value in values.items()}


def missing_variables(where: str, values: Mapping[str, str]) -> Iterator[Problem]:
    """A problem for each variable that `expanded` would not find."""
    for name, value in values.items():
        for variable in VARIABLE.findall(value):
            if variable not in os.environ:
                yield Problem(
                    where=f"{where}.{name}",
                    message=f"the environment has no {variable}",
                    hint=f"export {variable}=…",
                )


def find_program(command: str, base_dir: Path | None) -> str:
    """The path of a program: as it is, on the PATH, or beside the Python that runs us (its environment's scripts)."""
    if os.sep in command:
        return str(base_dir / command) if base_dir is not None else command
    beside = Path(sys.executable).parent / command
    return shutil.which(command) or (str(beside) if beside.exists() else command)
