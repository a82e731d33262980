"""Leaderboards: what policies scored, in a file that can be checked against the episodes beside it.

A file names what the scores are of: the generator's version, the salt by its SHA-256, tier, split and task numbers, the
policy by the digest of its code, and the episodes file by its length and digest. A reader derives every score again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError

from journeyman.evaluation.episode_log import Episodes, Scored, episodes_in
from journeyman.evaluation.model_trace import TraceChecker
from journeyman.evaluation.options import PREFIX
from journeyman.evaluation.policy_code import policy_code
from journeyman.gym.evaluate import Estimate, summary
from journeyman.gym.tasks import GENERATOR, MAX_NUMBER, split_named, tier_named
from journeyman.gym.tasks import Task as GymTask
from journeyman.mission.values.errors import InvalidInput, NotFound, Problem

FORMAT: Final = "journeyman.gym.leaderboard.v1"
_MOST_BYTES: Final = 64 << 20
_Share = Annotated[float, Field(ge=0, le=1)]
_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Number = Annotated[int, Field(ge=0, le=MAX_NUMBER)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Interval(_Part):
    """A mean with its 95 % bootstrap interval."""

    mean: _Share
    low: _Share
    high: _Share


class NamedFile(_Part):
    """A file beside the leaderboard."""

    path: str
    """Relative to the leaderboard, with `/`."""
    sha256: _Digest


class EpisodesFile(NamedFile):
    """The episodes behind the scores; more may have been appended since."""

    length_bytes: NonNegativeInt
    """How much of the file's beginning the digest covers."""


class LeaderboardEntry(_Part):
    """What one policy scored in some tasks."""

    policy: str
    kind: Literal["builtin", "trained", "code", "model"]
    sha256: _Digest | None
    """Of the policy's file; `None` for what comes with the package, and for models."""
    tier: Literal["easy", "medium", "hard"]
    split: Literal["train", "validation", "held_out"]
    first: _Number
    last: _Number
    episodes: PositiveInt
    """Tasks that were played to their end."""
    left_out: NonNegativeInt
    score: Interval
    success: Interval
    traces: tuple[NamedFile, ...] = ()
    """Of a model: what it was shown and said, a file per episode."""

    def task_ids(self) -> list[str]:
        """The ids of all tasks that were to be played."""
        tier, split = tier_named(self.tier), split_named(self.split)
        return [GymTask(tier, split, number).id for number in range(self.first, self.last + 1)]


class Leaderboard(_Part):
    """A leaderboard file."""

    format: Literal["journeyman.gym.leaderboard.v1"] = FORMAT
    generator: int
    """Version of the rules that made the worlds; scores of other versions are of other worlds."""
    package: str
    """Version of Journeyman that played."""
    salt_sha256: _Digest | None
    """Of the salt that made the worlds private; `None` for public worlds."""
    episodes: EpisodesFile
    entries: tuple[LeaderboardEntry, ...]


@dataclass(frozen=True, slots=True)
class CheckedLeaderboard:
    """A leaderboard that was read, and whether its episodes were there to check it by."""

    path: Path
    board: Leaderboard
    verified: bool


def entry_of(
    row: Scored, policy: str, split: str, numbers: Sequence[int], traces: Sequence[NamedFile]
) -> LeaderboardEntry:
    """What a leaderboard says of a policy's score.

    Args:
        row: the score.
        policy: its name as given.
        split: of the tasks …
        numbers: … and their numbers.
        traces: of a model.
    """
    code = policy_code(policy)
    trained = policy.removeprefix("trained:") if policy.startswith("trained:") else None
    kind = "code" if code else "trained" if trained else "model" if policy.startswith(PREFIX) else "builtin"
    digest = code.sha256 if code else sha256_of(Path(trained)) if trained else None
    return LeaderboardEntry.model_validate(
        {
            "policy": row.policy,
            "kind": kind,
            "sha256": digest,
            "tier": row.tier,
            "split": split,
            "first": numbers[0],
            "last": numbers[-1],
            "episodes": row.found.episodes,
            "left_out": row.left_out,
            "score": _interval(row.found.score),
            "success": _interval(row.found.success),
            "traces": tuple(traces),
        }
    )


