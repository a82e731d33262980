"""The gym for trainers of language models: `trl_environments` has each role's seat in the form of TRL.

It needs numpy only; `examples/05_train_with_grpo` trains with it.
"""
