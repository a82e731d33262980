"""Each session asks the model of its own client: however clients come and go, nothing reaches another's."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from journeyman.advisors.base import AskOutcome, AskPurpose, FailureClass, Message, Request
from journeyman.advisors.broker import Broker
from journeyman.advisors.broker_policy import BrokerPolicy
from journeyman.advisors.client_models import ClientLink, ClientModels
from journeyman.advisors.client_settings import ClientSettings, client_settings
from journeyman.advisors.mcp_sampling import PushSampling, sampling_params
from journeyman.advisors.model_choice import CLIENT
from journeyman.config import load_settings
from journeyman.mission.values.errors import InvalidInput
from tests.advisors.providers import Advice, question
from tests.advisors.test_broker import Rows

pytestmark = pytest.mark.anyio


@dataclass
class Model:
    """A connected client's model: answers each task with its own name."""

    name: str
    hangs: bool = False
    prompts: list[str] = field(default_factory=list[str])
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def create(self, params: dict[str, Any]) -> Mapping[str, Any]:
        """Answer one request, which may hold several tasks."""
        text = params["messages"][0]["content"]["text"]
        self.prompts.append(text)
        self.reached.set()
        if self.hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        mine = {"title": self.name, "count": 1}
        said: Any = mine
        if text.startswith('{"tasks"'):
            tasks = json.loads(text)["tasks"]
            said = {"answers": [{"task": task["task"], "answer": mine} for task in tasks]}
        return {"role": "assistant", "content": {"type": "text", "text": json.dumps(said)}, "model": "m"}

    def connect(self, clients: ClientModels, settings: ClientSettings | None = None) -> ClientLink:
        """Come."""
        return clients.connect(
            self.name, lambda name: PushSampling(self.create, name), settings or ClientSettings(coalesce_most=1)
        )


def broker_with(clients: ClientModels, **policy: Any) -> Broker:
    """A broker that knows nobody but clients."""

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    return Broker({}, BrokerPolicy(**policy), clients=clients, sleep=at_once)


async def asked(
    broker: Broker, session: str, rows: Rows | None = None, purpose: AskPurpose = AskPurpose.STRATEGY
) -> AskOutcome:
    """One question of a session, whose name stands in it."""

    def make(_: str) -> Request:
        messages = (Message("user", f"of {session}"),)
        return Request(request_id=session, purpose=purpose, messages=messages, answer=Advice)

    async def check(_: Any) -> None:
        return None

    return await broker.ask(make, wanted=(CLIENT,), check=check, ledger=rows or Rows(), session=session)


async def test_a_session_asks_its_own_client_and_not_the_one_that_came_last() -> None:
    """Under the name of its link, which the audit holds."""
    clients, rows = ClientModels(), Rows()
    models = [Model(f"Client {index}") for index in range(8)]
    for index, model in enumerate(models):
        clients.lend(model.connect(clients), f"s{index}")
    broker = broker_with(clients)
    outcomes = await asyncio.gather(*(asked(broker, f"s{index}", rows) for index in range(8)))
    assert [outcome.value.title for outcome in outcomes] == [model.name for model in models]
    assert outcomes[2].advisor == "client:client-2-3"
    assert {row.advisor for row in rows.before} == {outcome.advisor for outcome in outcomes}
    assert all(f"of s{index}" in model.prompts[0] for index, model in enumerate(models))


async def test_one_that_comes_late_takes_up_what_waits() -> None:
    """And where nobody comes, only the first question waits."""
    clients = ClientModels(attach_within_s=600)
    broker, late = broker_with(clients), Model("late")
    waiting = asyncio.create_task(asked(broker, "s1"))
    await asyncio.sleep(0)
    clients.lend(Model("of another session").connect(clients), "s2")
    assert not waiting.done()
    clients.lend(late.connect(clients), "s1")
    assert (await waiting).value.title == "late"
    clients.attach_within_s = 0.01
    alone = await asked(broker, "s3")
    assert (alone.failure, alone.reason) == (FailureClass.NO_ADVISOR, "no_client")
    clients.attach_within_s = 600
    assert (await asked(broker, "s3")).reason == "no_client"
    clients.lend(late.connect(clients), "s3")
    assert (await asked(broker, "s3")).value.title == "late"


async def test_one_that_leaves_frees_what_it_held() -> None:
    """The next one that the session has, or gets, is asked; nobody's breaker opens for it."""
    clients, rows = ClientModels(attach_within_s=600), Rows()
    broker, silent, next_one = broker_with(clients, breaker_failures=1), Model("silent", hangs=True), Model("next")
    link = silent.connect(clients)
    clients.lend(link, "s1")
    waiting = asyncio.create_task(asked(broker, "s1", rows))
    await silent.reached.wait()
    clients.leave(link)
    await asyncio.sleep(0)
    clients.lend(next_one.connect(clients), "s1")
    assert (await waiting).value.title == "next"
    assert [row.failure for row in rows.after] == [FailureClass.TRANSPORT, None]
    assert clients.link(link.name) is None
    clients.leave(link)  # twice changes nothing
    clients.lend(link, "s1")  # one that is gone is not asked
    assert [one.name for one in clients.links("s1")] == ["client:next-2"]


