"""Which files a workspace has: those that git tracks or would track, or all but what is never written by hand."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from journeyman.mission.values.errors import Unavailable
from journeyman.workspaces.path_patterns import PathPatterns, Reach

LEFT_OUT: Final = frozenset({
    ".git", ".hg", ".svn", ".jj", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".nox", ".mypy_cache", ".pytest_cache",
    ".ruff_cache", ".hypothesis", ".gradle", ".DS_Store",
})  # fmt: skip
"""Names of what no person writes: passed by, unless git tracks what is below, or a pattern names them."""
_GIT: Final = (
    "git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false",
    "-c", "core.ignoreCase=false", "--no-optional-locks", "--no-replace-objects",
)  # fmt: skip
"""A repository's own settings may name programs: none of them is run. A commit is what its hash says, not what `git replace`
puts in its place."""
_UNTRACKED: Final = (
    "--others",
    "--exclude-per-directory=.gitignore",
    *(f"--exclude={name}" for name in sorted(LEFT_OUT)),
    "--exclude=!.gitignore",
)
"""What leaves a file out must itself be a file that counts: not `.git/info/exclude`, no person's own settings,
and no list that names itself."""
_GIT_S: Final = 30
_MOST_NESTED: Final = 20
_MOST_TEXT_BYTES: Final = 1 << 20


def listed_files(root: Path) -> list[str]:
    """The paths of a workspace's files and links, sorted, with `/` between names.

    In a git repository: tracked files, and untracked ones that no `.gitignore` names, those of submodules and nested
    repositories too. Some may not exist any more. Elsewhere, where git cannot tell, and in a folder that the repository above it
    leaves out as a whole, a plain walk. Both without `LEFT_OUT`.
    """
    return sorted(set(_listed(str(root), 0)))


def meant_files(root: Path, patterns: PathPatterns) -> list[str]:
    """The files and links that patterns mean, ignored ones too, but none below links or in `LEFT_OUT` by chance."""
    return list(_meant(str(root), "", patterns, patterns.top))


def untracked_files(root: Path) -> list[str] | None:
    """The files that a commit of this repository would add; `None` where there is no repository."""
    found = run_git(str(root), "ls-files", "-z", "--full-name", *_UNTRACKED)
    return None if found is None else [name for name in os.fsdecode(found).split("\0") if name]


def run_git(folder: str, *words: str, given: bytes = b"") -> bytes | None:
    """What git prints, `given` on its input; `None` where there is no git, no repository, or no answer."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program
            [*_GIT, "-C", folder, *words], capture_output=True, timeout=_GIT_S, check=False, input=given,
            env=environment | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _listed(root: str, depth: int) -> Iterator[str]:
    found = run_git(root, "ls-files", "-z", "--cached", *_UNTRACKED)
    if found is None or _is_left_out(root):
        yield from _walked(root)
        return
    for name in os.fsdecode(found).split("\0"):
        path = name.rstrip("/")
        if not path:
            continue
        whole = f"{root}/{path}"
        if depth < _MOST_NESTED and not os.path.islink(whole) and os.path.isdir(whole):  # noqa: PTH112, PTH114 - asked 50,000 times
            yield from (f"{path}/{inner}" for inner in _listed(whole, depth + 1))
        else:
            yield path


def _is_left_out(root: str) -> bool:
    """Tell whether the repository above ignores all of a folder: it would say that there is nothing in it."""
    below = not os.path.lexists(f"{root}/.git")
    return below and run_git(root, "check-ignore", "--no-index", "--quiet", ".") is not None


def _meant(root: str, folder: str, patterns: PathPatterns, reach: Reach) -> Iterator[str]:
    try:
        found = sorted(os.scandir(f"{root}/{folder}"), key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise Unavailable(
            f"{root}/{folder} cannot be read ({error.strerror}), so nobody can tell what is checked; make it readable or remove it",
            code="workspace_unreadable",
        ) from None
    for entry in found:
        path = f"{folder}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            below = patterns.into(reach, entry.name, LEFT_OUT)
            if below:
                yield from _meant(root, f"{path}/", patterns, below)
        elif path in patterns and (entry.name not in LEFT_OUT or patterns.into(reach, entry.name, LEFT_OUT)):
            yield path


def _walked(root: str) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if os.path.islink(f"{folder}/{name}")]  # noqa: PTH114 - as above
        folders[:] = [name for name in folders if name not in LEFT_OUT and name not in links]
        relative = os.path.relpath(folder, root)
        before = "" if relative == "." else f"{relative}/"
        yield from (f"{before}{name}" for name in (*files, *links) if name not in LEFT_OUT)


def file_text(file: Path) -> str:
    """A small file's text, as well as it can be read; empty for one of more than a megabyte, or none. Blocks."""
    try:
        return file.read_text("utf-8", errors="replace") if file.stat().st_size <= _MOST_TEXT_BYTES else ""
    except OSError:
        return ""
