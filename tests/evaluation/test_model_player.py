"""A role's action asked of an advisor: what is asked again, what is counted, what ends an episode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel
import pytest

from journeyman.advisors.base import Answer, AskLimits, FailureClass, Readiness, Request, TokenUsage
from journeyman.advisors.broker import Broker
from journeyman.advisors.broker_policy import BrokerPolicy
from journeyman.evaluation.model_player import ModelPlayer, ProviderFailed, SpendLimitReached
from journeyman.evaluation.model_trace import ModelTrace
from journeyman.evaluation.usage import EpisodeLedger, ModelUsage, SpendLimit
from journeyman.gym.tasks import Split, Task, Tier
from journeyman.gym.text.play import Turn
from journeyman.gym.text.words import ActionType, AgentRole
from journeyman.interfaces.cli.gym.summaries import dollars
from journeyman.mission.values.errors import BudgetRefused

pytestmark = pytest.mark.anyio
GOOD = '{"action_type": "restart", "target": "db"}'


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio only."""
    return "asyncio"


@dataclass(slots=True)
class Model:
    """Answers in order, with texts or whole answers."""

    answers: Sequence[str | Answer]
    name: str = "model"
    requests: list[Request] = field(default_factory=list[Request])
    limits: AskLimits = field(default_factory=AskLimits)

    def readiness(self) -> Readiness:
        """Always there."""
        return Readiness(ready=True, why="here")

    async def ask(self, request: Request) -> Answer:
        """The next answer."""
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, Answer):
            return answer
        usage = TokenUsage(input_tokens=100, output_tokens=10, source="reported", cost_usd=0.25)
        return Answer(value=answer, text=answer, usage=usage)


def failing(failure: FailureClass, reason: str = "") -> Answer:
    """A failed answer."""
    return Answer(failure=failure, reason=reason or failure.value)


def player(model: Model, limit: SpendLimit | None = None, waits: list[tuple[str, float]] | None = None) -> ModelPlayer:
    """An asker without pauses."""

    async def sleep(_: float) -> None:
        await anyio.lowlevel.checkpoint()

    policy = BrokerPolicy(tries=2, breaker_failures=100, breaker_rest_s=0)
    return ModelPlayer(
        broker=Broker({"model": model}, policy, sleep=sleep),
        advisor="model",
        ledger=EpisodeLedger(limit or SpendLimit(None, None, 2e-5)),
        episode="easy-train-0@3",
        answer_tokens=50,
        timeout_s=5,
        trace=ModelTrace("model", Task(Tier.EASY, Split.TRAIN, 0)),
        waiting=lambda reason, rest_s: (waits if waits is not None else []).append((reason, rest_s)),
    )


def turn(role: AgentRole = AgentRole.SRE) -> Turn:
    """A question."""
    said = ({"role": "system", "content": "You are."}, {"role": "user", "content": "STEP 4"})
    return Turn(role=role, step=4, messages=said)


async def test_all_roles_of_a_step_are_asked_and_billed() -> None:
    """One action per question in their order, and every call on the bill."""
    model = Model([GOOD])
    asking = player(model)
    reads = await asking([turn(AgentRole.SRE), turn(AgentRole.MANAGER)])
    assert [read.action.role for read in reads] == [AgentRole.SRE, AgentRole.MANAGER]
    assert {read.action.action_type for read in reads} == {ActionType.RESTART}
    assert asking.ledger.used == ModelUsage(calls=2, input_tokens=200, output_tokens=20, priced_usd=0.5)
    assert len({request.request_id for request in model.requests}) == 2


async def test_an_answer_without_an_action_is_asked_for_again_with_what_was_wrong() -> None:
    """The view stays, the reason comes after it."""
    model = Model(['{"action_type": "dance"}', GOOD])
    (read,) = await player(model)([turn()])
    assert read.action.target == "db"
    again = model.requests[1].messages
    assert again[0] == model.requests[0].messages[0]
    assert again[1].text.startswith("STEP 4\n\n")
    assert 'action_type "dance" is none of noop' in again[1].text


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("no idea", "the reply holds no JSON object with an action_type"),
        ('{"action_type": "dance"}', "there is no such action_type"),
        (failing(FailureClass.REFUSED), "the model refused"),
        (failing(FailureClass.TRUNCATED, "truncated"), "the reply was cut for length"),
        (failing(FailureClass.MALFORMED, "empty"), "the reply is empty"),
    ],
)
async def test_a_model_that_gives_no_action_plays_a_no_op_with_a_reason(answer: str | Answer, reason: str) -> None:
    """It answered, so the episode goes on and counts."""
    (read,) = await player(Model([answer]))([turn()])
    assert (read.action.action_type, read.reason) == (ActionType.NOOP, reason)


@pytest.mark.parametrize(
    "failure", [FailureClass.RATE_LIMITED, FailureClass.TRANSPORT, FailureClass.TIMEOUT, FailureClass.MALFORMED]
)
async def test_a_provider_that_fails_is_given_time_and_then_ends_the_episode(failure: FailureClass) -> None:
    """Three rounds of the broker's own tries, and never an action."""
    waits: list[tuple[str, float]] = []
    model = Model([failing(failure, "openai_trouble")])
    with pytest.raises(ProviderFailed) as fault:
        await player(model, waits=waits)([turn(), turn(AgentRole.DEV)])
    assert (fault.value.reason, fault.value.lasting) == ("openai_trouble", False)
    assert len(model.requests) == 2 * 3 * 2
    assert waits == [("openai_trouble", 0)] * 4


async def test_a_provider_that_recovers_is_forgiven() -> None:
    """A round of failures costs a pause, not the episode."""
    (read,) = await player(Model([failing(FailureClass.RATE_LIMITED)] * 2 + [GOOD]))([turn()])
    assert read.reason == ""


@pytest.mark.parametrize("failure", [FailureClass.AUTH, FailureClass.UNSUPPORTED])
async def test_what_will_not_change_is_not_waited_for(failure: FailureClass) -> None:
    """A wrong key is wrong the next time too."""
    model = Model([failing(failure, "openai_http_401")])
    with pytest.raises(ProviderFailed) as fault:
        await player(model)([turn()])
    assert fault.value.lasting
    assert len(model.requests) == 1


async def test_a_ceiling_is_never_exceeded_and_reservations_wait_for_each_other() -> None:
    """Each request reserves 50 tokens and its prompt; two fit only one after the other, a third no more."""
    model = Model([GOOD])
    limit = SpendLimit(None, 250, 2e-5)
    asking = player(model, limit)
    await asking([turn(), turn(AgentRole.DEV)])
    assert limit.tokens == 220
    with pytest.raises(SpendLimitReached):
        await asking([turn()])
    assert (limit.tokens, len(model.requests)) == (220, 2)


async def test_an_unknown_price_is_counted_by_assumption_and_shown_as_unknown() -> None:
    """It slips through no ceiling and is never called nothing."""
    limit = SpendLimit(1.0, None, 0.001)
    await limit.reserve("a", 0.9, 900)
    assert await limit.settle("a", None, 500) == pytest.approx(0.5)
    with pytest.raises(BudgetRefused):
        await limit.reserve("b", 0.6, 10)
    assert dollars(ModelUsage(calls=1, unpriced_calls=1)) == "1 call of unknown price"
    assert dollars(ModelUsage(calls=3, priced_usd=1.5, unpriced_calls=1)) == "$1.5000 and 1 call of unknown price"
    assert dollars(ModelUsage(calls=2)) == "$0.0000"
