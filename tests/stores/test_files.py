"""The portable directory: readable by anybody, whole or not there, and checked before anything is kept."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from journeyman.mission.chain import Entry, Head, head_of
from journeyman.mission.values.canonical import JsonObject, canonical, digest, parsed
from journeyman.mission.values.errors import (
    InvalidInput,
    JourneymanError,
    NotAllowed,
    NotFound,
    RecordBroken,
    Unavailable,
)
from journeyman.stores import files
from journeyman.stores.files import export_record, import_record, read_export
from journeyman.stores.memory import MemoryStore
from tests.stores.records import summarize, whole

pytestmark = pytest.mark.anyio

BLOB = b"a larger value " * 400
MADE = whole(blobs=(BLOB, b""))
END = head_of(MADE.entries[-1])
REPORT: JsonObject = {"outcome": "achieved", "text": "\u00fc"}


async def _export(directory: Path, report: JsonObject = REPORT) -> Head:
    store = MemoryStore()
    await store.append(MADE)
    return await export_record(directory, store=store, session_id="s1", head=END, report=report)


def _files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def _modes(directory: Path) -> dict[str, set[int]]:
    modes: dict[str, set[int]] = {"files": set(), "directories": set()}
    for path in (directory, *directory.rglob("*")):
        modes["directories" if path.is_dir() else "files"].add(stat.S_IMODE(path.stat().st_mode))
    return modes


def _names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture
async def exported(tmp_path: Path) -> Path:
    """The directory of an exported record."""
    await _export(tmp_path / "out")
    return tmp_path / "out"


async def test_a_record_comes_back_as_it_was(exported: Path) -> None:
    """Byte for byte, with blobs and report."""
    found = await read_export(exported)
    assert (found.entries, found.blobs, found.report) == (MADE.entries, MADE.blobs, REPORT)
    assert (found.tenant, found.session_id, found.head) == ("default", "s1", head_of(MADE.entries[-1]))


async def test_anybody_can_check_a_line(exported: Path) -> None:
    """With any JSON reader and RFC 8785, as the format promises."""
    lines = _files(exported)["record.jsonl"].splitlines()
    for line, entry in zip(lines, MADE.entries, strict=True):
        event = parsed(line)
        assert isinstance(event, dict)
        assert set(event) == {"seq", "at", "actor", "kind", "data", "v", "prev_hash", "hash"}
        assert event.pop("hash") == entry.hash.hex()
        previous = event.pop("prev_hash")
        assert isinstance(previous, str)
        assert digest(bytes.fromhex(previous) + canonical(event)) == entry.hash.hex()
    assert gzip.decompress(_files(exported)[digest(BLOB)]) == BLOB


async def test_only_the_owner_may_read_an_export(exported: Path) -> None:
    """Records hold what tools returned."""
    assert _modes(exported) == {"files": {0o600}, "directories": {0o700}}


async def test_an_older_export_is_replaced_whole(exported: Path) -> None:
    """And nothing else is left beside it."""
    await _export(exported, {"outcome": "unknown"})
    assert (await read_export(exported)).report == {"outcome": "unknown"}
    assert _names(exported.parent) == ["out"]


@pytest.mark.parametrize("kind", ["file", "other", "link"])
async def test_what_is_no_export_is_not_replaced(tmp_path: Path, kind: str) -> None:
    """A wrong argument must not cost anybody a directory."""
    place = tmp_path / "mine"
    (tmp_path / "real").mkdir()
    if kind == "file":
        place.write_text("x")
    elif kind == "other":
        place.mkdir()
        (place / "thesis.tex").write_text("x")
    else:
        place.symlink_to(tmp_path / "real")
    with pytest.raises(NotAllowed, match="no export"):
        await _export(place)
    assert _names(tmp_path) == ["mine", "real"]


@pytest.mark.parametrize("fails_at", range(1, 8))
async def test_a_failed_export_leaves_nothing_behind(
    exported: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    """Wherever the disk fills up, the older export stays as it was."""
    before = _files(exported)
    calls, real = 0, os.fsync

    def fsync(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(Unavailable, match="No space left"):
        await _export(exported, {"outcome": "unknown"})
    assert _names(exported.parent) == ["out"]
    assert _files(exported) == before


async def test_only_whole_records_are_exported(tmp_path: Path) -> None:
    """Of one with a gap, a foreign name, another end or without a blob, nothing stays behind."""
    for entries, blobs, session_id, head in (
        (MADE.entries[1:], MADE.blobs, "s1", END),
        (MADE.entries[:-1], MADE.blobs, "s1", END),
        (MADE.entries, MADE.blobs, "s1", Head(END.seq, b"0" * 32)),
        (MADE.entries, MADE.blobs, "s2", END),
        (MADE.entries, MADE.blobs, "../s1", END),
        (MADE.entries, {}, "s1", END),
        (MADE.entries, {**MADE.blobs, digest(BLOB): b"other"}, "s1", END),
    ):
        store = _holding(entries, blobs)
        with pytest.raises((RecordBroken, InvalidInput, NotFound)):
            await export_record(tmp_path / "out", store=store, session_id=session_id, head=head, report={})
    assert _names(tmp_path) == []


async def test_no_more_blobs_are_held_than_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is written before the next is read where none fits beside another; what is there already is left."""
    monkeypatch.setattr(files, "_HELD_BYTES", 1)
    monkeypatch.setattr(files, "_PAGE", 1)
    await _export(tmp_path / "out")
    assert (await read_export(tmp_path / "out")).blobs == MADE.blobs


