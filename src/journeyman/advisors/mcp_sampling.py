"""Asks the model of a connected MCP client, in the form of its era.

Clients up to 2025-11-25 take `sampling/createMessage` pushed by the server: `PushSampling` gets a plain async function
for that. From 2026-07-28 on a tool answers `input_required` with the questions and is called again with the answers:
`SamplingRounds` holds them meanwhile. Parameters and results are the protocol's JSON objects; nothing here imports MCP.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import anyio

from journeyman.advisors.answer_building import build_answer, estimate_usage, schema_instruction
from journeyman.advisors.base import Answer, AskLimits, FailureClass, Readiness, Request
from journeyman.advisors.client_settings import ANSWER_WITHIN_S, ModelPreferences
from journeyman.advisors.pending_prompts import PromptQueueAdvisor, SubmitResult, client_left
from journeyman.answers import response_content

CreateMessage = Callable[[dict[str, Any]], Awaitable[Mapping[str, Any]]]
"""Sends `CreateMessageRequestParams` as JSON and gives the result as JSON; raises what the protocol layer raises."""
ResultT: TypeAlias = Mapping[str, Any] | Answer
"""A client's result, or its refusal."""
_CLOSED: Final = -32000
"""The SDK's code for a connection that closed while an answer was waited for."""
_BY_CODE: Final[Mapping[int, FailureClass]] = {
    -1: FailureClass.REFUSED, -32600: FailureClass.UNSUPPORTED, -32601: FailureClass.UNSUPPORTED, -32021: FailureClass.UNSUPPORTED,
    -32001: FailureClass.TIMEOUT,
}  # fmt: skip
"""`-1` is the protocol's code for a person who said no."""


def sampling_params(request: Request, preferences: ModelPreferences | None = None) -> dict[str, Any]:
    """The parameters of `sampling/createMessage`; the schema goes into the text, since they have no place for it."""
    system = [message.text for message in request.messages if message.role == "system"]
    if request.answer is not None:
        system.append(schema_instruction(request.answer))
    params: dict[str, Any] = {
        "messages": [
            {"role": message.role, "content": {"type": "text", "text": message.text}}
            for message in request.messages
            if message.role != "system"
        ],
        "systemPrompt": "\n\n".join(system),
        "maxTokens": request.most_output_tokens,
        "modelPreferences": (preferences or ModelPreferences()).params(),
    }
    return params if request.temperature is None else {**params, "temperature": request.temperature}


async def parse_sampling_result(request: Request, result: Mapping[str, Any]) -> Answer:
    """The checked answer in a `CreateMessageResult`. Usage is an estimate: the protocol tells none."""
    said = response_content(result, "mcp")
    if result.get("role") != "assistant" or not (said.text or said.calls):
        return Answer(failure=FailureClass.MALFORMED, reason="sampling_no_text", usage=estimate_usage(request))
    usage = estimate_usage(request, said.text)
    return await build_answer(request, said, model=str(result.get("model", "")), usage=usage)


def failure_from_code(code: int | None) -> Answer:
    """A protocol error as one of our failures, by its code."""
    failure = _BY_CODE.get(code, FailureClass.TRANSPORT) if code is not None else FailureClass.TRANSPORT
    return Answer(failure=failure, reason=f"sampling_{failure.value}")


@dataclass(slots=True, eq=False)
class PushSampling:
    """Pushes questions to one connected client."""

    create_message: CreateMessage
    """Of a client that declared sampling."""
    name: str = "client"
    answer_within_s: float = ANSWER_WITHIN_S
    """Seconds for the client's user to allow the question and its model to answer it."""
    preferences: ModelPreferences = field(default_factory=ModelPreferences)
    _left: bool = False
    _scopes: set[anyio.CancelScope] = field(default_factory=set[anyio.CancelScope])

    def leave(self) -> None:
        """Note that the client is gone: whoever waits for it waits no more."""
        self._left = True
        for scope in self._scopes:
            scope.cancel()

    @property
    def limits(self) -> AskLimits:
        """What one try may take."""
        return AskLimits(timeout_s=self.answer_within_s)

    def readiness(self) -> Readiness:
        """Tell whether the client is there."""
        if self._left:
            return Readiness(ready=False, why="the client has left")
        return Readiness(ready=True, why="asks the connected client's model; its user decides")

    async def ask(self, request: Request) -> Answer:
        """One answer; a client that leaves meanwhile is a failure of the wire."""
        with anyio.CancelScope() as scope:
            if self._left:
                return client_left(request)
            self._scopes.add(scope)
            try:
                said = await self.create_message(sampling_params(request, self.preferences))
                return await parse_sampling_result(request, said)
            except Exception as error:  # noqa: BLE001  whatever the protocol layer raises, by code, never by text
                code: Any = getattr(error, "code", None) or getattr(getattr(error, "error", None), "code", None)
                return (
                    client_left(request)
                    if code == _CLOSED
                    else failure_from_code(code if isinstance(code, int) else None)
                )
            finally:
                self._scopes.discard(scope)
        return client_left(request)


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingRound:
    """What a tool answers with: questions for the client, or that there is nothing to ask now."""

    status: Literal["input_required", "call_again", "nothing"]
    """`call_again`: the client's cap on rounds is near, so the tool ends this call and asks to be called anew."""
    requests: Mapping[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]], repr=False)
    """Id to parameters of `sampling/createMessage`."""


@dataclass(slots=True, eq=False)
class SamplingRounds(PromptQueueAdvisor[ResultT]):
    """Holds questions between the rounds of `input_required` calls, whichever client makes them."""

    name: str = "client"
    most_rounds: int = 8
    """Rounds in one call; clients give up at 10."""
    preferences: ModelPreferences = field(default_factory=ModelPreferences)

    def readiness(self) -> Readiness:
        """Tell whether a client makes rounds."""
        if not self.is_anybody_there:
            return Readiness(ready=False, why="no client with sampling is calling")
        return Readiness(ready=True, why="asks the calling client's model; its user decides")

    async def ask(self, request: Request) -> Answer:
        """One answer; waits until some round brings it."""
        brought = await self.wait_for_answer(request)
        if brought is None:
            return self.unanswered(request)
        return brought if isinstance(brought, Answer) else await parse_sampling_result(request, brought)

    async def next_round(self, *, made: int, limit: int = 32, wait_s: float = 5.0) -> SamplingRound:
        """The next round of a call that has made so many; all unanswered questions are in it, also those of a client that left."""
        self.mark_alive()
        if not await self.prompts.wait_for_prompt(wait_s):
            return SamplingRound(status="nothing")
        if made >= self.most_rounds:
            return SamplingRound(status="call_again")
        prompts = self.prompts.pending(limit)
        return SamplingRound(
            status="input_required",
            requests={prompt.prompt_id: sampling_params(prompt.request, self.preferences) for prompt in prompts},
        )

    def answer(self, prompt_id: str, result: Mapping[str, Any]) -> SubmitResult:
        """Bring a client's result; a repeated or late one changes nothing."""
        self.mark_alive()
        return self.prompts.submit(prompt_id, result)

    def refuse(self, prompt_id: str, code: int | None = -1) -> SubmitResult:
        """Bring a client's refusal or error."""
        return self.prompts.submit(prompt_id, failure_from_code(code))
