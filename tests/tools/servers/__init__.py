"""MCP servers that tests start; each is a program of its own."""
