"""Criteria at a coding agent's stop: what a mission of mode `check` finds, told to the agent's host, a person or a build."""
