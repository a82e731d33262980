"""`journeyman gym` as a user runs it: score, play, watch, export, train."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from journeyman.gym.text.parse import read_text
from journeyman.gym.text.words import AgentRole
from tests.acceptance.conftest import Shell

MakeShell = Callable[[str], Shell]


def typed(user: Shell, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command that reads what a person typed."""
    argv = [sys.executable, "-m", "journeyman", *words]
    return subprocess.run(
        argv, cwd=user.folder, env=user.environment, input=text, capture_output=True, text=True, timeout=60, check=False
    )


def test_policies_are_scored_with_intervals_and_a_picture(shell: MakeShell) -> None:
    """Two policies on two tiers; the better one is better, and every number has an interval around it."""
    user = shell("")
    words = ("gym", "eval", "--policy", "expert", "--policy", "null", "--tier", "easy", "--tier", "medium")
    found = user.json(*words, "--seeds", "12", "--plot", "bars.png")
    rows: dict[Any, Any] = {(row["policy"], row["tier"]): row for row in found["results"]}
    assert len(rows) == 4
    best = rows["expert", "easy"]
    assert best["success"]["low"] <= best["success"]["mean"] <= best["success"]["high"]
    assert best["success"]["low"] > rows["null", "easy"]["success"]["high"]
    assert rows["null", "easy"]["steps_to_success"] is None
    assert set(best["roles"]) == {"sre", "dev", "manager", "oversight"}
    assert rows["expert", "medium"]["rogue_recall"] is not None
    assert (user.folder / "bars.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("cut_bytes", [0, 30])
def test_a_cut_evaluation_goes_on_and_ends_the_same(shell: MakeShell, cut_bytes: int) -> None:
    """What was played is kept, a torn line is played again, and a policy that draws draws the same."""
    user = shell("")
    words = ("gym", "eval", "--policy", "random", "--tier", "easy", "--seeds", "24")
    whole = user.json(*words)
    kept = user.folder / "episodes.jsonl"
    user.run("gym", "eval", "--policy", "random", "--seeds", "9", "--output", "episodes.jsonl")
    before = kept.read_bytes()
    kept.write_bytes(before[: len(before) - cut_bytes])
    assert user.json(*words, "--output", "episodes.jsonl") == whole
    rows = [json.loads(line) for line in kept.read_text("utf-8").splitlines()]
    assert len({row["task_id"] for row in rows}) == len(rows) == 24
    complete = before[: before.rindex(b"\n", 0, len(before) - 1) + 1] if cut_bytes else before
    assert kept.read_bytes().startswith(complete)


def test_a_salt_makes_other_worlds_and_only_its_hash_is_kept(shell: MakeShell) -> None:
    """Whoever has the file gets the same scores; a file of episodes does not mix salts, and a short secret is none."""
    user = shell("")
    (user.folder / "salt").write_bytes(b"0123456789abcdef")
    words = ("gym", "eval", "--policy", "heuristic", "--seeds", "16")
    salted = user.json(*words, "--salt", "salt", "--output", "episodes.jsonl")
    digest = "9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f"
    assert salted["salt_sha256"] == digest
    lines = (user.folder / "episodes.jsonl").read_text("utf-8")
    assert {json.loads(line)["salt_sha256"] for line in lines.splitlines()} == {digest}
    assert "0123456789abcdef" not in lines
    assert user.json(*words)["results"] != salted["results"]
    assert "another salt" in user.run(*words, "--output", "episodes.jsonl", code=2).stderr
    (user.folder / "short").write_bytes(b"abc")
    assert "a secret needs 16" in user.run(*words, "--salt", "short", code=2).stderr


def test_a_stranger_s_policy_is_scored_apart_and_ranked(shell: MakeShell) -> None:
    """It cannot read the salt, is told when it fails, and its score can be checked by whoever gets both files."""
    user = shell("")
    (user.folder / "salt").write_bytes(b"0123456789abcdef")
    theirs = user.folder / "theirs"
    theirs.mkdir()
    (theirs / "policy.py").write_text(
        "from journeyman.gym.policies.base import no_actions\n"
        "class Idle:\n    def __init__(self, worlds): self.worlds = worlds\n"
        "    def act(self, seen): return no_actions(self.worlds)\n"
        "class Broken(Idle):\n    def act(self, seen): raise ValueError('oh')\n",
        "utf-8",
    )
    words = ("gym", "eval", "--policy", "theirs/policy.py:Idle", "--policy", "null", "--seeds", "4", "--salt", "salt")
    keep = ("--output", "episodes.jsonl", "--leaderboard", "board.json")
    found = user.json(*words, "--isolate", *keep)
    idle, null = found["results"]
    assert (idle["score"], idle["episodes"]) == (null["score"], null["episodes"])
    assert found["isolated"]["theirs/policy.py:Idle"]["failed_batches"] == 0
    assert idle["policy"].startswith("theirs/policy.py:Idle (sha256 ")
    rows = user.json("gym", "leaderboard", "board.json")["entries"]
    assert [(row["kind"], row["checked"]) for row in rows] == [("builtin", True), ("code", True)]
    assert "yes" in user.run("gym", "leaderboard", "board.json").stdout
    failed = user.run("gym", "eval", "--policy", "theirs/policy.py:Broken", "--isolate", "--seeds", "2")
    assert "failed in a batch and did nothing more there, last: ValueError: oh" in failed.stderr
    assert "these worlds are public" in failed.stderr
    (theirs / "salt").write_bytes(b"0123456789abcdef")
    near = ("gym", "eval", "--policy", "theirs/policy.py:Idle", "--isolate", "--salt", "theirs/salt", "--seeds", "2")
    assert "keep them in different folders" in user.run(*near, code=2).stderr
    alone = user.run("gym", "eval", "--policy", "null", "--isolate", code=2)
    assert "no policy is a file of code" in alone.stderr
    lonely = user.run("gym", "eval", "--policy", "null", "--leaderboard", "board.json", code=2)
    assert "it needs the episodes" in lonely.stderr


def test_a_person_plays_a_role_through_a_pipe(shell: MakeShell) -> None:
    """Typing errors cost no step, the manager's close ends it, and then the truth is told."""
    user = shell("")
    ended = typed(
        user, "help\nreslove\nrestart web\nview\nsay @sre what is wrong?\nresolve\n", "gym", "play", "--role", "manager"
    )
    assert ended.returncode == 1, ended.stderr  # closed while it burned
    assert "incident manager" in ended.stdout
    assert ended.stdout.count("no step is lost") == 2
    assert 'manager to sre: "what is wrong?"' in ended.stdout
    assert "Team score 0.000, yours 0.000" in ended.stdout
    assert "it was " in ended.stdout.split("is over", 1)[1]
    assert "it was " not in ended.stdout.split("is over", 1)[0]


def test_a_person_who_lets_the_others_work_and_closes_in_time_wins(shell: MakeShell) -> None:
    """The other seats are really played: oversight has nothing to do on easy, so waiting is right there."""
    user = shell("")
    ended = typed(user, "wait\n" * 40, "gym", "play", "easy-train-2@3", "--role", "oversight")
    assert ended.returncode == 0, ended.stdout[-500:]
    left = typed(user, "wait\n", "gym", "play", "easy-train-2@3", "--role", "oversight")
    assert left.returncode == 1
    assert "you left at step 1" in left.stdout


def test_an_episode_is_watched_line_by_line(shell: MakeShell) -> None:
    """Every step has a line, and JSON tells the same."""
    user = shell("")
    lines = user.run("gym", "watch", "easy-train-1@3", "--policy", "oracle").stdout.splitlines()
    told = user.json("gym", "watch", "easy-train-1@3", "--policy", "oracle")
    steps = [line for line in lines if line.startswith("step ")]
    assert len(steps) == len(told["frames"]) == told["end"]["steps"] + 1
    assert told["end"]["succeeded"] is True
    assert any("resolve" in line for line in steps)
    assert lines[-1] == f"the truth: {'; '.join(told['truth'])}"


def test_exported_rows_are_what_trainers_read(shell: MakeShell) -> None:
    """Chat rows end with an answer that parses to an action; pairs share their prompt and differ in their answer."""
    user = shell("")
    user.run("gym", "export", "--count", "2", "--output", "chat.jsonl", "--pairs", "pairs.jsonl")
    chats = [json.loads(line) for line in (user.folder / "chat.jsonl").read_text("utf-8").splitlines()]
    pairs = [json.loads(line) for line in (user.folder / "pairs.jsonl").read_text("utf-8").splitlines()]
    assert len(chats) == len(pairs) > 20
    for chat, pair in zip(chats, pairs, strict=True):
        assert [message["role"] for message in chat["messages"]] == ["system", "user", "assistant"]
        assert pair["prompt"] == chat["messages"][:2]
        assert pair["chosen"] == chat["messages"][2:]
        assert pair["rejected"] != pair["chosen"]
        assert read_text(chat["messages"][2]["content"], AgentRole(chat["role"])).reason == ""
    refused = user.run("gym", "export", "--split", "held_out", "--output", "no.jsonl", code=2)
    assert "held-out" in refused.stderr
    before = (user.folder / "chat.jsonl").read_bytes()
    lost = user.run("gym", "export", "--output", "chat.jsonl", "--pairs", "nowhere/pairs.jsonl", code=2)
    assert "nowhere" in lost.stderr
    assert (user.folder / "chat.jsonl").read_bytes() == before
    user.run("gym", "export", "--count", "2", "--output", "chat.jsonl")
    assert (user.folder / "chat.jsonl").read_bytes() == before
    assert not (user.folder / "no.jsonl").exists()


def test_an_interrupted_training_keeps_its_best_and_goes_on(shell: MakeShell) -> None:
    """Ctrl-C leaves a policy, its curve as a picture and the comparison; a second run goes on from there."""
    user = shell("")
    words = ("gym", "train", "--population", "4", "--tasks", "4", "--tier", "easy", "--output", "small.json")
    argv = [sys.executable, "-m", "journeyman", *words, "--minutes", "60"]
    with subprocess.Popen(
        argv, cwd=user.folder, env=user.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        assert running.stderr.readline().startswith("generation 1: ")
        running.send_signal(signal.SIGINT)
        said, complained = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "the best so far is kept" in complained
    assert "gain per task" in said
    assert (user.folder / "small.png").read_bytes().startswith(b"\x89PNG")
    first = json.loads((user.folder / "small.json").read_text("utf-8"))["standing"]["curve"]

    other = user.run(*words, "--resume", "--seed", "7", code=2)
    assert "say --seed 0 to go on with it" in other.stderr
    found = user.json(*words, "--minutes", "0.01", "--resume", "--no-plot")
    assert found["held_out"]["gain per task"]["high"] >= 0
    curve = json.loads((user.folder / "small.json").read_text("utf-8"))["standing"]["curve"]
    assert curve[: len(first)] == first
    assert len(curve) == found["generations"] > len(first)
    scored = user.json("gym", "eval", "--policy", "trained:small.json", "--seeds", "8")
    assert scored["results"][0]["score"]["mean"] > 0.2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("eval", "--policy", "clever"), "'clever' is no policy"),
        (("eval", "--policy", "trained:nowhere.json"), "gym train` writes one"),
        (("eval", "--policy", "null", "--seeds", "9-3"), "names no tasks"),
        (("eval", "--policy", "null", "--seeds", "-1"), "names no tasks"),
        (("eval", "--policy", "null", "--plot", "bars.doc"), "ends in '.doc'"),
        (("eval", "--policy", "null", "--seeds", "1", "--output", "no/where.jsonl"), "choose another --output"),
        (("watch", "easy-lost-1"), "names no task"),
        (("watch", "easy-train-1@3", "--pause", "-1"), "greater than or equal to 0"),
        (("export", "--output", "a.jsonl", "--pairs", "./a.jsonl"), "is the file of --output"),
        (("play", "--others", "oracle"), "cannot be a teammate"),
        (("train", "--output", "no/where.json"), "there is no folder 'no'"),
        (("train", "--output", "new.json", "--resume"), "cannot read the policy 'new.json'"),
    ],
)
def test_what_cannot_work_is_said_at_once(shell: MakeShell, words: tuple[str, ...], said: str) -> None:
    """Each refusal names the value and what to do."""
    assert said in shell("").run("gym", *words, code=2).stderr


