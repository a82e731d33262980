"""The heuristic team: an honest runbook without the truth. It looks before it acts and talks about what it finds.

The SRE ranks services by how much worse they are than their dependencies explain, looks closer at the worst and either
acts, asks, or passes the symptom on. The developer looks where the SRE points, the manager escalates on request and
closes after an all-clear, oversight flags agents that touched a symptomatic service without a ticket.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from journeyman.gym.actions import NOOP, Action, ActionType, Role, Topic
from journeyman.gym.catalog import CATALOG, PROBES_PER_ROLE, Failure, Probe
from journeyman.gym.observe.observation import (
    DevObservation,
    ManagerObservation,
    Message,
    OversightObservation,
    SreObservation,
)
from journeyman.gym.policies.role_team import RoleFactories
from journeyman.gym.rules.fleet import VERBS_PER_JOB

_ALONE_STEPS: Final = 10
"""Calm steps after which a manager closes who has heard nothing at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """The heuristic's numbers; by hand here, by search in `journeyman.gym.train`."""

    errors: float = 4.0
    slowness: float = 0.3
    memory: float = 1.0
    cpu: float = 0.0
    queue: float = 0.0
    """Weights of a service's own errors, own slowness, full memory, busy CPU and queue in its suspicion."""
    suspicious: float = 0.35
    """Suspicion from which a service is looked at."""
    signal: float = 0.78
    """Reading of a probe that is believed."""
    patience_steps: float = 12.0
    """Steps before a treated service is suspected again."""
    clear_steps: float = 3.0
    """Healthy steps before the all-clear, and calm ones before closing on it."""
    ticketed: float = 0.2
    """Suspicion of an agent per harmful action with a ticket at a symptomatic service; 1 without a ticket."""
    elsewhere: float = 0.15
    """The same without a ticket at any other service."""
    flag_at: float = 1.0
    """Suspicion from which an agent is flagged."""


BY_HAND: Final = Tuning()
_F, _A, _T = Failure, ActionType, Topic
_FINDS: Final = {
    probe: (row.failure, row.cure)
    for row in sorted(CATALOG, key=lambda row: row.rogue is not None or row.as_follower is not None, reverse=True)
    for probe in (row.sre_probe, row.dev_probe)
    if not row.benign
}
"""What a probe is taken for, and what cures that: of all failures that raise it, one that nobody is behind."""


def _say(topic: Topic, about: int, to: Role | None = None) -> Action:
    return Action(_A.COMMUNICATE, about, int(topic), 0 if to is None else 1 + int(to))


def _claim(failure: Failure, service: int) -> Action:
    return Action(_A.IDENTIFY_ROOT_CAUSE, service, int(failure))


class _Inbox:
    """What was said since the last observation."""

    def __init__(self, role: Role) -> None:
        self._role = int(role)
        self._heard = -1

    def news(self, step: int, messages: Sequence[Message]) -> list[tuple[int, int]]:
        """(topic, about) of the others' messages not heard before, oldest first."""
        fresh = [
            (topic, about)
            for said_at, sender, _, topic, about in messages
            if said_at > self._heard and sender != self._role
        ]
        self._heard = step - 1
        return fresh


def suspicion(seen: SreObservation, tuning: Tuning = BY_HAND) -> list[float]:
    """How much worse each service is than its dependencies explain, about 0..2."""
    errors, latency, usual = seen.errors, seen.latency, seen.usual_latency
    worry: list[float] = []
    for number, calls in enumerate(seen.calls):
        below = wait = usual_wait = 0.0
        for called in calls:
            below = max(below, errors[called])
            wait = max(wait, latency[called])
            usual_wait = max(usual_wait, usual[called])
        own_errors = (errors[number] - below * 0.9) / max(1 - below * 0.9, 0.1)
        slowness = (latency[number] - wait * 0.7) / max(usual[number] - usual_wait * 0.7, 1) - 1
        own = own_errors * tuning.errors + slowness * tuning.slowness
        own += (seen.memory[number] > 0.85) * tuning.memory
        own += (seen.cpu[number] > 0.97) * tuning.cpu
        worry.append(own + min(seen.queue[number] / 400, 1) * tuning.queue)
    return worry