def write_leaderboard(path: Path, episodes: Path, salt_sha256: str | None, entries: Sequence[LeaderboardEntry]) -> None:
    """Write a leaderboard, or put entries into the one that is there in place of those of the same tasks.

    Raises:
        InvalidInput: what is there is no leaderboard, or one of other worlds.
        NotFound: it cannot be written.
    """
    kept: list[LeaderboardEntry] = []
    if path.exists():
        before = read_leaderboard(path)
        _check_alike([(path, before.generator, before.salt_sha256), (episodes, GENERATOR, salt_sha256)])
        fresh = {_tasks_of(one) for one in entries}
        kept = [one for one in before.entries if _tasks_of(one) not in fresh]
    data = episodes.read_bytes()
    board = Leaderboard(
        generator=GENERATOR,
        package=version("journeyman"),
        salt_sha256=salt_sha256,
        episodes=EpisodesFile(
            path=beside(episodes, path), sha256=hashlib.sha256(data).hexdigest(), length_bytes=len(data)
        ),
        entries=(*kept, *entries),
    )
    draft = path.with_name(f"{path.name}.part")
    try:
        draft.write_text(board.model_dump_json(indent=2) + "\n", "utf-8")
        draft.replace(path)
    except OSError as error:
        raise NotFound(f"cannot write {str(path)!r}: {error.strerror}; choose another --leaderboard") from None


def read_leaderboard(path: Path) -> Leaderboard:
    """What a file holds, by its own words.

    Raises:
        InvalidInput: it is no leaderboard, or one of another generator.
        NotFound: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise NotFound(f"cannot read {str(path)!r}: {error.strerror}") from None
    try:
        board = Leaderboard.model_validate_json(text)
    except ValidationError as error:
        problems = [Problem(where=".".join(map(str, one["loc"])), message=one["msg"]) for one in error.errors()]
        raise InvalidInput(str(path), tuple(problems)) from None
    if board.generator != GENERATOR:
        message = f"its worlds are of generator {board.generator}, those of this version of {GENERATOR}"
        hint = "scores of different worlds cannot be compared: play again"
        raise InvalidInput(str(path), (Problem(where="generator", message=message, hint=hint),))
    return board


def read_all(paths: Sequence[Path], salt: bytes = b"") -> list[CheckedLeaderboard]:
    """Read leaderboards of the same worlds, and derive every score again where the episodes are there.

    Args:
        paths: of the files.
        salt: with which model traces of private worlds are graded again.

    Raises:
        InvalidInput: one is malformed, of other worlds than the first, or says what its episodes do not.
        NotFound: one cannot be read.
    """
    boards = [(path, read_leaderboard(path)) for path in paths]
    _check_alike([(path, board.generator, board.salt_sha256) for path, board in boards])
    return [CheckedLeaderboard(path, board, _verified(path, board, salt)) for path, board in boards]


def ranked(boards: Iterable[CheckedLeaderboard]) -> list[tuple[CheckedLeaderboard, LeaderboardEntry]]:
    """All entries, those of the same tasks together, the best first; what stands twice stands once."""
    found: dict[LeaderboardEntry, CheckedLeaderboard] = {}
    for one in boards:
        for entry in one.board.entries:
            if entry not in found or (one.verified and not found[entry].verified):
                found[entry] = one
    tiers = ("easy", "medium", "hard")
    order = sorted(
        found,
        key=lambda one: (tiers.index(one.tier), one.split, one.first, one.last, -one.score.mean, one.policy),
    )
    return [(found[entry], entry) for entry in order]


def sha256_of(path: Path) -> str:
    """The digest of a file.

    Raises:
        NotFound: it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise NotFound(f"cannot read {str(path)!r}: {error.strerror}") from None


