"""Gives a bundle away, to the place that the settings name and nowhere else: only when a person asks for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from journeyman.mission.values.errors import NotAllowed, Unavailable
from journeyman.stores.whole_files import replacing_file

_GIT: Final = "git+"
_TIMEOUT_S: Final = 300.0
_WHO: Final = ("-c", "user.name=journeyman", "-c", "user.email=journeyman@localhost", "-c", "commit.gpgsign=false")


def share_bundle(file: Path, address: str, place: str) -> str:
    """Put a bundle that was checked into a place; where it lies there. Blocks.

    Args:
        file: The bundle.
        address: Its address: the name that it has there.
        place: A folder, or `git+URL`: a repository, into whose default branch it is pushed.

    Raises:
        NotAllowed: No place is set (`no_place_to_share`).
        Unavailable: The place cannot be written.
    """
    if not place:
        raise NotAllowed(
            'no place to share bundles is set; write `[bundles]` and `share = "FOLDER"`, or `"git+URL"`, into the settings '
            "(`journeyman config show` names the file)",
            code="no_place_to_share",
        )
    name = f"{address}.zip"
    if place.startswith(_GIT):
        return _pushed(file, name, place.removeprefix(_GIT))
    folder = Path(place).expanduser()
    try:
        if not folder.is_dir():
            raise Unavailable(f"{folder} is no folder; make it, or name another one as `share` in the settings")
        target = folder / name
        if not target.exists():
            _copied(file, target)
    except OSError as error:
        raise Unavailable(f"cannot write {folder}: {error.strerror}") from None
    return str(target)


def _copied(file: Path, target: Path) -> None:
    with replacing_file(target) as out, file.open("rb") as source:
        shutil.copyfileobj(source, out)


def _pushed(file: Path, name: str, url: str) -> str:
    with tempfile.TemporaryDirectory(prefix="journeyman-share-") as folder:
        copy = str(Path(folder) / "repository")
        _git("clone", "--quiet", "--depth", "1", "--", url, copy)
        target = Path(copy) / name
        if not target.exists():
            shutil.copyfile(file, target)
            _git("-C", copy, "add", "--force", "--", name)
            _git("-C", copy, *_WHO, "commit", "--quiet", "--no-verify", "-m", f"Add bundle {name}")
            _git("-C", copy, "push", "--quiet", "origin", "HEAD")
    return f"{url} as {name}"


def _git(*words: str) -> None:
    try:
        ended = subprocess.run(  # noqa: S603
            ["git", *words], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,  # noqa: S607
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"git could not share the bundle ({type(error).__name__}); is git installed?") from None
    if ended.returncode != 0:
        told = " ".join(ended.stderr.split())[:300]
        raise Unavailable(f"git {words[0] if words[0] != '-C' else words[2]} failed: {told}")
