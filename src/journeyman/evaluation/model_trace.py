"""What a model was shown, what it said and what that did: a file of JSON lines per episode.

The last line holds everybody's actions as numbers and the episode's row, so that whoever can make the world, which for
public tasks is everybody, can grade it again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from journeyman.evaluation.episode_log import Episodes
from journeyman.gym.actions import FIELDS, ROLES
from journeyman.gym.evaluate import graded
from journeyman.gym.tasks import Task, task
from journeyman.gym.text.action import Read
from journeyman.gym.text.play import Played, Turn
from journeyman.gym.text.reading import action_to_training_target
from journeyman.mission.values.errors import InvalidInput, NotFound

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


def trace_path(folder: Path, policy: str, task_id: str) -> Path:
    """Where the trace of an episode is kept; policies that are called alike do not share a folder."""
    digest = hashlib.sha256(policy.encode()).hexdigest()[:8]
    return folder / f"{_UNSAFE.sub('-', policy)[:80]}-{digest}" / f"{task_id}.jsonl"


@dataclass(slots=True)
class ModelTrace:
    """One episode as it is played."""

    policy: str
    one: Task
    lines: list[dict[str, object]] = field(default_factory=list[dict[str, object]])

    def answered(self, turn: Turn, replies: list[object], read: Read) -> None:
        """Take in what came of one question; several replies are those to the same one, asked again."""
        self.lines.append(
            {
                "step": turn.step,
                "role": str(turn.role),
                "view": turn.messages[-1]["content"],
                "replies": replies,
                "action": action_to_training_target(read.action),
                "reason": read.reason,
            }
        )

    def write(self, folder: Path, played: Played) -> None:
        """Keep the episode.

        Raises:
            NotFound: it cannot be written.
        """
        head = {"policy": self.policy, "task_id": self.one.id}
        last = {"acts": played.acts.tolist(), "episode": played.episode.row()}
        rows = [head, *sorted(self.lines, key=lambda row: (cast("int", row["step"]), str(row["role"]))), last]
        path = trace_path(folder, self.policy, self.one.id)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows), "utf-8")
        except OSError as error:
            raise NotFound(f"cannot write {str(path)!r}: {error.strerror}; choose another --traces") from None


@dataclass(frozen=True, slots=True)
class TraceChecker:
    """Compares traces with the episodes that were kept, and grades them again where the worlds can be made."""

    policy: str
    played: Episodes
    salt_sha256: str | None
    salt: bytes

    def problem_of(self, path: Path, sha256: str) -> str:
        """What is wrong with a trace; empty where nothing is."""
        try:
            data = path.read_bytes()
        except OSError as error:
            return f"{path} cannot be read: {error.strerror}"
        if hashlib.sha256(data).hexdigest() != sha256:
            return f"{path} is not the file that was named"
        try:
            lines = data.splitlines()
            head, last = json.loads(lines[0]), json.loads(lines[-1])
            return self._differs(path, head, last)
        except (ValueError, LookupError, TypeError, InvalidInput) as error:
            return f"{path} is no trace: {error}"

    def _differs(self, path: Path, head: Mapping[str, Any], last: Mapping[str, Any]) -> str:
        kept = self.played.episodes.get((self.policy, head["task_id"]))
        if head["policy"] != self.policy or kept is None:
            return f"{path} is of {head['policy']!r} in {head['task_id']!r}, of which no episode is kept"
        rows: list[Mapping[str, Any]] = [last["episode"]]
        secret = self.salt_sha256 is not None
        if not secret or (self.salt and hashlib.sha256(self.salt).hexdigest() == self.salt_sha256):
            acts = np.array(last["acts"], np.int64).reshape(-1, ROLES, FIELDS)
            rows.append(graded(task(head["task_id"], salt=self.salt if secret else b""), acts).row())
        for row in rows:
            if {**row, "roles": tuple(row["roles"])} != kept.row():
                return f"{path} gives a score of {row['score']} where the kept episode says {kept.score}"
        return ""
