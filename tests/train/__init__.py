"""The gym under TRL; run by `make test-train` in an environment of its own."""
