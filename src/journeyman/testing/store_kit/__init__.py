"""The clauses of the store contract, one check each; `journeyman.testing.check_store` is the way in."""
