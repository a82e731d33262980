"""The built documentation in a real browser: `make test-docs`."""
