"""Providers of models: one file each for what differs between them, and one advisor that asks any of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from journeyman.advisors.kinds import ProviderKind
from journeyman.advisors.providers.anthropic import ANTHROPIC
from journeyman.advisors.providers.base import Provider
from journeyman.advisors.providers.bedrock import BEDROCK
from journeyman.advisors.providers.openai import OPENAI

PROVIDERS: Final[Mapping[ProviderKind, Provider]] = {
    ProviderKind.ANTHROPIC: ANTHROPIC,
    ProviderKind.OPENAI: OPENAI,
    ProviderKind.BEDROCK: BEDROCK,
}

__all__ = ["PROVIDERS"]
