"""The least that OpenEnv can serve: an environment that does nothing."""
# pyright: basic, reportMissingImports=false
# OpenEnv lives in an environment of its own, which the checks of this project do not see.

from __future__ import annotations

from typing import Any

from openenv.core.env_server.http_server import create_app
from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import Action, Observation, State


class Nothing(Environment):
    """Does nothing."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def reset(self, seed: int | None = None, episode_id: str | None = None, **_: Any) -> Observation:
        """Begin nothing."""
        del seed, episode_id
        return Observation(reward=0.0)

    def step(self, action: Action, timeout_s: float | None = None, **_: Any) -> Observation:
        """Do nothing."""
        del action, timeout_s
        return Observation(reward=0.0)

    @property
    def state(self) -> State:
        """Nothing."""
        return State()


class EagerNothing(Nothing):
    """Does nothing on the event loop itself, as the gym does: no change of thread."""

    async def step_async(self, action: Action, timeout_s: float | None = None, **_: Any) -> Observation:
        """Do nothing."""
        return self.step(action, timeout_s)


app = create_app(Nothing, Action, Observation, env_name="nothing", max_concurrent_envs=256)
eager = create_app(EagerNothing, Action, Observation, env_name="nothing", max_concurrent_envs=256)
