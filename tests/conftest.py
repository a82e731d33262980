"""What all tests share."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("hypothesis") is not None:  # the environments of OpenEnv, verifiers and TRL have none
    from hypothesis import settings

    # How long an example takes says how busy the machine is, not whether the rule holds.
    settings.register_profile("journeyman", deadline=None)
    settings.load_profile("journeyman")
