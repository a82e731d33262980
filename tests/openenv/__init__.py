"""The gym behind OpenEnv; run by `make test-openenv` in an environment of its own."""
