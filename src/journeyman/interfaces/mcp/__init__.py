"""Journeyman as an MCP server: missions as tools and resources, over stdio and streamable HTTP, for both eras of the protocol."""
