"""MCP servers: their configuration, their connections, and how they are kept running and honest."""
