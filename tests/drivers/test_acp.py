"""The ACP driver over an agent that is built on the protocol's SDK, and over programs that speak it badly."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.agents.drivers.acp.known_agents import ACP
from journeyman.agents.drivers.acp.updates import AcpUpdates, permission_answer
from journeyman.agents.drivers.base import AgentReadiness, Apprentice, WorkLimits, WorkOrder, WorkResult
from journeyman.agents.drivers.events import (
    AgentEnded,
    AgentEvent,
    AgentMessage,
    AnsweredBy,
    DiffClaimed,
    Ending,
    PermissionAnswered,
    PermissionAsked,
    SessionStarted,
    ToolFinished,
    ToolKind,
    ToolStarted,
    ToolStatus,
    Usage,
    UsageReported,
)
from journeyman.agents.drivers.permissions import Access, PermissionPolicy
from journeyman.agents.drivers.registry import apprentice_for
from journeyman.agents.settings import AgentSettings, ConfineMode, DriverKind
from journeyman.mission.values.errors import NotAllowed, NotFound
from journeyman.testing.check_apprentice import APPRENTICE_CHECKS, SAID, AgentBehaviour, Check

ROOT: Final = Path(__file__).parents[2]
pytestmark = pytest.mark.anyio


def speaking(behaviour: str) -> Apprentice:
    """The agent of the SDK, behind the driver for any agent."""
    code = f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); sys.argv[1:] = [{behaviour!r}]; "
    code += "runpy.run_module('tests.drivers.fake_acp_agent', run_name='__main__')"
    settings = AgentSettings(driver=DriverKind.ACP, confine=ConfineMode.OFF, command=(sys.executable, "-c", code))
    return apprentice_for("mine", {"mine": settings})


@asynccontextmanager
async def make(behaviour: AgentBehaviour) -> AsyncGenerator[Apprentice]:
    """As the kit wants it."""
    yield speaking(behaviour.value)


@pytest.mark.parametrize("check", APPRENTICE_CHECKS, ids=lambda check: check.__name__)
async def test_the_driver_keeps_the_contract(check: Check, tmp_path: Path) -> None:
    """All clauses, over an agent of the SDK."""
    await check(make, tmp_path)


async def followed(agent: Apprentice, folder: Path, **more: Any) -> tuple[list[AgentEvent], WorkResult]:
    """An order, with all that it told."""
    order = replace(WorkOrder(prompt="Work.", workspace=folder, limits=WorkLimits(wall_clock_s=60)), **more)
    async with agent.start(order) as session:
        events = [event async for event in session.follow()]
        return events, await session.collect()


async def test_a_turn_is_told_in_full(tmp_path: Path) -> None:
    """Session, call, diff, message in one piece, usage and money, end: in this order."""
    events, result = await followed(speaking("works"), tmp_path)
    assert events == [
        SessionStarted(agent="mine", session_id="s-1", version="1.2"),
        ToolStarted(call_id="c-1", name="write done.txt", kind=ToolKind.WRITE, paths=("done.txt",)),
        DiffClaimed(call_id="c-1", path="done.txt", after="Work."),
        ToolFinished(call_id="c-1", status=ToolStatus.DONE),
        UsageReported(usage=Usage(cost_usd=0.25)),
        AgentMessage(text=SAID),
        UsageReported(usage=Usage(input_tokens=110, output_tokens=20, cached_tokens=20, cost_usd=0.25)),
        AgentEnded(how=Ending.FINISHED, stop_reason="end_turn", exit_code=result.ended.exit_code),
    ]


async def test_a_person_is_asked_and_a_refusal_is_marked(tmp_path: Path) -> None:
    """The answer is for this once; what was refused is told as refused."""
    seen: list[PermissionAsked] = []

    async def person(asked: PermissionAsked) -> bool:
        seen.append(asked)
        return len(seen) == 1

    policy = PermissionPolicy(write=Access.ASK)
    for allowed in (True, False):
        (tmp_path / "done.txt").unlink(missing_ok=True)
        events, result = await followed(speaking("asks"), tmp_path, policy=policy, ask_person=person)
        assert result.ended.how is Ending.FINISHED
        answers = [event for event in events if isinstance(event, PermissionAnswered)]
        assert answers == [PermissionAnswered(request_id="0", allowed=allowed, by=AnsweredBy.PERSON)]
        ends = [event.status for event in events if isinstance(event, ToolFinished)]
        assert ends == [ToolStatus.DONE if allowed else ToolStatus.REFUSED]
        assert (tmp_path / "done.txt").exists() == allowed
    assert [(asked.kind, asked.title, asked.options) for asked in seen] == [
        (ToolKind.WRITE, "write done.txt", ("always", "yes", "no"))
    ] * 2


async def test_a_path_outside_is_refused(tmp_path: Path) -> None:
    """By the place, whatever the kind."""
    (tmp_path / "inner").mkdir()
    link = tmp_path / "inner" / "done.txt"
    link.symlink_to(tmp_path / "outside.txt")
    _, result = await followed(speaking("asks"), tmp_path / "inner")
    assert result.ended.how is Ending.FINISHED
    assert not (tmp_path / "outside.txt").exists()


@pytest.mark.parametrize(
    ("behaviour", "how", "reason"),
    [
        ("is at its limit", Ending.LIMIT, "max_tokens"),
        ("refuses", Ending.REFUSED, "refusal"),
        ("gives up", Ending.UNKNOWN, "cancelled"),
        ("crashes", Ending.UNKNOWN, ""),
        ("fails", Ending.FAILED, "-32603"),
        ("wants a login", Ending.FAILED, "login_needed"),
        ("speaks another version", Ending.FAILED, "not_offered"),
    ],
)
async def test_ends_are_what_was_said(behaviour: str, how: Ending, reason: str, tmp_path: Path) -> None:
    """Never more than that."""
    _, result = await followed(speaking(behaviour), tmp_path)
    assert (result.ended.how, result.ended.stop_reason) == (how, reason)
    assert result.ended.detail or how in (Ending.LIMIT, Ending.REFUSED)


async def test_an_agent_that_never_answers_is_held_by_time(tmp_path: Path) -> None:
    """Before it has said anything at all."""
    _, result = await followed(speaking("never answers"), tmp_path, limits=WorkLimits(wall_clock_s=1.5))
    assert result.ended.how is Ending.LIMIT


async def test_cancelling_is_told_to_the_agent(tmp_path: Path) -> None:
    """Before it is ended, so that it can leave things in order."""
    async with speaking("hangs").start(WorkOrder(prompt="", workspace=tmp_path)) as session:
        while not (tmp_path / "pids.txt").exists():  # noqa: ASYNC110 - another program writes it
            await anyio.sleep(0.01)
        await session.cancel()
        result = await session.collect()
    assert result.ended.how is Ending.CANCELLED
    assert (tmp_path / "cancelled.txt").read_text() == "s-1"


async def test_a_session_goes_on_and_its_past_is_not_told_again(tmp_path: Path) -> None:
    """Nor counted, also where the agent tells it late."""
    events, result = await followed(speaking("replays"), tmp_path, resume="s-7")
    assert result.session_id == "s-7"
    assert result.tool_calls == 1
    assert [event.text for event in events if isinstance(event, AgentMessage)] == [SAID]
    _, result = await followed(speaking("works"), tmp_path, resume="s-7")
    assert result.ended.how is Ending.FAILED
    assert "cannot go on" in result.ended.detail


def raw(folder: Path, body: str) -> Apprentice:
    """A program that answers handshake and session, and then does as it likes."""
    code = f"""
