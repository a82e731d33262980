"""Regular expressions that meet foreign text."""

from __future__ import annotations

import re


def pattern_problem(pattern: str) -> str:
    """Tell why a pattern cannot be used; empty when it can."""
    try:
        re.compile(pattern)
    except re.error as error:
        return f"not a regular expression: {error}"
    return ""
