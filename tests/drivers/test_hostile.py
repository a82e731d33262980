"""Hostile and broken agents: each is contained, none is a success, and nothing of any is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import anyio
import pytest

from benchmarks.hostility.broken_agents import BROKEN_AGENTS
from benchmarks.hostility.trial import HELPERS as AGENT_HELPERS
from journeyman.agents.drivers.base import WorkLimits, WorkOrder, WorkResult
from journeyman.agents.drivers.events import AgentEvent, Ending, PermissionAsked, Unreadable, UsageReported
from journeyman.agents.drivers.permissions import Access, PermissionPolicy
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.agents.settings import AgentSettings, ConfineMode, DriverKind
from journeyman.mission.values.errors import InvalidInput

pytestmark = pytest.mark.anyio

HELPERS: Final = f"TOKEN = 'none'\n{AGENT_HELPERS}"
FINISHES: Final = "begin(); good()"


async def run(code: str, folder: Path, wall_clock_s: float = 3.0) -> tuple[list[AgentEvent], WorkResult]:
    """Let an agent of this code work, as if it were Claude Code."""
    settings = AgentSettings(confine=ConfineMode.OFF, command=(sys.executable, "-c", HELPERS + code))
    limits = WorkLimits(wall_clock_s=wall_clock_s, tokens=1_000_000, tool_calls=1000)
    order = WorkOrder(prompt="Work.", workspace=folder, limits=limits)
    async with apprentice_for("claude-code", {"claude-code": settings}).start(order) as session:
        events = [event async for event in session.follow()]
        return events, await session.collect()


def lives(pid: int) -> bool:
    """Tell whether a process is there, other than as a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return False


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what another program does."""
    with anyio.fail_after(60):
        while not holds():  # noqa: ASYNC110
            await anyio.sleep(0.01)


def noted(folder: Path) -> list[int]:
    """The processes that an agent has noted."""
    return [int(line) for line in (folder / "pids.txt").read_text().split()]


@pytest.mark.parametrize("agent", BROKEN_AGENTS)
async def test_a_broken_agent_is_contained(agent: str, tmp_path: Path) -> None:
    """AgentEnded in time, with no success, and nothing of it is left."""
    code, allowed = BROKEN_AGENTS[agent]
    events, result = await run(code, tmp_path, 3.0 if allowed & {Ending.LIMIT} else 60.0)
    assert result.ended.how in allowed, result.ended
    assert events[-1] == result.ended
    assert result.ended.how is not Ending.FINISHED
    assert len(result.raw) <= 6 << 20, "what is kept is bounded"
    assert len(result.errors) <= 1 << 17
    await until(lambda: not any(map(lives, noted(tmp_path))))


async def test_the_helpers_can_finish(tmp_path: Path) -> None:
    """So that the tests above do not all fail for a reason of their own."""
    _, result = await run(FINISHES, tmp_path)
    assert result.ended.how is Ending.FINISHED, result.ended


async def test_what_nobody_understands_is_kept_and_ends_nothing(tmp_path: Path) -> None:
    """Noise between good lines: told, in the raw output, and the end is as it would be."""
    noise = "begin(); print('warning: noise'); print('[1, 2]'); print(); print('{\"type\": \"of the future\"}'); good()"
    events, result = await run(noise, tmp_path)
    assert result.ended.how is Ending.FINISHED
    assert [event.why for event in events if isinstance(event, Unreadable)] == ["no JSON", "no JSON object"]
    assert b"warning: noise" in result.raw


async def test_a_long_reply_in_one_line_is_no_trouble(tmp_path: Path) -> None:
    """10 MB in a message: read, cut in the event, and said that it was."""
    code = "begin(); put(type='assistant', message={'content': [{'type': 'text', 'text': 'y' * 10_000_000}]}); good()"
    _, result = await run(code, tmp_path, 60.0)
    assert result.ended.how is Ending.FINISHED
    assert result.message.endswith("[truncated]")
    assert len(result.message) < 40_000
    assert result.raw_bytes > 10_000_000
    assert b"bytes left out" in result.raw


async def test_a_result_after_which_it_stays_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has said all that it had to say."""
    monkeypatch.setattr("journeyman.agents.drivers.headless._LINGER_S", 0.5)
    _, result = await run("begin(); good(); sys.stdout.flush(); os.close(1); time.sleep(600)", tmp_path, 60.0)
    assert result.ended.how is Ending.FINISHED
    assert result.ended.exit_code is None
    assert "ended" in result.ended.detail
    await until(lambda: not any(map(lives, noted(tmp_path))))


