"""Drives any agent that speaks the Agent Client Protocol (ACP), version 1, over its standard streams."""
