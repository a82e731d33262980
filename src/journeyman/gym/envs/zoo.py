"""PettingZoo environments: each role is an agent, in parallel or by turns.

By turns (AEC) the roles speak in the order of `Role` and the world moves when the last one has spoken, so nobody sees
what another one did in the same step.
"""

from __future__ import annotations

from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from journeyman.gym.actions import FIELDS, ROLES, Role
from journeyman.gym.arrays import Ints, Vector
from journeyman.gym.observe.features import HIGH, LOW, choices, decoded, features, masks, size
from journeyman.gym.tasks import MAX_NUMBER, Task, split_named, task, tier_named
from journeyman.gym.world import Rewards, World

try:
    from gymnasium.spaces import Box, MultiDiscrete, Space
    from pettingzoo.utils.conversions import parallel_to_aec
    from pettingzoo.utils.env import AECEnv, ParallelEnv
except ImportError as error:
    raise ImportError("the PettingZoo environments need the extra: pip install 'journeyman[gym-envs]'") from error

AGENTS: Final = tuple(role.label for role in Role)
Infos = dict[str, dict[str, Any]]


class IncidentParallelEnv(ParallelEnv[str, Vector, NDArray[Any]]):
    """All roles act at once; `reset(options={"task": id})` plays a task by name."""

    metadata: dict[str, Any] = {  # noqa: RUF012 - the name and form are PettingZoo's
        "render_modes": [],
        "name": "journeyman_incident_v1",
        "is_parallelizable": True,
    }
    render_mode = None

    def __init__(self, tier: str = "medium", *, split: str = "train", rewards: Rewards = "final") -> None:
        self._tier: Final = tier_named(tier.lower())
        self._split: Final = split_named(split.lower())
        self._world: Final = World(self._tier, 1, rewards=rewards)
        self._random = np.random.Generator(np.random.Philox())
        self.possible_agents = list(AGENTS)
        self.agents: list[str] = []
        self._seen = {name: Box(LOW, HIGH, (size(self._tier, role),), np.float32) for name, role in _roles()}
        self._done = {name: MultiDiscrete(np.array(choices(self._tier))) for name in AGENTS}

    def observation_space(self, agent: str) -> Space[Any]:
        """Give the space of a role's features."""
        return self._seen[agent]

    def action_space(self, agent: str) -> Space[Any]:
        """Give the space of a role's picks: type, target + 1, arg, to."""
        return self._done[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[dict[str, Vector], Infos]:
        """Start a world."""
        if seed is not None:
            self._random = np.random.Generator(np.random.Philox(seed))
        named = (options or {}).get("task")
        number = int(self._random.integers(MAX_NUMBER + 1))
        self._world.play([task(str(named)) if named else Task(self._tier, self._split, number)])
        self.agents = list(AGENTS)
        return self._observations(), self._infos()

    def step(
        self, actions: dict[str, NDArray[Any]]
    ) -> tuple[dict[str, Vector], dict[str, float], dict[str, bool], dict[str, bool], Infos]:
        """Apply the roles' actions; a role that is missing does nothing."""
        picks: Ints = np.zeros((1, ROLES, FIELDS), np.int64)
        for name, role in _roles():
            if name in actions:
                picks[0, role] = actions[name]
        stepped = self._world.step(decoded(picks))
        rewards = {name: float(stepped.roles[0, role]) for name, role in _roles()}
        terminated = dict.fromkeys(AGENTS, bool(stepped.terminated[0]))
        truncated = dict.fromkeys(AGENTS, bool(stepped.truncated[0]))
        if stepped.terminated[0] or stepped.truncated[0]:
            self.agents = []
        return self._observations(), rewards, terminated, truncated, self._infos()

    def _observations(self) -> dict[str, Vector]:
        seen = self._world.observe()
        return {name: features(seen, self._tier, role)[0] for name, role in _roles()}

    def _infos(self) -> Infos:
        services = len(self._world.names().services)
        return {name: {"action_mask": masks(self._tier, services, role)} for name, role in _roles()}


def _roles() -> list[tuple[str, Role]]:
    return list(zip(AGENTS, Role, strict=True))


def incident_aec_env(
    tier: str = "medium", *, split: str = "train", rewards: Rewards = "final"
) -> AECEnv[str, Any, Any]:
    """Give the environment in which the roles act by turns."""
    return parallel_to_aec(cast("Any", IncidentParallelEnv(tier, split=split, rewards=rewards)))
