"""Episodes that outlive a run: each is a line of a file as soon as it is over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from journeyman.evaluation.usage import ModelUsage
from journeyman.gym.evaluate import Episode, Summary, summary
from journeyman.gym.tasks import Task
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem

Key = tuple[str, str]
"""Policy and task id."""
_BEGINNING: Final = '{"policy": '
"""How every line begins."""
_Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One column of the table."""

    policy: str
    tier: str
    found: Summary
    usage: ModelUsage | None = None
    """For models."""
    left_out: int = 0
    """Tasks that were not played to their end."""


class _Line(BaseModel):
    """An episode as a line of the file has it."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    policy: str
    task_id: str
    score: _Share
    roles: tuple[_Share, _Share, _Share, _Share]
    succeeded: bool
    steps: NonNegativeInt
    availability: _Share
    failures: NonNegativeInt
    rogues: NonNegativeInt
    caught: NonNegativeInt
    false_flags: NonNegativeInt
    wrong_acts: NonNegativeInt
    usage: ModelUsage | None = None
    salt_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Episodes:
    """What lines of a file hold."""

    episodes: dict[Key, Episode]
    usage: dict[Key, ModelUsage]


def episodes_in(lines: str, path: Path, salt_sha256: str | None) -> Episodes:
    """Read whole lines.

    Args:
        lines: as `EpisodeLog` writes them.
        path: where they come from, for errors.
        salt_sha256: of the salt with which they were played.

    Raises:
        InvalidInput: a line is no episode, or was played with another salt.
    """
    found = Episodes({}, {})
    for number, line in enumerate(lines.splitlines(), 1):
        try:
            row = _Line.model_validate_json(line)
        except ValidationError:
            raise _foreign(path, number) from None
        if row.salt_sha256 != salt_sha256:
            raise _foreign(path, number, "was played with another salt")
        key = row.policy, row.task_id
        found.episodes[key] = Episode(**row.model_dump(exclude={"policy", "usage", "salt_sha256"}))
        if row.usage is not None:
            found.usage[key] = row.usage
    return found


class EpisodeLog:
    """Episodes by policy and task, also as lines of a file.

    Args:
        path: the file; `None` keeps nothing.
        salt: of the tasks, of which the lines publish the hash.
    """

    def __init__(self, path: Path | None, salt: bytes = b"") -> None:
        self.path = path
        self.salt_sha256: Final = hashlib.sha256(salt).hexdigest() if salt else None
        self.episodes: dict[Key, Episode] = {}
        self.usage: dict[Key, ModelUsage] = {}
        if path is not None and path.exists():
            self._read(path)

    def add(self, policy: str, episodes: Sequence[Episode], usage: ModelUsage | None = None) -> None:
        """Take episodes in, with what it took to play them; they are in the file when this returns."""
        self.episodes |= {(policy, one.task_id): one for one in episodes}
        more: dict[str, object] = {} if self.salt_sha256 is None else {"salt_sha256": self.salt_sha256}
        if usage is not None:
            self.usage |= {(policy, one.task_id): usage for one in episodes}
            more["usage"] = asdict(usage)
        lines = "".join(json.dumps({"policy": policy, **one.row(), **more}) + "\n" for one in episodes)
        self._append(lines)

    def scored(self, policy: str, tier: str, some: Sequence[Task]) -> Scored | None:
        """Sum up what a policy did in some tasks; `None` where it has played none of them."""
        keys = [key for one in some if (key := (policy, one.id)) in self.episodes]
        if not keys:
            return None
        used = [self.usage[key] for key in keys if key in self.usage]
        return Scored(
            policy=policy,
            tier=tier,
            found=summary([self.episodes[key] for key in keys]),
            usage=sum(used, ModelUsage()) if used else None,
            left_out=len(some) - len(keys),
        )

    def check(self) -> None:
        """Raise now what writing the first episode would raise after it was paid for."""
        self._append("")

    def _append(self, lines: str) -> None:
        if self.path is None:
            return
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError as error:
            raise NotFound(f"cannot write {str(self.path)!r}: {error.strerror}; choose another --output") from None

    def _read(self, path: Path) -> None:
        try:
            whole = path.read_text("utf-8")
        except (OSError, ValueError) as error:
            raise NotFound(f"cannot read {str(path)!r}: {error}; choose another --output") from None
        lines, newline, cut = whole.rpartition("\n")
        found = episodes_in(lines + newline, path, self.salt_sha256)
        self.episodes, self.usage = found.episodes, found.usage
        if cut:  # a run was cut in the middle of a line: that episode is played again
            if not cut.startswith(_BEGINNING[: len(cut)]):
                raise _foreign(path, lines.count("\n") + 1 + bool(newline))
            path.write_text(whole[: len(whole) - len(cut)], "utf-8")


def _foreign(path: Path, line: int, what: str = "is no episode") -> InvalidInput:
    problem = Problem(where="", message=what, hint="choose another --output", line=line)
    return InvalidInput(str(path), (problem,))
