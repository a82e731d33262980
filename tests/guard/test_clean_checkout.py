"""What a build takes from the base commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from journeyman.guard.clean_checkout import contract_of_base
from journeyman.mission.values.errors import NotAllowed, NotFound
from journeyman.workspaces.digest import read_workspace

GUARD = "criteria: [{id: tests, kind: command, run: [python3, tests/a.py]}]\nprotect: [tests/**]\n"


def git(folder: Path, *words: str) -> None:
    """Run git as a user does."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository whose folder `app` is guarded."""
    root = tmp_path / "repo" / "app"
    (root / "tests").mkdir(parents=True)
    (root / "tests" / "a.py").write_text("assert 1\n")
    (root / "guard.yaml").write_text(GUARD)
    git(root.parent, "init", "-q")
    git(root.parent, "add", "-A")
    git(root.parent, "commit", "-qm", "base")
    git(root.parent, "tag", "base")
    return root


def test_protected_files_of_the_base_count_also_in_a_folder_of_the_repository(root: Path, tmp_path: Path) -> None:
    """Their paths count from the guarded folder."""
    (root / "tests" / "a.py").write_text("pass\n")
    git(root, "commit", "-qam", "cheat")
    _, contract = contract_of_base(root, "base", tmp_path / "own")
    assert set(contract.baseline.entries) == {"tests/a.py", "guard.yaml"}
    assert [(one.path, one.how) for one in contract.baseline.touched(read_workspace(root))] == [
        ("tests/a.py", "changed")
    ]


def test_attributes_of_the_repository_hide_no_test(root: Path, tmp_path: Path) -> None:
    """`export-ignore` keeps files out of archives; a baseline without them would take the tests away."""
    (root.parent / ".gitattributes").write_text("app/tests export-ignore\n*.py export-subst\n")
    git(root.parent, "add", "-A")
    git(root.parent, "commit", "-qm", "attributes")
    _, contract = contract_of_base(root, "HEAD", tmp_path / "own")
    assert "tests/a.py" in contract.baseline.entries


def test_an_unclean_checkout_and_a_base_without_a_contract_are_refused(root: Path, tmp_path: Path) -> None:
    """What is checked must be a commit."""
    (root / "new").write_text("x")
    with pytest.raises(NotAllowed, match="'app/new'"):
        contract_of_base(root, "base", tmp_path / "own")
    (root / "new").unlink()
    with pytest.raises(NotFound, match=r"has no guard\.yaml"):
        contract_of_base(root.parent, "base", tmp_path / "own")
    with pytest.raises(NotFound, match="no commit '--output=x'"):
        contract_of_base(root, "--output=x", tmp_path / "own")
    with pytest.raises(NotFound, match="no git checkout"):
        contract_of_base(tmp_path, "base", tmp_path / "own")


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_a_file_that_git_is_told_to_overlook_is_not_clean(root: Path, tmp_path: Path, flag: str) -> None:
    """`git status` says nothing of it, whatever lies there."""
    git(root, "update-index", flag, "tests/a.py")
    (root / "tests" / "a.py").write_text("pass\n")
    with pytest.raises(NotAllowed, match=r"'tests/a\.py'"):
        contract_of_base(root, "base", tmp_path / "own")


def test_a_commit_that_was_replaced_is_still_the_base(root: Path, tmp_path: Path) -> None:
    """`git replace` shows other files under its hash."""
    (root / "tests" / "a.py").write_text("pass\n")
    git(root, "commit", "-qam", "cheat")
    git(root, "replace", "base", "HEAD")
    _, contract = contract_of_base(root, "base", tmp_path / "own")
    assert contract.baseline.content(contract.baseline.entries["tests/a.py"]) == b"assert 1\n"
