"""The worlds behind other libraries' environment interfaces; `import journeyman.gym.envs` registers Gymnasium's ids.

An id such as `journeyman/IncidentEasy-vN` has the generator's version for N, as Gymnasium's own ids have one that rises
whenever results change. `gymnasium.make` gives one world, `gymnasium.make_vec` a batch.
"""

from __future__ import annotations

from typing import Final

from journeyman.gym.tasks import GENERATOR, Tier

try:
    from gymnasium.envs.registration import (
        register,  # pyright: ignore[reportUnknownVariableType]  # its `kwargs` are untyped
        registry,
    )
except ImportError as error:
    raise ImportError("the gym's environments need the extra: pip install 'journeyman[gym-envs]'") from error

IDS: Final = {tier: f"journeyman/Incident{tier.label.title()}-v{GENERATOR}" for tier in Tier}
"""What `gymnasium.make` and `gymnasium.make_vec` take, by tier."""

for _tier, _id in IDS.items():
    if _id not in registry:  # a module may be loaded again, and registering twice warns
        register(
            _id,
            entry_point="journeyman.gym.envs.farama:IncidentEnv",
            vector_entry_point="journeyman.gym.envs.farama:IncidentVectorEnv",
            kwargs={"tier": _tier.label},
        )
