"""Files that a Python program in the workspace's folder would load in place of Python's own modules or of the test program's.

`python -m unittest`, started in a folder, takes that folder's `unittest.py` for unittest: whoever adds one decides how the
check ends, whatever the tests say.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable
from typing import Final

_PROGRAMS: Final = frozenset(
    {"_pytest", "coverage", "hypothesis", "iniconfig", "mypy", "nose", "packaging", "pip", "pkg_resources", "pluggy",
     "pygments", "pyright", "pytest", "ruff", "setuptools", "sitecustomize", "tox", "usercustomize"}
)  # fmt: skip
"""Modules of programs that checks start, and those that Python loads by itself when it starts."""
_HARMLESS: Final = frozenset({"__main__", "antigravity", "idlelib", "lib2to3", "test", "this", "turtledemo"})
"""No check's program loads these, and folders may well be called so."""
_NAMES: Final = (sys.stdlib_module_names | _PROGRAMS) - _HARMLESS
_PLACE: Final = re.compile(r"(?:src/)?(\w+)(?:\.py|\.pyc|\.[\w.-]+\.(?:so|pyd)|\.so|\.pyd|/__init__\.(?:py|pyc))")
"""Where modules are found first: the folder that checks run in, and the usual one for packages."""


def shadowing(paths: Iterable[str], before: Collection[str], named: str) -> list[str]:
    """The files that stand before Python's own modules and did not before the work.

    Args:
        paths: The workspace's files now.
        before: Those before the work: a module that was there is part of it.
        named: Words of the work: a file that they name is wanted.
    """
    found: list[str] = []
    for path in paths:
        place = _PLACE.fullmatch(path)
        if place is None or path in before or place.group(1) not in _NAMES or f"{place.group(1)}.py" in named:
            continue
        found.append(path)
    return found
