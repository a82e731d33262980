"""Changes between two states of a folder, as diffs that git applies to the one to get the other."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeyman.apprentices.file_changes import MOST_DIFFED_BYTES, ChangeKind, changes_of
from journeyman.apprentices.working_copy import WorkingCopy, files_of, prepare_working_copy

NAMES = st.sampled_from(
    ["a.txt", "b c.txt", "d/e.txt", 'q"uote', "tab\there", "ünï", "-dash", "d/.hidden", ".gitignore"]
)
TEXTS = st.lists(
    st.sampled_from(["one", "two", "", "trée", "*", "\\ No newline at end of file", "x\ry", "y\x0cz"]), max_size=5
).map("\n".join)
TREES = st.dictionaries(NAMES, TEXTS, max_size=5)


def put(folder: Path, tree: dict[str, str]) -> None:
    """Write the files of a tree, and nothing else."""
    for name, text in tree.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


def contents(folder: Path) -> dict[str, bytes]:
    """What the files of a folder hold; of links, where they lead."""
    return {
        path.relative_to(folder).as_posix(): os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if (path.is_symlink() or path.is_file()) and ".git" not in path.parts
    }


def git_apply(folder: Path, diff: str) -> None:
    """Apply a diff as anybody would."""
    environment = {"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    words = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
    done = subprocess.run(words, cwd=folder, input=diff.encode(), capture_output=True, check=False, env=environment)
    assert done.returncode == 0, f"{done.stderr.decode()}\n{diff}"


def copy_of(tmp_path: Path, tree: dict[str, str]) -> WorkingCopy:
    """A working copy of a tree."""
    source = tmp_path / "source"
    source.mkdir()
    put(source, tree)
    return prepare_working_copy(tmp_path / "attempt", source=source)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=TREES, after=TREES)
def test_a_diff_turns_before_into_after(
    before: dict[str, str], after: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any change of any text, under any name; and no change is no diff."""
    copy = copy_of(tmp_path_factory.mktemp("t"), before)
    for path in contents(copy.folder):
        (copy.folder / path).unlink()
    put(copy.folder, after)
    changes = changes_of(copy, files_of(copy).listed)
    assert not any(change.omitted for change in changes)
    diff = "".join(change.diff for change in changes)
    if diff:
        git_apply(copy.before, diff)
    assert contents(copy.before) == contents(copy.folder)
    assert {change.path for change in changes} == {
        name for name in {*before, *after} if before.get(name) != after.get(name)
    }


def test_modes_and_links_are_changes(tmp_path: Path) -> None:
    """They are applied, too."""
    copy = copy_of(tmp_path, {"run.sh": "echo\n", "a.txt": "a\n", "gone.txt": "", "b.txt": "b"})
    (copy.folder / "run.sh").chmod(0o755)
    (copy.folder / "a.txt").unlink()
    (copy.folder / "a.txt").symlink_to("b.txt")
    (copy.folder / "gone.txt").unlink()
    (copy.folder / "empty.txt").touch()
    changes = {change.path: change for change in changes_of(copy, files_of(copy).listed)}
    assert {path: change.how for path, change in changes.items()} == {
        "run.sh": ChangeKind.CHANGED, "a.txt": ChangeKind.CHANGED, "gone.txt": ChangeKind.REMOVED,
        "empty.txt": ChangeKind.ADDED,
    }  # fmt: skip
    git_apply(copy.before, "".join(change.diff for change in changes.values()))
    assert contents(copy.before) == contents(copy.folder)
    assert (copy.before / "run.sh").stat().st_mode & 0o100
    assert (copy.before / "a.txt").is_symlink()


def test_what_has_no_diff_says_why(tmp_path: Path) -> None:
    """Binary, too large, a pipe, or what it was is not there any more."""
    copy = copy_of(tmp_path, {"lost.txt": "old", "forged.txt": "old"})
    (copy.folder / "binary").write_bytes(b"a\0b")
    (copy.folder / "latin").write_bytes(b"\xff\xfe")
    (copy.folder / "large").write_bytes(b"x" * (MOST_DIFFED_BYTES + 1))
    (copy.folder / "lines").write_bytes(b"\n" * 30_000)
    os.mkfifo(copy.folder / "pipe")
    (copy.before / "lost.txt").unlink()
    (copy.before / "forged.txt").write_text("another")
    for name in ("lost.txt", "forged.txt"):
        (copy.folder / name).write_text("new")
    found = {change.path: change.omitted for change in changes_of(copy, files_of(copy).listed)}
    assert found == {
        "binary": "binary", "latin": "binary", "large": "too large", "lines": "binary", "pipe": "special",
        "lost.txt": "lost", "forged.txt": "lost",
    }  # fmt: skip
