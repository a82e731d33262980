"""The gym for trainers of language models: `tools` has each role's actions, `seats` TRL's environments, `grpo` a script.

`tools` and `seats` need numpy only. TRL and torch live in an environment of their own, `make test-train`.
"""
