"""Which model, key, region and address a provider is asked with: argument, `JOURNEYMAN_*`, its own variable, default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from journeyman.advisors.kinds import AdvisorKind
from journeyman.advisors.settings import AdvisorSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedProvider:
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
_OWN: Final[Mapping[tuple[AdvisorKind, str], tuple[str, ...]]] = {
    (AdvisorKind.ANTHROPIC, "model"): ("ANTHROPIC_MODEL",),
    (AdvisorKind.ANTHROPIC, "base_url"): ("ANTHROPIC_BASE_URL",),
    (AdvisorKind.ANTHROPIC, "api_key"): ("ANTHROPIC_API_KEY",),
    (AdvisorKind.OPENAI, "model"): ("OPENAI_MODEL",),
    (AdvisorKind.OPENAI, "base_url"): ("OPENAI_BASE_URL",),
    (AdvisorKind.OPENAI, "api_key"): ("OPENAI_API_KEY",),
    (AdvisorKind.BEDROCK, "model"): ("BEDROCK_MODEL_ID",),
    (AdvisorKind.BEDROCK, "base_url"): ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "AWS_ENDPOINT_URL"),
    (AdvisorKind.BEDROCK, "api_key"): ("AWS_BEARER_TOKEN_BEDROCK",),
    (AdvisorKind.BEDROCK, "region"): ("AWS_REGION", "AWS_DEFAULT_REGION"),
}
_DEFAULT: Final[Mapping[tuple[AdvisorKind, str], str]] = {
    (AdvisorKind.ANTHROPIC, "model"): "claude-sonnet-4-6",
    (AdvisorKind.OPENAI, "model"): "gpt-4o",
    (AdvisorKind.BEDROCK, "model"): "us.anthropic.claude-sonnet-4-6",
    (AdvisorKind.BEDROCK, "region"): "us-east-1",
}
AWS_SIGNS: Final = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_BEARER_TOKEN_BEDROCK",
)  # fmt: skip
"""Variables any of which says that AWS credentials can be had."""


def environment_variables(kind: AdvisorKind) -> dict[str, tuple[str, ...]]:
    """The variables that are looked at for each part of a provider, in order; the first that is set counts."""
    parts = [part for part in _PARTS if part != "region" or kind is AdvisorKind.BEDROCK]
    return {part: (f"JOURNEYMAN_{kind.upper()}_{part.upper()}", *_OWN.get((kind, part), ())) for part in parts}


def resolve_provider(
    settings: AdvisorSettings, environment: Mapping[str, str], home: Path | None = None
) -> ResolvedProvider:
    """What the provider is asked with, and what is missing; looks at variables and one file, never the network."""

    def value(what: str, given: str) -> str:
        for name in environment_variables(settings.kind).get(what, ()):
            given = given or environment.get(name, "")
        return given or _DEFAULT.get((settings.kind, what), "")

    base_url = value("base_url", settings.base_url)
    named = environment.get(settings.api_key_env, "") if settings.api_key_env else ""
    key = named or ("" if settings.api_key_env else value("api_key", ""))
    access, secret = environment.get("AWS_ACCESS_KEY_ID", ""), environment.get("AWS_SECRET_ACCESS_KEY", "")
    made = ResolvedProvider(
        model=value("model", settings.model),
        base_url=base_url,
        key=key,
        region=value("region", settings.region),
        aws=(access, secret, environment.get("AWS_SESSION_TOKEN", "")) if access and secret else None,
    )
    if key or (made.local and settings.kind is AdvisorKind.OPENAI):
        return made
    if settings.kind is AdvisorKind.BEDROCK and not settings.api_key_env:
        folder = (home or Path.home()) / ".aws"
        found = any(environment.get(name) for name in AWS_SIGNS) or (folder / "credentials").exists()
        missing = "" if found else "no AWS credentials; set AWS_PROFILE or AWS_ACCESS_KEY_ID"
    else:
        wanted = settings.api_key_env or _OWN[settings.kind, "api_key"][0]
        missing = f"no key; set the variable {wanted}"
    return replace(made, missing=missing)
