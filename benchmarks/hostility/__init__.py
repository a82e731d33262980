"""Hostile and broken coding agents, and where they are tried."""
