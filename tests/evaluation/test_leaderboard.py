"""Leaderboards: every score is derived again, and what is forged, of other worlds or led elsewhere is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from journeyman.evaluation.episode_log import EpisodeLog
from journeyman.evaluation.leaderboard import (
    Leaderboard,
    NamedFile,
    beside,
    entry_of,
    ranked,
    read_all,
    sha256_of,
    write_leaderboard,
)
from journeyman.evaluation.model_trace import ModelTrace, trace_path
from journeyman.gym.evaluate import play, team_named
from journeyman.gym.tasks import GENERATOR, Split, Task, Tier, tasks
from journeyman.gym.text.action import Read, TextAction
from journeyman.gym.text.play import Played, Turn, play_text
from journeyman.gym.text.words import ActionType, AgentRole
from journeyman.mission.values.errors import InvalidInput, NotFound

NUMBERS = range(4)
MODEL = "advisor:small (tiny-1)"


def some(salt: bytes = b"") -> tuple[Task, ...]:
    """The tasks of all boards here."""
    return tasks(Tier.EASY, Split.VALIDATION, len(NUMBERS), salt=salt)


def board_of(folder: Path, policies: Sequence[str], salt: bytes = b"", name: str = "board.json") -> Path:
    """What `gym eval --output --leaderboard` writes, more of it with every call."""
    log = EpisodeLog(folder / "episodes.jsonl", salt)
    for policy in policies:
        log.add(policy, play(team_named(policy), some(salt)))
    rows = [log.scored(policy, "easy", some(salt)) for policy in policies]
    entries = [entry_of(row, row.policy, "validation", NUMBERS, ()) for row in rows if row is not None]
    write_leaderboard(folder / name, folder / "episodes.jsonl", log.salt_sha256, entries)
    return folder / name


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two policies' episodes and their board."""
    folder = tmp_path_factory.mktemp("board")
    board_of(folder, ["null", "heuristic"])
    return folder


@pytest.fixture
def board(kept: Path, tmp_path: Path) -> Path:
    """A board of one's own to spoil, its episodes beside it."""
    for name in ("board.json", "episodes.jsonl"):
        (tmp_path / name).write_bytes((kept / name).read_bytes())
    return tmp_path / "board.json"


def test_entries_are_ranked_by_their_checked_scores(board: Path) -> None:
    """The best first; the same board twice is one; without its episodes a board is ranked, and known to be unchecked."""
    alone = board.parent / "alone" / "board.json"
    alone.parent.mkdir()
    alone.write_bytes(board.read_bytes())
    rows = ranked(read_all([alone, board]))
    assert [(entry.policy, one.verified) for one, entry in rows] == [("heuristic", True), ("null", True)]
    assert [one.verified for one, _ in ranked(read_all([alone]))] == [False, False]


def test_a_board_grows_with_its_episodes(board: Path) -> None:
    """A later evaluation appends; the same tasks again replace what they gave before."""
    before = read_all([board])[0].board
    board_of(board.parent, ["random"])
    board_of(board.parent, ["null"])
    now = read_all([board])[0]
    assert now.verified
    assert sorted(entry.policy for entry in now.board.entries) == ["heuristic", "null", "random"]
    assert now.board.episodes.length_bytes > before.episodes.length_bytes
    assert now.board.generator == GENERATOR
    with (board.parent / "episodes.jsonl").open("a", encoding="utf-8") as file:
        file.write("whatever comes later\n")
    assert read_all([board])[0].verified


