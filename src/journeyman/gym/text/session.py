"""One world played in words: observations with names, actions with names, messages with their text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from journeyman.gym.actions import FIELDS, NOOP, ROLES, ActionType, Role
from journeyman.gym.arrays import Ints
from journeyman.gym.catalog import PROBES_PER_ROLE, Job, Probe
from journeyman.gym.names import VERBS
from journeyman.gym.observe.observation import Observations
from journeyman.gym.tasks import Task
from journeyman.gym.text.action import EVERYBODY, TextAction, names_for, to_world
from journeyman.gym.text.alerts import AlertTracker
from journeyman.gym.text.observation import (
    Change,
    Customers,
    FleetAction,
    LogEntry,
    Message,
    Observation,
    RoleView,
    ServiceMetrics,
)
from journeyman.gym.text.quoting import one_line
from journeyman.gym.text.reading import MESSAGE_CHARS
from journeyman.gym.text.words import AgentRole
from journeyman.gym.world import Rewards, World

_HEALTH: Final = ("healthy", "degraded", "critical", "down")
_JOBS: Final = tuple(job.name.lower() for job in Job)
_VERBS: Final = tuple(verb for job in Job for verb in VERBS[job])
"""By number, `job * VERBS_PER_JOB + verb`."""
_PROBES: Final = tuple(
    tuple(Probe(role * PROBES_PER_ROLE + number).name.lower() for number in range(PROBES_PER_ROLE))
    for role in (Role.SRE, Role.DEV)
)
_IDLE: Final = NOOP.row()
_ROLES: Final = tuple(AgentRole)
_SILENCE: Final[tuple[tuple[Message, ...], tuple[Message, ...]]] = ((), ())
_HEARD: Final = 8
"""Messages of each channel that a role still sees."""
_NOTICE_CHARS: Final = 1000


class TextWorld:
    """An incident in words; in agent mode nothing here tells the truth.

    Args:
        task: the world to play.
        rewards: as for `World`.
        chat: whether messages are delivered.
    """

    def __init__(self, task: Task, *, rewards: Rewards = "final", chat: bool = True) -> None:
        self.task: Final = task
        self._world: Final = World(task.tier, 1, rewards=rewards, chat=chat, salt=task.salt)
        self._world.play([task])
        self._chat: Final = chat
        self._names: Final = self._world.names()
        self._messages: list[Message] = []
        self._refusals: dict[AgentRole, str] = {}
        self._notices: dict[AgentRole, str] = {}
        self._acts: list[list[tuple[int, int, int, int]]] = []
        self._rewards: dict[AgentRole, float] = dict.fromkeys(AgentRole, 0.0)
        self.team_reward = 0.0
        self._steps = 0
        self._over = False
        self._calls: tuple[tuple[str, ...], ...] = ()
        """Whom each service calls, by name."""
        self._alerts: Final = AlertTracker(self._names.services)
        self._alerts.watch(self._world.observe(), self._steps)

    @property
    def done(self) -> bool:
        """Whether the episode is over."""
        return self._over

    @property
    def rewards(self) -> Mapping[AgentRole, float]:
        """What the last step paid each role."""
        return dict(self._rewards)

    @property
    def observations(self) -> Observations:
        """What policies that read no words observe now, for teammates; no world is in it."""
        return self._world.observe()

    @property
    def services(self) -> tuple[str, ...]:
        """The services' names."""
        return self._names.services

    @property
    def agents(self) -> tuple[str, ...]:
        """The fleet agents' names."""
        return self._names.agents

    @property
    def refusals(self) -> Mapping[AgentRole, str]:
        """Why the world did not carry out roles' last actions; empty for those that it did."""
        return dict(self._refusals)

    @property
    def acts(self) -> Ints:
        """What was done so far, `(steps, roles, 4)`: `evaluate.graded` makes an episode of it."""
        return np.array(self._acts, np.int64).reshape(-1, ROLES, FIELDS)

    def step(self, actions: Mapping[AgentRole, TextAction]) -> dict[AgentRole, float]:
        """Apply the roles' actions, who is missing does nothing; each role's reward of this step.

        After the end nothing changes, what the last step paid and said included, and nothing is paid.
        """
        if self._over:
            return dict.fromkeys(AgentRole, 0.0)
        rows: list[tuple[int, int, int, int]] = [_IDLE] * ROLES
        step = self._steps
        self._notices, self._refusals = {}, {}
        for role, action in actions.items():
            done, refused = NOOP, f"you are {role}, and the action is for {action.role}"
            if action.role is role:
                done, refused = to_world(action, self._names)
            rows[role.number] = done.row()
            self._refusals[role] = refused
            self._notices[role] = _notice(action, refused)
            if done.type is ActionType.COMMUNICATE and self._chat:
                about = names_for(action, self._names)[done.target] if done.target >= 0 else ""
                self._messages.append(_message(step, role, action, about))
        self._acts.append(rows)
        self._steps += 1
        stepped = self._world.step_single(rows)
        paid, self._over = stepped.rewards, stepped.terminated or stepped.truncated
        self._alerts.watch(self._world.observe(), self._steps)
        self.team_reward = paid[0]
        self._rewards = dict(zip(_ROLES, paid[1:], strict=True))
        return self._rewards.copy()

    def observe(self, role: AgentRole) -> Observation:
        """What a role sees now."""
        view = {
            AgentRole.SRE: self._sre,
            AgentRole.DEV: self._dev,
            AgentRole.MANAGER: self._manager,
            AgentRole.OVERSIGHT: self._oversight,
        }[role]
        return Observation(
            turn_role=role,
            step=self._steps,
            horizon=self._world.horizon,
            view=view(),
            done=self._over,
            reward=self._rewards[role],
            notice=self._notices.get(role, ""),
        )

    def _heard(self, role: AgentRole) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
        if not self._messages:
            return _SILENCE
        shared = [one for one in self._messages if one.to == EVERYBODY]
        private = [one for one in self._messages if one.to != EVERYBODY and role in (one.to, one.sender)]
        return tuple(shared[-_HEARD:]), tuple(private[-_HEARD:])

    def _logs(self, role: Role) -> tuple[LogEntry, ...]:
        return tuple(
            LogEntry(step=one.step, service=self.services[one.service], level=one.level, message=one.message)
            for one in self._world.logs(role)
        )

    def _sre(self) -> RoleView:
        (sight,) = self._world.observe().each_sre()
        shared, private = self._heard(AgentRole.SRE)
        names = self._names.services
        if not self._calls:
            self._calls = tuple(tuple(names[one] for one in some) for some in sight.calls)
        # In the order of the fields; a generator with nine keywords would cost three times as much.
        rows = zip(
            sight.cpu,
            sight.memory,
            sight.latency,
            sight.usual_latency,
            sight.errors,
            sight.queue,
            map(int, sight.replicas),
            map(_HEALTH.__getitem__, sight.health),
            self._calls,
            strict=True,
        )
        metrics = tuple(zip(names, map(ServiceMetrics._make, rows), strict=True))
        return RoleView(
            role=AgentRole.SRE,
            services=names,
            focus=self._focus(sight.focus),
            look_age=sight.look_age,
            visible_metrics=metrics,
            visible_alerts=self._alerts.firing,
            visible_probes=_probes(sight.probes, Role.SRE),
            visible_logs=self._logs(Role.SRE) if sight.focus >= 0 else (),
            shared_chat=shared,
            private_inbox=private,
        )

    def _dev(self) -> RoleView:
        (sight,) = self._world.observe().each_dev()
        shared, private = self._heard(AgentRole.DEV)
        changes = sorted(
            (Change(service=name, steps_ago=age) for name, age in zip(self.services, sight.change_age, strict=True)),
            key=lambda change: change.steps_ago,
        )
        return RoleView(
            role=AgentRole.DEV,
            services=self.services,
            focus=self._focus(sight.focus),
            look_age=sight.look_age,
            visible_changes=tuple(changes),
            visible_probes=_probes(sight.probes, Role.DEV),
            visible_logs=self._logs(Role.DEV) if sight.focus >= 0 else (),
            shared_chat=shared,
            private_inbox=private,
        )

    def _manager(self) -> RoleView:
        (sight,) = self._world.observe().each_manager()
        shared, private = self._heard(AgentRole.MANAGER)
        customers = Customers(
            error_ratio=sight.door_errors, slowness=sight.door_latency, within_objective=sight.within_objective
        )
        return RoleView(
            role=AgentRole.MANAGER,
            services=self.services,
            visible_alerts=self._alerts.firing,
            customers=customers,
            shared_chat=shared,
            private_inbox=private,
        )

    def _oversight(self) -> RoleView:
        (sight,) = self._world.observe().each_oversight()
        shared, private = self._heard(AgentRole.OVERSIGHT)
        agents = tuple(
            (name, _JOBS[job], stopped)
            for name, job, stopped in zip(self._names.agents, sight.jobs, sight.blocked, strict=True)
        )
        deeds = tuple(
            FleetAction(
                steps_ago=age,
                agent=self._names.agents[agent],
                verb=_VERBS[verb],
                target=self.services[target],
                ticket=bool(ticket),
            )
            for age, agent, verb, target, ticket in sight.fleet_actions
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


def _probes(values: list[float], role: Role) -> tuple[tuple[str, float], ...]:
    return tuple(zip(_PROBES[role], values, strict=False))


def _notice(action: TextAction, refused: str) -> str:
    """What the role is told: how its action was read, and why the world did not carry it out."""
    told = [action.notice, f"not carried out: {refused}" if refused else ""]
    return one_line("; ".join(filter(None, told)), _NOTICE_CHARS)


def _message(step: int, role: AgentRole, action: TextAction, about: str) -> Message:
    return Message(
        step=step,
        sender=role,
        to=str(action.args.get("to", EVERYBODY)),
        topic=str(action.args.get("topic", "")),
        about=about,
        text=str(action.args.get("message", ""))[:MESSAGE_CHARS],
    )
