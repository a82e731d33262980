"""An MCP server of the sweep over stdio: its tools act on the ledger, and die alone or together with the engine.

Written by hand, so that it can die anywhere: after it was told to act and before it does, and before it answers.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final

from journeyman.testing.crash_sweep.ledger import Ledger, fatal

ENGINE: Final = "engine.pid"
"""File with the engine's process id, in the folder in which the server runs."""
_KEY: Final = "dev.journeyman/idempotencyKey"
_TOOLS: Final = {"look": False, "put": True, "fire": True}
"""Name to whether it changes the world."""


def serve(*, together: bool) -> None:
    """Answer what comes on standard input; a fatal call ends this process once, and the engine before it if `together`."""
    ledger = Ledger(Path("ledger"))
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        result = _result(ledger, message, together=together)
        error = {"code": -32601, "message": "no such method"}
        row = {"jsonrpc": "2.0", "id": message["id"]} | ({"error": error} if result is None else {"result": result})
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()


def _result(ledger: Ledger, message: dict[str, Any], *, together: bool) -> dict[str, Any] | None:
    params = message.get("params", {})
    match message["method"]:
        case "initialize":
            info = {"name": "sweep", "version": "1"}
            return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": info}
        case "ping":
            return {}
        case "tools/list":
            schema = {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]}
            return {"tools": [{"name": name, "description": name, "inputSchema": schema} for name in _TOOLS]}
        case "tools/call":
            number = params["arguments"]["number"]
            _act(ledger, params["name"], params.get("_meta", {}).get(_KEY, ""), number, together=together)
            return {"content": [{"type": "text", "text": str(number)}]}
        case _:
            return None


def _act(ledger: Ledger, name: str, key: str, number: int, *, together: bool) -> None:
    ledger.write("call", name, key, number)
    _die(dies=fatal(ledger, key, number, acted=False, times=1), together=together)
    if name == "put":
        ledger.once(name, key, number)
    elif _TOOLS[name]:
        ledger.write("effect", name, key, number)
    _die(dies=fatal(ledger, key, number, acted=True, times=1), together=together)


def _die(*, dies: bool, together: bool) -> None:
    if not dies:
        return
    if together:
        os.kill(int(Path(ENGINE).read_text("utf-8")), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    serve(together=sys.argv[1] == "together")
