"""Archives that somebody made to do harm, each with what its refusal must say."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable
from typing import Final

_TIME: Final = (1980, 1, 1, 0, 0, 0)


def rows_of(data: bytes) -> list[tuple[str, bytes]]:
    """The files of a good bundle."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(row.filename, archive.read(row)) for row in archive.infolist()]


def zipped(rows: list[tuple[str | zipfile.ZipInfo, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of these files, each as bundles have them where only its name is given."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in rows:
            row = entry(name) if isinstance(name, str) else name
            row.compress_type = compression
            archive.writestr(row, data)
    return out.getvalue()


def entry(name: str, mode: int = 0o100600) -> zipfile.ZipInfo:
    """A file's row."""
    row = zipfile.ZipInfo(name, _TIME)
    row.create_system = 3
    row.external_attr = mode << 16
    return row


def _with(name: str | zipfile.ZipInfo, data: bytes = b"x") -> Callable[[bytes], bytes]:
    return lambda good: zipped([*rows_of(good), (name, data)])


def _renamed(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """The bytes of a name changed both where the file is and in the directory: names that no library would write."""
    return lambda good: zipped([*rows_of(good), (old.decode(), b"x")]).replace(old, new)


def _tar(good: bytes) -> bytes:
    del good
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../evil"))
    return out.getvalue()


def _hidden_between(good: bytes) -> bytes:
    """Bytes before the directory that no file has."""
    at = good.rindex(b"PK\x05\x06")
    start = struct.unpack("<L", good[at + 16 : at + 20])[0]
    end = good[at:][:16] + struct.pack("<L", start + 5) + good[at + 20 :]
    return good[:start] + b"12345" + good[start:at] + end


def _session(name: str, tenant: str = "default") -> Callable[[bytes], bytes]:
    """A manifest that names a session so."""

    def make(good: bytes) -> bytes:
        (first, raw), *others = rows_of(good)
        manifest = json.loads(raw) | {"session_id": name, "tenant": tenant}
        text = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return zipped([(first, text.encode() + b"\n"), *others])

    return make


HOSTILE: Final[dict[str, tuple[Callable[[bytes], bytes], str]]] = {
    "zip slip": (_with("../../evil.txt"), "leads out of the bundle"),
    "zip slip in the middle": (_with("outputs/../../evil.txt"), "leads out of the bundle"),
    "absolute": (_with("/etc/cron.d/evil"), "absolute"),
    "drive": (_with("C:evil.txt"), "absolute"),
    "backslash": (_renamed(b"outputs_evil", b"outputs\\evil"), "backslash"),
    "link": (_with(entry("outputs/link", 0o120777), b"/etc/passwd"), "a link"),
    "device": (_with(entry("outputs/null", 0o020666)), "a device"),
    "pipe": (_with(entry("outputs/pipe", 0o010666)), "a pipe"),
    "folder": (_with(entry("outputs/", 0o040755), b""), "a folder"),
    "program": (_with(entry("outputs/run", 0o104755)), "no plain file"),
    "not UTF-8": (_renamed(b"outputs/zz", b"outputs/\xff\xfe"), "not UTF-8"),
    "control characters": (_with("outputs/a\x1b[2Jb"), "cannot be seen"),
    "NUL": (_renamed(b"outputs/a_b", b"outputs/a\0b"), "NUL"),
    "decomposed": (_with("outputs/e\u0301"), "NFC"),
    "right to left": (_with("outputs/\u202egpj.exe"), "cannot be seen"),
    "too long": (_with("a/" * 600 + "b"), "longer than"),
    "twice": (_renamed(b"report.htmx", b"report.html"), "twice"),
    "case": (lambda good: zipped([*rows_of(good), ("RECORD/record.jsonl", b"x")]), "clashes"),
    "file as folder": (lambda good: zipped([*rows_of(good), ("report.html/x", b"x")]), "clashes"),
    "compressed": (lambda good: zipped([*rows_of(good)], zipfile.ZIP_DEFLATED), "compressed"),
    "bomb": (lambda _: zipped([("manifest.json", b"\0" * 50_000_000)], zipfile.ZIP_DEFLATED), "compressed"),
    "not in the manifest": (_with("outputs/more.txt"), "not in the manifest"),
    "missing": (lambda good: zipped([*rows_of(good)[:-1]]), "missing"),
    "changed": (lambda good: zipped([*rows_of(good)[:-1], (rows_of(good)[-1][0], b"other")]), "not what the manifest says"),
    "other order": (lambda good: zipped([rows_of(good)[0], *reversed(rows_of(good)[1:])]), "another order"),
    "session id": (_session("../../../evil"), "not allowed"),
    "tenant": (_session("s1", tenant="../x"), "not allowed"),
    "no manifest": (lambda good: zipped([*rows_of(good)[1:]]), "manifest.json"),
    "manifest of nonsense": (lambda good: zipped([("manifest.json", b"[]"), *rows_of(good)[1:]]), "manifest.json"),
    "something before": (lambda good: b"#!/bin/sh\n" + good, "no bundle"),
    "something behind": (lambda good: good + b"more", "no bundle"),
    "something between": (_hidden_between, "between"),
    "comment": (lambda good: good[:-2] + b"\x02\0hi", "no bundle"),
    "cut off": (lambda good: good[: len(good) // 2], "no bundle"),
    "empty": (lambda _: b"", "no bundle"),
    "text": (lambda _: b"not an archive\n" * 100, "no bundle"),
    "tar": (_tar, "no bundle"),
}  # fmt: skip
