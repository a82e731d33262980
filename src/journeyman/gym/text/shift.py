"""One role's shift at an incident: somebody plays this role in words, a policy plays the others."""

from __future__ import annotations

from typing import Final

from journeyman.gym.evaluate import team_named
from journeyman.gym.tasks import Task
from journeyman.gym.text.action import TextAction
from journeyman.gym.text.export import team_moves
from journeyman.gym.text.observation import Observation
from journeyman.gym.text.session import TextWorld
from journeyman.gym.text.words import AgentRole

NOBODY: Final = "nobody"
"""As `others`: the other seats stay empty."""


class Shift:
    """An incident with one open seat, in agent mode.

    Args:
        task: the world to play.
        role: the open seat.
        others: the policy of the other seats, as `team_named` knows it, or `nobody`.

    Raises:
        KeyError: there is no such policy.
    """

    def __init__(self, task: Task, role: AgentRole, *, others: str = "heuristic") -> None:
        self.role: Final = role
        self.world: Final = TextWorld(task)
        self._team: Final = None if others == NOBODY else team_named(others)(1)
        self.moves: dict[AgentRole, TextAction] = {}
        """What every role did in the last step."""

    @property
    def done(self) -> bool:
        """Whether the episode is over."""
        return self.world.done

    @property
    def score(self) -> float:
        """The role's score; 0 while the episode runs."""
        return self.world.rewards[self.role] if self.done else 0.0

    def observe(self) -> Observation:
        """What the role sees now."""
        return self.world.observe(self.role)

    def act(self, action: TextAction) -> None:
        """Take one step with the role's action; after the end nothing changes."""
        if self.done:
            return
        moves = team_moves(self._team, self.world)
        moves[self.role] = action
        self.moves = moves
        self.world.step(moves)

    def leave(self) -> None:
        """Leave the seat empty until the others, or time, end the incident."""
        while not self.done:
            self.act(TextAction(self.role))
