"""An MCP server over stdio for `budget_edges` that counts each call and dies of it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer what comes on standard input, except calls."""
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("method") == "tools/call":
            with Path("calls").open("a", encoding="utf-8") as file:
                file.write("s.look\n")
            os._exit(1)
        if "id" in message:
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": _result(message)}), flush=True)


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
