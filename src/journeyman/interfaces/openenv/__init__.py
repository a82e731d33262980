"""The gym behind OpenEnv 0.10: `server` serves incidents over WebSocket and MCP, `client` plays them.

Needs `journeyman[openenv]`, which excludes `journeyman[mcp]`; nothing else in Journeyman imports this.
"""
