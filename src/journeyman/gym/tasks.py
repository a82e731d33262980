"""Tasks: which worlds exist, in three tiers and three splits that cannot overlap.

A task id is `tier-split-number@generator`, such as `medium-held_out-17@3`. Its seed is `3 * number + split`, so a seed
belongs to exactly one split whatever the number. `incident-name@generator`, such as `incident-gitlab-2017@3`, is a world
after a public post-mortem; see `incidents.py`. Tier, seed, generator and an evaluator's salt together make the key from
which everything in the world is drawn: with a salt that nobody else has, nobody else can make the world.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple

from journeyman.gym.incidents import BY_NAME
from journeyman.mission.values.errors import InvalidInput, Problem

MAX_NUMBER: Final = 2**32 - 1
_INCIDENT: Final = "incident-"
GENERATOR: Final = 3
"""Version of all rules that make and move worlds; a change of what any seed gives raises it."""


class Tier(IntEnum):
    """How hard; the value enters the world's key."""

    EASY = 0
    MEDIUM = 1
    HARD = 2

    @property
    def label(self) -> str:
        """The name in task ids."""
        return self.name.lower()


class Split(IntEnum):
    """What a task may be used for; the value is the seed's remainder by three."""

    TRAIN = 0
    VALIDATION = 1
    HELD_OUT = 2

    @property
    def label(self) -> str:
        """The name in task ids."""
        return self.name.lower()


class TierSize(NamedTuple):
    """The bounds from which a tier's worlds are drawn; a named tuple, since compiled rules read it."""

    services: tuple[int, int]
    """Fewest and most services; the most is the padded width of the arrays."""
    agents: int
    """Fleet agents; eight or more hold every job twice."""
    failures: tuple[int, int]
    """Fewest and most real failures, where there are any."""
    benign: int
    """Chance in eighths that a look-alike event runs beside the failures."""
    rogues: int
    """Chance in eighths that the first failure is a rogue fleet agent's; without any there are no rogues at all."""
    mildest: float
    """Lowest severity of a failure, where 1 is full; mild ones hide in the noise and still must be found."""
    decoys: int
    """Chance in eighths that a service always measures high on one probe, which means nothing."""
    steps: int
    """Steps until the episode times out."""


QUIET_EIGHTHS: Final = 1
"""Chance in eighths that nothing is wrong but a look-alike."""
SLOTS: Final = 4
"""Failure slots per world: up to three real failures (a cascade takes two slots) and one benign event."""

SIZES: Final = {
    Tier.EASY: TierSize(
        services=(4, 6), agents=4, failures=(1, 1), benign=0, rogues=0, mildest=0.7, decoys=0, steps=30
    ),
    Tier.MEDIUM: TierSize(
        services=(6, 12), agents=8, failures=(1, 2), benign=4, rogues=4, mildest=0.4, decoys=2, steps=40
    ),
    Tier.HARD: TierSize(
        services=(12, 32), agents=12, failures=(2, 3), benign=8, rogues=4, mildest=0.3, decoys=5, steps=50
    ),
}


MAX_SERVICES: Final = max(size.services[1] for size in SIZES.values())
MAX_AGENTS: Final = max(size.agents for size in SIZES.values())


@dataclass(frozen=True, slots=True, order=True)
class Task:
    """One world by name."""

    tier: Tier
    split: Split
    number: int
    salt: bytes = field(default=b"", repr=False)
    """An evaluator's secret; tasks of the same id with other salts are other worlds."""
    incident: str = ""
    """The name of the post-mortem that its failures are after; of these worlds tier, split and number are always the
    same ones."""

    @property
    def id(self) -> str:
        """The stable id, such as `hard-train-0@3`; the salt is not in it."""
        if self.incident:
            return f"{_INCIDENT}{self.incident}@{GENERATOR}"
        return f"{self.tier.label}-{self.split.label}-{self.number}@{GENERATOR}"

    @property
    def seed(self) -> int:
        """The seed of the task's world within its tier."""
        return self.number * len(Split) + int(self.split)


