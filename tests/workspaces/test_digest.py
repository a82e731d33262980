"""The digest of a workspace, and the copies that checks work on."""

from __future__ import annotations

import os
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyman.mission.values.errors import NotAllowed, NotFound, RecordBroken, Unavailable, WorldError
from journeyman.workspaces import digest as digests
from journeyman.workspaces.baseline import TouchedFile, files_of_commit, pin_files
from journeyman.workspaces.digest import FileEntry, WorkspaceFiles, glance_workspace, read_workspace
from journeyman.workspaces.path_patterns import PathPatterns
from journeyman.workspaces.pristine import copy_workspace


def git(folder: Path, *words: str) -> None:
    """Run git as a user does."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(params=["git", "plain"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A workspace with tests, a program and a build folder."""
    root = tmp_path / "work"
    (root / "tests").mkdir(parents=True)
    (root / "tests" / "test_it.py").write_text("assert 1 == 1\n")
    (root / "main.py").write_text("print(1)\n")
    (root / "run.sh").write_text("echo\n")
    (root / "run.sh").chmod(0o755)
    (root / "node_modules").mkdir()
    (root / "node_modules" / "dep.js").write_text("1")
    (root / "link").symlink_to("main.py")
    if request.param == "git":
        (root / ".gitignore").write_text("node_modules\n*.log\n")
        git(root, "init", "-q")
        git(root, "add", "-A")
        git(root, "commit", "-qm", "first")
    return root


def test_every_kind_of_change_gives_another_digest_and_undoing_it_the_old_one(root: Path) -> None:
    """Content, mode, link target, a new file, a file that went; ignored files do not count."""
    before = read_workspace(root).digest
    (root / "node_modules" / "more.js").write_text("2")
    assert read_workspace(root).digest == before
    seen = {before}
    (root / "main.py").write_text("print(2)\n")
    seen.add(read_workspace(root).digest)
    (root / "main.py").write_text("print(1)\n")
    (root / "run.sh").chmod(0o644)
    seen.add(read_workspace(root).digest)
    (root / "run.sh").chmod(0o755)
    (root / "link").unlink()
    (root / "link").symlink_to("run.sh")
    seen.add(read_workspace(root).digest)
    (root / "link").unlink()
    seen.add(read_workspace(root).digest)
    (root / "link").symlink_to("main.py")
    (root / "new").write_text("")
    seen.add(read_workspace(root).digest)
    (root / "new").unlink()
    assert len(seen) == 6
    assert read_workspace(root).digest == before


def test_folders_behind_links_are_not_of_the_workspace(root: Path, tmp_path: Path) -> None:
    """A tracked folder that became a link would otherwise show what lies elsewhere."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "test_it.py").write_text("pass\n")
    (root / "tests" / "test_it.py").unlink()
    (root / "tests").rmdir()
    (root / "tests").symlink_to(outside)
    entries = read_workspace(root).entries
    assert "tests/test_it.py" not in entries
    assert entries["tests"].mode == "120000"


def test_a_glance_sees_what_reading_sees_and_reads_only_what_changed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that have just changed are read once more: their times could be those of two contents."""
    monkeypatch.setattr(digests, "_SETTLED_NS", 0)
    cache = tmp_path / "cache"
    assert glance_workspace(root, cache) == read_workspace(root)
    read: list[str] = []
    whole = digests._sha256_of
    monkeypatch.setattr(digests, "_sha256_of", lambda path: read.append(path) or whole(path))
    assert glance_workspace(root, cache).digest == read_workspace(root).digest
    read.clear()
    glance_workspace(root, cache)
    assert read == []
    before = (root / "main.py").stat()
    (root / "main.py").write_text("print(3)\n")
    os.utime(root / "main.py", ns=(before.st_atime_ns, before.st_mtime_ns))  # the change time still tells
    glance_workspace(root, cache)
    assert [Path(path).name for path in read] == ["main.py"]
    cache.write_bytes(b"\xc1garbage")
    assert glance_workspace(root, cache) == read_workspace(root)


