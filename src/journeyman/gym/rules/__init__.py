"""The rules, each written once: plain functions over one world's records, with nothing but numbers and flat lists.

`journeyman.gym.compiled` makes machine code of all functions here and runs them over batches; without it they run as
they stand. So a rule uses `+ - * /`, comparisons and integer operations only, which are exact to the bit under IEEE
754; `exp`, `pow`, sums of unknown order and sets have no place here.
"""
