"""Baselines: who plays, from chance to the oracle, and the panel of cheaters that must not get far."""
