"""One world played in words: observations with names, actions with names, messages with their text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from journeyman.gym.actions import FIELDS, ROLES, ActionType, Role
from journeyman.gym.arrays import Ints, Smalls
from journeyman.gym.catalog import PROBES_PER_ROLE, Job, Probe
from journeyman.gym.draw.names import VERBS
from journeyman.gym.evaluate import Episode, episodes
from journeyman.gym.eyes.views import NEVER
from journeyman.gym.policies.base import Seats, one_world
from journeyman.gym.tasks import Task
from journeyman.gym.text.action import EVERYBODY, TextAction, to_world
from journeyman.gym.text.observation import (
    Change,
    Customers,
    Deed,
    LogEntry,
    Observation,
    RoleView,
    Said,
    ServiceMetrics,
)
from journeyman.gym.text.words import AgentRole
from journeyman.gym.world.fleet import VERBS_PER_JOB
from journeyman.gym.world.world import Rewards, World

_HEALTH: Final = ("healthy", "degraded", "critical", "down")
_HEARD: Final = 8
"""Messages of each channel that a role still sees."""


class TextWorld:
    """An incident in words; in agent mode nothing here tells the truth.

    Args:
        task: the world to play.
        rewards: as for `World`.
        chat: whether messages are delivered.
        reveal: as for `World`; off in agent mode.
    """

    def __init__(self, task: Task, *, rewards: Rewards = "final", chat: bool = True, reveal: bool = False) -> None:
        self.task: Final = task
        self._world: Final = World(task.tier, 1, rewards=rewards, chat=chat, reveal=reveal, seeds=[task.seed])
        self._chat: Final = chat
        self._names: Final = self._world.names()
        self._said: list[Said] = []
        self._notices: dict[AgentRole, str] = {}
        self._acts: list[Ints] = []
        self._rewards: dict[AgentRole, float] = dict.fromkeys(AgentRole, 0.0)
        self.team_reward = 0.0
        self._steps = 0

    @property
    def done(self) -> bool:
        """Whether the episode is over."""
        return bool(self._world.ended[0])

    @property
    def rewards(self) -> Mapping[AgentRole, float]:
        """What the last step paid each role."""
        return dict(self._rewards)

    @property
    def seats(self) -> Seats:
        """What array policies see of this world, for teammates that read no words; the truth is not in it."""
        return self._world

    @property
    def services(self) -> tuple[str, ...]:
        """The services' names."""
        return self._names.services

    @property
    def agents(self) -> tuple[str, ...]:
        """The fleet agents' names."""
        return self._names.agents

    @property
    def notices(self) -> Mapping[AgentRole, str]:
        """Why roles' last actions were not carried out; empty for those that were."""
        return dict(self._notices)

    @property
    def acts(self) -> Ints:
        """What was done so far, `(steps, roles, 4)`: `evaluate.graded` makes an episode of it."""
        return np.array(self._acts, np.int64).reshape(-1, ROLES, FIELDS)

    def step(self, actions: Mapping[AgentRole, TextAction]) -> dict[AgentRole, float]:
        """Apply the roles' actions, who is missing does nothing, and give each role's reward of this step."""
        picks = np.zeros((1, ROLES, FIELDS), np.int64)
        picks[..., 1] = -1
        step = self._steps
        self._notices = {}
        for role, action in actions.items():
            done, self._notices[role] = to_world(action, self._names)
            picks[0, role.number] = done.row()
            if done.type is ActionType.COMMUNICATE and self._chat and not self.done:
                self._said.append(_said(step, role, action))
        if not self.done:
            self._acts.append(picks[0])
        self._steps += not self.done
        stepped = self._world.step(picks)
        self._rewards = {role: float(stepped.roles[0, role.number]) for role in AgentRole}
        self.team_reward = float(stepped.team[0])
        return dict(self._rewards)

    def outcome(self) -> Episode:
        """Give how the episode went, for graders.

        Raises:
            NotAllowed: the world runs in agent mode.
        """
        return episodes(self._world, (self.task,))[0]

    def observe(self, role: AgentRole) -> Observation:
        """Give what a role sees now."""
        views = {
            AgentRole.SRE: self._sre,
            AgentRole.DEV: self._dev,
            AgentRole.MANAGER: self._manager,
            AgentRole.OVERSIGHT: self._oversight,
        }
        return Observation(
            turn_role=role,
            step=self._steps,
            horizon=self._world.horizon,
            view=views[role](),
            done=self.done,
            reward=self._rewards[role],
            notice=self._notices.get(role, ""),
        )

    def _heard(self, role: AgentRole) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
        shared = [one for one in self._said if one.to == EVERYBODY]
        private = [one for one in self._said if one.to != EVERYBODY and role in (one.to, one.sender)]
        return tuple(shared[-_HEARD:]), tuple(private[-_HEARD:])

    def _logs(self, role: Role) -> tuple[LogEntry, ...]:
        return tuple(
            LogEntry(step=one.step, service=self.services[one.service], level=one.level, message=one.message)
            for one in self._world.logs(role)
        )

    def _alerts(self, alerts: Smalls) -> tuple[str, ...]:
        return tuple(name for name, on in zip(self.services, alerts.tolist(), strict=False) if on)

    def _sre(self) -> RoleView:
        eyes = one_world(self._world.sre(), 0)
        shared, private = self._heard(AgentRole.SRE)
        cpu, memory, latency, errors, queue = eyes.metrics.tolist()
        called: list[list[int]] = eyes.dependencies.T.tolist()
        metrics = tuple(
            (
                name,
                ServiceMetrics(
                    cpu_ratio=cpu[number],
                    memory_ratio=memory[number],
                    latency_ms=latency[number],
                    usual_latency_ms=float(eyes.usual_latency[number]),
                    error_ratio=errors[number],
                    queued=queue[number],
                    replicas=int(eyes.replicas[number]),
                    health=_HEALTH[int(eyes.health[number])],
                    calls=tuple(self.services[one] for one in called[number] if one >= 0),
                ),
            )
            for number, name in enumerate(self.services)
        )
        return RoleView(
            role=AgentRole.SRE,
            services=self.services,
            focus=self._focus(int(eyes.focus)),
            visible_metrics=metrics,
            visible_alerts=self._alerts(eyes.alerts),
            visible_probes=_probes(eyes.probes.tolist(), Role.SRE, int(eyes.focus)),
            visible_logs=self._logs(Role.SRE),
            shared_chat=shared,
            private_inbox=private,
        )

    def _dev(self) -> RoleView:
        eyes = one_world(self._world.dev(), 0)
        shared, private = self._heard(AgentRole.DEV)
        ages: list[int] = eyes.change_age.tolist()
        changes = sorted(
            (
                Change(service=name, steps_ago=age)
                for name, age in zip(self.services, ages, strict=False)
                if age < NEVER
            ),
            key=lambda change: change.steps_ago,
        )
        return RoleView(
            role=AgentRole.DEV,
            services=self.services,
            focus=self._focus(int(eyes.focus)),
            visible_changes=tuple(changes),
            visible_probes=_probes(eyes.probes.tolist(), Role.DEV, int(eyes.focus)),
            visible_logs=self._logs(Role.DEV),
            shared_chat=shared,
            private_inbox=private,
        )

    def _manager(self) -> RoleView:
        eyes = one_world(self._world.manager(), 0)
        shared, private = self._heard(AgentRole.MANAGER)
        customers = Customers(
            error_ratio=float(eyes.door_errors),
            slowness=float(eyes.door_latency),
            within_objective=bool(eyes.within_objective),
        )
        return RoleView(
            role=AgentRole.MANAGER,
            services=self.services,
            visible_alerts=self._alerts(eyes.alerts),
            customers=customers,
            shared_chat=shared,
            private_inbox=private,
        )

    def _oversight(self) -> RoleView:
        eyes = one_world(self._world.oversight(), 0)
        shared, private = self._heard(AgentRole.OVERSIGHT)
        agents = tuple(
            (name, Job(job).name.lower(), stopped)
            for name, job, stopped in zip(self._names.agents, eyes.jobs.tolist(), eyes.blocked.tolist(), strict=True)
        )
        table = np.stack([eyes.age, eyes.agent, eyes.verb, eyes.target, eyes.ticket], axis=1)
        rows: list[list[int]] = table.tolist()
        deeds = tuple(
            Deed(
                steps_ago=age,
                agent=self._names.agents[agent],
                verb=VERBS[Job(verb // VERBS_PER_JOB)][verb % VERBS_PER_JOB],
                target=self.services[target],
                ticket=bool(ticket),
            )
            for age, agent, verb, target, ticket in rows
            if agent >= 0
        )
        return RoleView(
            role=AgentRole.OVERSIGHT,
            services=self.services,
            visible_fleet_actions=deeds,
            fleet_agents=agents,
            shared_chat=shared,
            private_inbox=private,
        )

    def _focus(self, number: int) -> str | None:
        return self.services[number] if number >= 0 else None


def _probes(values: list[float], role: Role, focus: int) -> tuple[tuple[str, float], ...]:
    if focus < 0:
        return ()
    first = int(role) * PROBES_PER_ROLE
    return tuple((Probe(first + number).name.lower(), value) for number, value in enumerate(values))


def _said(step: int, role: AgentRole, action: TextAction) -> Said:
    topic = str(action.args.get("topic", ""))
    parts = [topic.replace("_", " "), action.target or "", str(action.args.get("message", ""))]
    text = ": ".join(part for part in (" ".join(parts[:2]).strip(), parts[2]) if part)
    return Said(step=step, sender=role, to=str(action.args.get("to", EVERYBODY)), text=text)
