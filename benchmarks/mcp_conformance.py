"""The MCP server under the protocol's own conformance suite, in both eras: every scored scenario of a server must pass.

The suite calls tools, prompts and resources by fixed names; these stand beside the missions' own (`_mcp_fixtures.py`). Nothing is
expected to fail. What the suite does not score (extensions, pending scenarios) is told and holds nothing. Installs the
suite and Node 22 from npm.
"""

from __future__ import annotations

import logging
import re
import tempfile
import warnings
from pathlib import Path
from typing import Final

import anyio
from mcp.shared.exceptions import MCPDeprecationWarning

from benchmarks._mcp_fixtures import fixture_server
from benchmarks._mcp_served import EVERYTHING, access_to, node_environment, packages, served
from benchmarks.report import Meter, Row

REVISIONS: Final = {"2026-07-28": 37, "2025-11-25": 30}
"""To the number of scenarios that the suite scores for a server."""
_SCENARIO: Final = re.compile(r"^([✓✗]) ([\w-]+): (\d+) passed, (\d+) failed", re.MULTILINE)
_UNSCORED: Final = re.compile(r"^  [✓✗] ([\w-]+) \(([\w-]+)\)$", re.MULTILINE)


def rows_of(revision: str, printed: str) -> list[Row]:
    """What the suite printed, scored scenarios and others apart."""
    unscored = {name for name, _ in _UNSCORED.findall(printed)}
    found = _SCENARIO.findall(printed)
    scored = [(sign, name, int(passed)) for sign, name, passed, _ in found if name not in unscored]
    failed = [name for sign, name, _ in scored if sign != "✓"]
    others = [name for sign, name, _, _ in found if name in unscored and sign != "✓"]
    return [
        Row(f"{revision}: scored scenarios", len(scored), "scenarios", str(REVISIONS[revision]),
            len(scored) == REVISIONS[revision]),
        Row(f"{revision}: checks in them that passed", sum(passed for _, _, passed in scored), "checks"),
        Row(f"{revision}: scored scenarios that failed", ", ".join(failed) or 0, "", "0", not failed),
        Row(f"{revision}: not scored, and failed", ", ".join(others) or "none"),
    ]  # fmt: skip


async def _measure(progress: Meter, folder: Path) -> list[Row]:
    program = packages() / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"
    rows: list[Row] = []
    async with access_to(folder, EVERYTHING) as access, served(access, fixture_server()) as url:
        for revision in REVISIONS:
            command = ["node", str(program), "server", "--url", url, "--requirements", revision]
            done = await anyio.run_process(command, check=False, env=node_environment(), cwd=folder)
            rows += rows_of(revision, done.stdout.decode())
            progress.step()
    return rows


def run(progress: Meter) -> list[Row]:
    """Measure, and give the rows."""
    progress.start("revisions", len(REVISIONS))
    warnings.simplefilter("ignore", MCPDeprecationWarning)  # what is deprecated is a scored scenario all the same
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="jm-conformance-") as folder:
        return anyio.run(_measure, progress, Path(folder))
