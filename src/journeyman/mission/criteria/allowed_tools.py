"""What a criterion may know of the allowed tools when a mission, or a draft, is looked through before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from journeyman.mission.values.canonical import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedTools:
    """The tools of a mission."""

    names: tuple[str, ...]
    pure: frozenset[str]
    pure_with_arguments: tuple[str, ...]
    """Those whose values may be of anything, by what they are called with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFacts:
    """What a draft is measured by."""

    tools: AllowedTools
    metrics: Mapping[str, str]
    """Each metric that an allowed tool is known to give, to that tool."""
    values: Mapping[str, Json]
    """Those that pure calls just gave."""
