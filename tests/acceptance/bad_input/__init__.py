"""Malformed input through the real doors."""
