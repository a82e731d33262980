"""What benchmarks of advisors share: a door that one code opens, every adapter over one scripted server, an engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks._acp_agent import command
from benchmarks._scripted_client import MOST_WAIT_S
from journeyman.advisors.agent import AgentAdvisor
from journeyman.advisors.base import Advisor
from journeyman.advisors.broker import Broker
from journeyman.advisors.broker_policy import BrokerPolicy
from journeyman.advisors.kinds import ProviderKind
from journeyman.advisors.mcp_sampling import PushSampling, SamplingRounds
from journeyman.advisors.providers.advisor import ProviderAdvisor
from journeyman.advisors.pull import PullAdvisor
from journeyman.advisors.settings import AdvisorSettings
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.mission import Mission
from journeyman.testing.model_server import ModelServer, ScriptedFault, ScriptLine, serving
from journeyman.testing.model_server.server import reply_to
from journeyman.testing.model_server.wire_types import ModelRequest
from tests.engine.engine_bench import EngineBench, bench

NOTES: Final = {"lessons": ["The code is 417."], "recommended_followups": ["Change it."]}
SHARED: Final = "shared"
"""An adapter behind the coalescing wrapper."""
AGENT: Final = "agent"
"""A coding agent: a process for each question."""
ERRORS: Final = {
    ScriptedFault.RATE_LIMITED,
    ScriptedFault.SERVER_ERROR,
    ScriptedFault.AUTH,
    ScriptedFault.BAD_REQUEST,
    ScriptedFault.RESET,
    ScriptedFault.SILENCE,
}


def advice(code: int = 417, why: str = "") -> dict[str, Any]:
    """An answer as a model would."""
    calls = [{"tool": "door", "args": {"code": code}}]
    return {"revision_rationale": why, "next_strategy": {"calls": calls}, "confidence": 0.9}


def door(code: int) -> dict[str, Any]:
    """Try a code on the door."""
    return {"metrics": {"open": int(code == 417)}}


def mission(advisor: str, iterations: int = 2, directive: str = "Open the door.") -> Mission:
    """A mission that asks this advisor."""
    return validate_mission(
        {
            "directive": directive,
            "tools": ["door"],
            "criteria": [{"id": "open", "kind": "metric_threshold", "metric": "open", "op": "==", "target": 1}],
            "budget": {"iterations": iterations},
            "advisor": advisor,
            "approve": "never",
        }
    )


@dataclass
class Clients:
    """A connected client and an agent that answer from the same script as the server."""

    lines: list[ScriptLine] = field(default_factory=list[ScriptLine])
    calls: int = 0

    async def create(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Answer as a client's model would, or fail as a client would."""
        del params
        self.calls += 1
        line = self.lines.pop(0) if self.lines else ScriptLine(fault=ScriptedFault.SERVER_ERROR)
        if line.fault in ERRORS:
            await asyncio.sleep(0)
            raise ConnectionError(line.text or "client failed")
        reply = reply_to(ModelRequest(model="m", streamed=False), line)
        stop = {"length": "maxTokens", "refusal": "refusal"}.get(reply.finish, "endTurn")
        content = {"type": "text", "text": reply.text}
        return {"role": "assistant", "content": content, "model": "m", "stopReason": stop}

    async def make_rounds(self, rounds: SamplingRounds) -> None:
        """Answer each round."""
        while True:
            for prompt_id in (await rounds.next_round(made=0, wait_s=60)).requests:
                try:
                    rounds.answer(prompt_id, await self.create({}))
                except ConnectionError:
                    rounds.refuse(prompt_id, -32603)

    async def pull(self, advisor: PullAdvisor) -> None:
        """Fetch and submit."""
        while True:
            for prompt in await advisor.next_prompts(wait_s=60):
                try:
                    text = (await self.create({}))["content"]["text"]
                except ConnectionError:
                    text = ""
                advisor.submit_answers({prompt.prompt_id: text})


@dataclass
class AdvisorBench:
    """An engine, every adapter, and what they talk to."""

    at: EngineBench
    broker: Broker
    server: ModelServer
    clients: Clients
    names: list[str]
    """Those that take turns; `SHARED` and `AGENT` stand beside them."""

    def turn(self, seed: int, agents: int) -> str:
        """Whose turn it is: every tenth time the shared one, the agent each `agents` times, since it is a process."""
        if seed % agents == agents - 1:
            return AGENT
        return SHARED if seed % 10 == 0 else self.names[seed % len(self.names)]

    def say(self, lines: list[ScriptLine]) -> None:
        """Start another script for all of them."""
        self.server.say(lines)
        self.server.calls.clear()
        self.clients.lines, self.clients.calls = list(lines), 0

    @property
    def calls(self) -> int:
        """Count the calls since the script began."""
        return len(self.server.calls) + self.clients.calls


@asynccontextmanager
async def stage(timeout_s: float = 0.15, key: str = "key") -> AsyncGenerator[AdvisorBench]:
    """Open everything, and close it at the end."""
    environment = {
        "ANTHROPIC_API_KEY": key,
        "OPENAI_API_KEY": key,
        "AWS_ACCESS_KEY_ID": "access",
        "AWS_SECRET_ACCESS_KEY": key,
    }
    async with serving([]) as server:
        advisors: dict[str, Advisor] = {}
        for kind in ProviderKind:
            for stream in (False, True):
                name = f"{kind.value}{'-stream' if stream else ''}"
                url = f"{server.url}/v1" if kind is ProviderKind.OPENAI else server.url
                settings = AdvisorSettings(kind=kind, base_url=url, stream=stream, timeout_s=timeout_s)
                advisors[name] = ProviderAdvisor(name, settings, environment)
        settings = AdvisorSettings(kind=ProviderKind.OPENAI, base_url=f"{server.url}/v1", timeout_s=timeout_s)
        advisors[SHARED] = ProviderAdvisor(SHARED, settings, environment)
        advisors[AGENT] = AgentAdvisor(tuple(command(server.url, MOST_WAIT_S)), AGENT)
        clients, rounds, pull = Clients(), SamplingRounds("rounds"), PullAdvisor("pull")
        advisors |= {"rounds": rounds, "pull": pull, "push": PushSampling(clients.create, "push")}
        beside = [asyncio.create_task(clients.make_rounds(rounds)), asyncio.create_task(clients.pull(pull))]
        await asyncio.sleep(0)

        async def at_once(_: float) -> None:
            return None

        policy = BrokerPolicy(tries=2, breaker_failures=None, consent=frozenset({"*"}), coalesce=frozenset({SHARED}))
        broker = Broker(advisors, policy, sleep=at_once)
        async with bench(door, broker=broker) as at:
            yield AdvisorBench(at, broker, server, clients, sorted({*advisors} - {SHARED, AGENT}))
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await broker.aclose()
