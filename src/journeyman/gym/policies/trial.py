"""Trial and error: the strongest ways known to score without a closer look.

They take the service whose symptoms its dependencies explain least, name and cure what such symptoms are most often,
then what they are next most often, and close when customers are served.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from journeyman.gym.actions import Action, ActionType, Role
from journeyman.gym.arrays import Bools, Floats, Ints
from journeyman.gym.catalog import ACTOR, CATALOG, FailureSpec, Group
from journeyman.gym.observe.observation import Observations, OversightObservationBatch, SreObservationBatch
from journeyman.gym.policies.base import no_actions
from journeyman.gym.rules.score import CALM_STEPS

_CURES: Final = {
    group: tuple(dict.fromkeys(row.cure for row in CATALOG if row.group is group and not row.benign)) for group in Group
}
_MENDED: Final = {
    (group, cure): tuple(row for row in CATALOG if row.group is group and row.cure == cure and not row.benign)
    for group, cures in _CURES.items()
    for cure in cures
}
TRIALS: Final = {
    group: tuple(
        _MENDED[group, cure][0] for cure in sorted(cures, key=lambda cure: len(_MENDED[group, cure]), reverse=True)
    )
    for group, cures in _CURES.items()
}
"""For each way to mend a failure of a group one that it mends: the most promising first."""
_EARLIEST: Final = 3
"""Steps that symptoms are given to show."""
_WAIT_STEPS: Final = 8
"""Steps that a cure is given before the next one is tried."""
_CLOSE_AFTER: Final = 12
_HEALTHY: Final = -1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trick:
    """One way to try."""

    tries: int = 99
    """Most cures in a world."""
    claims: bool = True
    """Whether each try names what it would mend."""
    flags: bool = False
    """Whether whoever touched the worst service without a ticket is stopped."""


class TrialAndError:
    """A team that tries."""

    def __init__(self, name: str, trick: Trick) -> None:
        self.name = name
        self._trick = trick
        self._trials: Ints = np.zeros((0, 0), np.int64)
        self._tried_at: Ints = np.zeros(0, np.int64)
        self._calm: Ints = np.zeros(0, np.int64)

    def act(self, observations: Observations) -> Ints:
        """The next actions."""
        seen, manager = observations.sre(), observations.manager()
        worlds, step = observations.worlds, int(manager.common.step.max())
        if not len(self._calm):
            self._trials = np.zeros((worlds, seen.health.shape[1]), np.int64)
            self._tried_at = np.full(worlds, -_WAIT_STEPS)
            self._calm = np.zeros(worlds, np.int64)
        self._calm = np.where(manager.within_objective, self._calm + 1, 0)
        service, sick = worst(seen)
        due = sick & (step - self._tried_at >= _WAIT_STEPS) & (self._trials.sum(axis=1) < self._trick.tries)
        actions = no_actions(worlds)
        for world in np.flatnonzero(due & (step >= _EARLIEST)).tolist():
            self._try(actions[world], seen, world, int(service[world]))
            self._tried_at[world] = step
        if self._trick.flags:
            _flag_at(actions, observations.oversight(), service, sick)
        closing = (self._calm > CALM_STEPS) & (step >= _CLOSE_AFTER) & (step - self._tried_at > CALM_STEPS)
        actions[closing, Role.MANAGER] = Action(ActionType.RESOLVE).row()
        return actions

    def _try(self, actions: Ints, seen: SreObservationBatch, world: int, service: int) -> None:
        trials = TRIALS[_group(seen, world, service)]
        row: FailureSpec = trials[int(self._trials[world, service]) % len(trials)]
        self._trials[world, service] += 1
        actor = ACTOR[row.cure]
        replicas = int(seen.replicas[world, service]) + 1 if row.cure == ActionType.SCALE else 0
        actions[actor] = Action(row.cure, service, replicas).row()
        if self._trick.claims:
            claiming = Role.DEV if actor is Role.SRE else Role.SRE
            actions[claiming] = Action(ActionType.IDENTIFY_ROOT_CAUSE, service, int(row.failure)).row()


def worst(seen: SreObservationBatch) -> tuple[Ints, Bools]:
    """The unhealthy service of each world that its dependencies explain least, and whether there is one."""
    _, memory, latency, errors = (seen.metrics[:, index] for index in range(4))
    usual = np.maximum(seen.usual_latency, 1)
    below, wait, usual_wait = (_highest(values, seen.calls) for values in (errors, latency, usual))
    own = (errors - below) * 4 + ((latency - wait * 0.7) / np.maximum(usual - usual_wait * 0.7, 1) - 1) * 0.3
    loud = np.where(seen.health > 0, own + (memory > 0.85), _HEALTHY)
    service = np.argmax(loud, axis=1)
    return service, loud[np.arange(len(service)), service] > _HEALTHY


def _highest(values: Floats, calls: Ints) -> Floats:
    """Of each service the highest value among those that it calls, 0 without any."""
    padded = np.concatenate([values, np.zeros((len(values), 1))], axis=1)
    return padded[np.arange(len(values))[:, None, None], calls].max(axis=2)


def _group(seen: SreObservationBatch, world: int, service: int) -> Group:
    cpu, memory, latency, errors = seen.metrics[world, :4, service].tolist()
    if memory > 0.8:
        return Group.MEMORY
    slow = latency / max(float(seen.usual_latency[world, service]), 1)
    return Group.SLOW if cpu > 0.9 or slow > 2.5 or errors < 0.1 else Group.ERRORS


def _flag_at(actions: Ints, trace: OversightObservationBatch, service: Ints, sick: Bools) -> None:
    touched = (trace.agent >= 0) & (trace.ticket == 0) & (trace.target == service[:, None]) & sick[:, None]
    found = touched.any(1)
    agent = trace.agent[np.arange(len(service)), np.argmax(touched, axis=1)]
    actions[found, Role.OVERSIGHT, 0] = int(ActionType.FLAG_ROGUE)
    actions[found, Role.OVERSIGHT, 1] = agent[found]
