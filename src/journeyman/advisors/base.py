"""What an advisor is asked and gives. No text of a prompt or an answer is ever shown by `repr`, errors or the audit."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal, Protocol, TypeAlias, runtime_checkable

from pydantic import BaseModel

Role: TypeAlias = Literal["system", "user", "assistant"]
UsageSource: TypeAlias = Literal["reported", "partial", "estimated", "clamped"]


class AskPurpose(StrEnum):
    """What an answer is for."""

    STRATEGY = "strategy"
    CRITERIA = "criteria"
    LESSONS = "lessons"
    GRADE = "grade"
    ACTION = "action"


class FailureClass(StrEnum):
    """Why there is no answer: a closed set that survives batching and wrapping."""

    REFUSED = "refused"
    UNSUPPORTED = "unsupported"
    RATE_LIMITED = "rate_limited"
    AUTH = "auth"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    SCHEMA_MISMATCH = "schema_mismatch"
    TOOL_NOT_ALLOWLISTED = "tool_not_allowlisted"
    TOOL_ARGS_INVALID = "tool_args_invalid"
    SCRIPT_REJECTED = "script_rejected"
    OVER_BUDGET = "over_budget"
    TRANSPORT = "transport"
    DISABLED = "disabled"
    NO_ADVISOR = "no_advisor"


DEFAULT_OUTPUT_TOKENS: Final = 8192
"""Room for a strategy with a script in it; thinking counts, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskLimits:
    """What one try may take at one advisor."""

    max_output_tokens: int = DEFAULT_OUTPUT_TOKENS
    timeout_s: float = 120.0
    """From sending to the whole answer."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt."""

    role: Role
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to a model."""

    request_id: str
    """Names the logical request: the same on every try, so that a settled answer is neither paid nor asked twice."""
    purpose: AskPurpose
    messages: tuple[Message, ...]
    answer: type[BaseModel] | None = None
    """Form of the answer; `None` for plain text."""
    max_output_tokens: int | None = None
    """The most that the caller wants; `None` is what the advisor's settings say, and they are never exceeded."""
    temperature: float | None = 0.2
    """`None` leaves it to the provider; some models refuse the setting."""
    timeout_s: float | None = None
    """Until the caller no longer waits, all advisors, tries and waits in between together; `None` is no limit. Each try
    has the limit of its advisor's settings."""

    @property
    def most_output_tokens(self) -> int:
        """The limit for a provider that needs one."""
        return DEFAULT_OUTPUT_TOKENS if self.max_output_tokens is None else self.max_output_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """What one try used."""

    input_tokens: int = 0
    output_tokens: int = 0
    source: UsageSource = "estimated"
    """`reported` by the provider, `partial` where a stream was cut, `estimated` as characters / 4, `clamped` where what
    was reported cannot be true."""
    cost_usd: float | None = None
    """`None` when the model's price is unknown; never 0 for unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one try gave: a value, or a failure with a stable reason."""

    value: Any = field(default=None, repr=False)
    """Instance of the request's answer type, or text; `None` on failure."""
    failure: FailureClass | None = None
    reason: str = ""
    """Stable token, such as `bedrock_ThrottlingException`; never text of a prompt, answer or foreign error."""
    text: str = field(default="", repr=False)
    """The raw answer, for repair and coalescing; never recorded."""
    problems: tuple[str, ...] = ()
    """For the model: field and rule of each fault, nothing of the answer."""
    model: str = ""
    """As the provider names it, checked to be a short identifier."""
    usage: TokenUsage = TokenUsage()
    duration_s: float = 0.0
    retry_after_s: float | None = None
    again: bool = False
    """The advisor has changed how it asks: the same request may be sent again at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether an advisor would be used now."""

    ready: bool
    why: str
    """One line for people: what is missing and what to do, or what it would use."""
    costs: bool = False
    """Whether a call costs money."""
    leaves_machine: bool = False
    """Whether the prompt leaves this machine; with `costs`, consent is needed."""
    address: str = ""
    """Host and port that it is asked at, for people; empty where it has none of its own, or nobody knows it."""


@runtime_checkable
class Advisor(Protocol):
    """A source of answers. `journeyman.testing.check_advisor` proves an implementation."""

    @property
    def name(self) -> str:
        """The name under which missions and settings mean it."""
        ...

    @property
    def limits(self) -> AskLimits:
        """What one try may take."""
        ...

    def readiness(self) -> Readiness:
        """Tell whether it could be asked now; quick, no network."""
        ...

    async def ask(self, request: Request) -> Answer:
        """One answer to one try. Never raises for what a provider does; cancelling cancels the call."""
        ...


@runtime_checkable
class Openable(Protocol):
    """An advisor that must make something ready before its first try, such as loading an SDK."""

    async def open(self) -> None:
        """Make it ready; quick when it is. Never raises: what went wrong is the next try's failure."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why a valid-looking answer is not used; fed back to the model on the next try."""

    failure: FailureClass
    feedback: str = field(repr=False)
    """For the model: names of fields and rules, no text of the answer."""
    where: str = ""
    """Which field, as a token for the record; empty where it is no single one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAsked:
    """One half of the audit pair: committed before the prompt leaves."""

    ask: str
    """`REQUEST#TRY`."""
    request: str
    purpose: AskPurpose
    advisor: str
    prompt_bytes: int
    """Rounded up to a power of two."""
    prompt_key: str
    """Keyed hash of the prompt."""
    reserved_tokens: int
    reserved_microusd: int


class AttemptStatus(StrEnum):
    """How a try ended."""

    USED = "used"
    REJECTED = "rejected"
    """There was an answer, but it cannot be used: `failure` and `reason` say why."""
    FAILED = "failed"
    """There was no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettled:
    """The other half: how the try ended."""

    ask: str
    ended: AttemptStatus
    failure: FailureClass | None
    reason: str
    """Stable token, with the field of a rejection behind a colon."""
    model: str
    answer_bytes: int
    """Rounded up to a power of two."""
    usage: TokenUsage
    duration_s: float
    price: str = ""
    """Which price entry the cost comes from; empty when the price is unknown."""


class UsageLedger(Protocol):
    """Where the broker's audit pairs and reservations go."""

    async def asked(self, row: AuditAsked) -> None:
        """Make the row durable, with its reservation; raise `BudgetRefused` when there is no room."""
        ...

    async def settled(self, row: AuditSettled) -> None:
        """Take the row in; durable with the next commit at the latest."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOutcome:
    """What a logical request came to, after retries and the chain."""

    value: Any = field(default=None, repr=False)
    advisor: str = ""
    """Whose answer it is; empty when there is none."""
    failure: FailureClass | None = None
    """Class of the last failure; `None` with a value."""
    reason: str = ""
    tries: int = 0
