"""The HTTP API: sessions of tenants for callers with tokens, and the place where MCP and the viewer are mounted."""
