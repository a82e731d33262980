"""Signed statements that a workspace fulfilled a mission: in-toto Statement v1 in a DSSE envelope, signed with Ed25519.

`statement` (pure) says what is attested, `envelope` signs and reads, `keys` keeps the key, `verdict` judges. Whoever
trusts neither can use `verify.mjs`, which shares no code with this and needs only Node.
"""
