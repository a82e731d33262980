"""Whoever shields a wait from being cancelled says for how long."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2] / "src"

BOUNDED: dict[str, str] = {
    "journeyman/advisors/broker.py": "notes the row of a try in memory",
    "journeyman/engine/driver.py": "one statement of the store releases the lease",
    "journeyman/engine/journal.py": "one commit of the store, which has its busy timeout",
    "journeyman/engine/cancellation_watcher.py": "a look of its own that was told to stop: one read or commit of the store",
    "journeyman/concurrency/process_start.py": "the system starts a program, or says that it cannot",
    "journeyman/concurrency/abandonable_tasks.py": "its own few waits of a patience",
    "journeyman/stores/sqlite/connection_thread.py": "one commit under way, which has its busy timeout, and the thread's last ones",
    "journeyman/tools/catalog.py": "each server closes within its policy and the deadline, and is killed then",
    "journeyman/tools/foreign_loop.py": "its own few waits of a patience",
    "journeyman/agents/drivers/program_conversation.py": "`end` gives the reaper its time and kills it then",
    "journeyman/tools/processes/running_program.py": "`end` closes what is heard, within its time",
    "journeyman/tools/processes/command_runner.py": "`end` gives the reaper its time and kills it then",
    "journeyman/tools/servers/stdio.py": "`_stop` kills after its graces, and its streams are closed then",
}
"""File to what bounds its shields that carry no limit themselves."""


def test_a_shield_has_a_limit_or_a_reason() -> None:
    """A mission's deadline would wait for it; `move_on_after(…, shield=True)` has a limit."""
    found: set[str] = set()
    for file in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not any(word.arg == "shield" for word in node.keywords):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if name not in ("move_on_after", "fail_after"):
                found.add(file.relative_to(ROOT).as_posix())
    assert found == set(BOUNDED)
