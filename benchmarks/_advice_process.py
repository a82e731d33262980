"""A process that ask_crash kills: runs or resumes one mission with one kind of advisor, all of whose models are one server."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from benchmarks._acp_agent import command
from benchmarks._scripted_client import said
from journeyman.advisors.base import Advisor, Answer, Request
from journeyman.advisors.mcp_sampling import PushSampling, SamplingRounds
from journeyman.advisors.pending_prompts import SubmitResult
from journeyman.advisors.pull import PullAdvisor
from journeyman.advisors.scripted import ScriptedAdvisor, ScriptedAnswer
from journeyman.advisors.settings import AdvisorSettings
from journeyman.config import Settings
from journeyman.mission.files.mission_file import validate_mission
from journeyman.mission.model.mission import Mission
from journeyman.mission.values.errors import LeaseHeld
from journeyman.wiring import opened

PROVIDERS: Final = ("anthropic", "openai", "bedrock")
INSIDE: Final = ("scripted", "push", "rounds", "pull")
"""Advisors that no settings file makes, since they live with a connected client or in a test."""
KINDS: Final = (*PROVIDERS, "agent", *INSIDE)
LONG_S: Final = 300.0
WRONG: Final = '{"next_strategy": {"calls": [{"tool": "door", "args": {"code": 1}}]}, "confidence": 1}'


def _mission() -> Mission:
    return validate_mission(
        {
            "directive": "Open the door.",
            "functions": ["door:door"],
            "tools": ["door"],
            "effects": {"door": "keyed"},
            "criteria": [{"id": "open", "kind": "metric_threshold", "metric": "open", "op": "==", "target": 1}],
            "budget": {"iterations": 3, "tokens": 200000},
            "advisor": "model",
            "approve": "never",
        }
    )


def _settings(folder: Path, kind: str, url: str) -> Settings:
    plain: dict[str, Any] = {"kind": kind, "base_url": f"{url}/v1" if kind == "openai" else url, "timeout_s": 30}
    if kind == "agent":
        plain = {"kind": kind, "command": command(url, LONG_S)}
    table = {} if kind in INSIDE else {"model": AdvisorSettings.model_validate({**plain, "consent": True})}
    return Settings(data_dir=folder / "data", advisors=table, lease_ttl_s=0.5)


@dataclass(slots=True)
class _Noted(ScriptedAdvisor):
    """Writes down each question, since no server counts them."""

    folder: Path = Path()

    async def ask(self, request: Request) -> Answer:
        """The next line's answer."""
        with (self.folder / "asked").open("a") as file:
            file.write("x")
        return await ScriptedAdvisor.ask(self, request)


def _lines(folder: Path) -> list[ScriptedAnswer]:
    rows: Any = json.loads((folder / "lines.json").read_text())
    return [ScriptedAnswer(delay_s=LONG_S) if row is None else ScriptedAnswer(value=row) for row in rows]


@dataclass(frozen=True)
class _Client:
    """A client whose model is the server. It sends every answer twice, and after a crash those to dead questions too."""

    folder: Path
    url: str

    async def text(self) -> str:
        """Ask its model."""
        return (await asyncio.to_thread(said, self.url, LONG_S))[0]

    def result(self, text: str) -> Mapping[str, Any]:
        """A text as the protocol does."""
        content = {"type": "text", "text": text}
        return {"role": "assistant", "content": content, "model": "m", "stopReason": "endTurn"}

    async def create(self, params: dict[str, Any]) -> Mapping[str, Any]:
        """Answer what is pushed."""
        del params
        return self.result(await self.text())

    def before(self) -> list[str]:
        """The ids of questions that were out before."""
        path = self.folder / "prompts"
        return path.read_text().split() if path.exists() else []

    def fetched(self, prompt_id: str) -> None:
        """Remember an id."""
        with (self.folder / "prompts").open("a") as file:
            file.write(f"{prompt_id}\n")

    def tell(self, what: str, taken: SubmitResult) -> None:
        """Write down what became of an answer."""
        with (self.folder / "taken").open("a") as file:
            file.write(f"{what}:{taken.value}\n")

    async def rounds(self, advisor: SamplingRounds) -> None:
        """Answer each round."""
        late = self.before()
        while True:
            for prompt_id in (await advisor.next_round(made=0, wait_s=60)).requests:
                self.fetched(prompt_id)
                for old in late:
                    self.tell("late", advisor.answer(old, self.result(WRONG)))
                text = await self.text()
                for what in ("first", "again"):
                    self.tell(what, advisor.answer(prompt_id, self.result(text)))

    async def pull(self, advisor: PullAdvisor) -> None:
        """Fetch and submit."""
        late = self.before()
        while True:
            for prompt in await advisor.next_prompts(wait_s=60):
                self.fetched(prompt.prompt_id)
                for old in late:
                    self.tell("late", advisor.submit_answers({old: WRONG})[old])
                text = await self.text()
                for what in ("first", "again"):
                    self.tell(what, advisor.submit_answers({prompt.prompt_id: text})[prompt.prompt_id])


@asynccontextmanager
async def _inside(folder: Path, kind: str, url: str) -> AsyncGenerator[Advisor]:
    client, beside = _Client(folder, url), None
    advisor: Advisor
    if kind == "scripted":
        advisor = _Noted(_lines(folder), folder=folder)
    elif kind == "push":
        advisor = PushSampling(client.create)
    elif kind == "rounds":
        advisor = rounds = SamplingRounds()
        beside = asyncio.create_task(client.rounds(rounds))
    else:
        advisor = pull = PullAdvisor()
        beside = asyncio.create_task(client.pull(pull))
    await asyncio.sleep(0)
    yield advisor
    if beside is not None:
        beside.cancel()


async def child(place: str, kind: str, url: str, session: str) -> None:
    """Run or resume the mission, in a process of its own."""
    folder = Path(place)
    async with opened(_settings(folder, kind, url)) as journeyman:
        if kind not in INSIDE:
            await _drive(journeyman, folder, session)
            return
        async with _inside(folder, kind, url) as advisor:
            cast("dict[str, Advisor]", journeyman.broker.advisors)["model"] = advisor
            await _drive(journeyman, folder, session)


async def _drive(journeyman: Any, folder: Path, session: str) -> None:
    name = session or await journeyman.engine.create(_mission(), folder)
    while True:  # the dead process's lease holds for a while, so a successor tries again, as a service would
        try:
            await journeyman.engine.drive(name)
        except LeaseHeld:
            await asyncio.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    asyncio.run(child(*sys.argv[1:]))
