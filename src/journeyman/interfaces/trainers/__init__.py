"""The gym for trainers of language models: `seats` has the environments, `grpo` a training script for TRL.

`seats` needs numpy only. TRL and torch live in an environment of their own, `make test-train`.
"""
