"""Which model, key, region and address a provider is asked with: argument, `JOURNEYMAN_*`, its own variable, default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from journeyman.advisors.base import DEFAULT_OUTPUT_TOKENS


class Kind(StrEnum):
    """The wire formats that models are asked in."""

    ANTHROPIC = "anthropic"
    OPENAI = "openai"
    """OpenAI and whatever speaks like it: vLLM, llama.cpp, Ollama, OpenRouter."""
    BEDROCK = "bedrock"


class Mode(StrEnum):
    """How a structured answer is asked for."""

    AUTO = "auto"
    """The best that the model is known to support; one step down when the provider says that it does not."""
    NATIVE = "native"
    """The provider's own JSON schema setting."""
    TOOL = "tool"
    """A forced call of one tool."""
    PROMPTED = "prompted"
    """The schema in the prompt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """One provider as the operator configured it."""

    kind: Kind
    name: str = ""
    """Under which missions mean it; the kind when empty."""
    model: str = ""
    base_url: str = ""
    api_key_env: str = ""
    """Name of the variable that holds the key; the key itself is never a setting."""
    region: str = ""
    """Bedrock only."""
    mode: Mode = Mode.AUTO
    stream: bool = False
    """Reads the answer as a stream, which keeps long answers alive on impatient proxies."""
    stop_early: bool = False
    """Cuts the stream as soon as the answer is whole. Off, since most providers tell the usage last: what a cut answer
    used is then partly an estimate."""
    temperature: bool = True
    """False leaves the request's temperature out, for models that refuse the setting."""
    timeout_s: float = 120.0
    """For one try; the socket's own limit, too."""
    max_output_tokens: int = DEFAULT_OUTPUT_TOKENS
    costs: bool | None = None
    """Whether calls cost money; `None`: yes, unless the address is on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a provider is really asked with."""

    model: str
    base_url: str
    key: str = field(repr=False)
    region: str = ""
    aws: tuple[str, str, str] | None = field(default=None, repr=False)
    """Access key, its secret and session token, where variables give them; else boto3 looks where it always does."""
    missing: str = ""
    """What keeps it from being asked, for people; empty when nothing does."""

    @property
    def local(self) -> bool:
        """Tell whether the address is on this machine."""
        return urlsplit(self.base_url).hostname in {"localhost", "127.0.0.1", "::1"}


_PARTS: Final = ("model", "base_url", "api_key", "region")
_OWN: Final[Mapping[tuple[Kind, str], tuple[str, ...]]] = {
    (Kind.ANTHROPIC, "model"): ("ANTHROPIC_MODEL",),
    (Kind.ANTHROPIC, "base_url"): ("ANTHROPIC_BASE_URL",),
    (Kind.ANTHROPIC, "api_key"): ("ANTHROPIC_API_KEY",),
    (Kind.OPENAI, "model"): ("OPENAI_MODEL",),
    (Kind.OPENAI, "base_url"): ("OPENAI_BASE_URL",),
    (Kind.OPENAI, "api_key"): ("OPENAI_API_KEY",),
    (Kind.BEDROCK, "model"): ("BEDROCK_MODEL_ID",),
    (Kind.BEDROCK, "base_url"): ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"),
    (Kind.BEDROCK, "api_key"): ("AWS_BEARER_TOKEN_BEDROCK",),
    (Kind.BEDROCK, "region"): ("AWS_REGION", "AWS_DEFAULT_REGION"),
}
_DEFAULT: Final[Mapping[tuple[Kind, str], str]] = {
    (Kind.ANTHROPIC, "model"): "claude-sonnet-4-6",
    (Kind.OPENAI, "model"): "gpt-4o",
    (Kind.BEDROCK, "model"): "us.anthropic.claude-sonnet-4-6",
    (Kind.BEDROCK, "region"): "us-east-1",
}
AWS_SIGNS: Final = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_BEARER_TOKEN_BEDROCK",
)  # fmt: skip
"""Variables any of which says that AWS credentials can be had."""


def variables(kind: Kind) -> dict[str, tuple[str, ...]]:
    """The variables that are looked at for each part of a provider, in order; the first that is set counts."""
    parts = [part for part in _PARTS if part != "region" or kind is Kind.BEDROCK]
    return {part: (f"JOURNEYMAN_{kind.upper()}_{part.upper()}", *_OWN.get((kind, part), ())) for part in parts}


def resolved(settings: ProviderSettings, environment: Mapping[str, str], home: Path | None = None) -> Resolved:
    """What the provider is asked with, and what is missing; looks at variables and one file, never the network."""

    def value(what: str, given: str) -> str:
        for name in variables(settings.kind).get(what, ()):
            given = given or environment.get(name, "")
        return given or _DEFAULT.get((settings.kind, what), "")

    base_url = value("base_url", settings.base_url)
    named = environment.get(settings.api_key_env, "") if settings.api_key_env else ""
    key = named or ("" if settings.api_key_env else value("api_key", ""))
    access, secret = environment.get("AWS_ACCESS_KEY_ID", ""), environment.get("AWS_SECRET_ACCESS_KEY", "")
    made = Resolved(
        model=value("model", settings.model),
        base_url=base_url,
        key=key,
        region=value("region", settings.region),
        aws=(access, secret, environment.get("AWS_SESSION_TOKEN", "")) if access and secret else None,
    )
    if key or (made.local and settings.kind is Kind.OPENAI):
        return made
    if settings.kind is Kind.BEDROCK and not settings.api_key_env:
        folder = (home or Path.home()) / ".aws"
        found = any(environment.get(name) for name in AWS_SIGNS) or (folder / "credentials").exists()
        missing = "" if found else "no AWS credentials; set AWS_PROFILE or AWS_ACCESS_KEY_ID"
    else:
        wanted = settings.api_key_env or _OWN[settings.kind, "api_key"][0]
        missing = f"no key; set the variable {wanted}"
    return replace(made, missing=missing)
