"""Trial and error: the strongest way known to score without a diagnosis.

It cures the service that looks worst by one means after the other that mends any failure with such symptoms, claims
what the means would mend, and closes when customers are served.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from journeyman.gym.actions import MAX_REPLICAS, Action, ActionType, Role
from journeyman.gym.arrays import Bools, Ints
from journeyman.gym.catalog import ACTOR, CATALOG, Group
from journeyman.gym.observe.observation import Observations, OversightObservationBatch, SreObservationBatch
from journeyman.gym.policies.base import no_actions
from journeyman.gym.rules.score import CALM_STEPS

CURES_OF: Final = {
    group: tuple(dict.fromkeys(row.cure for row in CATALOG if row.group is group and not row.benign)) for group in Group
}
"""What mends any failure of a group, in the catalog's order."""
_FIRST_MENDED: Final = {
    (group, cure): next(row.failure for row in CATALOG if row.group is group and row.cure == cure and not row.benign)
    for group, cures in CURES_OF.items()
    for cure in cures
}
_WAIT_STEPS: Final = 5
"""Steps that a cure is given before the next one is tried."""
_CLOSE_AFTER: Final = 20
_HEALTHY: Final = -1.0


class TrialAndError:
    """A team that tries; with `flags` it also stops whoever touched the worst service without a ticket."""

    def __init__(self, name: str, *, flags: bool) -> None:
        self.name = name
        self._flags = flags
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
        actions = no_actions(worlds)
        for world in np.flatnonzero(sick & (step - self._tried_at >= _WAIT_STEPS)).tolist():
            self._try(actions[world], seen, world, int(service[world]))
            self._tried_at[world] = step
        if self._flags:
            _flag_at(actions, observations.oversight(), service, sick)
        closing = (self._calm > CALM_STEPS) & (step >= _CLOSE_AFTER)
        actions[closing, Role.MANAGER] = Action(ActionType.RESOLVE).row()
        return actions

    def _try(self, actions: Ints, seen: SreObservationBatch, world: int, service: int) -> None:
        group = _group(seen, world, service)
        cures = CURES_OF[group]
        cure = cures[int(self._trials[world, service]) % len(cures)]
        self._trials[world, service] += 1
        actor = ACTOR[cure]
        actions[actor] = Action(cure, service, MAX_REPLICAS if cure == ActionType.SCALE else 0).row()
        claiming = Role.DEV if actor is Role.SRE else Role.SRE
        failure = int(_FIRST_MENDED[group, cure])
        actions[claiming] = Action(ActionType.IDENTIFY_ROOT_CAUSE, service, failure).row()


def worst(seen: SreObservationBatch) -> tuple[Ints, Bools]:
    """The unhealthy service with the loudest symptoms of each world, and whether there is one."""
    cpu, memory, latency, errors = (seen.metrics[:, index] for index in range(4))
    loud = errors + (latency / np.maximum(seen.usual_latency, 1) - 1) / 8 + (memory > 0.85) + (cpu > 0.97)
    loud = np.where(seen.health > 0, loud, _HEALTHY)
    service = np.argmax(loud, axis=1)
    return service, loud[np.arange(len(service)), service] > _HEALTHY


def _group(seen: SreObservationBatch, world: int, service: int) -> Group:
    cpu, memory, latency, errors = seen.metrics[world, :4, service].tolist()
    if cpu > 0.9:
        return Group.SATURATION
    if memory > 0.8:
        return Group.MEMORY
    slow = latency / max(float(seen.usual_latency[world, service]), 1)
    return Group.ERRORS if errors > 0.1 and slow < 4 else Group.SLOW_STORE


def _flag_at(actions: Ints, trace: OversightObservationBatch, service: Ints, sick: Bools) -> None:
    touched = (trace.agent >= 0) & (trace.ticket == 0) & (trace.target == service[:, None]) & sick[:, None]
    found = touched.any(1)
    agent = trace.agent[np.arange(len(service)), np.argmax(touched, axis=1)]
    actions[found, Role.OVERSIGHT, 0] = int(ActionType.FLAG_ROGUE)
    actions[found, Role.OVERSIGHT, 1] = agent[found]
