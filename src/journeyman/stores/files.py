"""The portable form of a record: a directory that anybody can read, check and bring into another store.

`record.jsonl` has one event per line in RFC 8785 form with `prev_hash` and `hash` (hex) set behind: cut these two off
again and the rest is, byte for byte, what the chain covers. `blobs/<sha256>` holds each referenced blob, gzipped.
`report.json` is the report at the time of the export, `manifest.json` names tenant, session and head.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import tempfile
import zlib
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, cast

import anyio.to_thread

from journeyman.mission.chain import Entry, Head, check_chain, genesis, open_entry
from journeyman.mission.values.canonical import Json, JsonObject, canonical, digest
from journeyman.mission.values.errors import InvalidInput, NotAllowed, Problem, RecordBroken, Unavailable
from journeyman.stores.base import Batch, Store, Summary
from journeyman.stores.validation import check_session_id, check_tenant
from journeyman.stores.verify import BlobReference, references

FORMAT: Final = "journeyman-record"
VERSION: Final = 1
_RECORD: Final = "record.jsonl"
_BLOBS: Final = "blobs"
_REPORT: Final = "report.json"
_MANIFEST: Final = "manifest.json"
_NAMES: Final = frozenset({_RECORD, _BLOBS, _REPORT, _MANIFEST})
_GZIP: Final = 31
"""zlib's window bits for the gzip format; its header then carries no time, so equal bytes give equal files."""
_LINE_END: Final = b',"prev_hash":"%s","hash":"%s"}'
_TAIL_BYTES: Final = len(_LINE_END % (b"0" * 64, b"0" * 64))
_HASH_HEX: Final = 64
_PAGE: Final = 1_000
"""Events written at a time: long records are exported in flat memory."""
_HELD_BYTES: Final = 1_000_000
"""Bytes of blobs written at a time, besides the last one of them."""
_PREVIOUS: Final = slice(len(',"prev_hash":"'), len(',"prev_hash":"') + _HASH_HEX)
_HASHED: Final = slice(-len('"}') - _HASH_HEX, -len('"}'))


@dataclass(frozen=True, slots=True, kw_only=True)
class PortableRecord:
    """A portable record that was read and checked."""

    tenant: str
    session_id: str
    head: Head
    entries: tuple[Entry, ...]
    blobs: Mapping[str, bytes]
    """Digest to plain bytes of every blob that the events refer to."""
    report: JsonObject


async def export_record(directory: Path, *, store: Store, session_id: str, head: Head, report: JsonObject) -> Head:
    """Write the record up to `head` to `directory` (0700, files 0600) and give its head; the record is never held whole.

    The directory appears whole or not at all; an older export at the same place is replaced.

    Raises:
        InvalidInput: A name is not allowed.
        NotFound: The store lacks a blob that an event refers to.
        RecordBroken: The store does not hold the whole chain of this session up to `head`, or a blob has other bytes.
        NotAllowed: Something that is no export stands at `directory`.
        Unavailable: The files cannot be written; nothing is left behind.
    """
    start = genesis(check_tenant(store.tenant), check_session_id(session_id))
    manifest: JsonObject = {
        "format": FORMAT,
        "version": VERSION,
        "tenant": store.tenant,
        "session_id": session_id,
        "head": {"seq": head.seq, "hash": head.hash.hex()},
    }
    async with _replacing(directory) as draft:
        at = start
        while page := await store.read(session_id, at.seq, _PAGE, before_seq=head.seq + 1):
            end = check_chain(at, page)
            await anyio.to_thread.run_sync(_append, draft / _RECORD, list(_lines(at, page)))
            await _write_blobs(store, draft / _BLOBS, _named(page))
            at = end
        check_chain(at, (), head)
        await anyio.to_thread.run_sync(_finish, draft, report, manifest)
    return head


async def read_export(directory: Path) -> PortableRecord:
    """The record in `directory`, with its whole chain and every blob checked.

    Raises:
        InvalidInput: A file is missing, has another form, or names what is not allowed.
        RecordBroken: The chain, its end or a blob is not what was written.
    """
    return await anyio.to_thread.run_sync(_read_export, directory)


