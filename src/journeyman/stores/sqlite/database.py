"""The file: where it lies, who may read it, how it is opened and brought to this version's schema."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Final

from journeyman.mission.values.errors import CallerError, JourneymanError, NotAllowed, RecordBroken, Unavailable
from journeyman.stores.validation import check_tenant

FILE_NAME: Final = "journeyman.db"
_PAGE_BYTES: Final = 2048
"""Of a new file. Results of a few KB leave less of their last page empty than with SQLite's 4096, at the same speed."""
_CHECKPOINT_PAGES: Final = 256
"""Pages of write-ahead log (512 KiB) after which they move into the file: keeps short records small on disk, at no cost that shows."""
_RETRY_S: Final = 0.01
_BUSY: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DAMAGED: Final = frozenset(
    {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT}
)
"""The last two: its tables, or the rows in them, are not those that were made."""


def database_path(data_dir: Path, tenant: str) -> Path:
    """The path of a tenant's file."""
    return data_dir / check_tenant(tenant) / FILE_NAME


def prepare(path: Path) -> None:
    """Make the directory (0700) and the file (0600), which SQLite takes as the mode of its side files too."""
    try:
        path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.parent.chmod(0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
    except (FileExistsError, NotADirectoryError):
        raise NotAllowed(
            f"the data directory {path.parent} cannot be made: a file stands in its place or above it; choose another "
            "with --data-dir"
        ) from None
    except OSError as error:
        raise Unavailable(
            f"cannot write the data directory {path.parent}: {error.strerror}; check its owner and free space, "
            "or choose another with --data-dir"
        ) from None


def open_writer(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """The writing connection, with the file at this version's schema; transactions are begun by hand."""

    def ready(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        _use_wal(connection, busy_timeout_s)
        migrate(connection, path)

    prepare(path)
    return _opened(path, busy_timeout_s, ready, path)


def open_reader(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """A connection that reads beside the writer and cannot change anything."""
    return _opened(path, busy_timeout_s, lambda connection: connection.execute("PRAGMA query_only = ON"), path)


def only_readable(path: Path) -> bool:
    """Tell whether there is a file that this process may read but not write, as on read-only media."""
    return path.exists() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def open_read_only(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """A connection to a file that cannot be written; nothing is made beside it.

    Without side files nobody else has it open, and it is read as it lies there. With them, what the write-ahead log
    holds is read too, from copies in memory where the files may not be locked.
    """
    log, index = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm"))
    if log.exists() and log.stat().st_size and not index.exists():
        raise Unavailable(
            f"{path} cannot be read where it lies, since its write-ahead log was copied without {index.name}; copy its "
            "folder to a place that can be written"
        )
    beside = log.exists() or index.exists()
    uri = f"{path.absolute().as_uri()}?{'mode=ro' if beside else 'immutable=1'}"

    def ready(connection: sqlite3.Connection) -> None:
        newest = max(_steps())
        if _known_version(connection, path, newest) != newest:
            raise CallerError(
                f"{path} is of an older version and cannot be brought to this one where it is; copy its folder to a "
                "place that can be written",
                code="schema_too_old",
            )

    return _opened(uri, busy_timeout_s, ready, path)


def _opened(
    place: Path | str,
    busy_timeout_s: float,
    ready: Callable[[sqlite3.Connection], object],
    path: Path,
) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(place, timeout=busy_timeout_s, isolation_level=None, uri=isinstance(place, str))
        try:
            ready(connection)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise as_journeyman_error(error, path) from error
    return connection


def empty_log(connection: sqlite3.Connection) -> None:
    """Move the write-ahead log into the file and cut it to nothing, unless somebody is using it."""
    (busy_timeout_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error:
        return  # the next quiet time will do; what is wrong with the file, the next write says
    finally:
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")


def _use_wal(connection: sqlite3.Connection, busy_timeout_s: float) -> None:
    # SQLite gives up at once, not after its busy timeout, when two processes change the journal mode together.
    deadline = time.monotonic() + busy_timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_S)
        else:
            return


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to the newest schema, each step in one transaction; refuse a file from a newer version."""
    steps = _steps()
    newest = max(steps)
    if _known_version(connection, path, newest) == newest:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY)")
        for step in range(_known_version(connection, path, newest) + 1, newest + 1):
            for statement in _statements(steps[step]):
                connection.execute(statement)
            connection.execute("INSERT INTO schema_version VALUES (?)", (step,))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _known_version(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    version = _version(connection)
    if version > newest:
        raise CallerError(
            f"{path} has schema {version}; this Journeyman knows schemas up to {newest}: upgrade Journeyman, "
            "or use another data directory",
            code="schema_too_new",
        )
    return version


def _version(connection: sqlite3.Connection) -> int:
    known = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'").fetchone()
    row = connection.execute("SELECT max(version) FROM schema_version").fetchone() if known else None
    return row[0] or 0 if row else 0


def _steps() -> dict[int, str]:
    folder = resources.files("journeyman.stores") / "sql" / "sqlite"
    return {int(file.name[:3]): file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".sql")}


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def as_journeyman_error(error: sqlite3.Error, path: Path) -> JourneymanError:
    """SQLite's error as one of ours, with what to do."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _BUSY:
        return Unavailable(
            f"{path} is locked by another process ({error}); try again. If that process is stopped, wake or kill it: it "
            "keeps the lock until then",
            retry_after_s=1.0,
        )
    if code in _DAMAGED:
        return RecordBroken(f"{path} is damaged or no Journeyman file ({error}); restore it from a backup or an export")
    if code == sqlite3.SQLITE_FULL:
        return Unavailable(f"no room to write {path} ({error}); nothing was kept: free space on its disk, then go on")
    if code == sqlite3.SQLITE_READONLY:
        return NotAllowed(f"{path} may not be written ({error}); check its owner and mode")
    return Unavailable(
        f"{path} cannot be used ({error}); check the disk, then read the record to see what was kept",
    )
