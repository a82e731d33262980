"""The two audit rows of each try: sizes, keyed hashes and names, never a text."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from journeyman.advisors.base import (
    Advisor,
    Answer,
    AttemptStatus,
    AuditAsked,
    AuditSettled,
    FailureClass,
    Rejection,
    Request,
    TokenUsage,
)
from journeyman.advisors.prices import Priced

Price = Callable[[str, int, int], Priced | None]
"""Gives the cost of (advisor name, input tokens, output tokens); `None` when the price is unknown."""

REASKED: Final = frozenset(
    {
        FailureClass.MALFORMED, FailureClass.SCHEMA_MISMATCH, FailureClass.TOOL_NOT_ALLOWLISTED, FailureClass.TOOL_ARGS_INVALID,
        FailureClass.SCRIPT_REJECTED, FailureClass.TRUNCATED, FailureClass.OVER_BUDGET,
    }
)  # fmt: skip
"""Failures of the answer: asked again with the reason."""


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """What one try came to."""

    answer: Answer
    rejection: Rejection | None = None

    @property
    def failure(self) -> FailureClass | None:
        """Why its answer is not used; `None` where it is."""
        return self.answer.failure if self.rejection is None else self.rejection.failure

    @property
    def reason(self) -> str:
        """The stable token of why."""
        if self.rejection is not None:
            return self.rejection.failure.value
        return self.answer.reason or (self.answer.failure.value if self.answer.failure else "")

    @property
    def field(self) -> str:
        """The first field that is wrong; empty where none is named, or its name is no token."""
        named = self.rejection.where if self.rejection is not None else ""
        if not named and self.answer.failure is FailureClass.SCHEMA_MISMATCH and self.answer.problems:
            named = self.answer.problems[0].partition(": ")[0]
        return named if _is_identifier(named) else ""

    @property
    def ended(self) -> AttemptStatus:
        """How the audit calls its end."""
        if self.failure is None:
            return AttemptStatus.USED
        return AttemptStatus.REJECTED if self.rejection is not None or self.failure in REASKED else AttemptStatus.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRows:
    """Makes the rows of a broker's tries."""

    key: bytes
    """Keys the prompt hashes; a secret of the tenant."""
    price: Price | None
    assumed_usd_per_token: float

    def asked(self, advisor: Advisor, request: Request, ask: str, prompt: bytes) -> AuditAsked:
        """The half that is durable before the prompt leaves, with what the try may cost."""
        most = request.most_output_tokens
        tokens = len(prompt) // 2 + 1 + most  # two bytes a token is more than any tokenizer needs
        priced = self._priced(advisor, tokens - most, most)
        if priced is not None:
            usd = priced.usd
        else:
            usd = tokens * self.assumed_usd_per_token if advisor.readiness().costs else 0.0
        return AuditAsked(
            ask=ask,
            request=request.request_id,
            purpose=request.purpose,
            advisor=advisor.name,
            prompt_bytes=power_of_two(len(prompt)),
            prompt_key=hmac.new(self.key, prompt, hashlib.sha256).hexdigest()[:32],
            reserved_tokens=tokens,
            reserved_microusd=round(usd * 1_000_000),
        )

    def settled(
        self, advisor: Advisor, ask: str, tried: AttemptResult, row: AuditAsked, duration_s: float
    ) -> AuditSettled:
        """The other half: how the try ended, and what it used."""
        answer = tried.answer
        usage, price = self._usage(advisor, answer, row)
        reason = f"{tried.reason}:{tried.field}" if tried.field else tried.reason
        return AuditSettled(
            ask=ask,
            ended=tried.ended,
            failure=tried.failure,
            reason=reason if _is_identifier(reason) else "unnamed",
            model=answer.model if _is_identifier(answer.model) else "",
            answer_bytes=power_of_two(len(answer.text.encode(errors="replace"))),
            usage=usage,
            duration_s=duration_s,
            price=price if _is_identifier(price) else "unnamed",
        )

    def _usage(self, advisor: Advisor, answer: Answer, row: AuditAsked) -> tuple[TokenUsage, str]:
        """What was used and which price says what it cost; a try that ended without word may have cost all that was reserved."""
        usage = answer.usage
        if answer.failure in (FailureClass.CANCELLED, FailureClass.TIMEOUT) and usage == TokenUsage():
            return TokenUsage(input_tokens=row.reserved_tokens, source="estimated"), ""
        if usage.cost_usd is not None:
            return usage, "advisor"
        priced = self._priced(advisor, usage.input_tokens, usage.output_tokens)
        return (usage, "") if priced is None else (replace(usage, cost_usd=priced.usd), priced.source)

    def _priced(self, advisor: Advisor, input_tokens: int, output_tokens: int) -> Priced | None:
        return None if self.price is None else self.price(advisor.name, input_tokens, output_tokens)


def power_of_two(size: int) -> int:
    """A size rounded up to a power of two; 0 stays 0."""
    return 0 if size <= 0 else 1 << (size - 1).bit_length()


def _is_identifier(text: str) -> bool:
    """Tell whether a text is a short identifier, so that no foreign text slips into the audit."""
    return len(text) <= 100 and text.isascii() and all(letter.isalnum() or letter in "-_.:/@" for letter in text)
