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

    __slots__ = ("file", "leads_to", "own", "root")

    def __init__(self, root: str, file: str, own: str, leads_to: str = "") -> None:
        self.root = root
        """The folder."""
        self.file = file
        """The guard's file in it; empty where there is none any more."""
        self.own = own
        """Where what is pinned, and what is known of its checks, lies: outside the folder."""
        self.leads_to = leads_to
        """Where `root` leads, if it is behind a link now and was none when its contract was confirmed."""

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
    return _place(os.path.realpath(root), tenant_folder)


def _place(whole: str, tenant_folder: str) -> GuardPlace:
    below = whole.replace(":", "").lstrip("/\\")
    own = os.path.join(tenant_folder, "guard", below, _OWN)  # noqa: PTH118
    file = next((name for name in FILES if os.path.isfile(os.path.join(whole, name))), "")  # noqa: PTH113, PTH118
    return GuardPlace(whole, file, own)


def find_guard(start: str, tenant_folder: str, *, to_confirm: bool = False) -> GuardPlace | None:
    """The nearest guarded folder, `start` or one above it; `None` where there is none.

    A file counts up to the repository's root, a pinned contract anywhere: whoever removes the file removes no contract. Nor
    does whoever writes another one below it: a file that nobody has confirmed counts only where no pinned contract is above
    it, unless one is looked for `to_confirm`.
    """
    named, folder, inside = _as_named(start), os.path.realpath(start), True
    if named != folder and (replaced := _replaced(named, tenant_folder)) is not None:
        return replaced
    unconfirmed: GuardPlace | None = None
    while True:
        place = place_of(folder, tenant_folder)
        if place.is_pinned:
            return unconfirmed if to_confirm and unconfirmed is not None else place
        if inside and place.file and unconfirmed is None:
            unconfirmed = place
        inside = inside and not os.path.exists(os.path.join(folder, ".git"))  # noqa: PTH110, PTH118
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            return unconfirmed
        folder = above


def _as_named(start: str) -> str:
    """The absolute path with its links, as the person or the host said it; the shell knows how it came to where we are."""
    here = os.environ.get("PWD", "")
    if not os.path.isabs(start) and os.path.isabs(here) and os.path.realpath(here) == os.getcwd():  # noqa: PTH109, PTH117
        start = os.path.join(here, start)  # noqa: PTH118
    return os.path.abspath(start)  # noqa: PTH100


def _replaced(named: str, tenant_folder: str) -> GuardPlace | None:
    """The nearest folder on the way that was confirmed as such, and is behind a link now."""
    folder = named
    while (leads_to := os.path.realpath(folder)) != folder:
        place = _place(folder, tenant_folder)
        if place.is_pinned:
            return GuardPlace(folder, place.file, place.own, leads_to)
        folder = os.path.dirname(folder)  # noqa: PTH120
    return None