import json, os, sys, time
def put(**row): print(json.dumps({{"jsonrpc": "2.0", **row}}), flush=True)
def take(): return json.loads(sys.stdin.readline())
def update(**row): put(method="session/update", params={{"sessionId": "s", "update": row}})
put(id=take()["id"], result={{"protocolVersion": 1, "agentCapabilities": {{}}}})
put(id=take()["id"], result={{"sessionId": "s"}})
number = take()["id"]
def good(): put(id=number, result={{"stopReason": "end_turn"}}); sys.stdin.read()
{body}
"""
    file = folder / "agent.py"
    file.write_text(code)
    command = (sys.executable, str(file))
    return apprentice_for(
        "raw", {"raw": AgentSettings(driver=DriverKind.ACP, confine=ConfineMode.OFF, command=command)}
    )


HOSTILE: Final = {
    "dies in the middle": ("update(sessionUpdate='agent_message_chunk', content={'text': 'Hm.'})", Ending.UNKNOWN),
    "answers and exits with 1": ("put(id=number, result={'stopReason': 'end_turn'}); sys.exit(1)", Ending.UNKNOWN),
    "answers with nonsense": ("put(id=number, result={'stopReason': 7}); sys.stdin.read()", Ending.UNKNOWN),
    "answers with a list": ("put(id=number, result=[]); sys.stdin.read()", Ending.UNKNOWN),
    "answers nothing": ("put(id=number, result=None); sys.stdin.read()", Ending.UNKNOWN),
    "answers another request": ("put(id=999, result={'stopReason': 'end_turn'}); sys.exit(0)", Ending.UNKNOWN),
    "answers with an error of another form": ("put(id=number, error='no'); sys.stdin.read()", Ending.FAILED),
    "answers with an error of other types": (
        "put(id=[1], result=1); put(id=number, error={'code': [], 'message': {}, 'data': 3}); sys.stdin.read()", Ending.FAILED,
    ),
    "prints 40 MB in one line": ("print('{' + 'x' * 40_000_000 + '}'); good()", Ending.UNKNOWN),
    "prints torn JSON": ("print('{\"jsonrpc\": '); good()", Ending.UNKNOWN),
    "asks for files and terminals": (
        ("put(id='f', method='fs/write_text_file', params={'path': '/etc/x'}); assert 'error' in take()\n"
        "put(id='t', method='terminal/create', params={'command': 'id'}); assert 'error' in take()\ngood()"),
        Ending.FINISHED,
    ),
    "asks without saying what": (
        ("put(id=5, method='session/request_permission', params={}); assert take()['result']['outcome'] == "
        "{'outcome': 'cancelled'}\ngood()"),
        Ending.FINISHED,
    ),
    "says what nobody knows": (
        ("update(sessionUpdate='of_the_future', x=1); update(sessionUpdate=['x']); put(method='session/update', params=[]);"
        "put(method=7); put(id=None); print('noise'); good()"),
        Ending.FINISHED,
    ),
    "calls tools for ever": (
        "for i in range(10**9): update(sessionUpdate='tool_call', toolCallId=str(i), title='t', status='in_progress')",
        Ending.LIMIT,
    ),
    "asks for ever": (
        "for i in range(10**9): put(id=i, method='session/request_permission', params={'toolCall': {'toolCallId': str(i)}})",
        Ending.LIMIT,
    ),
    "spends": (
        "update(sessionUpdate='usage_update', used=1, size=1, cost={'amount': 1e300, 'currency': 'USD'}); time.sleep(600)",
        Ending.LIMIT,
    ),
    "reads nothing more": (
        "for i in range(10**9): put(id=i, method='fs/read_text_file', params={})", Ending.LIMIT,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_who_speaks_badly_is_no_success(name: str, tmp_path: Path) -> None:
    """And whoever speaks of what we do not know is not ended for it."""
    body, how = HOSTILE[name]
    limits = WorkLimits(wall_clock_s=60 if how is not Ending.LIMIT else 4, tool_calls=1000, cost_usd=5.0)
    events, result = await followed(raw(tmp_path, body), tmp_path, limits=limits)
    assert result.ended.how is how, (result.ended, result.errors)
    assert events[-1] == result.ended


async def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program, the extra, and a session of an agent that keeps none."""
    missing = apprentice_for("copilot", {}, {"PATH": str(tmp_path)})
    with pytest.raises(NotFound, match="@github/copilot"):
        async with missing.start(WorkOrder(prompt="", workspace=tmp_path)):
            pass
    there = apprentice_for("gemini", {"gemini": AgentSettings(driver=DriverKind.ACP, command=(sys.executable,))})
    with pytest.raises(NotAllowed, match="cannot go on"):
        async with there.start(WorkOrder(prompt="", workspace=tmp_path, resume="s")):
            pass
    monkeypatch.setattr("journeyman.agents.drivers.acp.apprentice.acp_installed", lambda: False)
    readiness = there.readiness()
    assert readiness == AgentReadiness(ready=False, why="the extra is not installed: pip install 'journeyman[agent]'")


