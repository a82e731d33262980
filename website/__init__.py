"""Builds the documentation site out of `docs/` and the code: `make docs`."""