async def import_record(directory: Path, store: Store, summarize: Callable[[Sequence[Entry]], Summary]) -> Head:
    """Bring the record in `directory` into `store` and give its head; a record that is there already stays as it is.

    Args:
        directory: What `export_record` wrote.
        store: Must be of the same tenant: nothing crosses that wall.
        summarize: Gives the row for lists from the checked entries.

    Raises:
        InvalidInput: See `read_export`.
        RecordBroken: See `read_export`.
        NotAllowed: The export is of another tenant, or the session exists with another record.
        Unavailable: The store cannot be written.
    """
    found = await read_export(directory)
    if found.tenant != store.tenant:
        raise NotAllowed(f"{directory} is a record of tenant {found.tenant!r}; open that tenant's store to import it")
    start = genesis(found.tenant, found.session_id)
    present = await store.read(found.session_id)
    if present:
        end = check_chain(start, present)
        if end != found.head:
            raise NotAllowed(
                f"session {found.session_id} exists with another record (it ends at event {end.seq}, the export at "
                f"{found.head.seq}); import into an empty data directory"
            )
        return end
    summary = summarize(found.entries)
    batch = Batch(
        session_id=found.session_id, head=start, entries=found.entries, summary=summary, blobs=dict(found.blobs)
    )
    return await store.append(batch)


async def _write_blobs(store: Store, folder: Path, names: Sequence[str]) -> None:
    """Write those blobs that are not there yet, as many at a time as fit into the bytes that may be held."""
    waiting: list[tuple[Path, bytes]] = []
    held = 0
    for name in names:
        place = folder / name
        if place.exists():
            continue
        data = await store.blob(name)
        if digest(data) != name:
            raise RecordBroken(f"the store gave other bytes for blob {name}; `journeyman verify` names its event")
        waiting.append((place, data))
        held += len(data)
        if held > _HELD_BYTES:
            await anyio.to_thread.run_sync(_pack, tuple(waiting))
            waiting, held = [], 0
    await anyio.to_thread.run_sync(_pack, tuple(waiting))


def _pack(blobs: Sequence[tuple[Path, bytes]]) -> None:
    for place, data in blobs:
        _write(place, zlib.compress(data, wbits=_GZIP))


def _named(entries: Sequence[Entry]) -> list[str]:
    """Name the blobs that some events refer to, each name checked: it becomes that of a file."""
    found = {reference.digest: reference.seq for entry in entries for reference in references(entry)}
    for name, seq in found.items():
        _hash(f"event {seq}", name.encode())
    return sorted(found)


def _lines(start: Head, entries: Sequence[Entry]) -> Iterator[bytes]:
    previous = start.hash
    for entry in entries:
        yield entry.body[:-1] + _LINE_END % (previous.hex().encode(), entry.hash.hex().encode()) + b"\n"
        previous = entry.hash


@contextlib.asynccontextmanager
async def _replacing(directory: Path) -> AsyncGenerator[Path]:
    """A directory beside `directory` that takes its place at the end, or is removed after a failure."""
    draft: Path | None = None
    try:
        draft = await anyio.to_thread.run_sync(_begun, directory)
        yield draft
        await anyio.to_thread.run_sync(_put, draft, directory)
    except (FileExistsError, NotADirectoryError):
        raise NotAllowed(f"cannot write {directory}: a file stands in its place or above it; choose another") from None
    except OSError as error:
        raise Unavailable(f"cannot write {directory}: {error.strerror}; check its owner and free space") from None
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


def _begun(directory: Path) -> Path:
    parent = directory.absolute().parent
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _refuse_foreign(directory)
    draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=parent))
    (draft / _BLOBS).mkdir(mode=0o700)
    return draft


def _put(draft: Path, directory: Path) -> None:
    """Put the draft in its place; what stood there is removed, or stays where that fails."""
    old: Path | None = None
    if directory.exists():
        old = draft.with_name(f"{draft.name}.old")
        directory.rename(old)
    try:
        draft.rename(directory)
    except OSError:
        if old is not None:
            old.rename(directory)
        raise
    sync_folder(directory.absolute().parent)
    if old is not None:
        shutil.rmtree(old)


def _finish(draft: Path, report: JsonObject, manifest: JsonObject) -> None:
    _append(draft / _RECORD, (), synced=True)
    _write(draft / _REPORT, canonical(report) + b"\n")
    _write(draft / _MANIFEST, canonical(manifest) + b"\n")
    sync_folder(draft / _BLOBS)
    sync_folder(draft)


def _refuse_foreign(directory: Path) -> None:
    if not directory.exists() and not directory.is_symlink():
        return
    if directory.is_symlink() or not directory.is_dir() or {file.name for file in directory.iterdir()} - _NAMES:
        raise NotAllowed(f"{directory} exists and is no export of a record; choose another place")


def _write(path: Path, data: bytes) -> None:
    _append(path, (data,), synced=True)


def _append(path: Path, parts: Sequence[bytes], *, synced: bool = False) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        file.writelines(parts)
        if synced:
            file.flush()
            os.fsync(file.fileno())


