"""Models in the gym as a user lets them play: real SDKs, real sockets, a settings file."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from journeyman.gym.tasks import Split, Tier, tasks
from journeyman.gym.text.export import expert_examples
from journeyman.testing.model_server import ModelServer, Script, ScriptedFault, ScriptLine
from tests.acceptance.conftest import Shell

MakeShell = Callable[[str], Shell]
COUNT = 4
EVAL = ("gym", "eval", "--seeds", str(COUNT), "--policy")


class Scholar(ModelServer):
    """Knows what the expert does at each view of the first easy validation tasks."""

    plan: dict[str, str]
    fault: ScriptedFault | None = None
    delay_s = 0.0

    def line_for(self, body: Any) -> ScriptLine:
        """Answer like a model that thinks aloud."""
        said = body["messages"][-1]["content"]
        view = said if isinstance(said, str) else said[0]["text"]
        if self.fault is not None:
            return ScriptLine(fault=self.fault)
        does = self.plan.get(view) or '{"action_type": "noop"}'
        return ScriptLine(text=f"<think>Is it {{this}}?</think> I do {does}", delay_s=self.delay_s)


@contextmanager
def scholar() -> Generator[Scholar]:
    """Serve it on a loop of its own."""
    server = Scholar(Script(answers=()))
    some = tasks(Tier.EASY, Split.VALIDATION, COUNT)
    server.plan = {row.prompt[-1]["content"]: row.chosen for one in some for row in expert_examples(one)}
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def configured(shell: Shell, url: str = "http://127.0.0.1:9") -> Shell:
    """Write a settings file with a model of each kind."""
    file = shell.folder / "config.toml"
    file.write_text(
        f'[advice]\nbreaker_rest_s = 0\n[advisors.near]\nkind = "openai"\nmodel = "gpt-4o-mini"\n'
        f'base_url = "{url}/v1"\ncosts = true\nconsent = true\n'
        f'[advisors.claude]\nkind = "anthropic"\nbase_url = "{url}"\napi_key_env = "MY_KEY"\ncosts = false\n'
        '[advisors.keyless]\nkind = "anthropic"\nconsent = true\n'
        '[advisors.far]\nkind = "anthropic"\napi_key_env = "MY_KEY"\n'
    )
    shell.environment |= {"JOURNEYMAN_CONFIG": str(file), "MY_KEY": "sk-secret"}
    return shell


def kept(shell: Shell, name: str = "kept.jsonl") -> list[dict[str, Any]]:
    """The lines of the output file."""
    file: Path = shell.folder / name
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []


def used_tokens(rows: Sequence[dict[str, Any]]) -> int:
    """What some episodes took."""
    return sum(row["usage"]["input_tokens"] + row["usage"]["output_tokens"] for row in rows)


def test_models_of_two_providers_play_beside_the_expert_they_copy(shell: MakeShell) -> None:
    """The same scores as the expert, the price of the list, nothing unread; and a second run asks nobody."""
    user = shell("")
    words = (*EVAL, "expert", "--policy", "advisor:near", "--policy", "advisor:claude", "--output", "kept.jsonl")
    with scholar() as server:
        configured(user, server.url)
        kept_too = ("--leaderboard", "board.json", "--traces", "traces")
        found = user.json(*words, "--concurrency", "8", "--plot", "bars.png", *kept_too)
        asked = len(server.calls)
        again = user.run(*words)
        assert len(server.calls) == asked
    best, near, claude = found["results"]
    assert near["policy"] == "advisor:near (gpt-4o-mini)"
    for row in (near, claude):
        assert (row["success"], row["score"], row["roles"]) == (best["success"], best["score"], best["roles"])
        assert (row["episodes"], row["left_out"]) == (COUNT, 0)
        assert row["usage"]["turns"] == row["usage"]["calls"] == asked / 2
        assert (row["usage"]["unreadable"], row["usage"]["not_carried_out"]) == ({}, 0)
    assert near["usage"]["priced_usd"] > 0
    assert claude["usage"]["priced_usd"] == claude["usage"]["unpriced_calls"] == 0
    assert best["usage"] is None
    assert (user.folder / "bars.png").read_bytes().startswith(b"\x89PNG")
    assert "no action could be read  " in again.stdout
    assert "sk-secret" not in (user.folder / "kept.jsonl").read_text("utf-8")
    ranks = user.json("gym", "leaderboard", "board.json")["entries"]
    assert {(row["rank"], row["checked"]) for row in ranks} == {(1, True), (2, True), (3, True)}
    traced = {row["kind"]: len(row["traces"]) for row in ranks}
    assert traced == {"model": COUNT, "builtin": 0}


def test_a_killed_run_loses_only_what_was_under_way(shell: MakeShell) -> None:
    """The lines stay, the rest is played, nothing twice."""
    user = shell("")
    words = (*EVAL, "advisor:near", "--output", "kept.jsonl", "--concurrency", "2")
    with scholar() as server:
        configured(user, server.url)
        server.delay_s = 0.02
        process = user.start(*words)
        while not kept(user):
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.05)  # it has not ended
        process.send_signal(signal.SIGKILL)
        process.communicate()
        before = kept(user)
        assert 1 <= len(before) < COUNT
        whole = user.json(*words)
    after = kept(user)
    assert after[: len(before)] == before
    assert len({row["task_id"] for row in after}) == len(after) == COUNT
    assert whole["results"][0]["success"]["mean"] == 1.0


def test_a_provider_that_fails_leaves_episodes_out_and_the_next_run_plays_them(shell: MakeShell) -> None:
    """No episode is scored 0 for it; other policies are; the exit code and the text say what is missing."""
    user = shell("")
    words = (*EVAL, "advisor:near", "--policy", "null", "--output", "kept.jsonl")
    with scholar() as server:
        configured(user, server.url)
        server.fault = ScriptedFault.SERVER_ERROR
        ended = user.run(*words, code=1)
        assert "advisor:near stopped early: the provider fails with openai_http_500" in ended.stderr
        assert f"{COUNT} episodes are left out, not scored" in ended.stderr
        assert {row["policy"] for row in kept(user)} == {"null"}
        assert "null, easy" in ended.stdout
        assert "advisor" not in ended.stdout
        server.fault = None
        found = user.json(*words)
    assert found["results"][0]["success"]["mean"] == 1.0
    assert len(kept(user)) == 2 * COUNT


def test_a_ceiling_ends_a_run_before_it_is_exceeded(shell: MakeShell) -> None:
    """What was played is kept and shown; the next run knows what an episode costs and begins none that cannot fit."""
    user = shell("")
    words = (*EVAL, "advisor:near", "--concurrency", "8", "--output")
    with scholar() as server:
        configured(user, server.url)
        user.run(*words, "whole.jsonl")
        ceiling = used_tokens(kept(user, "whole.jsonl")) - 1
        words = (*words, "kept.jsonl")
        short = user.run(*words, "--max-tokens", str(ceiling), code=1)
        some = kept(user)
        assert 1 <= len(some) < COUNT
        assert used_tokens(some) <= ceiling
        assert "advisor:near (gpt-4o-mini), easy" in short.stdout
        asked = len(server.calls)
        none = user.run(*words, "--max-usd", "0.0000001", code=1)
        assert "the ceiling leaves no room for another episode" in none.stderr
        assert len(server.calls) == asked


def test_a_model_plays_beside_a_colleague_who_lies(shell: MakeShell) -> None:
    """The liar sits in its own seat, is no turn of the model's, and the name of the policy says so."""
    user = shell("")
    words = ("gym", "eval", "--seeds", "1", "--policy", "advisor:near", "--role", "sre", "--others", "nobody")
    with scholar() as server:
        configured(user, server.url)
        (row,) = user.json(*words, "--liar", "dev")["results"]
        views = [call.body["messages"][-1]["content"] for call in server.calls]
    assert row["policy"] == "advisor:near (gpt-4o-mini, a lying dev, sre beside nobody)"
    assert row["usage"]["turns"] == len(views) == 30
    assert sum(" dev to " in view for view in views) > 25
    assert len({len(view.split("\n")) - len(view.splitlines()) for view in views}) == 1