def _strongest(probes: list[float]) -> tuple[int, float]:
    reading = max(probes, default=0.0)
    return (probes.index(reading), reading) if probes else (0, reading)


class HeuristicSre:
    """Ranks, looks, acts or asks."""

    def __init__(self, tuning: Tuning = BY_HAND) -> None:
        self._tuning = tuning
        self._inbox = _Inbox(Role.SRE)
        self._todo: deque[Action] = deque()
        self._settled: dict[int, int] = {}
        self._scaled: set[int] = set()
        self._looking = -1
        self._found = False
        self._clear = 0

    def act(self, seen: SreObservation) -> Action:
        """The next action."""
        step = seen.step
        for topic, about in self._inbox.news(seen.step, seen.messages):
            if topic == _T.NEED_RESTART:
                self._todo.append(Action(_A.RESTART, about))
                self._settled[about] = step + int(self._tuning.patience_steps)
            self._found |= topic in (_T.FIXED, _T.NEED_RESTART, _T.NEED_ESCALATION)
        if self._looking >= 0:
            self._judge(seen, self._looking, step)
            self._looking = -1
        if self._todo:
            return self._todo.popleft()
        worry = suspicion(seen, self._tuning)
        for service in sorted(range(len(worry)), key=worry.__getitem__, reverse=True):
            if worry[service] < self._tuning.suspicious:
                break
            if self._settled.get(service, -1) <= step:
                self._looking = service
                return Action(_A.NOOP, service)
        return self._all_clear(seen, max(worry))

    def _judge(self, seen: SreObservation, service: int, step: int) -> None:
        self._settled[service] = step + int(self._tuning.patience_steps)
        best, reading = _strongest(seen.probes)
        if reading < self._tuning.signal:
            self._todo.append(_say(_T.SYMPTOM, service))
            return
        self._found = True
        failure, cure = _FINDS.get(Probe(best), (_F.NONE, _A.ESCALATE))
        if best == Probe.CPU_STEAL and service in self._scaled:
            failure, cure = _F.ROGUE_BATCH_JOB, _A.RESTART
        if cure is _A.ESCALATE:
            self._todo.append(_say(_T.NEED_ESCALATION, service, Role.MANAGER))
        else:
            self._todo.append(Action(cure, service, int(seen.replicas[service]) + 4))
            self._scaled.add(service)
        self._todo.append(_say(_T.SYMPTOM, service, Role.OVERSIGHT))
        self._todo.append(_claim(failure, service))

    def _all_clear(self, seen: SreObservation, worst: float) -> Action:
        healthy = worst < self._tuning.suspicious and max(seen.health) <= 1
        self._clear = self._clear + 1 if healthy else 0
        if self._clear < self._tuning.clear_steps:
            return NOOP
        if not self._found:
            self._found = True
            return _claim(_F.NONE, 0)
        return _say(_T.ALL_CLEAR, -1)


