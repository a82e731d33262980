"""Gymnasium environments: the team as one agent, one world or many at once.

An action holds four integers per role (type, target + 1, arg, to), an observation all four roles' features. The reward
is the team's; each role's own is in `info["role_rewards"]`, what each may do in `info["action_mask"]`.
"""

from __future__ import annotations

from typing import Any, Final, cast

import numpy as np
from gymnasium import Env
from gymnasium.spaces import Box, MultiDiscrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from journeyman.gym.actions import FIELDS, ROLES, Role
from journeyman.gym.arrays import Bools, Floats, Ints, Vector
from journeyman.gym.envs.seeds import draw_seeds
from journeyman.gym.observe.features import HIGH, LOW, choices, decoded, masks, team_size, type_masks
from journeyman.gym.tasks import MAX_NUMBER, Split, Task, Tier, split_named, task, tier_named
from journeyman.gym.world import Rewards, World


def _observations(tier: Tier) -> Box:
    return Box(LOW, HIGH, (team_size(tier),), np.float32)


def _actions(tier: Tier) -> MultiDiscrete:
    return MultiDiscrete(np.tile(np.array(choices(tier)), ROLES))


def _drawn(random: np.random.Generator, tier: Tier, split: Split, count: int) -> list[Task]:
    return [Task(tier, split, int(number)) for number in random.integers(MAX_NUMBER + 1, size=count)]


class IncidentEnv(Env[Vector, Ints]):
    """One world; `reset(options={"task": id})` plays a task by name, otherwise the seed draws one of the split.

    Which task it was is in `info["task"]` only with `reveal`: whoever knows it could make the same world.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012 - the name and form are Gymnasium's

    def __init__(
        self, tier: str = "medium", *, split: str = "train", rewards: Rewards = "final", reveal: bool = False
    ) -> None:
        self._tier, self._split = tier_named(tier.lower()), split_named(split.lower())
        self._world: Final = World(self._tier, 1, rewards=rewards, reveal=reveal)
        self._reveal: Final = reveal
        self._mask: NDArray[np.int8] = np.zeros(0, np.int8)
        self._fields: tuple[slice, ...] = ()
        self.observation_space = cast("Any", _observations(self._tier))
        self.action_space = cast("Any", _actions(self._tier))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Vector, dict[str, Any]]:
        """Start a world and give its first observation."""
        super().reset(seed=seed)
        named = (options or {}).get("task")
        chosen = [task(str(named))] if named else _drawn(self.np_random, self._tier, self._split, 1)
        self._world.play(chosen)
        self._find_masks()
        return self._world.team_features()[0], self._info(chosen[0].id)

    def step(self, action: Ints) -> tuple[Vector, float, bool, bool, dict[str, Any]]:
        """Apply the team's action."""
        stepped = self._world.step_single(decoded(np.asarray(action).reshape(ROLES, FIELDS)))
        info = {"role_rewards": np.array(stepped.rewards[1:]), "action_mask": self._masks()}
        return self._world.team_features()[0], stepped.rewards[0], stepped.terminated, stepped.truncated, info

    def _info(self, task_id: str) -> dict[str, Any]:
        named = {"task": task_id} if self._reveal else {}
        return {**named, "role_rewards": np.zeros(ROLES), "action_mask": self._masks()}

    def _find_masks(self) -> None:
        services = len(self._world.names().services)
        found = [one for role in Role for one in masks(self._tier, services, role)]
        ends = np.cumsum([len(one) for one in found]).tolist()
        self._mask = np.concatenate(found)
        self._fields = tuple(slice(end - len(one), end) for end, one in zip(ends, found, strict=True))

    def _masks(self) -> tuple[NDArray[np.int8], ...]:
        whole = self._mask.copy()  # one for all fields: what an info holds is its owner's
        return tuple(whole[field] for field in self._fields)


def _mode(autoreset: AutoresetMode | str) -> AutoresetMode:
    modes = {mode.name.lower(): mode for mode in AutoresetMode}
    if isinstance(autoreset, AutoresetMode):
        return autoreset
    if autoreset not in modes:
        raise ValueError(f"{autoreset!r} is no autoreset mode; choose of {', '.join(modes)}")
    return modes[autoreset]


class IncidentVectorEnv(VectorEnv[Vector, Ints, NDArray[Any]]):
    """Many worlds in one batch, with Gymnasium's three ways to go on after an episode.

    `next_step` resets an ended world in the step after, whose action is ignored; `same_step` at once, with the last
    observation in `info["final_obs"]`; `disabled` waits for `reset(options={"reset_mask": ...})`.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012 - as above

    def __init__(
        self,
        num_envs: int = 1,
        *,
        tier: str = "medium",
        split: str = "train",
        rewards: Rewards = "final",
        autoreset: AutoresetMode | str = "next_step",
    ) -> None:
        self.num_envs = num_envs
        self._tier: Final = tier_named(tier.lower())
        self._split: Final = split_named(split.lower())
        self._mode: Final = _mode(autoreset)
        self.metadata = {**type(self).metadata, "autoreset_mode": self._mode}
        self._world: Final = World(self._tier, num_envs, rewards=rewards)
        self._ended: Bools = np.zeros(num_envs, np.bool_)
        self.single_observation_space = _observations(self._tier)
        self.single_action_space = _actions(self._tier)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Vector, dict[str, Any]]:
        """Start all worlds, or those of `options["reset_mask"]`, and give all observations."""
        super().reset(seed=seed)
        mask = (options or {}).get("reset_mask")
        if mask is not None and np.shape(mask) != (self.num_envs,):
            raise ValueError(f"reset_mask has shape {np.shape(mask)}; here are {self.num_envs} worlds")
        rows = np.arange(self.num_envs) if mask is None else np.flatnonzero(mask)
        observations = self._world.team_features()
        self._restart(rows, observations)
        return observations, self._info(np.zeros((self.num_envs, ROLES)))

    def step(self, actions: Ints) -> tuple[Vector, Floats, Bools, Bools, dict[str, Any]]:
        """Apply all teams' actions."""
        waiting = np.flatnonzero(self._ended) if self._mode is AutoresetMode.NEXT_STEP else np.zeros(0, np.int64)
        observations = np.empty((self.num_envs, team_size(self._tier)), np.float32)
        chosen = decoded(np.asarray(actions).reshape(self.num_envs, ROLES, FIELDS))
        stepped = self._world.step(chosen, observations)
        self._restart(waiting, observations)
        now = stepped.terminated | stepped.truncated
        self._ended |= now
        info = self._info(stepped.roles)
        if self._mode is AutoresetMode.SAME_STEP and now.any():
            info |= {"final_obs": np.full(self.num_envs, None, object), "_final_obs": now}
            for row in np.flatnonzero(now).tolist():
                info["final_obs"][row] = observations[row].copy()
            self._restart(np.flatnonzero(now), observations)
        return observations, stepped.team, stepped.terminated, stepped.truncated, info

    def _restart(self, rows: Ints, observations: Vector) -> None:
        """Start the worlds `rows` anew and write what is seen of them."""
        if not len(rows):
            return
        self._world.reset(draw_seeds(self.np_random, self._split, len(rows)), rows=rows)
        self._ended[rows] = False
        self._world.team_features(observations, rows=rows)

    def _info(self, roles: Floats) -> dict[str, Any]:
        return {"role_rewards": roles, "action_mask": type_masks(self.num_envs)}