@pytest.mark.parametrize(("count", "most"), [(7, 3), (10, 10), (11, 10), (4, 1)])
async def test_questions_that_wait_at_the_same_time_share_requests(count: int, most: int) -> None:
    """As few as can be, whatever they are for; those of another client have their own."""
    clients, mine, other = ClientModels(), Model("mine"), Model("other")
    settings = ClientSettings(coalesce_most=most, coalesce_window_s=0.5)
    link = mine.connect(clients, settings)
    for index in range(count):
        clients.lend(link, f"s{index}")
    clients.lend(other.connect(clients, settings), "s99")
    broker = broker_with(clients)
    purposes = [AskPurpose.STRATEGY, AskPurpose.LESSONS, AskPurpose.CRITERIA]
    outcomes = await asyncio.gather(
        *(asked(broker, f"s{index}", purpose=purposes[index % 3]) for index in range(count)), asked(broker, "s99")
    )
    assert len(mine.prompts) == -(-count // most)
    assert [outcome.value.title for outcome in outcomes] == ["mine"] * count + ["other"]
    assert "s99" not in "".join(mine.prompts)


@pytest.mark.parametrize("seed", range(25))
async def test_however_clients_come_and_go_no_prompt_reaches_another(seed: int) -> None:
    """Audit pairs are whole, and each answer is of a client that lent itself to the session."""
    chance, clients, rows = random.Random(seed), ClientModels(attach_within_s=0.05), Rows()  # noqa: S311  a test's draw
    broker = broker_with(clients, breaker_failures=2)
    models = [Model(f"m{index}", hangs=chance.random() < 0.2) for index in range(8)]
    links: list[tuple[Model, ClientLink]] = []
    lent: dict[str, set[str]] = {f"s{index}": set() for index in range(8)}
    asking = list[tuple[str, asyncio.Task[AskOutcome]]]()
    for _ in range(60):
        match chance.randrange(4):
            case 0:
                model = chance.choice(models)
                settings = ClientSettings(coalesce_most=chance.choice([1, 4]), coalesce_window_s=0.01)
                links.append((model, model.connect(clients, settings)))
            case 1 if links:
                model, link = chance.choice(links)
                session = chance.choice(sorted(lent))
                clients.lend(link, session)
                lent[session].add(model.name)
            case 2 if links:
                clients.leave(links.pop(chance.randrange(len(links)))[1])
            case _:
                session = chance.choice(sorted(lent))
                asking.append((session, asyncio.create_task(asked(broker, session, rows))))
        await asyncio.sleep(0)
    for model, link in links:
        if model.hangs:
            clients.leave(link)
    outcomes = [(session, await asyncio.wait_for(task, 60)) for session, task in asking]
    assert all(outcome.value is None or outcome.value.title in lent[session] for session, outcome in outcomes)
    assert sorted(row.ask for row in rows.before) == sorted(row.ask for row in rows.after)
    seen = {(session, model.name) for session in lent for model in models if f"of {session}" in "".join(model.prompts)}
    assert seen <= {(session, name) for session, names in lent.items() for name in names}


async def test_what_clients_are_asked_by_is_a_setting_of_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's own table, else the one for all; the name `client` means no other advisor."""
    config = tmp_path / "config.toml"
    config.write_text(
        '[clients.default]\ncoalesce_most = 3\n[clients.vscode]\nhints = ["sonnet"]\ncost_priority = 1.0\n'
        "intelligence_priority = 0.1\nanswer_within_s = 7.5\n"
    )
    monkeypatch.setenv("JOURNEYMAN_CONFIG", str(config))
    tables = load_settings(environment={}).clients
    assert client_settings(tables, "other").coalesce_most == 3
    chosen = client_settings(tables, "vscode")
    assert chosen.answer_within_s == 7.5
    assert sampling_params(question(), chosen.preferences)["modelPreferences"] == {
        "hints": [{"name": "sonnet"}], "costPriority": 1.0, "intelligencePriority": 0.1,
    }  # fmt: skip
    config.write_text('[advisors.client]\nkind = "openai"\n[clients.x]\ncost_priority = 2\nfoo = 1\n')
    with pytest.raises(InvalidInput) as told:
        load_settings(environment={})
    assert [problem.where.rpartition(": ")[2] for problem in told.value.problems] == [
        "advisors.client", "clients.x.cost_priority", "clients.x.foo",
    ]  # fmt: skip


async def test_without_clients_the_mission_goes_on_without_advice() -> None:
    """`journeyman run` cannot be connected to, and says what can."""
    broker = Broker({})
    (told,) = broker.resolve([CLIENT])
    assert not told.used
    assert "journeyman serve" in told.why
    assert (await asked(broker, "s1")).failure is FailureClass.NO_ADVISOR
