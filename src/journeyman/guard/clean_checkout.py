"""`guard ci`: a clean checkout by the contract and the protected files of the commit that it starts from."""

from __future__ import annotations

import os
from pathlib import Path

from journeyman.guard.contract import Contract, protected_patterns, read_guard_file
from journeyman.guard.contract_lookup import FILES, GuardPlace
from journeyman.mission.values.errors import NotAllowed, NotFound
from journeyman.workspaces.baseline import file_of_commit, files_of_commit
from journeyman.workspaces.file_listing import run_git, untracked_files

_SHOWN = 5


def contract_of_base(root: Path, base: str, own: Path) -> tuple[GuardPlace, Contract]:
    """The guarded place of a checkout and the contract in commit `base`, with nothing of the checkout believed. Blocks.

    `own` is an empty folder for what belongs to this check alone.

    Raises:
        NotFound: There is no such commit, or it has no guard's file.
        NotAllowed: The checkout is not what its commit says.
    """
    _refuse_unclean(root)
    if run_git(str(root), "rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}") is None:
        raise NotFound(f"git knows no commit {base!r} in {root}; fetch it (actions/checkout: fetch-depth: 0)")
    for name in FILES:
        data = file_of_commit(root, base, name)
        if data is not None:
            guard = read_guard_file(data, name, root)
            baseline = files_of_commit(root, base, protected_patterns(guard), own / "contents")
            return GuardPlace(str(root), name, str(own)), Contract(guard, baseline)
    raise NotFound(f"commit {base!r} has no guard.yaml in {root}: merge one there first, or name another --base")


def default_base() -> str:
    """The branch that a pull request goes to, as GitHub names it; empty elsewhere."""
    branch = os.environ.get("GITHUB_BASE_REF", "")
    return f"origin/{branch}" if branch else ""


def _refuse_unclean(root: Path) -> None:
    found = run_git(str(root), "status", "--porcelain", "-z", "--untracked-files=no", "--", ".")
    untracked, flagged = untracked_files(root), run_git(str(root), "ls-files", "-v", "-z")
    if found is None or untracked is None or flagged is None:
        raise NotFound(f"{root} is no git checkout; a build checks one")
    # Of a file that is flagged as unchanged or not wanted (`h`, `S`), `git status` says nothing whatever lies there.
    overlooked = (name[2:] for name in os.fsdecode(flagged).split("\0") if name[:1].islower() or name[:1] == "S")
    names = [*(name[3:] for name in os.fsdecode(found).split("\0") if len(name) > 3), *untracked, *overlooked]
    if names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        raise NotAllowed(
            f"{root} is not clean: {', '.join(map(repr, names[:_SHOWN]))}{more}; commit or remove it, so that what is checked is a commit"
        )
