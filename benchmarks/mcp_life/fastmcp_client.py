"""FastMCP's client, in an environment of its own: leads a mission's life and prints what did not happen as it must.

Arguments: the era, the name of the session, and an address or a command with its arguments.
"""

# Runs in an environment of its own, so that nothing of FastMCP is known where types are checked.
# pyright: basic, reportMissingImports=false
from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport
from life import lead


async def _person(message: str, response_type: Any, params: Any, context: Any) -> Any:
    del message, response_type, params, context
    return ElicitResult(action="accept", content={"approve": True, "note": "fine"})


async def _main(era: str, name: str, target: list[str]) -> list[str]:
    transport = target[0] if target[0].startswith("http") else StdioTransport(target[0], target[1:])
    mode = "legacy" if era == "legacy" else "auto"
    async with Client(transport, elicitation_handler=_person, mode=mode) as client:

        async def call(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
            found: Any = await client.call_tool(tool, arguments)
            return found.structured_content

        async def read(uri: str) -> str:
            found: Any = await client.read_resource(uri)
            return found[0].text

        return await lead(call, read, name)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_main(sys.argv[1], sys.argv[2], sys.argv[3:]))))
