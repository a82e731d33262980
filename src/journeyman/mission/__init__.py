"""The rules: pure and sync, without clock, chance or I/O."""