def test_a_model_is_watched(shell: MakeShell) -> None:
    """It plays first, then every step is shown."""
    user = shell("")
    with scholar() as server:
        configured(user, server.url)
        words = ("gym", "watch", "easy-validation-1@3", "--policy")
        told = user.json(*words, "advisor:claude")
        server.fault = ScriptedFault.AUTH
        failed = user.run(*words, "advisor:claude", code=1)
    assert told["end"]["succeeded"] is True
    assert told["frames"][-1]["did"]["manager"] == "resolve"
    assert "could not play to the end: the provider failed with anthropic_http_401" in failed.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("advisor:nobody",), "configured: advisor:near, advisor:claude"),
        (("advisor:keyless",), "set the variable ANTHROPIC_API_KEY"),
        (("advisor:far",), "allow it with `consent`"),
        (("advisor:near", "--view-chars", "10"), "at least 4400"),
        (("advisor:near", "--role", "sre", "--others", "oracle"), "cannot be a teammate"),
        (("advisor:near", "--role", "sre", "--others", "somebody"), "--others has 1 problem"),
        (("advisor:near", "--role", "sre", "--liar", "sre"), "is a seat of the model's"),
        (("advisor:near", "--output", "no/where.jsonl"), "choose another --output"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is_played(
    shell: MakeShell, words: tuple[str, ...], said: str
) -> None:
    """One clear error, nothing on standard output."""
    ended = configured(shell("")).run(*EVAL, *words, "--policy", "null", code=2)
    assert said in ended.stderr
    assert ended.stdout == ""