async def test_a_record_is_exported_up_to_its_head_in_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was appended since belongs to another export, and no more than a page is held."""
    monkeypatch.setattr(files, "_PAGE", 2)
    store = MemoryStore()
    await store.append(MADE)
    for count in range(1, 7):
        head = head_of(MADE.entries[count - 1])
        await export_record(tmp_path / "out", store=store, session_id="s1", head=head, report={})
        found = await read_export(tmp_path / "out")
        assert (found.entries, found.head) == (MADE.entries[:count], head)
        assert found.blobs == (MADE.blobs if count > 2 else {})


def _holding(entries: Sequence[Entry], blobs: Mapping[str, bytes]) -> MemoryStore:
    """A store that somebody has been at."""
    store = MemoryStore()
    vars(store)["_entries"]["s1"] = list(entries)
    vars(store)["_blobs"].update(blobs)
    return store


async def test_an_import_is_the_same_record_again(exported: Path) -> None:
    """And importing it twice changes nothing."""
    store = MemoryStore()
    for _ in range(2):
        assert await import_record(exported, store, summarize) == head_of(MADE.entries[-1])
        assert await store.read("s1") == MADE.entries
    assert await store.blob(digest(BLOB)) == BLOB
    assert [row.seq for row in await store.sessions()] == [6]


async def test_an_import_never_mixes_two_records(exported: Path) -> None:
    """The session went on, or another one has its name."""
    for count in (3, 7):
        store = MemoryStore()
        await store.append(whole(count=count, blobs=(BLOB, b"")))
        with pytest.raises(NotAllowed, match="exists with another record"):
            await import_record(exported, store, summarize)
        assert len(await store.read("s1")) == count


async def test_an_import_stays_with_its_tenant(exported: Path) -> None:
    """Nothing crosses that wall."""
    with pytest.raises(NotAllowed, match="tenant 'default'"):
        await import_record(exported, MemoryStore("other"), summarize)


def _edit(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda place: (place / name).write_bytes(change((place / name).read_bytes()))


def _manifest(**fields: object) -> Callable[[Path], object]:
    return _edit("manifest.json", lambda raw: json.dumps({**json.loads(raw), **fields}).encode())


def _as_directory(place: Path) -> None:
    (place / "record.jsonl").unlink()
    (place / "record.jsonl").mkdir()


BLOB_FILE = f"blobs/{digest(BLOB)}"
MALFORMED: dict[str, Callable[[Path], object]] = {
    "nothing": shutil.rmtree,
    "no manifest": lambda place: (place / "manifest.json").unlink(),
    "no record": lambda place: (place / "record.jsonl").unlink(),
    "no report": lambda place: (place / "report.json").unlink(),
    "no blobs": lambda place: shutil.rmtree(place / "blobs"),
    "record is a directory": _as_directory,
    "manifest is text": _edit("manifest.json", lambda _: b"hello"),
    "manifest is a list": _edit("manifest.json", lambda _: b"[]"),
    "manifest is bytes": _edit("manifest.json", lambda _: b"\xff\xfe\x00"),
    "manifest is deep": _edit("manifest.json", lambda _: b"[" * 100_000),
    "manifest is empty": _edit("manifest.json", lambda _: b""),
    "manifest has NaN": _edit("manifest.json", lambda _: b'{"format": NaN}'),
    "other format": _manifest(format="zip"),
    "newer version": _manifest(version=2),
    "no tenant": _manifest(tenant=None),
    "tenant is a path": _manifest(tenant="../x"),
    "session is a path": _manifest(session_id="../../etc/passwd"),
    "session is a number": _manifest(session_id=7),
    "other session": _manifest(session_id="s2"),
    "other tenant": _manifest(tenant="other"),
    "head is text": _manifest(head="x"),
    "head without hash": _manifest(head={"seq": 6}),
    "head with a short hash": _manifest(head={"seq": 6, "hash": "00"}),
    "head with odd digits": _manifest(head={"seq": 6, "hash": " " * 64}),
    "head is negative": _manifest(head={"seq": -1, "hash": "0" * 64}),
    "head is true": _manifest(head={"seq": True, "hash": "0" * 64}),
    "other head": _manifest(head={"seq": 6, "hash": "0" * 64}),
    "report is a list": _edit("report.json", lambda _: b"[]"),
    "report has infinity": _edit("report.json", lambda _: b'{"a": Infinity}'),
    "record is empty": _edit("record.jsonl", lambda _: b""),
    "record is noise": _edit("record.jsonl", lambda raw: bytes(255 - byte for byte in raw)),
    "record is cut": _edit("record.jsonl", lambda raw: raw[:-1]),
    "record lost a line": _edit("record.jsonl", lambda raw: b"".join(raw.splitlines(keepends=True)[:-1])),
    "empty line": _edit("record.jsonl", lambda raw: b"\n" + raw),
    "windows line ends": _edit("record.jsonl", lambda raw: raw.replace(b"\n", b"\r\n")),
    "upper-case hash": _edit("record.jsonl", lambda raw: raw.replace(b'"hash":"', b'"hash":"A')),
    "changed event": _edit("record.jsonl", lambda raw: raw.replace(b"Noted", b"Notes", 1)),
    "changed prev_hash": _edit(
        "record.jsonl",
        lambda raw: raw.replace(b'"prev_hash":"' + MADE.head.hash.hex().encode(), b'"prev_hash":"' + b"0" * 64),
    ),
    "changed blob": _edit(BLOB_FILE, lambda _: gzip.compress(b"other")),
    "longer blob": _edit(BLOB_FILE, lambda _: gzip.compress(BLOB + b"x")),
    "a bomb": _edit(BLOB_FILE, lambda _: gzip.compress(b"\0" * 10_000_000)),
    "blob is no gzip": _edit(BLOB_FILE, lambda _: BLOB),
    "cut blob": _edit(BLOB_FILE, lambda raw: raw[: len(raw) // 2]),
}


@pytest.mark.parametrize("damage", MALFORMED.values(), ids=MALFORMED)
async def test_malformed_exports_are_refused_with_nothing_kept(
    exported: Path, damage: Callable[[Path], object]
) -> None:
    """One clear text that says where, and no traceback of another kind."""
    damage(exported)
    store = MemoryStore()
    with pytest.raises((InvalidInput, RecordBroken)) as caught:
        await import_record(exported, store, summarize)
    assert isinstance(caught.value, JourneymanError)
    assert len(str(caught.value)) < 500
    assert await store.sessions() == []


async def test_a_reference_cannot_lead_out_of_the_directory(tmp_path: Path) -> None:
    """A sealed event may hold any text as a digest."""
    evil = whole(count=1)
    body = evil.entries[0].body.replace(b'"blobs":[]', b'"blobs":[{"$blob":"../../secret","bytes":1}]')
    hashed = bytes.fromhex(digest(evil.head.hash + body))
    entry = Entry(evil.entries[0].seq, hashed, body)
    store = _holding([entry], {"../../secret": b"x"})
    with pytest.raises(InvalidInput, match="64 lower-case hex"):
        await export_record(tmp_path / "out", store=store, session_id="s1", head=head_of(entry), report={})
    assert _names(tmp_path) == []
    place = tmp_path
    tail = b',"prev_hash":"%s","hash":"%s"}\n' % (evil.head.hash.hex().encode(), hashed.hex().encode())
    (place / "record.jsonl").write_bytes(body[:-1] + tail)
    (place / "report.json").write_text("{}")
    head = {"seq": 1, "hash": hashed.hex()}
    manifest = {"format": "journeyman-record", "version": 1, "tenant": "default", "session_id": "s1", "head": head}
    (place / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InvalidInput, match="64 lower-case hex"):
        await read_export(place)