def forge(board: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what a board says."""
    found = json.loads(board.read_text("utf-8"))
    change(found)
    board.write_text(json.dumps(found), "utf-8")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda one: one["entries"][0]["score"].update(mean=0.9), r"entries.0.score: it says 0.900 .* give 0.000"),
        (lambda one: one["entries"][1]["score"].update(high=1.0), "entries.1.score"),
        (lambda one: one["entries"][1]["success"].update(mean=0.5, low=0.5, high=0.5), "entries.1.success"),
        (lambda one: one["entries"][0].update(policy="my policy"), "there is no episode of 'my policy'"),
        (lambda one: one["entries"][0].update(tier="hard"), "there is no episode of 'null'"),
        (lambda one: one["entries"][1].update(last=2), "entries.1"),
        (lambda one: one["entries"][1].update(last=9), "entries.1.left_out: it says 0, its episodes give 6"),
        (lambda one: one["episodes"].update(sha256="0" * 64), "is not the file that was scored"),
        (lambda one: one["episodes"].update(length_bytes=100), "is not the file that was scored"),
        (lambda one: one["episodes"].update(path="../episodes.jsonl"), "leads elsewhere"),
        (lambda one: one["episodes"].update(path="/etc/passwd"), "leads elsewhere"),
        (lambda one: one.update(generator=GENERATOR - 1), f"generator {GENERATOR - 1}, those of this version of {GENERATOR}"),
        (lambda one: one.update(salt_sha256="1" * 64), "was played with another salt"),
        (lambda one: one["entries"][0]["score"].update(mean=1.5), "entries.0.score.mean"),
        (lambda one: one.update(rank=1), "Extra inputs are not permitted"),
        (lambda one: one.pop("package"), "package: Field required"),
    ],
)  # fmt: skip
def test_a_forged_board_is_refused(board: Path, change: Callable[[dict[str, Any]], None], why: str) -> None:
    """What it says must be what its episodes give, of these worlds, and in its own form."""
    forge(board, change)
    with pytest.raises(InvalidInput, match=why):
        read_all([board])


def test_forged_episodes_are_found(board: Path) -> None:
    """Who changes the episodes must change their digest, and then the scores."""
    file = board.parent / "episodes.jsonl"
    file.write_text(file.read_text("utf-8").replace('"score": 0.0', '"score": 1.0'), "utf-8")
    with pytest.raises(InvalidInput, match="is not the file that was scored"):
        read_all([board])
    forge(board, lambda one: one["episodes"].update(sha256=sha256_of(file), length_bytes=len(file.read_bytes())))
    with pytest.raises(InvalidInput, match=r"entries.0.score: it says 0.000 .* give 1.000"):
        read_all([board])


def test_boards_of_other_salts_are_not_ranked_together(board: Path, tmp_path: Path) -> None:
    """Nor put into one file; the salt itself stands nowhere."""
    salt = b"0123456789abcdef"
    folder = tmp_path / "private"
    folder.mkdir()
    private = board_of(folder, ["null"], salt)
    assert read_all([private])[0].verified
    assert salt not in private.read_bytes() + (folder / "episodes.jsonl").read_bytes()
    with pytest.raises(InvalidInput, match=r"the salt of SHA-256 9f9f5111f7b2 .* no salt"):
        read_all([board, private])
    with pytest.raises(InvalidInput, match="cannot be ranked together"):
        board_of(folder, ["null"], salt, name=str(board))


def test_what_is_no_leaderboard_is_named(tmp_path: Path) -> None:
    """Another file, none at all, or episodes that could not be handed on with it."""
    with pytest.raises(NotFound, match=r"nowhere.json"):
        read_all([tmp_path / "nowhere.json"])
    (tmp_path / "other.json").write_text("[1, 2", "utf-8")
    with pytest.raises(InvalidInput, match=r"other.json"):
        read_all([tmp_path / "other.json"])
    with pytest.raises(InvalidInput, match="is not beside it"):
        beside(tmp_path / "episodes.jsonl", tmp_path / "below" / "board.json")


async def closed(turns: Sequence[Turn], trace: ModelTrace) -> list[Read]:
    """Answer like a model that closes in the third step."""
    reads: list[Read] = []
    for turn in turns:
        closing = turn.role is AgentRole.MANAGER and turn.step == 2
        read = Read(TextAction(turn.role, ActionType.RESOLVE if closing else ActionType.NOOP))
        trace.answered(turn, ["hm", "a reply"], read)
        reads.append(read)
    return reads


def traced(folder: Path, salt: bytes = b"") -> Path:
    """A board with a model's episode and its trace."""
    one = some(salt)[0]
    trace = ModelTrace(MODEL, one)
    played: Played = anyio.run(lambda: play_text(one, lambda turns: closed(turns, trace)))
    trace.write(folder / "traces", played)
    log = EpisodeLog(folder / "episodes.jsonl", salt)
    log.add(MODEL, [played.episode])
    row = log.scored(MODEL, "easy", [one])
    assert row is not None
    path, file = folder / "board.json", trace_path(folder / "traces", MODEL, one.id)
    named = NamedFile(path=beside(file, path), sha256=sha256_of(file))
    entry = entry_of(row, "advisor:small", "validation", range(1), [named])
    write_leaderboard(path, folder / "episodes.jsonl", log.salt_sha256, [entry])
    return path


def renamed(path: Path) -> Path:
    """The board's one trace, and its digest made to fit whatever it holds now."""
    found = Leaderboard.model_validate_json(path.read_text("utf-8"))
    file = path.parent / found.entries[0].traces[0].path
    forge(path, lambda one: one["entries"][0]["traces"][0].update(sha256=sha256_of(file)))
    return file


def test_a_model_s_trace_is_graded_again(tmp_path: Path) -> None:
    """It holds views, replies and actions; other actions than those that were scored are found."""
    path = traced(tmp_path)
    assert read_all([path])[0].verified
    file = renamed(path)
    head, first, *_, last = map(json.loads, file.read_text("utf-8").splitlines())
    assert head == {"policy": MODEL, "task_id": some()[0].id}
    assert first["replies"] == ["hm", "a reply"]
    assert first["view"].startswith("STEP 0")
    assert len(last["acts"]) == last["episode"]["steps"] == 3
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([*lines[:-1], json.dumps({**last, "acts": last["acts"][:2]})]), "utf-8")
    with pytest.raises(InvalidInput, match="is not the file that was named"):
        read_all([path])
    renamed(path)
    with pytest.raises(InvalidInput, match="gives a score of"):
        read_all([path])
    file.write_text("{}", "utf-8")
    renamed(path)
    with pytest.raises(InvalidInput, match="is no trace"):
        read_all([path])
    file.unlink()
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_all([path])


def test_a_private_world_s_trace_is_graded_again_with_its_salt(tmp_path: Path) -> None:
    """Without the salt only the kept row can be compared."""
    salt = b"0123456789abcdef"
    path = traced(tmp_path, salt)
    file = renamed(path)
    *lines, last = file.read_text("utf-8").splitlines()
    forged = json.dumps({**json.loads(last), "acts": json.loads(last)["acts"][:2]})
    file.write_text("\n".join([*lines, forged]), "utf-8")
    renamed(path)
    assert read_all([path])[0].verified
    assert read_all([path], b"another salt, not theirs")[0].verified
    with pytest.raises(InvalidInput, match="gives a score of"):
        read_all([path], salt)


def test_policies_of_like_names_do_not_share_a_folder_of_traces(tmp_path: Path) -> None:
    """Nor does any name lead out of it."""
    paths = {trace_path(tmp_path, name, "easy-train-0@9") for name in ("a b", "a/b", "a:b", "../b", "")}
    assert len(paths) == 5
    assert all(path.resolve().is_relative_to(tmp_path) for path in paths)
