"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says how busy the machine is, not whether the rule holds.
settings.register_profile("journeyman", deadline=None)
settings.load_profile("journeyman")
