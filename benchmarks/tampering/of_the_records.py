"""Tampering by a program under the same user: with the record, what is pinned, kept evidence, and programs."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.tampering.classes import Attacker, Tampering
from benchmarks.tampering.site import CHECK, Site
from journeyman.mission.chain import Entry, genesis, head_of, open_entry, seal
from journeyman.mission.values.canonical import digest_of
from journeyman.workspaces.digest import load_stat_cache, save_stat_cache

_WEAK: Final = "print('ok')\n"


def _head(site: Site) -> str:
    """The head that was noted when the work was signed."""
    record: Any = site.statement()["predicate"]["record"]
    return f"{record['events']}:{record['head']}"


def _rows(site: Site, database: sqlite3.Connection) -> list[tuple[int, bytes, bytes]]:
    """The events of the session that was attested."""
    (key,) = database.execute(
        "SELECT key FROM session WHERE session_id = ?", (site.statement()["predicate"]["session"],)
    ).fetchone()
    return database.execute("SELECT key, hash, body FROM event WHERE key >> 32 = ? ORDER BY key", (key,)).fetchall()


def _changed_record(
    change: Callable[[sqlite3.Connection, list[tuple[int, bytes, bytes]], random.Random], None], *, noted: bool
) -> Callable[[Site, random.Random, int], bool]:
    def tries(site: Site, rng: random.Random, number: int) -> bool:
        del number
        site.done()
        database = sqlite3.connect(site.data / "journeyman.db")
        with database:
            change(database, _rows(site, database), rng)
        database.close()
        return site.record_holds(*(("--head", _head(site)) if noted else ()))

    return tries


def _flip(database: sqlite3.Connection, rows: list[tuple[int, bytes, bytes]], rng: random.Random) -> None:
    """One bit of an event, an event that is missing, or two that are swapped."""
    key, hashed, body = rng.choice(rows[:-1])
    kind = rng.randrange(3)
    if kind == 0:
        raw = bytearray(body)
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        database.execute("UPDATE event SET body = ? WHERE key = ?", (bytes(raw), key))
    elif kind == 1:
        database.execute("DELETE FROM event WHERE key = ?", (key,))
    else:
        _, other_hash, other = rows[-1]
        database.execute("UPDATE event SET hash = ?, body = ? WHERE key = ?", (other_hash, other, key))
        database.execute("UPDATE event SET hash = ?, body = ? WHERE key = ?", (hashed, body, rows[-1][0]))


def _cut(database: sqlite3.Connection, rows: list[tuple[int, bytes, bytes]], rng: random.Random) -> None:
    """The end is gone from before the judgement on, and the session's row says so."""
    count = rng.randrange(2, 5)
    key, hashed, body = rows[count - 1]
    session = key >> 32
    database.execute("DELETE FROM event WHERE key > ? AND key >> 32 = ?", (key, session))
    database.execute(
        "UPDATE session SET head_seq = ?, head_hash = ?, status = 'open', verdict = '', outcome = '', iteration = 0, "
        "updated_at = ? WHERE key = ?",
        (count, hashed, open_entry(Entry(count, hashed, body)).at, session),
    )


def _rewrite(database: sqlite3.Connection, rows: list[tuple[int, bytes, bytes]], rng: random.Random) -> None:
    """Another chain of the same form: each event at another time, sealed again, and the session's row says so."""
    session = rows[0][0] >> 32
    (name,) = database.execute("SELECT session_id FROM session WHERE key = ?", (session,)).fetchone()
    head, times = genesis("default", name), list[str]()
    for number, (key, hashed, body) in enumerate(rows, 1):
        found = open_entry(Entry(number, hashed, body))
        times.append(f"{found.at[:-4]}{rng.randrange(1000):03}Z")
        entry = seal(head, at=times[-1], actor=found.actor, kind=found.kind, data=found.data)
        head = head_of(entry)
        database.execute("UPDATE event SET hash = ?, body = ? WHERE key = ?", (entry.hash, entry.body, key))
    database.execute(
        "UPDATE session SET head_hash = ?, created_at = ?, updated_at = ? WHERE key = ?",
        (head.hash, times[0], times[-1], session),
    )


def _pinned(site: Site, change: Callable[[dict[str, Any]], None], *, sealed: bool) -> None:
    """Change what is pinned; `sealed` makes its digests fit again."""
    file = site.own / "contract.json"
    document: dict[str, Any] = json.loads(file.read_text())
    change(document)
    if sealed:
        document["digest"] = digest_of(document["contract"])
    file.write_text(json.dumps(document))


def _weaken(document: dict[str, Any]) -> None:
    document["contract"]["criteria"][0]["run"] = ["true"]


def _clumsy(site: Site, rng: random.Random, number: int) -> bool:
    """What is pinned, changed so that it does not fit any more."""
    site.undone()
    kind = rng.randrange(4)
    if kind == 0:
        _pinned(site, _weaken, sealed=False)
    elif kind == 1:
        for file in (site.own / "contents").iterdir():
            file.write_text(_WEAK)
        site.write("tests/check.py", _WEAK)
    elif kind == 2:
        (site.own / "contract.json").write_text("{" if rng.random() < 0.5 else "[]")
    else:
        (site.own / "contract.json").unlink()
    return (site.check, site.run, site.attest)[number % 3]()


def _sealed(site: Site, rng: random.Random, number: int) -> bool:
    """What is pinned, rewritten with all that belongs to it."""
    del rng
    site.undone()
    _pinned(site, _weaken, sealed=True)
    return (site.check, site.run, site.attest)[number % 3]()


