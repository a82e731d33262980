"""Episodes that outlive a run: each is a line of a file as soon as it is over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from journeyman.gym.evaluate import Episode, Summary
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem

Key = tuple[str, str]
"""Policy and task id."""
_BEGINNING: Final = '{"policy": '
"""How every line begins."""
_Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What it took to let a model play, one episode or several."""

    turns: int = 0
    """Actions that were asked for."""
    calls: int = 0
    """Requests to the model: more than turns where it was asked again."""
    input_tokens: int = 0
    output_tokens: int = 0
    priced_usd: float = 0.0
    """What the calls cost whose price is known."""
    unpriced_calls: int = 0
    unreadable: Mapping[str, int] = field(default_factory=dict[str, int])
    """Turns that became no-ops because no action could be read from the answers, by reason."""
    not_carried_out: int = 0
    """Actions that the role may not take, or that name what is not there."""

    def __add__(self, other: Asked) -> Asked:
        reasons = {*self.unreadable, *other.unreadable}
        return Asked(
            turns=self.turns + other.turns,
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            priced_usd=self.priced_usd + other.priced_usd,
            unpriced_calls=self.unpriced_calls + other.unpriced_calls,
            unreadable={one: self.unreadable.get(one, 0) + other.unreadable.get(one, 0) for one in sorted(reasons)},
            not_carried_out=self.not_carried_out + other.not_carried_out,
        )


def dollars(asked: Asked) -> str:
    """Give a cost as text."""
    count = asked.unpriced_calls
    unknown = f"{count:,} call{'s' if count > 1 else ''} of unknown price" if count else ""
    known = f"${asked.priced_usd:,.4f}" if asked.priced_usd or not count else ""
    return " and ".join(part for part in (known, unknown) if part)


def spent(asked: Asked) -> str:
    """Give calls, tokens and cost in a few words."""
    tokens = f"{asked.input_tokens:,} tokens in, {asked.output_tokens:,} out"
    return f"{asked.calls:,} calls, {tokens}, {dollars(asked)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One column of the table."""

    policy: str
    tier: str
    found: Summary
    asked: Asked | None = None
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
    asked: Asked | None = None


class Kept:
    """Episodes by policy and task, also as lines of a file."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.episodes: dict[Key, Episode] = {}
        self.asked: dict[Key, Asked] = {}
        if path is not None and path.exists():
            self._read(path)

    def add(self, policy: str, episodes: Sequence[Episode], asked: Asked | None = None) -> None:
        """Take episodes in, with what it took to play them; they are in the file when this returns."""
        self.episodes |= {(policy, one.task_id): one for one in episodes}
        more: dict[str, object] = {}
        if asked is not None:
            self.asked |= {(policy, one.task_id): asked for one in episodes}
            more["asked"] = asdict(asked)
        if self.path is None:
            return
        lines = "".join(json.dumps({"policy": policy, **one.row(), **more}) + "\n" for one in episodes)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError as error:
            raise NotFound(f"cannot write {str(self.path)!r}: {error.strerror}; choose another --output") from None

    def check(self) -> None:
        """Raise now what writing the first episode would raise after it was paid for."""
        if self.path is None:
            return
        try:
            self.path.open("a", encoding="utf-8").close()
        except OSError as error:
            raise NotFound(f"cannot write {str(self.path)!r}: {error.strerror}; choose another --output") from None

    def _read(self, path: Path) -> None:
        try:
            whole = path.read_text("utf-8")
        except (OSError, ValueError) as error:
            raise NotFound(f"cannot read {str(path)!r}: {error}; choose another --output") from None
        *lines, cut = whole.split("\n")
        for number, line in enumerate(lines, 1):
            try:
                row = _Line.model_validate_json(line)
            except ValidationError:
                raise _foreign(path, number) from None
            key = row.policy, row.task_id
            self.episodes[key] = Episode(**row.model_dump(exclude={"policy", "asked"}))
            if row.asked is not None:
                self.asked[key] = row.asked
        if cut:  # a run was cut in the middle of a line: that episode is played again
            if not cut.startswith(_BEGINNING[: len(cut)]):
                raise _foreign(path, len(lines) + 1)
            path.write_text(whole[: len(whole) - len(cut)], "utf-8")


def _foreign(path: Path, line: int) -> InvalidInput:
    problem = Problem(where="", message="is no episode", hint="choose another --output", line=line)
    return InvalidInput(str(path), (problem,))
