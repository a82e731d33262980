"""What is said of a name by patterns."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TypeVar

T = TypeVar("T")


def is_pattern(name: str) -> bool:
    """Tell whether a name may fit others than itself."""
    return any(mark in name for mark in "*?[")


def closest_match(rows: Mapping[str, T], name: str) -> T | None:
    """What stands under the name itself, else under the longest pattern that fits it; `None` where none does.

    The order of the rows says nothing: records sort keys, so what counts in a file must count in its record, too.
    """
    if name in rows:
        return rows[name]
    fitting = [pattern for pattern in rows if fnmatchcase(name, pattern)]
    return rows[max(fitting, key=lambda pattern: (len(pattern), pattern))] if fitting else None