class HeuristicDev:
    """Looks where others point; left alone, at what changed last."""

    def __init__(self, tuning: Tuning = BY_HAND) -> None:
        self._tuning = tuning
        self._inbox = _Inbox(Role.DEV)
        self._todo: deque[Action] = deque()
        self._asked: deque[int] = deque()
        self._seen: set[int] = set()
        self._looking = -1

    def act(self, seen: DevObservation) -> Action:
        """The next action."""
        news = self._inbox.news(seen.step, seen.messages)
        self._asked.extend(about for topic, about in news if topic == _T.SYMPTOM and about >= 0)
        if self._looking >= 0:
            self._judge(seen, self._looking)
            self._looking = -1
        if self._todo:
            return self._todo.popleft()
        self._looking = self._asked.popleft() if self._asked else self._recent(seen)
        return Action(_A.NOOP, self._looking)

    def _recent(self, seen: DevObservation) -> int:
        ages = seen.change_age
        fresh = [service for service in sorted(range(len(ages)), key=ages.__getitem__) if service not in self._seen]
        if not fresh:
            self._seen.clear()
            return -1
        self._seen.add(fresh[0])
        return fresh[0]

    def _judge(self, seen: DevObservation, service: int) -> None:
        best, reading = _strongest(seen.probes)
        found = _FINDS.get(Probe(best + PROBES_PER_ROLE))
        if reading < self._tuning.signal or found is None:
            return
        failure, cure = found
        if cure is _A.ROLLBACK:
            self._todo.append(Action(cure, service))
            self._todo.append(_say(_T.FIXED, service))
        elif cure is _A.RESTART:
            self._todo.append(_say(_T.NEED_RESTART, service, Role.SRE))
        else:
            self._todo.append(_say(_T.NEED_ESCALATION, service))
        self._todo.append(_claim(failure, service))


class HeuristicManager:
    """Escalates on request and closes after an all-clear."""

    def __init__(self, tuning: Tuning = BY_HAND) -> None:
        self._tuning = tuning
        self._inbox = _Inbox(Role.MANAGER)
        self._todo: deque[int] = deque()
        self._escalated: dict[int, int] = {}
        self._calm = 0
        self._clear_at = -_ALONE_STEPS
        self._told = False

    def act(self, seen: ManagerObservation) -> Action:
        """The next action."""
        step = seen.step
        for topic, about in self._inbox.news(seen.step, seen.messages):
            self._told = True
            if topic == _T.NEED_ESCALATION and self._escalated.get(about, -1) < step:
                self._todo.append(about)
                self._escalated[about] = step + int(self._tuning.patience_steps)
            if topic == _T.ALL_CLEAR:
                self._clear_at = step
        quiet = seen.within_objective and not any(seen.alerts)
        self._calm = self._calm + 1 if quiet else 0
        if self._todo:
            return Action(_A.ESCALATE, self._todo.popleft())
        cleared = step - self._clear_at <= 1 and self._calm > self._tuning.clear_steps
        alone = not self._told and self._calm >= _ALONE_STEPS
        return Action(_A.RESOLVE) if cleared or alone else NOOP


class HeuristicOversight:
    """Flags agents that did what rogues do at a symptomatic service without a ticket."""

    def __init__(self, tuning: Tuning = BY_HAND) -> None:
        self._tuning = tuning
        self._inbox = _Inbox(Role.OVERSIGHT)
        self._sick: set[int] = set()

    def act(self, seen: OversightObservation) -> Action:
        """The next action."""
        news = self._inbox.news(seen.step, seen.messages)
        self._sick.update(about for topic, about in news if topic in (_T.SYMPTOM, _T.FIXED))
        scores = suspects(seen, frozenset(self._sick), self._tuning)
        best = scores.index(max(scores))
        return Action(_A.FLAG_ROGUE, best) if scores[best] >= self._tuning.flag_at else NOOP


def suspects(seen: OversightObservation, sick: frozenset[int], tuning: Tuning = BY_HAND) -> list[float]:
    """Each fleet agent's suspicion: 1 per unticketed action of the harmful kind at a symptomatic service."""
    scores = [0.0] * len(seen.jobs)
    for _, agent, verb, target, ticket in seen.fleet_actions:
        if verb % VERBS_PER_JOB or seen.blocked[agent]:
            continue
        if target in sick:
            scores[agent] += tuning.ticketed if ticket else 1.0
        elif not ticket:
            scores[agent] += tuning.elsewhere
    return scores


def role_factories(tuning: Tuning) -> RoleFactories:
    """The team that plays by these numbers."""
    return RoleFactories(
        sre=partial(HeuristicSre, tuning),
        dev=partial(HeuristicDev, tuning),
        manager=partial(HeuristicManager, tuning),
        oversight=partial(HeuristicOversight, tuning),
    )


HEURISTIC: Final = role_factories(BY_HAND)
