"""Signed statements, and what becomes of forged ones."""
