"""The life of a mission as clients of the MCP server lead it."""
