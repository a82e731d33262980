"""A connected agent is the model: it fetches prompts and submits answers through tools of any protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from journeyman.advisors.answer_building import build_answer, estimate_usage
from journeyman.advisors.base import Answer, FailureClass, Readiness, Request
from journeyman.advisors.mcp_sampling import sampling_params
from journeyman.advisors.pending_prompts import PromptQueueAdvisor, SubmitResult

MOST_ANSWER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class PulledPrompt:
    """A prompt as the agent sees it."""

    prompt_id: str
    system: str = field(repr=False)
    """Instructions, with the schema of the answer."""
    messages: tuple[Mapping[str, Any], ...] = field(repr=False)
    max_output_tokens: int


@dataclass(slots=True, eq=False)
class PullAdvisor(PromptQueueAdvisor[str]):
    """Lays questions out for an agent that asks for them."""

    name: str = "pull"

    def readiness(self) -> Readiness:
        """Tell whether an agent fetches prompts."""
        if not self.is_anybody_there:
            return Readiness(ready=False, why="no agent fetches prompts; have one call next_prompts")
        return Readiness(ready=True, why="asks the agent that fetches prompts")

    async def ask(self, request: Request) -> Answer:
        """One answer; waits until the agent submits it."""
        text = await self.wait_for_answer(request)
        if text is None:
            return self.unanswered(request)
        if len(text) > MOST_ANSWER_BYTES:
            return Answer(failure=FailureClass.MALFORMED, reason="too_large", usage=estimate_usage(request))
        return await build_answer(request, text, model="pull", usage=estimate_usage(request, text))

    async def next_prompts(self, limit: int = 8, wait_s: float = 0.0) -> list[PulledPrompt]:
        """The prompts that wait for an answer, oldest first; the same ones again until they are answered."""
        self.mark_alive()
        await self.prompts.wait_for_prompt(wait_s)
        found: list[PulledPrompt] = []
        for prompt in self.prompts.pending(limit):
            params = sampling_params(prompt.request)
            found.append(
                PulledPrompt(prompt.prompt_id, params["systemPrompt"], tuple(params["messages"]), params["maxTokens"])
            )
        return found

    def submit_answers(self, answers: Mapping[str, str]) -> dict[str, SubmitResult]:
        """Take answers by prompt id; give what became of each. Repeating a submission changes nothing."""
        self.mark_alive()
        return {prompt_id: self.prompts.submit(prompt_id, text) for prompt_id, text in answers.items()}
