"""Servers to measure: one in this process, and one as `journeyman serve` starts it."""