def test_a_file_that_cannot_be_read_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Left out, it would be checked by nobody."""

    def refused(path: str) -> str:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(digests, "_sha256_of", refused)
    with pytest.raises(Unavailable, match="Permission denied"):
        read_workspace(root)


def test_a_young_file_is_never_believed(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two changes within one tick of a file system's clock look like one."""
    monkeypatch.setattr(digests, "_SETTLED_NS", 10**15)
    cache = tmp_path / "cache"
    glance_workspace(root, cache)
    assert digests.load_stat_cache(cache) == {}


def test_ignored_files_count_where_they_are_named(root: Path) -> None:
    """Settings of hosts are often ignored by git, and protected all the same."""
    (root / "node_modules" / "secret.json").write_text("{}")
    assert "node_modules/secret.json" not in read_workspace(root).entries
    for pattern in ("node_modules/secret.json", "node_modules", "node_modules/**", "node_modules/*.json"):
        named = read_workspace(root, also=[pattern, "nothing"])
        assert "node_modules/secret.json" in named.entries, pattern
        assert "nothing" not in named.entries
    assert "node_modules/secret.json" not in read_workspace(root, also=["**/*.json"]).entries


def test_ignored_files_that_a_pattern_means_count(root: Path) -> None:
    """Whatever git leaves out: what is protected is judged, and changes the digest."""
    (root / ".gitignore").write_text("*.log\n/tests/data\n")
    (root / "tests" / "data").mkdir()
    (root / "tests" / "data" / "a.log").write_text("1")
    before = read_workspace(root, also=["tests/**"])
    assert "tests/data/a.log" in before.entries
    (root / "tests" / "data" / "a.log").write_text("2")
    assert read_workspace(root, also=["tests/**"]).digest != before.digest


@pytest.mark.parametrize("root", ["git"], indirect=True)
@pytest.mark.parametrize("how", ["info", "configured", "ignorecase", "itself"])
def test_only_files_of_the_workspace_leave_files_out(root: Path, tmp_path: Path, how: str) -> None:
    """A list of git's that is no file of the workspace would hide what nobody judged."""
    (root / ".gitignore").write_text("node_modules\nHIDDEN.py\n")
    before = read_workspace(root).digest
    if how == "itself":  # a list that leaves itself out, too
        (root / "more").mkdir()
        (root / "more" / ".gitignore").write_text("*\n")
        (root / "more" / "hidden.py").write_text("1")
        assert "more/.gitignore" in read_workspace(root).entries
        assert read_workspace(root).digest != before
        return
    (root / "hidden.py").write_text("1")
    if how == "info":
        (root / ".git" / "info" / "exclude").write_text("hidden.py\n")
    elif how == "configured":
        (tmp_path / "ignored").write_text("hidden.py\n")
        git(root, "config", "core.excludesFile", str(tmp_path / "ignored"))
    else:
        git(root, "config", "core.ignoreCase", "true")
    assert "hidden.py" in read_workspace(root).entries
    assert read_workspace(root).digest != before


@pytest.mark.parametrize("root", ["git"], indirect=True)
def test_a_folder_that_its_repository_leaves_out_is_read_all_the_same(root: Path) -> None:
    """Of it git says that there is nothing in it, and nothing would be checked."""
    inner = root / "node_modules" / "own"
    (inner / "tests").mkdir(parents=True)
    (inner / "tests" / "test_it.py").write_text("1")
    before = read_workspace(inner)
    assert [*before.entries] == ["tests/test_it.py"]
    (inner / "tests" / "test_it.py").write_text("2")
    assert read_workspace(inner).digest != before.digest


def test_a_nested_repository_counts_file_by_file(root: Path) -> None:
    """Git itself lists it as one folder."""
    inner = root / "vendor"
    inner.mkdir()
    git(inner, "init", "-q")
    (inner / "x.py").write_text("1")
    assert "vendor/x.py" in read_workspace(root).entries


