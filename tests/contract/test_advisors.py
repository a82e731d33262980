"""Every advisor keeps every clause of the advisor contract."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from journeyman.advisors.agent import AgentAdvisor
from journeyman.advisors.base import Advisor, Answer, FailureClass, Request
from journeyman.advisors.coalesce import CoalescingAdvisor
from journeyman.advisors.kinds import ProviderKind
from journeyman.advisors.mcp_sampling import PushSampling, SamplingRounds
from journeyman.advisors.pull import PullAdvisor
from journeyman.advisors.scripted import ScriptedAdvisor, ScriptedAnswer
from journeyman.testing.check_advisor import (
    ADVISOR_CHECKS,
    GOOD,
    AdvisorContractBroken,
    Behaviour,
    Check,
    MakeAdvisor,
    check_advisor,
)
from journeyman.testing.model_server import ScriptedFault, ScriptLine
from tests.advisors.providers import asking

pytestmark = pytest.mark.anyio
FAKE_AGENT = Path(__file__).parents[1] / "advisors" / "fake_agent.py"
SAID: Mapping[Behaviour, str] = {
    Behaviour.ANSWERS: json.dumps(GOOD), Behaviour.MISFITS: '{"title": [1]}', Behaviour.CHATTERS: "I would rather chat.",
}  # fmt: skip


def _line(behaviour: Behaviour) -> ScriptLine:
    if behaviour is Behaviour.ANSWERS:
        return ScriptLine(value=GOOD)
    if behaviour in SAID:
        return ScriptLine(text=SAID[behaviour])
    return ScriptLine(fault=ScriptedFault.RESET if behaviour is Behaviour.BREAKS else ScriptedFault.SILENCE)


def _provider(kind: ProviderKind, *, stream: bool = False) -> MakeAdvisor:
    @asynccontextmanager
    async def make(behaviour: Behaviour) -> AsyncGenerator[Advisor]:
        async with asking(kind, _line(behaviour), stream=stream, timeout_s=2.0) as (advisor, _):
            yield advisor

    return make


def _coalescing(behaviour: Behaviour) -> AbstractAsyncContextManager[Advisor]:
    @asynccontextmanager
    async def make() -> AsyncGenerator[Advisor]:
        async with _provider(ProviderKind.OPENAI)(behaviour) as inner:
            yield CoalescingAdvisor(inner)

    return make()


@asynccontextmanager
async def _scripted(behaviour: Behaviour) -> AsyncGenerator[Advisor]:
    lines = {
        Behaviour.ANSWERS: ScriptedAnswer(value=GOOD),
        Behaviour.MISFITS: ScriptedAnswer(value={"title": [1]}),
        Behaviour.CHATTERS: ScriptedAnswer(text=SAID[Behaviour.CHATTERS]),
        Behaviour.BREAKS: ScriptedAnswer(failure=FailureClass.TRANSPORT),
        Behaviour.HANGS: ScriptedAnswer(delay_s=60),
    }
    yield ScriptedAdvisor([lines[behaviour]], repeat=True)


async def _client(behaviour: Behaviour) -> Mapping[str, Any]:
    if behaviour is Behaviour.HANGS:
        await asyncio.Event().wait()
    if behaviour is Behaviour.BREAKS:
        raise ConnectionError("CANARY-c0ffee")
    return {"role": "assistant", "content": {"type": "text", "text": SAID[behaviour]}, "model": "m"}


@asynccontextmanager
async def _push(behaviour: Behaviour) -> AsyncGenerator[Advisor]:
    yield PushSampling(lambda _: _client(behaviour))


@asynccontextmanager
async def _beside(work: Callable[[], Any]) -> AsyncGenerator[None]:
    task = asyncio.create_task(work())
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@asynccontextmanager
async def _rounds(behaviour: Behaviour) -> AsyncGenerator[Advisor]:
    advisor = SamplingRounds()

    async def answer() -> None:
        while True:
            for prompt_id in (await advisor.next_round(made=0, wait_s=60)).requests:
                if behaviour is Behaviour.BREAKS:
                    advisor.refuse(prompt_id, -32603)
                else:
                    advisor.answer(prompt_id, await _client(behaviour))

    async with _beside(answer):
        yield advisor


@asynccontextmanager
async def _pull(behaviour: Behaviour) -> AsyncGenerator[Advisor]:
    advisor = PullAdvisor()

    async def answer() -> None:
        while True:
            for prompt in await advisor.next_prompts(wait_s=60):
                text = "" if behaviour is Behaviour.BREAKS else (await _client(behaviour))["content"]["text"]
                advisor.submit_answers({prompt.prompt_id: text})

    async with _beside(answer):
        yield advisor


@asynccontextmanager
async def _agent(behaviour: Behaviour) -> AsyncGenerator[Advisor]:
    yield AgentAdvisor((sys.executable, str(FAKE_AGENT), behaviour.value))


MAKERS: Mapping[str, MakeAdvisor] = {
    **{kind.value: _provider(kind) for kind in ProviderKind},
    **{f"{kind.value}-stream": _provider(kind, stream=True) for kind in ProviderKind},
    "coalescing": _coalescing,
    "scripted": _scripted,
    "push": _push,
    "rounds": _rounds,
    "pull": _pull,
    "agent": _agent,
}


@pytest.mark.parametrize("check", ADVISOR_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", MAKERS)
async def test_advisors_keep(name: str, check: Check) -> None:
    """Providers over real SDKs, clients, agents and scripts alike."""
    await check(MAKERS[name])


class _Gossip(ScriptedAdvisor):
    """Says what it was told."""

    async def ask(self, request: Request) -> Answer:
        return Answer(failure=FailureClass.REFUSED, reason=request.messages[0].text)


async def test_the_kit_finds_an_advisor_that_gossips() -> None:
    """A kit that passes anything proves nothing."""

    @asynccontextmanager
    async def make(_: Behaviour) -> AsyncGenerator[Advisor]:
        yield _Gossip([])

    with pytest.raises(AdvisorContractBroken, match="reason must be a short identifier"):
        await check_advisor(make)
