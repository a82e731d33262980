"""A module for `budget_edges` whose import does not end."""

from __future__ import annotations

import time

time.sleep(3600)


def look() -> str:
    """Look."""
    return ""
