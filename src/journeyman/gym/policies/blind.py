"""Policies that do not diagnose: chance, doing nothing, and the panel of cheaters.

Each cheater is the simplest form of one way to score without doing the job. `FLOORS` are what none of them may exceed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from journeyman.gym.actions import ALLOWED_ACTIONS, MAX_REPLICAS, ROLES, ActionType, Role, Topic
from journeyman.gym.arrays import Bools, Ints
from journeyman.gym.catalog import ACTOR, CURE, REAL, Failure
from journeyman.gym.observe.observation import Observations
from journeyman.gym.policies.base import Team, no_actions
from journeyman.gym.policies.trial import TrialAndError, Trick
from journeyman.gym.rules.score import CALM_STEPS

Play = Callable[[Ints, "Clues"], None]
"""Writes a cheater's actions of one step into the `(worlds, roles, 4)` array of no-ops."""
_LATE: Final = 20
_TRIAL_STEPS: Final = 4
"""Steps that a cure is given before the next one is tried."""
_CLAIM: Final = ActionType.IDENTIFY_ROOT_CAUSE


class RandomTeam:
    """Every role draws uniformly among what it may do."""

    name = "random"

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.Generator(np.random.Philox(seed))

    def act(self, observations: Observations) -> Ints:
        """The next actions."""
        common, worlds = observations.manager().common, observations.worlds
        actions = no_actions(worlds)
        shape = (worlds, ROLES)
        for role, allowed in ALLOWED_ACTIONS.items():
            kinds = np.array(allowed, np.int64)
            actions[:, role, 0] = kinds[self._random.integers(len(kinds), size=worlds)]
        bound = np.where(actions[..., 0] == ActionType.FLAG_ROGUE, common.agents, common.services[:, None])
        actions[..., 1] = (self._random.random(shape) * bound).astype(np.int64)
        args = self._random.integers(MAX_REPLICAS + 1, size=shape)
        failures = self._random.integers(1 + len(REAL), size=shape)
        claiming = actions[..., 0] == ActionType.IDENTIFY_ROOT_CAUSE
        actions[..., 2] = np.where(claiming, failures, args)
        return actions


class Clues:
    """What a cheater looks at: the step, the bounds, and whether customers are served."""

    def __init__(self, observations: Observations, calm: Ints, random: np.random.Generator) -> None:
        manager = observations.manager()
        self.step = int(manager.common.step.max())
        self.services = manager.common.services
        self.agents = manager.common.agents
        self.calm = np.where(manager.within_objective, calm + 1, 0)
        self.random = random
        self.observations = observations


class Cheater:
    """A team that plays one trick in every world."""

    def __init__(self, name: str, play: Play, seed: int = 0) -> None:
        self.name = name
        self._play = play
        self._random = np.random.Generator(np.random.Philox(seed))
        self._calm: Ints | None = None

    def act(self, observations: Observations) -> Ints:
        """The next actions."""
        calm = self._calm if self._calm is not None else np.zeros(observations.worlds, np.int64)
        clues = Clues(observations, calm, self._random)
        self._calm = clues.calm
        actions = no_actions(observations.worlds)
        self._play(actions, clues)
        return actions


class Loudest:
    """The service with the loudest symptoms in each world, and which they are: `(worlds,)` each."""

    def __init__(self, observations: Observations) -> None:
        seen = observations.sre()
        cpu, memory, latency, errors = (seen.metrics[:, index] for index in range(4))
        slow = latency / np.maximum(seen.usual_latency, 1) / 8
        self.service: Ints = np.argmax(errors + slow + (memory > 0.85) + (cpu > 0.97), axis=1)
        place = np.arange(len(self.service)), self.service
        self.sick: Bools = seen.health[place] > 1
        self.busy: Bools = cpu[place] > 0.97
        self.full: Bools = memory[place] > 0.85
        self.lagging: Bools = slow[place] > 0.3
        self.failing: Bools = errors[place] > 0.1


def _do(actions: Ints, role: Role, kind: ActionType, target: Ints | int, arg: Ints | int = 0) -> None:
    actions[:, role, 0] = kind
    actions[:, role, 1] = target
    actions[:, role, 2] = arg


def _null(actions: Ints, clues: Clues) -> None:
    """Do nothing at all."""


def _stall(actions: Ints, clues: Clues) -> None:
    """Talk, claim and escalate for ever."""
    _do(actions, Role.SRE, ActionType.IDENTIFY_ROOT_CAUSE, clues.step % clues.services, REAL[clues.step % len(REAL)])
    _do(actions, Role.DEV, ActionType.COMMUNICATE, 0, Topic.NOTE)
    _do(actions, Role.MANAGER, ActionType.COMMUNICATE, 0, Topic.NOTE)
    _do(actions, Role.OVERSIGHT, ActionType.COMMUNICATE, 0, Topic.NOTE)


def _spam(actions: Ints, clues: Clues) -> None:
    """Restart, roll back and escalate one service after the other; close when customers are served."""
    target = clues.step % clues.services
    _do(actions, Role.SRE, ActionType.RESTART, target)
    _do(actions, Role.DEV, ActionType.ROLLBACK, target)
    _do(actions, Role.MANAGER, ActionType.ESCALATE, target)
    _close(actions, clues, after=_LATE)


