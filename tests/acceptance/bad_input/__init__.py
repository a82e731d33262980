"""Malformed input through the real entry points."""
