"""What is exported, read by the other side's own readers; run by `make test-exports` in an environment of its own."""
