"""How models are let play, as the command line says it; without numpy, so that help is quick."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

PREFIX: Final = "advisor:"
"""Begins the name of a policy that is a model of the settings file."""
ANSWER_TOKENS: Final = 2048
MEMORY: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """What holds for every `advisor:NAME` of a command."""

    roles: tuple[str, ...] = ()
    """The model's seats; none given means all four."""
    others: str = "heuristic"
    """Who takes the other seats."""
    liar: str | None = None
    """The seat of a colleague who sends forged messages and does nothing else; `None` for nobody."""
    view_chars: int | None = None
    """Most of one view, in characters; `None` is what `render_observation` takes."""
    answer_tokens: int = ANSWER_TOKENS
    memory: int = MEMORY
    """Earlier turns that a role is shown again."""
    concurrency: int | None = None
    """Episodes, and requests, at a time; `None` is what the settings allow."""
    traces: Path | None = None
    """Folder for what was shown and said, a file per episode; `None` keeps nothing of it."""
    max_usd: float | None = None
    max_tokens: int | None = None


def is_built_in(policy: str) -> bool:
    """Whether a policy is one of ours: names with a colon bring code, files or models, which a look must not start."""
    return ":" not in policy and "/" not in policy
