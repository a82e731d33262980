"""What a class of tampering is, and who tampers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.tampering.site import Site


class Attacker(StrEnum):
    """Who tampers."""

    FOLDER = "in its folder"
    USER = "under your user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """One class: each try changes something and tells whether a command accepted it."""

    name: str
    attacker: Attacker
    tries: Callable[[Site, random.Random, int], bool]
    """Given the site, chance, and the number of the try; true where it was accepted."""
    out_of_reach: str = ""
    """Words of `docs/guard.md`, where the model says that nobody holds it; it is reported as it is."""
