"""A script over a real catalog, driven as an engine drives it: one snapshot per wait, calls side by side."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from journeyman.tools.catalog import open_catalog
from journeyman.tools.sandbox import Sandbox
from journeyman.tools.script import ScriptFinished, ScriptPending, ScriptRun

SCRIPT = """
import asyncio
status, log = await asyncio.gather(git_status(repo_path=REPO), git_log(repo_path=REPO, max_count=5))
mission.observe("clean", "nothing to commit" in status)
try:
    await git_checkout(repo_path=REPO, branch_name="no-such-branch")
except RuntimeError as error:
    mission.event("refused", why=str(error)[:40])
total = await add_up(numbers=[1, 2, 3])
{"total": total["sum"], "commits": log.count("Author:")}
"""


def add_up(numbers: list[int]) -> dict[str, int]:
    """Add numbers."""
    return {"sum": sum(numbers)}


def repository(folder: Path) -> None:
    """Make a repository with one commit."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    commit = ["git", "-C", str(folder), *identity, "commit", "-q", "--allow-empty", "-m", "first"]
    subprocess.run(commit, check=True)


def test_a_script_uses_a_public_server_and_a_function(tmp_path: Path) -> None:
    """Names are mapped, failures are caught inside, values keep their shape."""
    repository(tmp_path)
    servers = {"git": {"command": "mcp-server-git", "args": ["--repository", str(tmp_path)]}}

    async def scene() -> tuple[ScriptFinished, list[int]]:
        waits: list[int] = []
        async with open_catalog(functions=[add_up], servers=servers) as catalog, Sandbox() as sandbox:
            names = [tool.name for tool in await catalog.tools()]
            run = ScriptRun(sandbox)
            source = f"REPO = {str(tmp_path)!r}\n{SCRIPT}"
            assert await run.check(source, names) == ()
            step = await run.start(source, names)
            while isinstance(step, ScriptPending):
                waits.append(len(step.calls))
                results = await asyncio.gather(
                    *(catalog.call(call.tool, call.args, key=str(call.call_id)) for call in step.calls)
                )
                ids = [call.call_id for call in step.calls]
                step = await run.resume(step.snapshot, dict(zip(ids, results, strict=True)))
            assert isinstance(step, ScriptFinished), step
            return step, waits

    end, waits = asyncio.run(scene())
    assert waits == [2, 1, 1]
    assert end.value == {"total": 6, "commits": 1}
    assert dict(end.recorded.reported) == {"clean": True}
    assert [event["name"] for event in end.recorded.events] == ["refused"]
