"""Runs commands against the world: drives sessions, recovers them, and lets people in."""
