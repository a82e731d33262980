"""What a mission may use: Python functions, MCP servers, scripts."""
