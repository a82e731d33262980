"""The reference tools of the conformance kit, served over stdio."""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer

from journeyman.testing.check_catalog import ReferenceTools

server = MCPServer("reference")
for function in ReferenceTools().tools().values():
    server.tool()(function)

if __name__ == "__main__":
    server.run()
