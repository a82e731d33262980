"""The page of Python names: `journeyman.__all__`, each rendered from its signature and docstring by mkdocstrings."""

from __future__ import annotations

import inspect
from typing import Final

import journeyman

GROUPS: Final = {
    "Open and run": ("opened", "Journeyman", "Engine", "Runtime"),
    "Missions": ("Mission", "load_mission", "parse_mission", "validate_mission"),
    "Tools": ("tool",),
    "Configuration": ("Settings", "load_settings"),
    "Tasks": ("run_task",),
    "Records": ("report_of", "replay_of", "SqliteStore", "MemoryStore"),
    "Errors": ("JourneymanError", "CallerError", "WorldError", "BugError"),
}
"""Every public name, in the order in which people need them."""
_BEGINNING: Final = """# Python

Everything that `import journeyman` offers. [How to run missions from a program](../how-to/python.md) shows these names at
work. What is not listed here may change with any release.
"""


def python_page() -> str:
    """The page's Markdown; each name is looked up where it is defined."""
    parts = [_BEGINNING]
    for title, names in GROUPS.items():
        parts.append(f"## {title}\n")
        parts += [f"::: {_home(name)}\n" for name in names]
    return "\n".join(parts)


def _home(name: str) -> str:
    thing: object = getattr(journeyman, name)
    module = inspect.getmodule(thing)
    assert module is not None  # noqa: S101 - our own names have modules
    return f"{module.__name__}.{name}"