def _sealed_in_a_build(site: Site, rng: random.Random, number: int) -> bool:
    """The same, before a build: it believes the base commit."""
    del rng, number
    site.undone()
    _pinned(site, _weaken, sealed=True)
    return site.ci()


def _pinned_again(site: Site, rng: random.Random, number: int) -> bool:
    """Our own command, called by the agent."""
    del rng
    site.undone()
    site.write("tests/check.py", _WEAK)
    assert site.journeyman("guard", "pin", "--yes").returncode == 0
    return (site.check, site.run, site.attest)[number % 3]()


def _deceived_cache(site: Site) -> None:
    """Work that held is undone, and the stat cache says that its files are those that held."""
    site.done()
    assert site.check()
    site.write("src/main.txt", "lied\n")
    found = (site.folder / "src" / "main.txt").stat()
    key = (found.st_ctime_ns, found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode)
    cache = site.own / "stat-cache"
    save_stat_cache(cache, {**load_stat_cache(cache), "src/main.txt": (key, hashlib.sha256(b"done\n").hexdigest())})


def _cache(site: Site, rng: random.Random, number: int) -> bool:
    """`run` and `attest` do not read it."""
    del rng
    _deceived_cache(site)
    return (site.run, site.attest)[number % 2]()


def _cache_by_hand(site: Site, rng: random.Random, number: int) -> bool:
    """A check by hand does."""
    del rng, number
    _deceived_cache(site)
    return site.check()


def _other_evidence(site: Site, rng: random.Random, number: int) -> bool:
    """The file that says which session was checked last leads to one in which all held."""
    site.done()
    last = json.loads((site.own / "last-check.json").read_text())
    site.write("src/main.txt", "lied\n")
    last["session_id"] = rng.choice((last["session_id"], site.statement()["predicate"]["session"], "none"))
    (site.own / "last-check.json").write_text(json.dumps(last))
    return (site.check, site.run, site.attest)[number % 3]()


def _program(site: Site, rng: random.Random, number: int) -> bool:
    """A program on the PATH that the check starts is replaced."""
    del rng
    site.undone()
    programs = site.place / "bin"
    programs.mkdir(exist_ok=True)
    checker = programs / "checker"
    checker.write_text(f"#!{sys.executable}\n{CHECK}")
    checker.chmod(0o755)
    site.write("guard.yaml", "criteria: [{id: tests, kind: command, run: [checker]}]\nprotect: [tests/**]\n")
    assert site.journeyman("guard", "pin", "--yes").returncode == 0
    checker.write_text("#!/bin/sh\nexit 0\n")
    path = f"{programs}:{Path(sys.executable).parent}:/usr/bin:/bin"
    return (site.check, site.run, site.attest)[number % 3](PATH=path)


def _copy_changed(site: Site, rng: random.Random, number: int) -> bool:
    """The copy, changed while the checks run in it."""
    del rng
    site.undone()
    temporary = site.place / "temporary"
    temporary.mkdir(exist_ok=True)
    site.write(
        "tests/check.py",
        f"import time\nuntil_s = time.monotonic() + 20\nwhile 'begun' in open('src/main.txt').read() and time.monotonic() < until_s:\n    time.sleep(0.01)\n{CHECK}",
    )
    assert site.journeyman("guard", "pin", "--yes").returncode == 0
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            for main in temporary.glob("journeyman-check-*/work/src/main.txt"):
                main.write_text("done\n")
            stop.wait(0.01)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        return (site.check, site.run, site.attest)[number % 3](TMPDIR=str(temporary))
    finally:
        stop.set()
        thread.join()


_USER: Final = Attacker.USER
OF_THE_RECORDS: Final = (
    Tampering(name="events of the record changed", attacker=_USER, tries=_changed_record(_flip, noted=False)),
    Tampering(name="the record cut short, its head noted", attacker=_USER, tries=_changed_record(_cut, noted=True)),
    Tampering(name="the record rewritten, its head noted", attacker=_USER, tries=_changed_record(_rewrite, noted=True)),
    Tampering(name="what is pinned changed, not sealed again", attacker=_USER, tries=_clumsy),
    Tampering(name="what is pinned rewritten, before a build", attacker=_USER, tries=_sealed_in_a_build),
    Tampering(name="the stat cache rewritten, before a verdict", attacker=_USER, tries=_cache),
    Tampering(name="the last check's evidence led elsewhere", attacker=_USER, tries=_other_evidence),
    Tampering(
        name="the record cut short, no head noted", attacker=_USER, tries=_changed_record(_cut, noted=False),
        out_of_reach="writes to the data directory, the record, the stat cache",
    ),
    Tampering(
        name="the record rewritten, no head noted", attacker=_USER, tries=_changed_record(_rewrite, noted=False),
        out_of_reach="writes to the data directory, the record, the stat cache",
    ),
    Tampering(
        name="what is pinned rewritten", attacker=_USER, tries=_sealed,
        out_of_reach="can rewrite what is pinned; `guard ci` uses the base commit",
    ),
    Tampering(
        name="the stat cache rewritten, before a check by hand", attacker=_USER, tries=_cache_by_hand,
        out_of_reach="writes to the data directory, the record, the stat cache",
    ),
    Tampering(
        name="pinned again by our own command", attacker=Attacker.FOLDER, tries=_pinned_again,
        out_of_reach="answers an approval, or pins, by our own commands",
    ),
    Tampering(
        name="a program on the PATH replaced", attacker=_USER, tries=_program,
        out_of_reach="replaces programs that checks start",
    ),
    Tampering(
        name="the copy changed while it is checked", attacker=_USER, tries=_copy_changed,
        out_of_reach="changes the copy while its checks run",
    ),
)  # fmt: skip