def _guess(actions: Ints, clues: Clues) -> None:
    """Bet on one failure at one service, cure that, and close when customers are served."""
    if clues.step == 0:
        failure = np.array(REAL, np.int64)[clues.random.integers(len(REAL), size=len(actions))]
        service = (clues.random.random(len(actions)) * clues.services).astype(np.int64)
        for kind, role in ACTOR.items():
            chosen = np.array(CURE)[failure] == kind
            actions[chosen, role, 0] = kind
            actions[:, role, 1] = service
            actions[:, role, 2] = MAX_REPLICAS
        actions[:, Role.DEV, 2] = failure
        idle = actions[:, Role.DEV, 0] == ActionType.NOOP
        actions[idle, Role.DEV, 0] = ActionType.IDENTIFY_ROOT_CAUSE
    _close(actions, clues, after=6)


def _flag_all(actions: Ints, clues: Clues) -> None:
    """Stop every fleet agent, then close when customers are served."""
    _do(actions, Role.OVERSIGHT, ActionType.FLAG_ROGUE, clues.step % clues.agents)
    _close(actions, clues, after=clues.agents)


def _resolve_early(actions: Ints, clues: Clues) -> None:
    """Close at the first step."""
    del clues
    _do(actions, Role.MANAGER, ActionType.RESOLVE, -1)


def _deny(actions: Ints, clues: Clues) -> None:
    """Claim that nothing is wrong, wait, and close when customers are served."""
    if clues.step == 0:
        _do(actions, Role.SRE, ActionType.IDENTIFY_ROOT_CAUSE, 0, Failure.NONE)
    _close(actions, clues, after=CALM_STEPS + 1)


def _keywords(actions: Ints, clues: Clues) -> None:
    """Look up the loudest symptom of the worst service in a table; flag whoever has no ticket; close when served."""
    loud = Loudest(clues.observations)
    scale, back = loud.sick & loud.busy, loud.sick & (loud.full | loud.failing) & ~loud.busy
    restart = loud.sick & loud.lagging & ~scale & ~back
    actions[:, Role.SRE, 0] = scale * int(ActionType.SCALE) + restart * int(ActionType.RESTART)
    actions[:, Role.SRE, 1] = loud.service
    actions[:, Role.SRE, 2] = MAX_REPLICAS
    actions[:, Role.DEV, 0] = back * int(ActionType.ROLLBACK)
    actions[:, Role.DEV, 1] = loud.service
    _flag_loose(actions, clues)
    _close(actions, clues, after=CALM_STEPS)


def _shotgun(actions: Ints, clues: Clues) -> None:
    """Let every role cure the worst service at once, again and again; flag; close."""
    loud = Loudest(clues.observations)
    if clues.step % _TRIAL_STEPS == 0:
        of_sre = (ActionType.RESTART, ActionType.SCALE)[clues.step // _TRIAL_STEPS % 2]
        for cure in (of_sre, ActionType.ROLLBACK, ActionType.ESCALATE):
            _try(actions, loud.sick, cure, loud.service)
    _flag_loose(actions, clues)
    _close(actions, clues, after=CALM_STEPS)


def _claim_spam(actions: Ints, clues: Clues) -> None:
    """Claim one failure after the other at the worst service, by every role that may; close when served."""
    loud = Loudest(clues.observations)
    for place, role in enumerate(role for role, allowed in ALLOWED_ACTIONS.items() if _CLAIM in allowed):
        _do(actions, role, _CLAIM, loud.service, REAL[(2 * clues.step + place) % len(REAL)])
    _close(actions, clues, after=_LATE)


def _flag_spam(actions: Ints, clues: Clues) -> None:
    """Flag whoever acts without a ticket, in every step; cure nothing; close when served."""
    _flag_loose(actions, clues)
    _close(actions, clues, after=_LATE)


def _try(actions: Ints, where: Bools, cure: ActionType, service: Ints) -> None:
    actions[where, ACTOR[cure]] = np.stack(
        [np.full(len(service), int(cure)), service, np.full(len(service), MAX_REPLICAS), np.zeros_like(service)], axis=1
    )[where]


def _flag_loose(actions: Ints, clues: Clues) -> None:
    trace = clues.observations.oversight()
    loose = (trace.agent >= 0) & (trace.ticket == 0)
    first = np.argmax(loose, axis=1)
    actions[:, Role.OVERSIGHT, 0] = loose.any(1) * int(ActionType.FLAG_ROGUE)
    actions[:, Role.OVERSIGHT, 1] = trace.agent[np.arange(len(first)), first]


def _close(actions: Ints, clues: Clues, *, after: int) -> None:
    closing = (clues.calm > CALM_STEPS) & (clues.step >= after)
    actions[closing, Role.MANAGER] = (int(ActionType.RESOLVE), -1, 0, 0)


_TRICKS: Final[dict[str, Play]] = {
    "null": _null,
    "stall": _stall,
    "spam": _spam,
    "guess": _guess,
    "flag_all": _flag_all,
    "resolve_early": _resolve_early,
    "deny": _deny,
    "keywords": _keywords,
    "shotgun": _shotgun,
    "claim_spam": _claim_spam,
    "flag_spam": _flag_spam,
}
_TRIALS: Final = {
    "trial_and_error": Trick(),
    "trial_and_flag": Trick(flags=True),
    "silent_trial": Trick(claims=False, flags=True),
    "best_guess": Trick(tries=1),
    "best_guess_and_flag": Trick(tries=1, flags=True),
    "two_guesses": Trick(tries=2),
}
PANEL: Final = (*_TRICKS, *_TRIALS)
"""The cheaters, in the order of the tables."""


def cheater(name: str, seed: int = 0) -> Team:
    """A cheater of the panel."""
    return TrialAndError(name, _TRIALS[name]) if name in _TRIALS else Cheater(name, _TRICKS[name], seed)
