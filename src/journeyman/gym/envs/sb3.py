"""A Stable-Baselines3 `VecEnv`: some seats of many incidents for a learner, a policy in the others.

One batch moves all worlds, in this process. Each seat picks one of its numbered choices (`Discrete`, of several seats
`MultiDiscrete`); `action_masks` tells sb3-contrib's MaskablePPO which of them name what is there. The reward is the
team's. An ended world starts a new incident at once; its last observation is in `info["terminal_observation"]`.
"""
# pyright: basic, reportMissingImports=false, reportUntypedBaseClass=false
# Stable-Baselines3 needs torch and lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from gymnasium import Wrapper
from gymnasium.spaces import Box, Discrete, MultiDiscrete

from journeyman.gym.actions import Role
from journeyman.gym.arrays import Bools, Ints, Vector
from journeyman.gym.envs.role_choices import Colleagues, RoleChoices
from journeyman.gym.envs.seeds import draw_seeds
from journeyman.gym.evaluate import team_named
from journeyman.gym.observe.features import HIGH, LOW
from journeyman.gym.tasks import split_named, tier_named
from journeyman.gym.world import Rewards, World

try:
    from stable_baselines3.common.vec_env import VecEnv
except ImportError as error:
    raise ImportError("the VecEnv needs the extra: pip install 'journeyman[gym-sb3]'") from error

NOBODY: Final = "nobody"
"""As `others`: the other seats stay empty."""


class IncidentVecEnv(VecEnv):
    """Many incidents with a learner in some seats.

    Args:
        num_envs: how many worlds.
        roles: the learner's seats by name; all four without any.
        others: the policy of the other seats, as `team_named` knows it, or `nobody`.
        tier: how hard.
        split: which tasks are drawn.
        rewards: `potential` pays the score's change in every step, `final` the score at the end; both sum to the score.
        seed: of the draw.
    """

    def __init__(
        self,
        num_envs: int,
        *,
        roles: Sequence[str] = (),
        others: str = "heuristic",
        tier: str = "easy",
        split: str = "train",
        rewards: Rewards = "potential",
        seed: int = 0,
    ) -> None:
        self.render_mode = None
        seats = [Role[name.upper()] for name in roles] or list(Role)
        self._choices: Final = RoleChoices(tier_named(tier), seats)
        self._split: Final = split_named(split)
        self._random = np.random.Generator(np.random.Philox(seed))
        self._world: Final = World(self._choices.tier, num_envs, rewards=rewards)
        empty = others == NOBODY or len(seats) == len(Role)
        self._colleagues: Final = Colleagues(None if empty else team_named(others), num_envs)
        self._picks: Ints = np.zeros((num_envs, len(seats)), np.int64)
        counts = self._choices.counts
        space = Discrete(counts[0]) if len(counts) == 1 else MultiDiscrete(np.array(counts))
        super().__init__(num_envs, Box(LOW, HIGH, (self._choices.width,), np.float32), space)

    def reset(self) -> Vector:
        """Start an incident in every world."""
        if self._seeds[0] is not None:
            self._random = np.random.Generator(np.random.Philox(self._seeds[0]))
            self._reset_seeds()
        self._reset_options()
        self._restart(np.arange(self.num_envs))
        return self._choices.features(self._world.observe())

    def step_async(self, actions: Any) -> None:
        """Take the picks of the next step."""
        self._picks = np.asarray(actions, np.int64).reshape(self._picks.shape)

    def step_wait(self) -> tuple[Vector, Vector, Bools, list[dict[str, Any]]]:
        """Move every world one step."""
        actions = self._colleagues.act(self._world.observe())
        self._choices.write(self._picks, actions)
        stepped = self._world.step(actions)
        ended = stepped.terminated | stepped.truncated
        observations = self._choices.features(self._world.observe())
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if ended.any():
            for row in np.flatnonzero(ended).tolist():
                cut = bool(stepped.truncated[row])
                infos[row] = {"terminal_observation": observations[row].copy(), "TimeLimit.truncated": cut}
            self._restart(np.flatnonzero(ended))
            observations = self._choices.features(self._world.observe())
        return observations, stepped.team.astype(np.float32), ended, infos

    def action_masks(self) -> Bools:
        """`(worlds, choices)` which choices name what is there."""
        return self._choices.masks(self._world.observe())

    def _restart(self, rows: Ints) -> None:
        self._world.reset(draw_seeds(self._random, self._split, len(rows)), rows=rows)
        self._colleagues.begin(rows.tolist())

    def close(self) -> None:
        """Nothing is held that would have to be given back."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The batch's attribute, once per world."""
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refuse: the worlds are one batch, whose options are the constructor's."""
        del value, indices
        raise AttributeError(f"{attr_name!r} cannot be set: the worlds are one batch; make another with other options")

    def env_method(self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any) -> list[Any]:
        """What a method of the batch gives for each world; `action_masks` is the one with an answer per world."""
        if method_name != "action_masks":
            raise AttributeError(f"the worlds have no method {method_name!r}; they have action_masks")
        masks = self.action_masks(*method_args, **method_kwargs)
        return [masks[row] for row in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type[Wrapper], indices: Any = None) -> list[bool]:
        """No world is a Gymnasium environment of its own."""
        del wrapper_class
        return [False] * len(list(self._get_indices(indices)))
