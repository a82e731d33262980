"""What some roles may do as numbered choices, and what they see as one vector: for learners that pick one of n.

The four integers of an action leave a learner thousands of combinations of which most mean nothing. Here each role has
one list: every action that it may take, with the targets and arguments that say something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from journeyman.gym.actions import ALLOWED_ACTIONS, MAX_REPLICAS, Action, ActionType, Role, Topic
from journeyman.gym.arrays import Bools, Ints, Vector
from journeyman.gym.catalog import REAL, Failure
from journeyman.gym.evaluate import MakeTeam
from journeyman.gym.observe.features import features, size
from journeyman.gym.observe.observation import Observations
from journeyman.gym.policies.base import Team, no_actions
from journeyman.gym.tasks import SIZES, Tier

_REPLICAS: Final = range(2, MAX_REPLICAS + 1, 2)
_ABOUT_SERVICES: Final = (
    Topic.SYMPTOM,
    Topic.FIXED,
    Topic.NEED_RESTART,
    Topic.NEED_ROLLBACK,
    Topic.NEED_SCALE,
    Topic.NEED_ESCALATION,
)


def _messages(services: int, agents: int) -> Iterator[Action]:
    for topic in _ABOUT_SERVICES:
        yield from (Action(ActionType.COMMUNICATE, one, int(topic)) for one in range(services))
    yield from (Action(ActionType.COMMUNICATE, one, int(Topic.SUSPECT)) for one in range(agents))
    yield Action(ActionType.COMMUNICATE, -1, int(Topic.ALL_CLEAR))


def _claims(services: int) -> Iterator[Action]:
    yield Action(ActionType.IDENTIFY_ROOT_CAUSE, 0, int(Failure.NONE))
    for one in range(services):
        yield from (Action(ActionType.IDENTIFY_ROOT_CAUSE, one, int(failure)) for failure in REAL)


_FORMS: Final[dict[ActionType, Callable[[int, int], Iterator[Action]]]] = {
    ActionType.NOOP: lambda services, _: (Action(target=one) for one in range(-1, services)),
    ActionType.COMMUNICATE: _messages,
    ActionType.RESTART: lambda services, _: (Action(ActionType.RESTART, one) for one in range(services)),
    ActionType.ROLLBACK: lambda services, _: (Action(ActionType.ROLLBACK, one) for one in range(services)),
    ActionType.SCALE: lambda services, _: (
        Action(ActionType.SCALE, one, count) for one in range(services) for count in _REPLICAS
    ),
    ActionType.FLAG_ROGUE: lambda _, agents: (Action(ActionType.FLAG_ROGUE, one) for one in range(agents)),
    ActionType.IDENTIFY_ROOT_CAUSE: lambda services, _: _claims(services),
    ActionType.ESCALATE: lambda services, _: (Action(ActionType.ESCALATE, one) for one in range(services)),
    ActionType.RESOLVE: lambda _services, _agents: iter((Action(ActionType.RESOLVE),)),
}


class RoleChoices:
    """The spaces of some roles of a tier.

    Args:
        tier: of the worlds.
        roles: who chooses, in this order.
    """

    def __init__(self, tier: Tier, roles: Sequence[Role]) -> None:
        self.tier: Final = tier
        self.roles: Final = tuple(roles)
        services, agents = SIZES[tier].services[1], SIZES[tier].agents
        lists = [[one for kind in ALLOWED_ACTIONS[role] for one in _FORMS[kind](services, agents)] for role in roles]
        self._actions: Final = [np.array([one.row() for one in choices], np.int64) for choices in lists]
        self.counts: Final = tuple(len(choices) for choices in lists)
        """How many choices each role has."""
        self.width: Final = sum(size(tier, role) for role in roles)
        """The length of the vector that the roles see."""
        # The fewest services a world must have for a choice to name one that is there.
        self._needs: Final = np.array([_services_named(one) for choices in lists for one in choices], np.int64)

    def masks(self, observations: Observations) -> Bools:
        """`(worlds, sum of counts)` which choices name what is there."""
        services = observations.manager().common.services
        return self._needs <= services[:, None]

    def features(self, observations: Observations) -> Vector:
        """`(worlds, width)` numbers of what the roles see, side by side."""
        return np.concatenate([features(observations, self.tier, role) for role in self.roles], axis=1)

    def write(self, picks: Ints, actions: Ints) -> None:
        """Put the roles' picks, `(worlds, roles)`, into the actions of a batch, `(worlds, 4, 4)`."""
        for column, (role, table) in enumerate(zip(self.roles, self._actions, strict=True)):
            actions[:, role] = table[picks[:, column]]


def _services_named(action: Action) -> int:
    about_agents = action.type is ActionType.FLAG_ROGUE or (
        action.type is ActionType.COMMUNICATE and action.arg == Topic.SUSPECT
    )
    return 0 if about_agents else action.target + 1


class Colleagues:
    """Policies in worlds of a batch that begin and end at different times: one team per world.

    Args:
        make: gives the team of one world; `None` leaves the other seats empty.
        worlds: how many.
    """

    def __init__(self, make: MakeTeam | None, worlds: int) -> None:
        self._make: Final = make
        self._teams: Final = [] if make is None else [make(1) for _ in range(worlds)]

    def begin(self, worlds: Sequence[int]) -> None:
        """Make fresh teams for worlds that were started anew."""
        if self._make is not None:
            for one in worlds:
                self._teams[one] = self._make(1)

    def act(self, observations: Observations) -> Ints:
        """Everybody's next actions, those of the learner's seats too, which it overwrites."""
        actions = no_actions(observations.worlds)
        for number, team in enumerate(self._teams):
            actions[number] = team.act(observations.single(number))[0]
        return actions


class LearnedTeam:
    """A learner in some seats of a batch of fresh worlds, and a team in the others.

    Args:
        name: how tables call it.
        choices: of the learner's seats.
        pick: the learner: what its seats see and the masks of their choices, worlds first, to picks `(worlds, roles)`.
        others: the other seats' team; `None` leaves them empty.
    """

    def __init__(
        self, name: str, choices: RoleChoices, pick: Callable[[Vector, Bools], Ints], others: Team | None
    ) -> None:
        self.name = name
        self._choices: Final = choices
        self._pick: Final = pick
        self._others: Final = others

    def act(self, observations: Observations) -> Ints:
        """The next actions."""
        actions = no_actions(observations.worlds) if self._others is None else self._others.act(observations)
        picks = self._pick(self._choices.features(observations), self._choices.masks(observations))
        self._choices.write(picks.reshape(observations.worlds, -1), actions)
        return actions