def world_key(tier: Tier, seed: int, salt: bytes = b"") -> bytes:
    """The 256 bits from which everything in a world is drawn; they cannot be computed from anything that is seen."""
    return _key(f"{tier.label} {Split(seed % len(Split)).label} {seed}", salt)


def task_key(one: Task, salt: bytes = b"") -> bytes:
    """The key of a task's world; `salt` is for tasks that have none of their own."""
    own = one.salt or salt
    return _key(f"incident {one.incident}", own) if one.incident else world_key(one.tier, one.seed, own)


def _key(world: str, salt: bytes) -> bytes:
    name = f"journeyman {GENERATOR} {world}"
    secret = hashlib.blake2b(salt, digest_size=64).digest() if salt else b""
    return hashlib.blake2b(name.encode(), key=secret, digest_size=32).digest()


def task(task_id: str, *, salt: bytes = b"") -> Task:
    """The task with this id.

    Raises:
        InvalidInput: no tier, split or number of this form exists, or the id is not of this generator.
    """
    name, _, version = task_id.partition("@")
    incident = name.removeprefix(_INCIDENT) if name.startswith(_INCIDENT) else ""
    parts = name.split("-")
    tiers = {tier.label: tier for tier in Tier}
    splits = {split.label: split for split in Split}
    form = f"write tier-split-number@{GENERATOR} with a tier of {', '.join(tiers)} and a split of {', '.join(splits)}"
    if incident and incident not in BY_NAME:
        hint = f"one of {', '.join(BY_NAME)}"
        raise InvalidInput("task id", (Problem(where="", message=f"{incident!r} is no incident", hint=hint),))
    if not incident and (
        len(parts) != 3 or parts[0] not in tiers or parts[1] not in splits or not _is_number(parts[2])
    ):
        raise InvalidInput("task id", (Problem(where="", message=f"{task_id!r} names no task", hint=form),))
    if version != str(GENERATOR):
        missing = f"{task_id!r} does not say which version of the generator makes its world"
        message = f"{task_id!r} is a task of another version of the generator" if version else missing
        hint = f"the current version is {GENERATOR}: {name}@{GENERATOR}"
        raise InvalidInput("task id", (Problem(where="", message=message, hint=hint),))
    if incident:
        return next(one for one in incident_tasks(salt) if one.incident == incident)
    return Task(tiers[parts[0]], splits[parts[1]], int(parts[2]), salt)


def incident_tasks(salt: bytes = b"") -> tuple[Task, ...]:
    """The worlds after public post-mortems, in the order of their catalogue; for evaluation, not for training."""
    return tuple(Task(Tier.MEDIUM, Split.HELD_OUT, number, salt, name) for number, name in enumerate(BY_NAME))


def tier_named(label: str) -> Tier:
    """The tier of this name.

    Raises:
        InvalidInput: there is none.
    """
    tiers = {tier.label: tier for tier in Tier}
    if label not in tiers:
        raise InvalidInput(
            "tier", (Problem(where="", message=f"{label!r} is none", hint=f"one of {', '.join(tiers)}"),)
        )
    return tiers[label]


def split_named(label: str) -> Split:
    """The split of this name.

    Raises:
        InvalidInput: there is none.
    """
    splits = {split.label: split for split in Split}
    if label not in splits:
        hint = f"one of {', '.join(splits)}"
        raise InvalidInput("split", (Problem(where="", message=f"{label!r} is none", hint=hint),))
    return splits[label]


def _is_number(text: str) -> bool:
    plain = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_NUMBER))
    return plain and str(int(text)) == text and int(text) <= MAX_NUMBER


def tasks(tier: Tier, split: Split, count: int, *, first: int = 0, salt: bytes = b"") -> tuple[Task, ...]:
    """`count` tasks of a split, numbered from `first`."""
    return tuple(Task(tier, split, number, salt) for number in range(first, first + count))
