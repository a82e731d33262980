"""The real coding agents, unmodified and offline, with a scripted model on loopback."""
