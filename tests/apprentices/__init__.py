"""Attempts of coding agents: working copies, changes, traces."""
