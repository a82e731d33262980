"""An MCP server over stdio for `budget_edges`: it counts each call and `dies` of it, `hangs` in it, or `stays` at its end."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer what comes on standard input, except calls."""
    how = sys.argv[1]
    if how == "stays":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("method") == "tools/call":
            with Path("calls").open("a", encoding="utf-8") as file:
                file.write("s.look\n")
            if how == "dies":
                os._exit(1)
            time.sleep(3600)
        if "id" in message:
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": _result(message)}), flush=True)
    if how == "stays":
        time.sleep(3600)


def _result(message: dict[str, Any]) -> dict[str, Any]:
    if message["method"] == "initialize":
        version = message["params"]["protocolVersion"]
        info = {"name": "edges", "version": "1"}
        return {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}
    if message["method"] == "tools/list":
        return {"tools": [{"name": "look", "description": "Look.", "inputSchema": {"type": "object"}}]}
    return {}


if __name__ == "__main__":
    main()