def sync_folder(directory: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read_export(directory: Path) -> PortableRecord:
    tenant, session_id, head = _manifest(directory)
    start = genesis(tenant, session_id)
    entries: list[Entry] = []
    check_chain(start, _linked(start, _numbered(directory), entries), head)
    wanted: dict[str, BlobReference] = {}
    for entry in entries:
        open_entry(entry)
        for reference in references(entry):
            wanted.setdefault(reference.digest, reference)
    return PortableRecord(
        tenant=tenant,
        session_id=session_id,
        head=head,
        entries=tuple(entries),
        blobs={name: _blob(directory, reference) for name, reference in wanted.items()},
        report=_object(directory, _REPORT),
    )


def _manifest(directory: Path) -> tuple[str, str, Head]:
    manifest = _object(directory, _MANIFEST)
    if (manifest.get("format"), manifest.get("version")) != (FORMAT, VERSION):
        said = f"format {manifest.get('format')!r}, version {manifest.get('version')!r}"
        _refuse(_MANIFEST, f"has {said}; this Journeyman reads {FORMAT!r}, version {VERSION}")
    tenant, session_id, head = manifest.get("tenant"), manifest.get("session_id"), manifest.get("head")
    if not isinstance(tenant, str) or not isinstance(session_id, str) or not isinstance(head, dict):
        _refuse(_MANIFEST, "lacks the text `tenant`, the text `session_id` or the object `head`")
    seq, hashed = head.get("seq"), head.get("hash")
    if type(seq) is not int or seq < 0 or not isinstance(hashed, str):
        _refuse(_MANIFEST, "has a `head` without a number `seq` and a text `hash`")
    return check_tenant(tenant), check_session_id(session_id), Head(seq, _hash(_MANIFEST, hashed.encode()))


def _numbered(directory: Path) -> Iterator[tuple[int, bytes]]:
    *lines, rest = _bytes(directory, _RECORD).split(b"\n")
    yield from enumerate(lines, start=1)
    if rest:
        raise RecordBroken(f"event {len(lines) + 1} is cut off: {_RECORD} ends in the middle of its line")


def _linked(start: Head, lines: Iterator[tuple[int, bytes]], entries: list[Entry]) -> Iterator[Entry]:
    before = start.hash
    for number, line in lines:
        where = f"{_RECORD} line {number}"
        body, tail = line[:-_TAIL_BYTES] + b"}", line[-_TAIL_BYTES:]
        previous, hashed = tail[_PREVIOUS], tail[_HASHED]
        if tail != _LINE_END % (previous, hashed):
            _refuse(where, "does not end in `prev_hash` and `hash`")
        if _hash(where, previous) != before:
            raise RecordBroken(f"event {number} does not follow the one before it: its prev_hash is another")
        entry = Entry(number, _hash(where, hashed), body)
        before = entry.hash
        entries.append(entry)
        yield entry


def _hash(where: str, text: bytes) -> bytes:
    try:
        raw = bytes.fromhex(text.decode("ascii"))
    except ValueError:
        raw = b""
    if len(raw) * 2 != _HASH_HEX or raw.hex().encode() != text:
        _refuse(where, f"has the hash {text[:80]!r}, which is not 64 lower-case hex digits")
    return raw


def _blob(directory: Path, reference: BlobReference) -> bytes:
    name = reference.digest
    _hash(f"event {reference.seq}", name.encode())
    packed = _bytes(directory, f"{_BLOBS}/{name}")
    try:
        unpacker = zlib.decompressobj(wbits=_GZIP)
        data = unpacker.decompress(packed, max(reference.size_bytes, 0) + 1)  # one more than allowed shows a bomb
    except zlib.error as error:
        raise RecordBroken(f"event {reference.seq} refers to blob {name}, which cannot be unpacked: {error}") from None
    if len(data) != reference.size_bytes or digest(data) != name:
        raise RecordBroken(f"event {reference.seq} refers to blob {name}, which holds other bytes")
    return data


def _object(directory: Path, name: str) -> JsonObject:
    try:
        # Not `checked`: a report refers to large values, which is refused from outside.
        value = json.loads(_bytes(directory, name), parse_constant=_not_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        _refuse(name, f"is not JSON ({type(error).__name__})")
    if not isinstance(value, dict):
        _refuse(name, "is not a JSON object")
    return cast("dict[str, Json]", value)


def _not_finite(text: str) -> NoReturn:
    raise ValueError(text)


def _finite(text: str) -> float:
    return value if math.isfinite(value := float(text)) else _not_finite(text)


def _bytes(directory: Path, name: str) -> bytes:
    try:
        return (directory / name).read_bytes()
    except OSError as error:
        _refuse(name, f"cannot be read: {error.strerror}")


def _refuse(where: str, message: str) -> NoReturn:
    raise InvalidInput("exported record", (Problem(where=where, message=message),))
