"""The SQLite file of a spool: opened, checked, written in transactions; its errors are ours.

`synchronous=NORMAL` would lose committed rows at a power cut, so it is FULL:
https://www.sqlite.org/pragma.html#pragma_synchronous.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from freezer_events.errors import ConfigError, EventError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE: Final = "spool.db"
_FORMAT: Final = 1
# How long the log grows before it is copied into the file, which on a full disk takes as much room:
# less than the reserve has.
_PAGE_BYTES: Final = 8192  # twice the usual: rows are long, and a lone reading still writes little
_LOG_PAGES: Final = 128

_TABLES: Final = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE kinds (number INTEGER PRIMARY KEY, event TEXT, version INTEGER, topic TEXT,
  schema TEXT);
CREATE TABLE batches (position INTEGER PRIMARY KEY, count INTEGER, at_ms INTEGER, crc INTEGER,
  data BLOB);
CREATE TABLE damaged (position INTEGER PRIMARY KEY, count INTEGER, at_ms INTEGER, crc INTEGER,
  data BLOB);
CREATE TABLE parked (position INTEGER PRIMARY KEY, at_ms INTEGER, reason TEXT, crc INTEGER,
  data BLOB);
CREATE TABLE losses (number INTEGER PRIMARY KEY, at_ms INTEGER, events INTEGER, reason TEXT);
CREATE TABLE counts (event TEXT, key TEXT, value INTEGER, PRIMARY KEY (event, key)) WITHOUT ROWID;
CREATE TABLE places (source TEXT PRIMARY KEY, place TEXT) WITHOUT ROWID;
"""


class DiskFull(UnreachableError):  # noqa: N818 - it names the state
    """The disk of the spool is full; what is in the spool is safe."""


class Database:
    """The file of one spool.

    Args:
        folder: where it is; the file is made with mode 0600 where it is not there.
        read_only: only look, beside the process that holds it.

    Attributes:
        path: the file.
        connection: to be used by one thread at a time, within `errors` or `transaction`.

    Raises:
        ConfigError: it cannot be opened, is no spool, or is one of a newer version.
        DiskFull: there is no room to make it.

    """

    def __init__(self, folder: Path, *, read_only: bool) -> None:
        self.path = folder / FILE
        if not read_only:
            with self.errors("open"):
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        elif not self.path.exists():
            raise ConfigError(f"open the spool {folder}", "there is none", "name it: --spool DIR")
        with self.errors("open"):
            self.connection = sqlite3.connect(
                f"file:{_quoted(self.path)}?mode={'ro' if read_only else 'rw'}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                timeout=5.0,
            )
            if not read_only:
                self._prepare()
            self._check_format()

    def close(self) -> None:
        """Close the file."""
        with suppress(sqlite3.Error):
            self.connection.close()

    def fact(self, name: str) -> Any:
        """Return something that is on record by name, or None."""
        row = self.connection.execute("SELECT value FROM facts WHERE name=?", (name,)).fetchone()
        return None if row is None else row[0]

    def shrink(self) -> None:
        """Give free room back to the disk; does nothing where that is not possible now."""
        with suppress(sqlite3.Error):
            # `execute` would stop after the first page.
            self.connection.executescript(
                "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA incremental_vacuum;"
                " PRAGMA wal_checkpoint(TRUNCATE);"
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all of it, on the disk at the end, or nothing."""
        with self.errors("write"):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a failed commit may have rolled back by itself
                    self.connection.execute("ROLLBACK")
                raise

    @contextmanager
    def errors(self, doing: str) -> Iterator[None]:
        """Make errors of SQLite and of the system ours."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self._error(doing, error) from error

    def full(self, doing: str) -> DiskFull:
        """Make the error for a full disk."""
        return DiskFull(
            f"{doing} the spool {self.path.parent}",
            "its disk is full",
            "free some room; it goes on by itself",
        )

    def _prepare(self) -> None:
        db = self.connection
        db.execute(f"PRAGMA page_size={_PAGE_BYTES}")  # both are heeded while the file is empty
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA cell_size_check=ON")
        db.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
        db.execute("PRAGMA journal_size_limit=0")
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not tables:
            facts = {"format": _FORMAT, "identity": str(uuid.uuid4()), "next": 0}
            with self.transaction():
                for statement in _TABLES.split(";"):
                    db.execute(statement)
                db.executemany("INSERT INTO facts VALUES (?,?)", list(facts.items()))

    def _check_format(self) -> None:
        found = self.fact("format")
        if found != _FORMAT:
            raise ConfigError(
                f"open the spool {self.path.parent}",
                f"its format is {found!r}, and this version reads {_FORMAT}",
                "use the version of freezer-events that made it, or name another: --spool DIR",
            )

    def _error(self, doing: str, error: sqlite3.Error | OSError) -> EventError:
        where = f"{doing} the spool {self.path.parent}"
        if _is_full(error, self.path):
            return self.full(doing)
        why = error.strerror if isinstance(error, OSError) else str(error)
        if doing == "open":
            return ConfigError(where, f"cannot be opened: {why}", "name another: --spool DIR")
        return EventError(where, str(why), "check the disk; see: freezer spool status")


def _is_full(error: sqlite3.Error | OSError, path: Path) -> bool:
    if isinstance(error, OSError):
        return error.errno in {28, 122}  # ENOSPC, EDQUOT
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return True
    if code != sqlite3.SQLITE_IOERR:
        return False
    try:  # what it says of shared memory that cannot grow
        found = os.statvfs(path.parent)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < 1 << 16


def _quoted(path: Path) -> str:
    return str(path.resolve()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
