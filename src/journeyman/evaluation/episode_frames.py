"""An episode step by step, as a viewer shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from journeyman.gym.actions import Role
from journeyman.gym.arrays import Ints
from journeyman.gym.names import Names
from journeyman.gym.policies.base import Team
from journeyman.gym.text.action import EVERYBODY, TextAction
from journeyman.gym.text.export import named
from journeyman.gym.text.words import ActionType, AgentRole, TopicName
from journeyman.gym.world import World

HEALTH: Final = ("healthy", "degraded", "critical", "down")


@dataclass(frozen=True, slots=True)
class RoleMessage:
    """What a role told others at a step."""

    speaker: str
    hearer: str
    """A role, or `all`."""
    topic: str
    target: str
    """The service or fleet agent that it is about; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFrame:
    """One step as a viewer sees it."""

    step: int
    door_error_ratio: float
    door_slowness: float
    """Times the usual latency."""
    within_objective: bool
    alerts: tuple[str, ...]
    health: dict[str, int]
    error_ratio: dict[str, float]
    slowness: dict[str, float]
    did: dict[str, str]
    """What each role did to get here; no-ops without a target are left out."""
    actions: dict[str, tuple[str, str]]
    """The same as type and target, which may be empty."""
    messages: tuple[RoleMessage, ...] = ()


def played(world: World, team: Team) -> Iterator[StepFrame]:
    """A frame before the first step and one after each."""
    names = world.names()
    yield _frame(world, names, None)
    while not world.ended.all():
        acts = team.act(world.observe())
        world.step(acts)
        yield _frame(world, names, acts[0])


def _frame(world: World, names: Names, acts: Ints | None) -> StepFrame:
    seen = world.observe()
    done = {} if acts is None else {role: named(acts[role], AgentRole(role.label), names) for role in Role}
    said = {role.label: words for role, action in done.items() if (words := _did(action))}
    (sre,), (manager,) = seen.each_sre(), seen.each_manager()
    slow = [latency / max(usual, 1) for latency, usual in zip(sre.latency, sre.usual_latency, strict=True)]
    return StepFrame(
        step=manager.step,
        door_error_ratio=round(manager.door_errors, 4),
        door_slowness=round(manager.door_latency, 3),
        within_objective=manager.within_objective,
        alerts=tuple(name for name, firing in zip(names.services, manager.alerts, strict=True) if firing),
        health=dict(zip(names.services, sre.health, strict=True)),
        error_ratio={name: round(ratio, 4) for name, ratio in zip(names.services, sre.errors, strict=True)},
        slowness={name: round(times, 3) for name, times in zip(names.services, slow, strict=True)},
        did=said,
        actions={
            role.label: (str(one.action_type), one.target or "") for role, one in done.items() if role.label in said
        },
        messages=tuple(_message(role, one) for role, one in done.items() if one.action_type is ActionType.COMMUNICATE),
    )


def _message(role: Role, action: TextAction) -> RoleMessage:
    hearer, topic = str(action.args.get("to", EVERYBODY)), str(action.args.get("topic", TopicName.NOTE))
    return RoleMessage(role.label, hearer, topic, action.target or "")


def _did(action: TextAction) -> str:
    if action.action_type is ActionType.NOOP:
        return f"look {action.target}" if action.target else ""
    said = [str(value) for name, value in action.args.items() if name != "to"]
    hearer = f"to {action.args['to']}" if "to" in action.args else ""
    return " ".join(part for part in (str(action.action_type), hearer, *said, action.target) if part)


def caused(world: World) -> list[str]:
    """What disturbs a world, in words."""
    names = world.names()
    found: list[str] = []
    for cause in world.truth().causes:
        what = f"{cause.failure.label} at {names.services[cause.service]} from step {cause.onset}"
        rogue = f", by {names.agents[cause.rogue]}" if cause.rogue >= 0 else ""
        found.append(what + rogue + ("" if cause.real else " (passes by itself)"))
    return found
