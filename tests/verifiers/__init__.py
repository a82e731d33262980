"""The gym as a taskset of verifiers; run by `make test-verifiers` in an environment of its own."""