@pytest.mark.parametrize("noise", ["time.sleep(600)", "\nwhile True: put(type='noise'); time.sleep(0.05)"])
async def test_nothing_holds_us_after_a_result(noise: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an open output nor noise on it; with no limit of time at all."""
    monkeypatch.setattr("journeyman.agents.drivers.headless._LINGER_S", 0.5)
    settings = AgentSettings(
        confine=ConfineMode.OFF, command=(sys.executable, "-c", f"{HELPERS}begin(); good(); {noise}")
    )
    agent = apprentice_for("claude-code", {"claude-code": settings})
    with anyio.fail_after(60):
        async with agent.start(WorkOrder(prompt="", workspace=tmp_path)) as session:
            result = await session.collect()
    assert (result.ended.how, result.ended.exit_code) == (Ending.FINISHED, None)
    await until(lambda: not any(map(lives, noted(tmp_path))))


async def test_usage_never_falls_and_repeats_count_once(tmp_path: Path) -> None:
    """An agent that takes back what it said, or says it again."""
    said = "put(type='assistant', message={'id': 'm', 'content': [], 'usage': {'input_tokens': %d}}); "
    code = "begin(); " + said % 900_000 + said % 900_000 + said % 5 + "good(modelUsage={'m': {'inputTokens': 1}})"
    events, result = await run(code, tmp_path, 60.0)
    assert result.ended.how is Ending.FINISHED
    assert [event.usage.tokens for event in events if isinstance(event, UsageReported)][-1] == 900_000
    assert result.usage is not None
    assert result.usage.tokens == 900_000


async def test_a_slow_follower_is_not_the_agents_silence(tmp_path: Path) -> None:
    """It waits for us, not we for it."""
    code = "begin()\nfor i in range(1000): put(type='assistant', message={'content': [{'type': 'text', 'text': 'x'}]})\ngood()"
    settings = AgentSettings(confine=ConfineMode.OFF, command=(sys.executable, "-c", HELPERS + code))
    order = WorkOrder(prompt="", workspace=tmp_path, limits=WorkLimits(silence_s=1.0, wall_clock_s=60))
    async with apprentice_for("claude-code", {"claude-code": settings}).start(order) as session:
        heard = 0
        async for _ in session.follow():
            heard += 1
            if heard == 300:
                await anyio.sleep(2.5)
        result = await session.collect()
    assert result.ended.how is Ending.FINISHED, result.ended


async def test_nobody_is_asked_for_an_agent_that_is_gone(tmp_path: Path) -> None:
    """A person who would still think about it is left in peace."""
    left = anyio.Event()

    async def person(_: PermissionAsked) -> bool:
        try:
            await anyio.sleep_forever()
        finally:
            left.set()
        return True

    request = "{'subtype': 'can_use_tool', 'tool_name': 'Write', 'input': {}, 'tool_use_id': 't'}"
    code = f"begin(); put(type='control_request', request_id='r', request={request}); os.abort()"
    settings = AgentSettings(confine=ConfineMode.OFF, command=(sys.executable, "-c", HELPERS + code))
    order = WorkOrder(prompt="", workspace=tmp_path, ask_person=person, policy=PermissionPolicy(write=Access.ASK))
    with anyio.fail_after(60):
        async with apprentice_for("claude-code", {"claude-code": settings}).start(order) as session:
            result = await session.collect()
    assert left.is_set()
    assert result.ended.how is Ending.UNKNOWN


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0])
def test_a_limit_that_limits_nothing_is_refused(value: float) -> None:
    """No measure is ever more than NaN."""
    with pytest.raises(InvalidInput, match="wall_clock_s"):
        WorkLimits(wall_clock_s=value)


async def test_an_agent_sees_no_variables_but_its_own(tmp_path: Path) -> None:
    """Neither other agents' keys nor anything that is not named."""
    secret = {"ANTHROPIC_API_KEY": "own", "OPENAI_API_KEY": "other", "AWS_SECRET_ACCESS_KEY": "other", "MINE": "named"}
    code = HELPERS + "json.dump(dict(os.environ), open('seen.json', 'w')); begin(); good()"
    settings = AgentSettings(command=(sys.executable, "-c", code), environment=("MINE",))
    agent = apprentice_for("claude-code", {"claude-code": settings}, {**os.environ, **secret})
    async with agent.start(WorkOrder(prompt="", workspace=tmp_path)) as session:
        await session.collect()
    seen = (tmp_path / "seen.json").read_text()
    assert '"ANTHROPIC_API_KEY": "own"' in seen
    assert '"MINE": "named"' in seen
    assert "other" not in seen


async def test_a_command_is_no_shell_and_its_prompt_is_private(tmp_path: Path) -> None:
    """Its arguments are what they are; the prompt's file is ours alone, and gone afterwards."""
    code = "import os, stat, sys; print(sys.argv[1:]); print(oct(stat.S_IMODE(os.stat(sys.argv[2]).st_mode & ~0o77))); print(open(sys.argv[2]).read())"
    words = (sys.executable, "-c", code, "$HOME; `id` {workspace}", "{prompt_file}")
    settings = AgentSettings(driver=DriverKind.COMMAND, command=words)
    order = WorkOrder(prompt="the {workspace} prompt", workspace=tmp_path)
    async with apprentice_for("mine", {"mine": settings}).start(order) as session:
        result = await session.collect()
    lines = result.message.splitlines()
    assert lines[0].startswith(f"['$HOME; `id` {tmp_path}'")
    assert lines[2] == "the {workspace} prompt"
    assert not Path(lines[0].split("'")[3]).exists()  # noqa: ASYNC240


KILLED = """
import asyncio, sys
from pathlib import Path
from journeyman.agents.drivers import WorkOrder, apprentice_for
from journeyman.agents.settings import AgentSettings
async def main():
    settings = AgentSettings(driver="command", confine="off", command=(sys.executable, "-c", sys.argv[1], "{prompt_file}"))
    agent = apprentice_for("mine", {"mine": settings})
    async with agent.start(WorkOrder(prompt="", workspace=Path(sys.argv[2]))) as session:
        await session.collect()
asyncio.run(main())
"""


async def test_when_we_are_killed_the_agent_is_gone_too(tmp_path: Path) -> None:
    """With all that it started, and the file with its prompt."""
    agent = (
        HELPERS
        + "open('prompt-file.txt', 'w').write(sys.argv[1]); "
        + "note(child('import os, time; os.setsid(); time.sleep(600)')); begin(); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", KILLED, agent, str(tmp_path)]) as ours:  # noqa: ASYNC220
        try:
            await until(lambda: (tmp_path / "pids.txt").exists() and len(noted(tmp_path)) == 2)
            ours.send_signal(signal.SIGKILL)
            await until(lambda: not any(map(lives, noted(tmp_path))))
            prompt = Path((tmp_path / "prompt-file.txt").read_text())
            await until(lambda: not prompt.parent.exists())
        finally:
            with suppress(ProcessLookupError):
                ours.kill()
