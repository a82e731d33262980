"""Whether a folder is guarded, and where: asked each time that an agent stops, so nothing slow is loaded here."""

from __future__ import annotations

import os

FILES = ("guard.yaml", "guard.yml", "guard.toml", "guard.json")
PINNED = "contract.json"
_OWN = ".journeyman-guard"
"""What the guard knows of a folder lies in one of this name, at the folder's own path below the tenant's `guard`: found
without hashing, and no other folder's."""


class GuardPlace:
    """A guarded folder."""

    __slots__ = ("file", "own", "root")

    def __init__(self, root: str, file: str, own: str) -> None:
        self.root = root
        """The folder."""
        self.file = file
        """The guard's file in it; empty where there is none any more."""
        self.own = own
        """Where what is pinned, and what is known of its checks, lies: outside the folder."""

    @property
    def pinned(self) -> str:
        """The path of the pinned contract; it need not exist."""
        return os.path.join(self.own, PINNED)  # noqa: PTH118  # pathlib is slow to load

    @property
    def is_pinned(self) -> bool:
        """Whether somebody has confirmed a contract."""
        return os.path.isfile(self.pinned)  # noqa: PTH113


def place_of(root: str, tenant_folder: str) -> GuardPlace:
    """What belongs to a folder, whether or not it is guarded."""
    whole = os.path.realpath(root)
    below = whole.replace(":", "").lstrip("/\\")
    own = os.path.join(tenant_folder, "guard", below, _OWN)  # noqa: PTH118
    file = next((name for name in FILES if os.path.isfile(os.path.join(whole, name))), "")  # noqa: PTH113, PTH118
    return GuardPlace(whole, file, own)


def find_guard(start: str, tenant_folder: str) -> GuardPlace | None:
    """The nearest guarded folder, `start` or one above it; `None` where there is none.

    A file counts up to the repository's root, a pinned contract anywhere: whoever removes the file removes no contract.
    """
    folder, inside = os.path.realpath(start), True
    while True:
        place = place_of(folder, tenant_folder)
        if place.is_pinned or (inside and place.file):
            return place
        inside = inside and not os.path.exists(os.path.join(folder, ".git"))  # noqa: PTH110, PTH118
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            return None
        folder = above
