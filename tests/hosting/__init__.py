"""Sessions hosted for others."""
