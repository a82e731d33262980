"""Which model, key, region and address a provider is asked with: argument, `JOURNEYMAN_*`, its own variable, default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from journeyman.advisors.kinds import ProviderKind
from journeyman.advisors.providers import PROVIDERS
from journeyman.advisors.providers.base import ResolvedProvider
from journeyman.advisors.settings import AdvisorSettings


def environment_variables(kind: ProviderKind) -> dict[str, tuple[str, ...]]:
    """The variables that are looked at for each part of a provider, in order; the first that is set counts."""
    return {
        part: (f"JOURNEYMAN_{kind.upper()}_{part.upper()}", *names) for part, names in PROVIDERS[kind].variables.items()
    }


def resolve_provider(
    settings: AdvisorSettings, environment: Mapping[str, str], home: Path | None = None
) -> ResolvedProvider:
    """What the provider is asked with, and what is missing; looks at variables and a file at most, never the network."""
    kind = ProviderKind(settings.kind)
    provider, variables = PROVIDERS[kind], environment_variables(kind)

    def value(what: str, given: str) -> str:
        for name in variables.get(what, ()):
            given = given or environment.get(name, "")
        return given or provider.defaults.get(what, "")

    named = environment.get(settings.api_key_env, "") if settings.api_key_env else ""
    made = ResolvedProvider(
        model=value("model", settings.model),
        base_url=value("base_url", settings.base_url),
        key=named or ("" if settings.api_key_env else value("api_key", "")),
        region=value("region", settings.region),
        further_secrets=provider.further_secrets(environment),
    )
    if made.key or (made.local and provider.keyless_here):
        return made
    if provider.missing_secrets is not None and not settings.api_key_env:
        return replace(made, missing=provider.missing_secrets(environment, home or Path.home()))
    return replace(made, missing=f"no key; set the variable {settings.api_key_env or provider.variables['api_key'][0]}")
