"""What the dying servers answer while they live."""

from __future__ import annotations

from typing import Any


def result_of(message: dict[str, Any]) -> dict[str, Any] | None:
    """The answer to a request; `None` where there is no such method."""
    match message["method"]:
        case "initialize":
            info = {"name": "dying", "version": "1"}
            return {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": info}
        case "tools/list":
            return {"tools": [{"name": "act", "inputSchema": {"type": "object"}}]}
        case "tools/call":
            return {"content": [{"type": "text", "text": "acted"}]}
        case _:
            return None
