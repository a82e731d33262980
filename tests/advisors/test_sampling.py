"""A connected client's model answers, in both eras of the protocol, through the real client and server."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping
from typing import Any

import pytest
from mcp.client.client import Client
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import (
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ErrorData,
    InputRequiredResult,
    TextContent,
)

from journeyman.advisors.base import Answer, FailureClass
from journeyman.advisors.mcp_sampling import PushSampling, SamplingRounds
from journeyman.advisors.pending_prompts import CLIENT_LEFT, PendingPrompts, SubmitResult
from journeyman.advisors.pull import PullAdvisor
from tests.advisors.providers import question

pytestmark = pytest.mark.anyio
GOOD = '{"title": "from the client", "count": 4}'


def client_model(text: str = GOOD, refuse: bool = False, stop: str | None = None) -> Any:  # noqa: FBT001, FBT002  a test's switch
    """A client's sampling callback."""

    async def sample(_: Any, params: CreateMessageRequestParams) -> CreateMessageResult | ErrorData:
        assert params.system_prompt is not None
        assert "count" in params.system_prompt
        if refuse:
            return ErrorData(code=-1, message="CANARY the user said no")
        content = TextContent(type="text", text=text)
        return CreateMessageResult(role="assistant", content=content, model="client-model", stop_reason=stop)

    return sample


def pushing(server: MCPServer, answers: list[Answer]) -> None:
    """Add a tool that asks through its session's back channel, as our MCP interface does."""

    @server.tool()
    async def ask(ctx: Context[Any, Any]) -> str:
        async def create_message(params: dict[str, Any]) -> Mapping[str, Any]:
            told = CreateMessageRequestParams.model_validate(params)
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore"
                )  # sampling is deprecated from 2026-07-28 on; older clients have no other way
                result = await ctx.session.create_message(  # pyright: ignore[reportDeprecated]  # see above
                    told.messages,
                    max_tokens=told.max_tokens,
                    system_prompt=told.system_prompt,
                    temperature=told.temperature,
                    model_preferences=told.model_preferences,
                    related_request_id=ctx.request_id,
                )
            return result.model_dump(mode="json", by_alias=True)

        answers.append(await PushSampling(create_message).ask(question()))
        return "done"


@pytest.mark.parametrize(
    ("model", "failure"),
    [
        (client_model(), None),
        (client_model(refuse=True), FailureClass.REFUSED),
        (client_model("no json here"), FailureClass.MALFORMED),
        (client_model(GOOD[:20], stop="maxTokens"), FailureClass.TRUNCATED),
    ],
)
async def test_an_older_client_is_asked_by_push(model: Any, failure: FailureClass | None) -> None:
    """Through a real legacy connection; a person's no keeps its class."""
    server, answers = MCPServer("s"), list[Answer]()
    pushing(server, answers)
    async with Client(server, mode="legacy", sampling_callback=model) as client:
        await client.call_tool("ask", {})
    (answer,) = answers
    assert answer.failure is failure, answer.reason
    assert "CANARY" not in repr(answer)
    if failure is None:
        assert (answer.value.count, answer.model, answer.usage.source) == (4, "client-model", "estimated")


async def test_a_modern_client_has_no_back_channel() -> None:
    """Push to it is unsupported, not a crash; rounds are its way."""
    server, answers = MCPServer("s"), list[Answer]()
    pushing(server, answers)
    async with Client(server, sampling_callback=client_model()) as client:
        await client.call_tool("ask", {})
    assert answers[0].failure is FailureClass.UNSUPPORTED


def text_of(result: Any) -> str:
    """What a tool said."""
    return result.content[0].text


def rounds_tool(server: MCPServer, rounds: SamplingRounds) -> None:
    """Add the tool that makes rounds, as our MCP interface does."""

    @server.tool()
    async def work(ctx: Context[Any, Any]) -> str | InputRequiredResult:
        for prompt_id, result in (ctx.input_responses or {}).items():
            rounds.answer(prompt_id, result.model_dump(mode="json", by_alias=True))
        made = int(ctx.request_state or 0)
        offer = await rounds.next_round(made=made, wait_s=0.2)
        if offer.status != "input_required":
            return offer.status
        requests = {
            key: CreateMessageRequest(params=CreateMessageRequestParams.model_validate(params))
            for key, params in offer.requests.items()
        }
        return InputRequiredResult(input_requests=dict(requests), request_state=str(made + 1))


async def test_a_modern_client_answers_in_rounds() -> None:
    """Several questions in one round, through the real client's own loop."""
    server, rounds = MCPServer("s"), SamplingRounds()
    rounds_tool(server, rounds)
    asking = [asyncio.create_task(rounds.ask(question())) for _ in range(3)]
    async with Client(server, sampling_callback=client_model()) as client:
        result = await client.call_tool("work", {})
    assert text_of(result) == "nothing"
    assert [answer.value.count for answer in await asyncio.gather(*asking)] == [4, 4, 4]