def test_the_copy_has_the_files_the_pinned_tests_and_a_build_folder_nobody_writes_to(
    root: Path, tmp_path: Path
) -> None:
    """What an agent did to the tests is told, and does not count."""
    baseline = pin_files(root, read_workspace(root), ["tests/**"], tmp_path / "pinned")
    (root / "tests" / "test_it.py").write_text("pass\n")
    (root / "tests" / "conftest.py").write_text("raise SystemExit(0)\n")
    (root / "main.py").write_text("print(2)\n")
    copy = tmp_path / "copy"
    files = read_workspace(root)
    touched = copy_workspace(root, files, copy, baseline=baseline, mounts=["node_modules"], verified=True)
    assert touched == (TouchedFile("tests/conftest.py", "added"), TouchedFile("tests/test_it.py", "changed"))
    assert (copy / "tests" / "test_it.py").read_text() == "assert 1 == 1\n"
    assert not (copy / "tests" / "conftest.py").exists()
    assert (copy / "main.py").read_text() == "print(2)\n"
    assert (copy / "main.py").stat().st_ino != (root / "main.py").stat().st_ino
    assert not (copy / ".git").exists()
    assert (copy / "node_modules" / "dep.js").stat().st_mode & 0o222 == 0
    assert (root / "node_modules" / "dep.js").stat().st_mode & 0o222 != 0


def test_pinned_files_are_written_where_they_belong_and_never_through_a_link(root: Path, tmp_path: Path) -> None:
    """An agent turned the folder of the tests into a link to another one."""
    baseline = pin_files(root, read_workspace(root), ["tests/**"], tmp_path / "pinned")
    (root / "tests" / "test_it.py").unlink()
    (root / "tests").rmdir()
    (root / "other").mkdir()
    (root / "other" / "test_it.py").write_text("pass\n")
    (root / "tests").symlink_to("other")
    copy = tmp_path / "copy"
    touched = copy_workspace(root, read_workspace(root), copy, baseline=baseline)
    assert [one.how for one in touched] == ["removed"]
    assert not (copy / "tests").is_symlink()
    assert (copy / "tests" / "test_it.py").read_text() == "assert 1 == 1\n"
    assert (copy / "other" / "test_it.py").read_text() == "pass\n"


def test_a_pinned_content_that_was_changed_is_not_used(root: Path, tmp_path: Path) -> None:
    """Whoever can write there can deceive; a broken disk cannot."""
    baseline = pin_files(root, read_workspace(root), ["tests"], tmp_path / "pinned")
    for kept in (tmp_path / "pinned").iterdir():
        kept.write_text("pass\n")
    (root / "tests" / "test_it.py").unlink()
    with pytest.raises(RecordBroken, match="not what was pinned"):
        copy_workspace(root, read_workspace(root), tmp_path / "copy", baseline=baseline)


def test_a_commit_is_a_baseline_and_a_name_that_git_does_not_know_is_none(tmp_path: Path) -> None:
    """For verifiers: nothing of the checkout is believed."""
    root = tmp_path / "repo"
    (root / "tests").mkdir(parents=True)
    (root / "tests" / "a.py").write_text("1")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    (root / "tests" / "a.py").write_text("2")
    baseline = files_of_commit(root, "HEAD", ["tests"], tmp_path / "pinned")
    assert baseline.touched(read_workspace(root)) == (TouchedFile("tests/a.py", "changed"),)
    with pytest.raises(NotFound, match="no commit 'nothing'"):
        files_of_commit(root, "nothing", ["tests"], tmp_path / "pinned")


def test_a_copy_that_is_not_what_was_read_is_refused(root: Path, tmp_path: Path) -> None:
    """The digest must be of what was judged."""
    files = read_workspace(root)
    (root / "main.py").write_text("print(9)\n")
    with pytest.raises(WorldError, match=r"main\.py changed"):
        copy_workspace(root, files, tmp_path / "copy", verified=True)


def test_a_mount_stays_inside_and_hides_nothing(root: Path, tmp_path: Path) -> None:
    """It would bring in, or take out, what is judged."""
    with pytest.raises(NotAllowed, match="leads out"):
        copy_workspace(root, read_workspace(root), tmp_path / "a", mounts=[".."])
    with pytest.raises(NotAllowed, match="holds files that are checked"):
        copy_workspace(root, read_workspace(root), tmp_path / "b", mounts=["tests"])


