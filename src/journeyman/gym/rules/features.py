"""What a role sees as flat numbers for learners, all in -1..8; one function per role, from `Visible` alone."""

from __future__ import annotations

from typing import Final

from journeyman.gym.actions import MAX_REPLICAS, ROLES, TOPICS, Role
from journeyman.gym.catalog import PROBES_PER_ROLE, Job
from journeyman.gym.rules.fleet import VERBS_PER_JOB
from journeyman.gym.state import DEPENDENCIES, MESSAGE_FIELDS, MESSAGES, PER_STEP, TRACE, TRACE_STEPS, Visible
from journeyman.gym.tasks import MAX_AGENTS, MAX_SERVICES

LOW: Final = -1.0
HIGH: Final = 8.0
NONE: Final = -1.0
"""Where there is nothing: no message, no call, no action."""
HEAD: Final = 2 + MESSAGES * MESSAGE_FIELDS
SRE_PER_SERVICE: Final = 9 + DEPENDENCIES
DEV_PER_SERVICE: Final = 2 + DEPENDENCIES
TRACE_FIELDS: Final = 5
LOOK_FIELDS: Final = PROBES_PER_ROLE + 1
"""What was measured, and how long ago."""
_PER_STEP: Final = 1 / 50
_PER_QUEUE: Final = 1 / 400
_PER_SERVICE: Final = 1 / MAX_SERVICES
_PER_REPLICA: Final = 1 / MAX_REPLICAS
_PER_VERB: Final = 1 / (len(Job) * VERBS_PER_JOB)
_PER_AGENT: Final = 1 / MAX_AGENTS
_PER_AGE: Final = 1 / TRACE_STEPS
_PER_JOB: Final = 1 / len(Job)
_PER_ROLE: Final = 1 / ROLES
_PER_TO: Final = 1 / (ROLES + 1)
_PER_TOPIC: Final = 1 / TOPICS
_SRE: Final = int(Role.SRE)
_DEV: Final = int(Role.DEV)
_MANAGER: Final = int(Role.MANAGER)
_OVERSIGHT: Final = int(Role.OVERSIGHT)


def role_features(visible: Visible, width: int, role: int, out: list[float], at: int) -> int:
    """Write what a role sees to `out` from `at` on and tell where it ends."""
    if role == _SRE:
        return _sre(visible, width, out, at)
    if role == _DEV:
        return _dev(visible, width, out, at)
    return _manager(visible, width, out, at) if role == _MANAGER else _oversight(visible, out, at)


def write_said(visible: Visible) -> None:
    """Work out what all messages are as numbers."""
    for place in range(0, MESSAGES * MESSAGE_FIELDS, MESSAGE_FIELDS):
        about = visible.messages[place + 4]
        visible.said[place] = visible.messages[place] * _PER_STEP
        visible.said[place + 1] = visible.messages[place + 1] * _PER_ROLE
        visible.said[place + 2] = visible.messages[place + 2] * _PER_TO
        visible.said[place + 3] = visible.messages[place + 3] * _PER_TOPIC
        visible.said[place + 4] = _or_none(about * _PER_SERVICE, int(about >= 0))


def _held(value: float) -> float:
    return min(max(value, LOW), HIGH)


def _or_none(value: float, some: int) -> float:
    """`value` where `some` is 1, `NONE` where it is 0: without a branch, which a processor would guess wrongly."""
    return value * some + (1 - some) * NONE


def _head(visible: Visible, role: int, out: list[float], at: int) -> int:
    out[at] = _held(visible.step * _PER_STEP)
    out[at + 1] = visible.services * _PER_SERVICE
    at += 2
    for place in range(0, MESSAGES * MESSAGE_FIELDS, MESSAGE_FIELDS):
        some = _heard(visible, place, role)
        for field in range(MESSAGE_FIELDS):
            out[at + field] = _or_none(visible.said[place + field], some)
        at += MESSAGE_FIELDS
    return at


