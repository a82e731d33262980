"""What is said of a name by patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import TypeVar

T = TypeVar("T")


def is_pattern(name: str) -> bool:
    """Tell whether a name may fit others than itself."""
    return any(mark in name for mark in "*?[")


def closest_match(rows: Mapping[str, T], name: str, strictness: Callable[[T], float]) -> T | None:
    """What stands under the name itself, else under the longest pattern that fits it; `None` where none does.

    Of patterns of one length the strictest row counts. The order of the rows says nothing: records sort keys, so what
    counts in a file must count in its record, too.
    """
    if name in rows:
        return rows[name]
    fitting = [pattern for pattern in rows if fnmatchcase(name, pattern)]
    return rows[max(fitting, key=lambda pattern: (len(pattern), strictness(rows[pattern])))] if fitting else None


def script_name(tool: str) -> str:
    """What a tool is called in scripts, `git.log` being `git_log`."""
    name = re.sub(r"\W", "_", tool)
    return f"_{name}" if name[:1].isdigit() else name
