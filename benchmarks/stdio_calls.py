"""A tool call through the catalog beside a bare SDK client, against the same server program, in one run."""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from mcp import Client
from mcp.client.stdio import StdioServerParameters

from journeyman.mission.values.canonical import JsonObject
from journeyman.tools.catalog import open_catalog

SERVER = [sys.executable, str(Path(__file__).parents[1] / "tests" / "tools" / "servers" / "honest.py")]
CALLS = 400
RATIO_BAR = 1.3


async def timed(call: Callable[[], Awaitable[object]]) -> float:
    """The milliseconds of one call."""
    began = time.perf_counter()
    await call()
    return (time.perf_counter() - began) * 1e3


async def measure() -> tuple[float, float]:
    """The medians, in milliseconds, of the bare client and of the catalog; the calls take turns."""
    args: JsonObject = {"a": 1, "b": 2}
    bare_ms: list[float] = []
    ours_ms: list[float] = []
    async with (
        Client(StdioServerParameters(command=SERVER[0], args=SERVER[1:])) as client,
        open_catalog(servers={"honest": {"command": SERVER[0], "args": SERVER[1:]}}) as catalog,
    ):
        for count in range(CALLS + 20):
            bare = await timed(lambda: client.call_tool("add", dict(args)))
            ours = await timed(lambda: catalog.call("honest.add", args, key="k"))
            if count >= 20:  # the first ones warm both up
                bare_ms.append(bare)
                ours_ms.append(ours)
    return statistics.median(bare_ms), statistics.median(ours_ms)


def run() -> JsonObject:
    """The figures, with what they must hold to."""
    bare_ms, ours_ms = asyncio.run(measure())
    ratio = ours_ms / bare_ms
    return {
        "name": "stdio_calls",
        "machine": f"{platform.machine()} {platform.system()} Python {platform.python_version()}",
        "rows": [
            {"what": "bare SDK client, p50", "value": round(bare_ms, 3), "unit": "ms", "bar": None, "holds": True},
            {"what": "catalog, p50", "value": round(ours_ms, 3), "unit": "ms", "bar": None, "holds": True},
            {
                "what": "catalog / bare",
                "value": round(ratio, 3),
                "unit": "ratio",
                "bar": f"<= {RATIO_BAR}",
                "holds": ratio <= RATIO_BAR,
            },
        ],
    }


def main() -> int:
    """Print the figures; 1 when the bar is not held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    found = run()
    rows = found["rows"]
    assert isinstance(rows, list)
    if parser.parse_args().json:
        print(json.dumps(found))
    else:
        for row in rows:
            print(row)
    return 0 if all(isinstance(row, dict) and row["holds"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
