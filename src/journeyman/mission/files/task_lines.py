"""Files of tasks: one JSON object a line, each a task for an agent with what is known of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictStr

from journeyman.mission.criteria.schema import Finite, Strict


class RubricItem(Strict):
    """One thing that a reviewer looks at."""

    name: StrictStr
    description: StrictStr = ""
    weight: Finite = 0.0
    evidence: list[StrictStr] = Field(default_factory=list)


class TaskLine(Strict):
    """One task; `task` alone is needed."""

    task: Annotated[StrictStr, Field(min_length=1)]
    """What is to be done, in words."""
    id: Annotated[StrictStr, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,99})?$")] = ""
    """Of its session, and with `.2`, `.3`, … of those that try again; words of the task where it is left out."""
    assets: list[StrictStr] = Field(default_factory=list)
    """Files that the agent is given, from the folder of the file of tasks."""
    checks: list[StrictStr] = Field(default_factory=list)
    """Commands that must exit with 0 on what the agent leaves."""
    deliverables: list[StrictStr] = Field(default_factory=list)
    """Names of files that must come out of it."""
    title: StrictStr = ""
    rubric: list[RubricItem] = Field(default_factory=list[RubricItem])
    constraints: list[StrictStr] = Field(default_factory=list)
    feedback: list[StrictStr] = Field(default_factory=list)
    """What reviewers of earlier attempts asked for: for mentors and lessons, never shown to the agent as its task."""
    domain: StrictStr = ""
    difficulty: StrictStr = ""
    source: StrictStr = ""
    """Where it comes from."""
