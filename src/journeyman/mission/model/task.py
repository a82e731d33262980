"""Tasks: work that is handed to a coding agent, attempt by attempt, until the mission's criteria hold."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StrictInt

from journeyman.mission.criteria.schema import Finite, Name, Seconds, Strict
from journeyman.mission.values.value import Value

ATTEMPT: Final = "attempt"
"""The tool of a task: one attempt of its agent."""
_Paths = Annotated[list[Name], Field(max_length=1000)]


class AttemptLimits(Strict):
    """What ends one attempt from outside; the mission's budget ends it, too."""

    wall_clock_s: Annotated[Seconds, Field(gt=0)] = 1800
    """Seconds that the agent may work."""
    tokens: Annotated[StrictInt, Field(ge=1)] | None = None
    """Most tokens, both directions, as the agent tells them."""
    cost_usd: Annotated[Finite, Field(gt=0)] | None = None
    """Most money in US dollars, as the agent tells it."""


class EarlierAttempt(Strict):
    """An attempt of an earlier session that this task goes on from."""

    session: Name
    """The earlier session."""
    attempt: Annotated[StrictInt, Field(ge=1)]
    """Which of its attempts."""


class Task(Strict):
    """Work for a coding agent; each attempt is made in a copy of its own, and the criteria are checked on what it left."""

    agent: Name
    """Who works: an agent that `journeyman agents` lists, or a table `[agents.NAME]` of the settings."""
    source: Name | None = None
    """Folder that is worked on, relative to the mission file; only copies of it are touched. Left out, there are only assets."""
    assets: _Paths = Field(default_factory=list[str])
    """Files and folders that are given to read: each attempt finds them under `inputs/`."""
    mounts: _Paths = Field(default_factory=list[str])
    """Build folders of the source that git ignores and the work needs, such as `node_modules`."""
    protect: _Paths = Field(default_factory=list[str])
    """Patterns such as `tests/**`: the checks find these files as the source has them, whatever an attempt made of them."""
    deliverables: _Paths = Field(default_factory=list[str])
    """Patterns of the files that are put out; all that the best attempt added or changed where there are none."""
    output: Name | None = None
    """Folder for the deliverables of the best attempt, relative to the mission file; it is replaced as a whole."""
    limits: AttemptLimits = AttemptLimits()
    """What ends one attempt from outside."""
    follows: EarlierAttempt | None = None
    """The attempt of an earlier session that this goes on from, in place of `source`."""


class TaskProgress(Value, frozen=True, kw_only=True):
    """How far a task is."""

    last: int = 0
    """Number of the newest attempt that came to an end; 0 before the first one."""
    best: int = 0
    """Number of the attempt that fulfilled most; of two that are alike the earlier one."""
    base: str = ""
    """Digest of the files that the task began with, once an attempt was made from them."""
    last_digest: str = ""
    """Of the files that the newest attempt left, as they were judged."""
    best_digest: str = ""
    best_score: float = -1.0
    """Progress after it, 0..1, and 1 more where all that is required was met."""
