"""Agents that finish the job and can prove it.

```python
import asyncio
from journeyman import opened, tool, validate_mission

@tool(effect="pure")
def primes_below(limit: int) -> dict[str, object]:
    'Count the prime numbers below a limit.'
    found = [n for n in range(2, limit) if all(n % d for d in range(2, n))]
    return {"metrics": {"primes": len(found)}}

mission = validate_mission({
    "directive": "Find how many primes there are below 100.",
    "tools": ["primes_below"],
    "criteria": [{"id": "counted", "kind": "metric_threshold", "metric": "primes", "op": "==", "target": 25}],
    "plan": [{"calls": [{"tool": "primes_below", "args": {"limit": 100}}]}],
    "budget": {"iterations": 3},
})

async def main() -> None:
    async with opened(functions=[primes_below]) as journeyman:
        state = await journeyman.engine.run(mission)
        print(state.outcome, state.reason)

asyncio.run(main())
```

`load_mission` reads a mission file instead; `journeyman new` writes one. Nothing happens on import: each name is loaded when it is first used.
"""

from __future__ import annotations

import importlib

TYPE_CHECKING = False  # as type checkers know it: a hook starts in a third of the time without `typing`

if TYPE_CHECKING:
    from typing import Any

    from journeyman.config import Settings, load_settings
    from journeyman.engine.engine import Engine
    from journeyman.engine.replaying import replay_of
    from journeyman.engine.reporting import report_of
    from journeyman.engine.runtime import Runtime
    from journeyman.mission.files.mission_file import parse_mission, validate_mission
    from journeyman.mission.model.mission import Mission
    from journeyman.mission.values.errors import BugError, CallerError, JourneymanError, WorldError
    from journeyman.stores.memory import MemoryStore
    from journeyman.stores.sqlite import SqliteStore
    from journeyman.tasks.running import run_task
    from journeyman.tools.functions import tool
    from journeyman.wiring import Journeyman, load_mission, opened

__all__ = [
    "BugError",
    "CallerError",
    "Engine",
    "Journeyman",
    "JourneymanError",
    "MemoryStore",
    "Mission",
    "Runtime",
    "Settings",
    "SqliteStore",
    "WorldError",
    "load_mission",
    "load_settings",
    "opened",
    "parse_mission",
    "replay_of",
    "report_of",
    "run_task",
    "tool",
    "validate_mission",
]

_HOMES = {
    "config": ("Settings", "load_settings"),
    "engine.engine": ("Engine",),
    "engine.replaying": ("replay_of",),
    "engine.reporting": ("report_of",),
    "engine.runtime": ("Runtime",),
    "mission.values.errors": ("BugError", "CallerError", "JourneymanError", "WorldError"),
    "mission.files.mission_file": ("parse_mission", "validate_mission"),
    "mission.model.mission": ("Mission",),
    "stores.memory": ("MemoryStore",),
    "stores.sqlite": ("SqliteStore",),
    "tasks.running": ("run_task",),
    "tools.functions": ("tool",),
    "wiring": ("Journeyman", "load_mission", "opened"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