async def test_a_call_ends_before_the_clients_cap_on_rounds() -> None:
    """Eight rounds, then the tool asks to be called anew; no question is lost."""
    server, rounds = MCPServer("s"), SamplingRounds()
    rounds_tool(server, rounds)

    async def long_work() -> int:
        return sum([(await rounds.ask(question())).value.count for _ in range(11)])

    work = asyncio.create_task(long_work())
    said: list[str] = []
    async with Client(server, sampling_callback=client_model()) as client:
        while not said or said[-1] == "call_again":
            said.append(text_of(await client.call_tool("work", {})))
    assert said == ["call_again", "nothing"]
    assert await work == 44


async def test_answers_count_once_whoever_brings_them() -> None:
    """A repeated message, a late one, and a second client change nothing."""
    rounds = SamplingRounds()
    asking = asyncio.create_task(rounds.ask(question()))
    (prompt_id,) = (await rounds.next_round(made=0)).requests
    assert list((await rounds.next_round(made=0)).requests) == [prompt_id]  # another client, since the first one left
    good = {"role": "assistant", "content": {"type": "text", "text": GOOD}, "model": "m"}
    assert rounds.answer(prompt_id, good) is SubmitResult.TAKEN
    assert rounds.answer(prompt_id, {**good, "content": {"type": "text", "text": "{}"}}) is SubmitResult.ALREADY
    assert rounds.refuse(prompt_id) is SubmitResult.ALREADY
    assert rounds.answer("p99", good) is SubmitResult.UNKNOWN
    assert (await asking).value.count == 4


async def test_an_unanswered_question_expires() -> None:
    """Its late answer is unknown then, and nothing is left on the prompts."""
    rounds = SamplingRounds(prompts=PendingPrompts(answer_within_s=0.01))
    answer = await rounds.ask(question())
    assert (answer.failure, answer.reason) == (FailureClass.TIMEOUT, "prompt_expired")
    assert rounds.refuse("p1") is SubmitResult.UNKNOWN
    assert (await rounds.next_round(made=0, wait_s=0.0)).status == "nothing"


async def test_a_client_that_leaves_in_mid_flight_frees_what_it_held() -> None:
    """The try fails as one of the wire, and nothing more is sent to it."""
    asked, calls = asyncio.Event(), list[object]()

    async def silent(params: dict[str, Any]) -> Mapping[str, Any]:
        calls.append(params)
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    advisor = PushSampling(silent)
    first = asyncio.create_task(advisor.ask(question()))
    await asked.wait()
    advisor.leave()
    assert ((await first).failure, (await first).reason) == (FailureClass.TRANSPORT, CLIENT_LEFT)
    assert (await advisor.ask(question())).reason == CLIENT_LEFT
    assert not advisor.readiness().ready
    assert len(calls) == 1


@pytest.mark.parametrize("make", [SamplingRounds, PullAdvisor])
async def test_questions_do_not_wait_for_somebody_who_left(make: Any) -> None:
    """Also where that is known only since they came no more."""
    advisor = make()
    asking = asyncio.create_task(advisor.ask(question()))
    assert await advisor.prompts.wait_for_prompt(60)
    advisor.leave()
    assert (await asking).reason == CLIENT_LEFT
    gone = make(alive_s=0.01)
    assert (await gone.ask(question())).reason == CLIENT_LEFT
    assert gone.prompts.pending() == []


async def test_an_agent_pulls_prompts_and_submits_answers() -> None:
    """The same prompts until they are answered; a bad answer has its class; repeats change nothing."""
    advisor = PullAdvisor()
    asking = [asyncio.create_task(advisor.ask(question())) for _ in range(2)]
    prompts = await advisor.next_prompts(wait_s=1)
    assert advisor.readiness().ready
    assert [prompt.prompt_id for prompt in await advisor.next_prompts()] == [prompt.prompt_id for prompt in prompts]
    assert "count" in prompts[0].system
    good, bad = (prompt.prompt_id for prompt in prompts)
    assert advisor.submit_answers({good: GOOD, bad: '{"title": 1}', "p9": "x"}) == {
        good: SubmitResult.TAKEN, bad: SubmitResult.TAKEN, "p9": SubmitResult.UNKNOWN,
    }  # fmt: skip
    assert advisor.submit_answers({good: "{}"}) == {good: SubmitResult.ALREADY}
    first, second = await asyncio.gather(*asking)
    assert (first.value.count, second.failure) == (4, FailureClass.SCHEMA_MISMATCH)


async def test_a_late_answer_to_another_process_is_unknown() -> None:
    """After a crash the ids begin anew; a client that still answers the old first question must not answer the new one."""
    before, after = PendingPrompts[str](), PendingPrompts[str]()
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(prompts.wait_for_answer(question())) for prompts in (before, after)]
        await asyncio.sleep(0)
        old, new = before.pending()[0].prompt_id, after.pending()[0].prompt_id
        assert after.submit(old, "wrong") is SubmitResult.UNKNOWN
        assert after.submit(new, "right") is SubmitResult.TAKEN
        for task in asked[:1]:
            task.cancel()
    assert asked[1].result() == "right"
