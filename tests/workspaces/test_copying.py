"""Pristine copies: nothing leads out, nothing is shared, nothing hangs, and a change is noticed."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyman.mission.values.errors import NotAllowed, NotFound, Unavailable, WorldError
from journeyman.workspaces import copying
from journeyman.workspaces.copying import CopyCaps, pristine_copy

Node: TypeAlias = "bytes | str | dict[str, Node]"
"""A file's content, a link's target, or a folder."""

NAMES = st.sampled_from(["a", "b", "c.txt", "ü", "-x"])
TARGETS = st.sampled_from(
    [
        "a",
        "b/a",
        "..",
        "../a",
        "../../a",
        ".",
        "missing",
        "/",
        "/etc/passwd",
        "SELF",
        "SELF/a",
        "../source/a",
        "OUT",
        "OUT/a",
    ]
)
TREES: st.SearchStrategy[Node] = st.recursive(
    st.binary(max_size=5) | TARGETS, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)


def made(place: Path, tree: Node, root: Path) -> None:
    """Write a tree."""
    if isinstance(tree, bytes):
        place.write_bytes(tree)
        place.chmod(0o600 + len(tree) * 0o11)
    elif isinstance(tree, str):
        place.symlink_to(tree.replace("SELF", str(root)).replace("OUT", str(root.parent)))
    else:
        place.mkdir()
        for name, inner in tree.items():
            made(place / name, inner, root)


def everything(root: Path) -> Iterator[Path]:
    """All below a folder, following nothing."""
    for entry in os.scandir(root):
        yield Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from everything(Path(entry.path))


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(NAMES, TREES, max_size=4))
def test_a_copy_holds_what_the_source_holds_and_nothing_leads_out_of_it(tree: dict[str, Node]) -> None:
    """Any tree, with links in every direction."""
    with tempfile.TemporaryDirectory() as name:
        source, copy = Path(name) / "source", Path(name) / "away" / "copy"
        copy.parent.mkdir()
        made(source, tree, source)
        told = pristine_copy(source, copy)
        root = Path(os.path.realpath(copy))
        kept = {path.relative_to(copy): path for path in everything(copy)}
        for path in kept.values():
            assert Path(os.path.realpath(path)).is_relative_to(root), path
        for path in everything(source):
            relative = path.relative_to(source)
            if str(relative) in told.left_out:
                assert path.is_symlink()
                assert relative not in kept
                continue
            twin = kept.pop(relative)
            assert stat.S_IFMT(os.lstat(twin).st_mode) == stat.S_IFMT(os.lstat(path).st_mode)
            if path.is_symlink():
                inside = Path(os.path.realpath(path)).relative_to(os.path.realpath(source))
                assert Path(os.path.realpath(twin)) == root / inside
            elif path.is_file():
                assert twin.read_bytes() == path.read_bytes()
                assert twin.stat().st_mode == path.stat().st_mode
                assert not path.samefile(twin)
        assert kept == {}
        assert told.files == sum(path.is_file() and not path.is_symlink() for path in everything(source))


def test_pipes_sockets_and_devices_are_left_out_and_named(tmp_path: Path) -> None:
    """Opening them would hang, or do things."""
    source = tmp_path / "source"
    source.mkdir()
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(source / "s"))
        (source / "file").write_text("x")
        told = pristine_copy(source, tmp_path / "copy")
    assert told.left_out == ("pipe", "s")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["file"]


def test_a_file_with_two_names_becomes_two_files(tmp_path: Path) -> None:
    """Nothing of the copy is shared, also not within it."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "one").write_text("x")
    (source / "two").hardlink_to(source / "one")
    assert pristine_copy(source, tmp_path / "copy").files == 2
    assert [path.stat().st_nlink for path in (tmp_path / "copy").iterdir()] == [1, 1]