def beside(path: Path, board: Path) -> str:
    """How a leaderboard names a file.

    Raises:
        InvalidInput: the file is not in its folder or below, so that the two could not be handed on together.
    """
    folder = board.resolve().parent
    try:
        return path.resolve().relative_to(folder).as_posix()
    except ValueError:
        problem = Problem(where="", message=f"{str(path)!r} is not beside it", hint=f"keep it in {str(folder)!r}")
        raise InvalidInput(f"--leaderboard {board}", (problem,)) from None


def _verified(path: Path, board: Leaderboard, salt: bytes) -> bool:
    """Whether the episodes are there; where they are, they say what the leaderboard says."""
    file = _inside(path, board.episodes.path)
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        data = opened.read(board.episodes.length_bytes)
    if hashlib.sha256(data).hexdigest() != board.episodes.sha256:
        hint = "one of the two was changed; play again, or write the leaderboard again with gym eval"
        problem = Problem(where="episodes", message=f"{file} is not the file that was scored", hint=hint)
        raise InvalidInput(str(path), (problem,))
    played = episodes_in(data.decode("utf-8", "replace"), file, board.salt_sha256)
    problems = [problem for number, one in enumerate(board.entries) for problem in _forged(number, one, played)]
    for number, one in enumerate(board.entries):
        checker = TraceChecker(one.policy, played, board.salt_sha256, salt)
        for trace in one.traces:
            told = checker.problem_of(_inside(path, trace.path), trace.sha256)
            if told:
                problems.append(Problem(where=f"entries.{number}.traces", message=told))
    if problems:
        raise InvalidInput(str(path), tuple(problems))
    return True


def _forged(number: int, entry: LeaderboardEntry, played: Episodes) -> list[Problem]:
    """Where an entry says what its episodes do not."""
    where = f"entries.{number}"
    some = [played.episodes[entry.policy, one] for one in entry.task_ids() if (entry.policy, one) in played.episodes]
    if not some:
        return [Problem(where=where, message=f"there is no episode of {entry.policy!r} in its tasks")]
    found = summary(some)
    truths = {
        "score": _interval(found.score),
        "success": _interval(found.success),
        "episodes": len(some),
        "left_out": entry.last - entry.first + 1 - len(some),
    }
    return [
        Problem(where=f"{where}.{name}", message=f"it says {_shown(said)}, its episodes give {_shown(truth)}")
        for name, truth in truths.items()
        if (said := getattr(entry, name)) != truth
    ]


def _shown(value: object) -> str:
    return str(Estimate(value.mean, value.low, value.high)) if isinstance(value, Interval) else str(value)


def _interval(value: Estimate) -> Interval:
    return Interval(mean=value.mean, low=value.low, high=value.high)


def _inside(board: Path, name: str) -> Path:
    """A file that a leaderboard names, which may come from anywhere and must not lead elsewhere."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or "\\" in name:
        hint = "files of a leaderboard stand beside it"
        raise InvalidInput(str(board), (Problem(where="path", message=f"{name!r} leads elsewhere", hint=hint),))
    return board.parent / pure


def _tasks_of(entry: LeaderboardEntry) -> tuple[object, ...]:
    return entry.policy, entry.tier, entry.split, entry.first, entry.last


def _check_alike(worlds: Sequence[tuple[Path, int, str | None]]) -> None:
    """Raise where scores are of different worlds."""
    first, generator, salt = worlds[0]
    for path, other_generator, other_salt in worlds[1:]:
        if (other_generator, other_salt) != (generator, salt):
            told = f"generator {generator} and {_salt_told(salt)} in {first}"
            message = f"generator {other_generator} and {_salt_told(other_salt)} in {path}, {told}"
            hint = "scores of different worlds cannot be ranked together"
            raise InvalidInput("leaderboards", (Problem(where="", message=message, hint=hint),))


def _salt_told(digest: str | None) -> str:
    return "no salt" if digest is None else f"the salt of SHA-256 {digest[:12]}"