def _heard(visible: Visible, place: int, role: int) -> int:
    """1 where a role may hear a message: one to all, to it, or its own; else 0."""
    sender, to = visible.messages[place + 1], visible.messages[place + 2]
    return int(sender >= 0) * (int(to == 0) | int(to == 1 + role) | int(sender == role))


def _nothing(out: list[float], at: int, count: int) -> int:
    """Write a service that does not exist: zeros, and no calls."""
    for place in range(at, at + count):
        out[place] = 0.0
    for place in range(at, at + DEPENDENCIES):
        out[place] = NONE
    return at + count


def _calls(visible: Visible, number: int, focus: int, out: list[float], at: int) -> int:
    for place in range(DEPENDENCIES):
        called = visible.calls[number * DEPENDENCIES + place]
        out[at + place] = _or_none(called * _PER_SERVICE, int(called >= 0))
    out[at + DEPENDENCIES] = 1.0 if number == focus else 0.0
    return at + DEPENDENCIES + 1


def _probes(visible: Visible, role: int, out: list[float], at: int) -> int:
    for place in range(PROBES_PER_ROLE):
        out[at + place] = visible.probes[role * PROBES_PER_ROLE + place]
    out[at + PROBES_PER_ROLE] = visible.look_age[role] * _PER_STEP
    return at + LOOK_FIELDS


def _sre(visible: Visible, width: int, out: list[float], at: int) -> int:
    at = _head(visible, _SRE, out, at)
    focus = visible.focus[_SRE]
    for number in range(visible.services):
        at = _calls(visible, number, focus, out, at)
        out[at] = visible.cpu[number]
        out[at + 1] = visible.memory[number]
        out[at + 2] = _held(visible.latency[number] / max(visible.usual_latency[number], 1.0) * 0.25)
        out[at + 3] = visible.errors[number]
        out[at + 4] = _held(visible.queue[number] * _PER_QUEUE)
        out[at + 5] = visible.health[number] * 0.25
        out[at + 6] = visible.alerts[number]
        out[at + 7] = visible.replicas[number] * _PER_REPLICA
        at += SRE_PER_SERVICE - DEPENDENCIES - 1
    for _ in range(visible.services, width):
        at = _nothing(out, at, SRE_PER_SERVICE)
    return _probes(visible, _SRE, out, at)


def _dev(visible: Visible, width: int, out: list[float], at: int) -> int:
    at = _head(visible, _DEV, out, at)
    focus = visible.focus[_DEV]
    for number in range(visible.services):
        at = _calls(visible, number, focus, out, at)
        out[at] = _held(visible.change_age[number] * _PER_STEP)
        at += 1
    for _ in range(visible.services, width):
        at = _nothing(out, at, DEV_PER_SERVICE)
    return _probes(visible, _DEV, out, at)


def _manager(visible: Visible, width: int, out: list[float], at: int) -> int:
    at = _head(visible, _MANAGER, out, at)
    for number in range(width):
        out[at + number] = visible.alerts[number] if number < visible.services else 0.0
    at += width
    out[at] = visible.door_errors
    out[at + 1] = _held(visible.door_latency * 0.25)
    out[at + 2] = visible.within_objective
    return at + 3


def _oversight(visible: Visible, out: list[float], at: int) -> int:
    at = _head(visible, _OVERSIGHT, out, at)
    for row in range(TRACE):
        packed = visible.fleet[row]
        some = int(packed >= 0)
        out[at] = _or_none((TRACE_STEPS - row // PER_STEP) * _PER_AGE, some)
        out[at + 1] = _or_none((packed >> 24) * _PER_AGENT, some)
        out[at + 2] = _or_none(((packed >> 16) & 0xFF) * _PER_VERB, some)
        out[at + 3] = _or_none(((packed >> 8) & 0xFF) * _PER_SERVICE, some)
        out[at + 4] = _or_none(float(packed & 0xFF), some)
        at += TRACE_FIELDS
    for agent in range(visible.agents):
        out[at] = visible.jobs[agent] * _PER_JOB
        out[at + 1] = visible.blocked[agent]
        at += 2
    return at