_EPISODE = {
    "policy": "null",
    "task_id": "easy-validation-0@3",
    "score": 0.0,
    "roles": [0, 0, 0, 0],
    "succeeded": False,
    "steps": 30,
    "availability": 0.5,
    **dict.fromkeys(("failures", "rogues", "caught", "false_flags", "wrong_acts"), 0),
}


@pytest.mark.parametrize(
    "text",
    [
        "dear diary\n",
        "dear diary",
        "\n",
        json.dumps({"policy": "null"}) + "\n",
        *(
            json.dumps(_EPISODE | change) + "\n"
            for change in ({"score": "high"}, {"score": math.nan}, {"score": 17}, {"roles": [1]}, {"steps": -1})
        ),
    ],
)
def test_foreign_lines_in_the_output_are_refused_not_overwritten(shell: MakeShell, text: str) -> None:
    """A file that holds something else, or numbers that no episode has, stays as it is."""
    user = shell("")
    (user.folder / "diary.txt").write_text(text, "utf-8")
    refused = user.run("gym", "eval", "--policy", "null", "--seeds", "2", "--output", "diary.txt", code=2)
    assert "line 1: is no episode" in refused.stderr
    assert (user.folder / "diary.txt").read_text("utf-8") == text


@pytest.mark.parametrize(("missing", "said"), [("numpy", "journeyman[gym]"), ("matplotlib", "journeyman[plots]")])
def test_a_missing_extra_is_named(shell: MakeShell, missing: str, said: str) -> None:
    """Without numpy the gym's help still works, and its commands say what to install; so do pictures."""
    user = shell("")
    blocked = (
        "import sys, importlib.util, importlib.machinery\n"
        "class Blocked:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {missing!r}: raise ModuleNotFoundError('no', name=name)\n"
        "sys.meta_path.insert(0, Blocked())\n"
        "find = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name, *rest: None if name == {missing!r} else find(name, *rest)\n"
        "from journeyman.interfaces.cli.main import main\n"
        "main()\n"
    )
    words = ["gym", "eval", "--policy", "null", "--seeds", "1", "--plot", "x.png"]
    argv = [sys.executable, "-c", blocked]
    ended = subprocess.run(
        [*argv, *words], cwd=user.folder, env=user.environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2, ended.stderr
    assert said in ended.stderr
    helped = subprocess.run([*argv, "gym", "--help"], env=user.environment, capture_output=True, text=True, check=True)
    assert "eval" in helped.stdout
