"""`[advisors.NAME]` and `[advice]` of the settings file. No setting ever holds a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from journeyman.advisors.base import DEFAULT_OUTPUT_TOKENS, AskLimits
from journeyman.advisors.broker_policy import BrokerPolicy
from journeyman.advisors.kinds import AdvisorKind, AnswerMode, ProviderKind

PositiveRate = Annotated[float, Field(gt=0, le=100_000)]


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """The operator's word on a model's price; it wins over the list."""

    input_usd_per_mtok: float
    output_usd_per_mtok: float


def _known_kind(value: object) -> object:
    """The kind, whichever of both enumerations it is in; one error where it is in none."""
    known: dict[str, ProviderKind | AdvisorKind] = {kind.value: kind for kind in (*ProviderKind, *AdvisorKind)}
    if isinstance(value, str) and value in known:
        return known[value]
    raise ValueError(f"{value!r} is no kind of advisor; known: {', '.join(known)}")


class AdvisorSettings(BaseModel):
    """One `[advisors.NAME]` table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Annotated[ProviderKind | AdvisorKind, BeforeValidator(_known_kind)]
    model: str = ""
    base_url: str = ""
    api_key_env: str = Field(default="", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$|^$")
    """Name of the variable that holds the key; the key itself is never a setting."""
    region: str = ""
    """Bedrock only."""
    mode: AnswerMode = AnswerMode.AUTO
    stream: bool = False
    """Reads the answer as a stream, which keeps long answers alive on impatient proxies."""
    stop_early: bool = False
    """Cuts the stream as soon as the answer is whole. Off, since most providers tell the usage last: what a cut answer
    used is then partly an estimate."""
    temperature: bool = True
    """False leaves the request's temperature out, for models that refuse the setting."""
    timeout_s: float | None = Field(default=None, gt=0, le=3600)
    """For one try, and the socket's own limit; 120 s for models, 300 s for agents."""
    max_output_tokens: int = Field(default=DEFAULT_OUTPUT_TOKENS, ge=16, le=1_000_000)
    """The most that one answer may have, thinking included; reserved before each try."""
    consent: bool = False
    """Whether it may cost money or see prompts outside this machine."""
    costs: bool | None = None
    """Whether calls cost money; `None`: yes, unless the address is on this machine."""
    rate_per_minute: PositiveRate | None = None
    coalesce: bool = False
    """Whether concurrent small requests may share one call."""
    input_usd_per_mtok: float | None = Field(default=None, ge=0)
    output_usd_per_mtok: float | None = Field(default=None, ge=0)
    command: tuple[str, ...] = ()
    """Agents only: the program and its arguments."""

    @field_validator("base_url")
    @classmethod
    def _no_password(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.username or parts.password:
            raise ValueError("holds a user or password; name the key's variable with api_key_env")
        if value and parts.scheme not in {"http", "https"}:
            raise ValueError("must begin with http:// or https://")
        return value

    @model_validator(mode="after")
    def _fits_its_kind(self) -> AdvisorSettings:
        if self.kind is AdvisorKind.AGENT and not self.command:
            raise ValueError("an agent needs `command`, such as ['claude-code-acp']")
        if self.stop_early and not self.stream:
            raise ValueError("stop_early cuts a stream; set `stream` too")
        if (self.input_usd_per_mtok is None) != (self.output_usd_per_mtok is None):
            raise ValueError("give both input_usd_per_mtok and output_usd_per_mtok, or neither")
        return self

    @property
    def takes_model(self) -> bool:
        """Whether its questions name a model, so that a run may choose another one."""
        return isinstance(self.kind, ProviderKind)

    def with_model(self, model: str) -> AdvisorSettings:
        """The same advisor asking another model, whose price the settings do not know."""
        return self.model_copy(update={"model": model, "input_usd_per_mtok": None, "output_usd_per_mtok": None})

    def limits(self) -> AskLimits:
        """What one try may take."""
        usual_s = 300.0 if self.kind is AdvisorKind.AGENT else 120.0
        return AskLimits(max_output_tokens=self.max_output_tokens, timeout_s=self.timeout_s or usual_s)

    def price(self) -> TokenPrice | None:
        """The operator's word on the price; `None` where the list counts."""
        if self.input_usd_per_mtok is None or self.output_usd_per_mtok is None:
            return None
        return TokenPrice(self.input_usd_per_mtok, self.output_usd_per_mtok)

    def describe(self) -> str:
        """What is set, for `config show`."""
        rows = self.model_dump(mode="json", exclude_defaults=True)
        return ", ".join(f"{key}={value}" for key, value in rows.items())


class AdviceSettings(BaseModel):
    """The `[advice]` table: what holds for all advisors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    tries: int = Field(default=3, ge=1, le=10)
    rate_per_minute: PositiveRate | None = None
    concurrency: int = Field(default=4, ge=1, le=1000)
    breaker_failures: int = Field(default=5, ge=1, le=1000)
    breaker_rest_s: float = Field(default=30.0, ge=0, le=86_400)

    def policy(self, advisors: Mapping[str, AdvisorSettings]) -> BrokerPolicy:
        """What the broker needs."""
        return BrokerPolicy(
            enabled=self.enabled,
            consent=frozenset(name for name, table in advisors.items() if table.consent),
            tries=self.tries,
            per_minute=self.rate_per_minute,
            rates={name: table.rate_per_minute for name, table in advisors.items() if table.rate_per_minute},
            coalesce=frozenset(name for name, table in advisors.items() if table.coalesce),
            concurrency=self.concurrency,
            breaker_failures=self.breaker_failures,
            breaker_rest_s=self.breaker_rest_s,
        )

    def describe(self) -> str:
        """What is set, for `config show`."""
        rows = self.model_dump(mode="json", exclude_defaults=True)
        return ", ".join(f"{key}={value}" for key, value in rows.items()) or "defaults"