def test_a_model_and_its_address_are_told() -> None:
    """Each agent that can be pointed elsewhere is."""
    for name, agent in ACP.items():
        if agent.redirect is not None:
            told = agent.redirect("http://127.0.0.1:9")
            assert "http://127.0.0.1:9" in json.dumps([*told.arguments, *told.variables.values()]), name


_JSON: Final = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=True) | st.text(max_size=5) | st.sampled_from(["diff", "content", "edit"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["type", "path", "text", "content", "newText", "kind", "optionId", "command"]), inner),
    max_leaves=6,
)  # fmt: skip
_UPDATE: Final = st.fixed_dictionaries(
    {"sessionUpdate": st.sampled_from(["tool_call", "tool_call_update", "agent_message_chunk", "usage_update", 3])},
    optional=dict.fromkeys(
        ("toolCallId", "content", "status", "kind", "title", "locations", "rawInput", "rawOutput", "cost", "_meta"),
        _JSON,
    ),
)


@given(updates=st.lists(_UPDATE, max_size=8), params=_JSON, response=_JSON)
@settings(max_examples=200)
def test_no_message_breaks_who_reads_it(updates: list[dict[str, Any]], params: Any, response: Any) -> None:
    """Whatever the fields hold; each call ends at most as often as it began."""
    reader = AcpUpdates()
    events = [event for update in updates for event in reader.read(update)]
    about = params if isinstance(params, dict) else {}
    told, asked = reader.asked("1", about)
    reader.answered(asked, allowed=False)
    permission_answer(about, allowed=True)
    *more, last = reader.ended(response if isinstance(response, dict) else {}, cancelling=False)
    assert isinstance(last, AgentEnded)
    assert last.how is not Ending.FINISHED or response.get("stopReason") == "end_turn"
    started = [event.call_id for event in (*events, *told, *more) if isinstance(event, ToolStarted)]
    for event in events:
        if isinstance(event, ToolFinished):
            assert event.call_id in started