def test_modes_are_kept_but_not_those_that_give_rights(tmp_path: Path) -> None:
    """Also of folders that nobody may write to."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "run").write_text("x")
    (source / "run").chmod(0o6755)
    (source / "closed").mkdir()
    (source / "closed" / "in").write_text("y")
    (source / "closed").chmod(0o555)
    pristine_copy(source, tmp_path / "copy")
    assert stat.S_IMODE((tmp_path / "copy" / "run").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "copy" / "closed").stat().st_mode) == 0o555
    assert (tmp_path / "copy" / "closed" / "in").read_text() == "y"


@pytest.mark.parametrize(
    ("caps", "said"),
    [
        (CopyCaps(total_bytes=5), "more than 5 bytes, at "),
        (CopyCaps(entries=2), "more than 2 files and folders"),
        (CopyCaps(depth=0), "more than 0 folders within folders, at d"),
    ],
)
def test_more_than_the_caps_is_refused_and_nothing_is_left(tmp_path: Path, caps: CopyCaps, said: str) -> None:
    """The error says which cap, and what to do."""
    source = tmp_path / "source"
    (source / "d").mkdir(parents=True)
    for name in ("a", "b", "d/c"):
        (source / name).write_text("123")
    with pytest.raises(NotAllowed, match=said) as caught:
        pristine_copy(source, tmp_path / "copy", caps=caps)
    assert caught.value.code == "copy_too_large"
    assert not (tmp_path / "copy").exists()


def test_a_source_that_is_none_is_refused(tmp_path: Path) -> None:
    """Missing, a link, a pipe, around the destination, or unreadable."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    copy = tmp_path / "copy"
    with pytest.raises(NotFound):
        pristine_copy(tmp_path / "missing", copy)
    for name, kind in (("link", "a link"), ("pipe", "a pipe")):
        with pytest.raises(NotAllowed, match=f"is {kind}; name a file or folder"):
            pristine_copy(tmp_path / name, copy)
    with pytest.raises(NotAllowed, match="lies inside"):
        pristine_copy(tmp_path, copy)
    with pytest.raises(Unavailable, match="was stopped"):
        pristine_copy(tmp_path / "file", copy, stopped=lambda: True)
    with pytest.raises(Unavailable, match="cannot be copied"):
        pristine_copy(tmp_path / "file", tmp_path / "no" / "copy")


@pytest.mark.parametrize("change", ["grow", "same size", "touch", "add", "remove", "swap"])
def test_a_source_that_changes_meanwhile_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Also a change to what was copied already."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("a", "b", "c"):
        (source / name).write_text("1234")
    taken = copying._Copy._file

    def changing(self: copying._Copy, folder: int, name: str, relative: str, destination: Path) -> None:
        if name == "b":
            match change:
                case "grow":
                    (source / "a").write_text("12345")
                case "same size":
                    (source / "a").write_text("4321")
                case "touch":
                    os.utime(source / "a", ns=(1, 1))
                case "add":
                    (source / "d").write_text("")
                case "remove":
                    (source / "c").unlink()
                case _:
                    (source / "b").unlink()
                    (source / "b").symlink_to("/etc/passwd")
        taken(self, folder, name, relative, destination)

    monkeypatch.setattr(copying._Copy, "_file", changing)
    with pytest.raises(WorldError, match="changed while") as caught:
        pristine_copy(source, tmp_path / "copy")
    assert caught.value.code == "source_changed"
    assert not (tmp_path / "copy").exists()


def test_where_blocks_can_be_shared_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file system is asked first; one that says no is not asked for each file."""
    asked: list[int] = []

    def no(written: int, request: int, opened: int) -> None:
        asked.append(request)
        os.write(written, b"")
        raise OSError(95, "not supported", opened)

    source = tmp_path / "source"
    source.mkdir()
    for name in ("a", "b"):
        (source / name).write_text(name)
    monkeypatch.setattr(copying.fcntl, "ioctl", no)
    pristine_copy(source, tmp_path / "copy")
    assert asked == [copying.FICLONE]

    def clone(written: int, request: int, opened: int) -> None:
        asked.append(request)
        os.write(written, os.read(opened, 100))

    monkeypatch.setattr(copying.fcntl, "ioctl", clone)
    pristine_copy(source, tmp_path / "clone")
    assert asked == [copying.FICLONE] * 3
    assert (tmp_path / "clone" / "b").read_text() == "b"


def test_a_folder_that_is_kept_apart_is_not_copied_and_may_change(tmp_path: Path) -> None:
    """Our own records, where somebody keeps them among the files that are checked."""
    source = tmp_path / "work"
    (source / "data").mkdir(parents=True)
    (source / "a").write_text("1")
    (source / "data" / "journal").write_text("1")
    (tmp_path / "link").symlink_to(source / "data")
    changes = iter(range(10**6))

    def stopped() -> bool:
        (source / "data" / "journal").write_text(str(next(changes)))
        return False

    copied = pristine_copy(source, tmp_path / "copy", apart=tmp_path / "link", stopped=stopped)
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == ["a"]
    assert copied.left_out == ("data",)