def test_settings_of_a_repository_run_no_program(tmp_path: Path) -> None:
    """An agent that may write to the repository may write to its settings."""
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q")
    spy = tmp_path / "spy.sh"
    spy.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    spy.chmod(0o755)
    git(root, "config", "core.fsmonitor", str(spy))
    (root / "a").write_text("1")
    assert list(read_workspace(root).entries) == ["a"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("pattern", "path", "meant"),
    [
        ("tests", "tests/a.py", True),
        ("tests/", "tests/a/b.py", True),
        ("tests/**", "tests/a/b.py", True),
        ("tests/**", "tests", False),
        ("*.toml", "a.toml", True),
        ("*.toml", "x/a.toml", False),
        ("**/*.toml", "x/y/a.toml", True),
        ("**/*.toml", "a.toml", True),
        ("**/conftest.py", "tests/conftest.py", True),
        ("src/*/x", "src/a/b/x", False),
        ("src/**/x", "src/a/b/x", True),
        ("src/**/x", "src/x", True),
        ("**", "anything/at/all", True),
        (".", "anything", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("test", "tests", False),
        ("a.b", "axb", False),
    ],
)
def test_patterns_mean_what_their_readers_expect(pattern: str, path: str, meant: bool) -> None:  # noqa: FBT001
    """As in other tools."""
    assert (path in PathPatterns([pattern])) is meant


def _slow(parts: list[str], names: list[str]) -> bool:
    """Whether a pattern fits the beginning of a path, part by part."""
    if not parts:
        return True  # what is in a folder that fits is meant, too
    if parts[0] == "**":
        if len(parts) == 1:
            return bool(names)
        return _slow(parts[1:], names) or (bool(names) and _slow(parts, names[1:]))
    return bool(names) and fnmatchcase(names[0], parts[0]) and _slow(parts[1:], names[1:])


NAMES = st.text(alphabet="ab.", min_size=1, max_size=3).filter(lambda name: name != ".")
PARTS = st.one_of(NAMES, st.sampled_from(["**", "*", "a*", "?", "*.b"]))


@given(st.lists(PARTS, min_size=1, max_size=4), st.lists(NAMES, min_size=1, max_size=5))
def test_patterns_agree_with_a_slow_reference(parts: list[str], names: list[str]) -> None:
    """Any pattern, any path."""
    assert ("/".join(names) in PathPatterns(["/".join(parts)])) is _slow(parts, names)


@given(st.lists(PARTS, min_size=1, max_size=4), st.lists(NAMES, min_size=1, max_size=5))
def test_a_walk_by_patterns_passes_by_no_file_that_is_meant(parts: list[str], names: list[str]) -> None:
    """Folder by folder it goes where the pattern's files are."""
    patterns, pattern = PathPatterns(["/".join(parts)]), parts
    reach = patterns.top
    for at, name in enumerate(names[:-1]):
        reach = patterns.into(reach, name, ())
        below = any(_slow(pattern, [*names[: at + 1], *rest]) for rest in (names[at + 1 :], ["x"], ["a", "b"]))
        assert reach or not below


def test_a_walk_enters_what_is_never_written_by_hand_only_where_a_pattern_names_it() -> None:
    """A virtual environment has tests of its own."""
    for pattern, entered in (("**/conftest.py", False), ("*", False), (".venv/bin", True), ("**/.venv/x", True)):
        patterns = PathPatterns([pattern])
        assert bool(patterns.into(patterns.top, ".venv", {".venv"})) is entered, pattern
    inside = PathPatterns(["tests"])
    assert not inside.into(inside.into(inside.top, "tests", ()), "__pycache__", {"__pycache__"})


def test_the_digest_of_some_files_changes_with_them_alone() -> None:
    """A check that says what it looks at is not run again for other files."""
    one = WorkspaceFiles({"a": FileEntry("100644", "0"), "b": FileEntry("100644", "1")})
    other = WorkspaceFiles({"a": FileEntry("100644", "0"), "b": FileEntry("100644", "2")})
    assert one.digest_of(["a"]) == other.digest_of(["a"])
    assert one.digest_of(["b"]) != other.digest_of(["b"])
    assert one.digest_of([]) == one.digest
