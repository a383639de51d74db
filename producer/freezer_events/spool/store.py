"""The spool's file: SQLite, a row per batch, every commit on the disk before it returns.

One thread at a time; whoever calls sees to that. Positions count events from 0 and never go back.
`synchronous=NORMAL` would lose committed rows at a power cut, so it is FULL:
https://www.sqlite.org/pragma.html#pragma_synchronous.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import time
import uuid
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from freezer_events.errors import ConfigError, EventError, UnreachableError
from freezer_events.spool.packing import (
    Columns,
    Damaged,
    Spooled,
    batched,
    checksum,
    columns,
    pack,
    unpack,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

FILE: Final = "spool.db"
MARK: Final = "mark"
_FORMAT: Final = 1
_MARK: Final = struct.Struct("<QI")  # a position, and its CRC-32
# How long the log grows before it is copied into the file, which on a full disk takes as much room:
# less than the reserve has.
_LOG_PAGES: Final = 256

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


class BodyKind(NamedTuple):
    """What the body of a message is, and where it goes.

    Attributes:
        event: the event's name.
        version: its version.
        topic: the topic.
        schema: the schema's text, whose id is asked for when the message is delivered.

    """

    event: str
    version: int
    topic: str
    schema: str


class StoredBatch(NamedTuple):
    """Messages that were committed together.

    Attributes:
        position: of the first one.
        columns: the messages.
        size_bytes: of their row.

    """

    position: int
    columns: Columns
    size_bytes: int

    @property
    def length(self) -> int:
        """How many messages it has."""
        return len(self.columns.kinds)

    @property
    def end(self) -> int:
        """The position behind it."""
        return self.position + self.length


class ParkedMessage(NamedTuple):
    """A message that Kafka will not take.

    Attributes:
        position: where it was in the order of the spool.
        reason: why it was refused.
        message: the message.
        at_ms: when it was parked, in ms since 1970.

    """

    position: int
    reason: str
    message: Spooled
    at_ms: int = 0


class Loss(NamedTuple):
    """Events that were in the spool and are not to be had any more.

    Attributes:
        events: how many.
        reason: why.
        at_ms: when that was noted, in ms since 1970.

    """

    events: int
    reason: str
    at_ms: int = 0


class Waiting(NamedTuple):
    """What waits to be delivered.

    Attributes:
        events: how many.
        size_bytes: of their rows.
        oldest_ms: when the oldest was spooled, in ms since 1970; None where none waits.

    """

    events: int
    size_bytes: int
    oldest_ms: int | None


@dataclass(slots=True)
class Commit:
    """What one commit does, all of it or nothing.

    Attributes:
        rows: batches to append, as count of messages and packed bytes.
        kept: rows to write where they were, as position, count of messages and packed bytes: what
            is left of one that is gone.
        gone: positions of rows whose messages are delivered, parked or dropped.
        parked: messages to set aside; one that is parked already stays as it is.
        unparked: positions of parked messages that are to be forgotten.
        losses: to be put on record.
        counts: the last number given, by event and key.
        places: how far each source has been read; None to forget one.
        facts: other things to remember.

    """

    rows: list[tuple[int, bytes]] = field(default_factory=list)
    kept: list[tuple[int, int, bytes]] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    parked: list[tuple[ParkedMessage, bytes]] = field(default_factory=list)
    unparked: list[int] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    places: dict[str, str | None] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


class Store:
    """The file of one spool.

    Args:
        folder: where it is; the file is made with mode 0600 where it is not there.
        read_only: only look, beside the process that holds it.

    Attributes:
        next: the position of the next message that is appended.
        on_loss: called when waiting messages are lost, with position and length of their rows, how
            many bytes these took, and the reason.

    Raises:
        ConfigError: it cannot be opened, is no spool, or is one of a newer version.
        DiskFull: there is no room to make it.

    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self.path = folder / FILE
        self.on_loss: Callable[[Sequence[tuple[int, int]], int, str], None] = lambda *_: None
        self._mark: int | None = None
        self._read_only = read_only
        if not read_only:
            with self._errors("open"):
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        elif not self.path.exists():
            raise ConfigError(f"open the spool {folder}", "there is none", "name it: --spool DIR")
        with self._errors("open"):
            self._db = sqlite3.connect(
                f"file:{_quoted(self.path)}?mode={'ro' if read_only else 'rw'}",
                uri=True,
                isolation_level=None,
                check_same_thread=False,
                timeout=5.0,
            )
            if not read_only:
                self._prepare()
            self._check_format()
            self.next = int(self._fact("next"))
        if not read_only:
            self._mark = os.open(folder / MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._compare_mark()

    def close(self) -> None:
        """Close the file."""
        with suppress(sqlite3.Error):
            self._db.close()
        if self._mark is not None:
            os.close(self._mark)
            self._mark = None

    @property
    def identity(self) -> str:
        """What this spool is called: a UUID that a copy keeps."""
        return str(self._fact("identity"))

    def commit(self, change: Commit) -> int:
        """Make a change, on the disk when this returns; returns the position of its first row.

        Raises:
            DiskFull: there is no room; nothing has changed.
            EventError: the file cannot be written; nothing has changed.

        """
        first = position = self.next
        now = _now_ms()
        db = self._db
        rows = []
        for count, data in change.rows:
            rows.append((position, count, now, checksum(position, count, data), data))
            position += count
        rows += [
            (at, count, now, checksum(at, count, data), data) for at, count, data in change.kept
        ]
        with self._transaction():
            if change.gone:
                db.executemany("DELETE FROM batches WHERE position=?", [(p,) for p in change.gone])
            if change.unparked:
                gone = [(p,) for p in change.unparked]
                db.executemany("DELETE FROM parked WHERE position=?", gone)
            db.executemany(
                "INSERT OR IGNORE INTO parked VALUES (?,?,?,?,?)",
                [
                    (each.position, now, each.reason, checksum(each.position, 1, data), data)
                    for each, data in change.parked
                ],
            )
            db.executemany("INSERT INTO batches VALUES (?,?,?,?,?)", rows)
            if change.counts:
                db.executemany(
                    "INSERT OR REPLACE INTO counts VALUES (?,?,?)",
                    [(*name, value) for name, value in change.counts.items()],
                )
            for source, place in change.places.items():
                if place is None:
                    db.execute("DELETE FROM places WHERE source=?", (source,))
                else:
                    db.execute("INSERT OR REPLACE INTO places VALUES (?,?)", (source, place))
            db.executemany(
                "INSERT INTO losses (at_ms, events, reason) VALUES (?,?,?)",
                [(now, loss.events, loss.reason) for loss in change.losses],
            )
            facts = {**change.facts, "next": position} if change.rows else change.facts
            db.executemany("INSERT OR REPLACE INTO facts VALUES (?,?)", list(facts.items()))
        if change.rows:
            self.next = position
            self._write_mark()
        return first

    def read(self, position: int) -> StoredBatch | None:
        """Return the first batch that begins here or later; sets damaged ones aside and on record.

        One that may only look passes them over.

        Raises:
            EventError: the file cannot be read.

        """
        while True:
            with self._errors("read"):
                row = self._db.execute(
                    "SELECT position, count, crc, data FROM batches WHERE position>=?"
                    " ORDER BY position LIMIT 1",
                    (position,),
                ).fetchone()
            if row is None:
                return None
            found, count, crc, data = row
            with suppress(Damaged, TypeError):
                if checksum(found, count, data) == crc:
                    return StoredBatch(found, unpack(data, count), len(data))
            if self._read_only:
                position = found + 1
            else:
                self._set_aside(found, count, len(data))

    def row_checksum(self, position: int) -> int | None:
        """Return the checksum of the row that holds a position; None where there is none."""
        with self._errors("read"):
            row = self._db.execute(
                "SELECT position + count, crc FROM batches WHERE position<=?"
                " ORDER BY position DESC LIMIT 1",
                (position,),
            ).fetchone()
        return int(row[1]) if row is not None and position < row[0] else None

    def oldest(self, position: int = 0) -> int:
        """Return where the oldest batch from a position on begins; `next` where there is none."""
        with self._errors("read"):
            (found,) = self._db.execute(
                "SELECT min(position) FROM batches WHERE position>=?", (position,)
            ).fetchone()
        return self.next if found is None else int(found)

    def drop_oldest(self, least_bytes: int, position: int, reason: str) -> int:
        """Drop the oldest batches from a position on, on record; returns how many events that was.

        Args:
            least_bytes: how much is to be freed at least.
            position: nothing before it is dropped: that is on its way.
            reason: for the record.

        """
        gone, events, freed = [], 0, 0
        with self._errors("read"):
            for found, count, size in self._db.execute(
                "SELECT position, count, length(data) FROM batches WHERE position>=?"
                " ORDER BY position",
                (position,),
            ):
                if freed >= least_bytes:
                    break
                gone.append((found, count))
                events += count
                freed += size
        if gone:
            rows = [found for found, _ in gone]
            self.commit(Commit(gone=rows, losses=[Loss(events, reason)]))
            self.on_loss(gone, freed, reason)
        return events

    def waiting(self) -> Waiting:
        """Count what waits."""
        with self._errors("read"):
            events, size, oldest = self._db.execute(
                "SELECT total(count), total(length(data)), min(at_ms) FROM batches"
            ).fetchone()
        return Waiting(int(events), int(size), oldest)

    def waiting_from(self, position: int) -> int:
        """Count the messages that wait from a position on."""
        with self._errors("read"):
            (count,) = self._db.execute(
                "SELECT total(count) FROM batches WHERE position>=?", (position,)
            ).fetchone()
        return int(count)

    def kind(self, kind: BodyKind) -> int:
        """Return the number of a kind; a new one is put on record."""
        with self._errors("read"):
            known = self._db.execute(
                "SELECT number FROM kinds WHERE event=? AND version=? AND topic=? AND schema=?",
                kind,
            ).fetchone()
        if known is not None:
            return int(known[0])
        with self._transaction():
            made = self._db.execute(
                "INSERT INTO kinds (event, version, topic, schema) VALUES (?,?,?,?)", kind
            )
            number = made.lastrowid
        return int(number or 0)

    def kinds(self) -> dict[int, BodyKind]:
        """Return all kinds by their number."""
        with self._errors("read"):
            rows = self._db.execute("SELECT number, event, version, topic, schema FROM kinds")
            return {number: BodyKind(*rest) for number, *rest in rows}

    def counts(self, event: str) -> dict[str, int]:
        """Return the last number that was given for each key of an event."""
        with self._errors("read"):
            return dict(self._db.execute("SELECT key, value FROM counts WHERE event=?", (event,)))

    def place(self, source: str) -> str | None:
        """Return how far a source has been read."""
        with self._errors("read"):
            row = self._db.execute("SELECT place FROM places WHERE source=?", (source,)).fetchone()
        return None if row is None else str(row[0])

    def parked(self) -> list[ParkedMessage]:
        """Return what is parked, in order."""
        with self._errors("read"):
            rows = self._db.execute(
                "SELECT position, at_ms, reason, crc, data FROM parked ORDER BY position"
            ).fetchall()
        found = []
        for position, at_ms, reason, crc, data in rows:
            with suppress(Damaged, TypeError):
                if checksum(position, 1, data) == crc:
                    message = unpack(data, 1).one(0)
                    found.append(ParkedMessage(position, reason, message, at_ms))
        return found

    def parked_positions(self) -> set[int]:
        """Return the positions of what is parked."""
        with self._errors("read"):
            return {each for (each,) in self._db.execute("SELECT position FROM parked")}

    def losses(self) -> list[Loss]:
        """Return what is on record as lost, in order."""
        with self._errors("read"):
            rows = self._db.execute("SELECT events, reason, at_ms FROM losses ORDER BY number")
            return [Loss(*row) for row in rows]

    def fact(self, name: str) -> Any:
        """Return something that a change remembered, or None."""
        with self._errors("read"):
            return self._fact(name)

    def retry(self, parked: Sequence[ParkedMessage]) -> None:
        """Let parked messages wait again, behind all that waits.

        Raises:
            EventError: the file cannot be written.

        """
        messages = [each.message for each in parked]
        rows = [(len(row), pack(columns(row))) for row in batched(messages)]
        self.commit(Commit(rows=rows, unparked=[each.position for each in parked]))

    def drop(self, parked: Sequence[ParkedMessage]) -> None:
        """Give parked messages up, on record.

        Raises:
            EventError: the file cannot be written.

        """
        loss = Loss(len(parked), "dropped on request: they were parked")
        self.commit(Commit(unparked=[each.position for each in parked], losses=[loss]))

    def new_identity(self) -> str:
        """Take a new identity: for a copy that is to be used beside its original.

        Raises:
            EventError: the file cannot be written.

        """
        self.commit(Commit(facts={"identity": str(uuid.uuid4())}))
        return self.identity

    def shrink(self) -> None:
        """Give free room back to the disk; does nothing where that is not possible now."""
        with suppress(sqlite3.Error):
            # `execute` would stop after the first page.
            self._db.executescript(
                "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA incremental_vacuum;"
                " PRAGMA wal_checkpoint(TRUNCATE);"
            )

    def _prepare(self) -> None:
        db = self._db
        db.execute("PRAGMA auto_vacuum=INCREMENTAL")  # heeded while the file is empty
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA cell_size_check=ON")
        db.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
        db.execute("PRAGMA journal_size_limit=0")
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not tables:
            facts = {"format": _FORMAT, "identity": str(uuid.uuid4()), "next": 0}
            with self._transaction():
                for statement in _TABLES.split(";"):
                    db.execute(statement)
                db.executemany("INSERT INTO facts VALUES (?,?)", list(facts.items()))

    def _check_format(self) -> None:
        found = self._fact("format")
        if found != _FORMAT:
            raise ConfigError(
                f"open the spool {self.path.parent}",
                f"its format is {found!r}, and this version reads {_FORMAT}",
                "use the version of freezer-events that made it, or name another: --spool DIR",
            )

    def _fact(self, name: str) -> Any:
        row = self._db.execute("SELECT value FROM facts WHERE name=?", (name,)).fetchone()
        return None if row is None else row[0]

    def _set_aside(self, position: int, count: int, size: int) -> None:
        """Keep a damaged row where nobody delivers from, and put it on record."""
        reason = f"damaged on disk: {count:,} events from position {position:,}, set aside"
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO damaged SELECT * FROM batches WHERE position=?", (position,)
            )
            self._db.execute("DELETE FROM batches WHERE position=?", (position,))
            self._db.execute(
                "INSERT INTO losses (at_ms, events, reason) VALUES (?,?,?)",
                (_now_ms(), count, reason),
            )
        self.on_loss([(position, count)], size, reason)

    def _write_mark(self) -> None:
        """Note the position outside of the file, not synced: it is never ahead of what is."""
        if self._mark is not None:
            with suppress(OSError):  # on a full disk: it only helps to notice damage
                packed = struct.pack("<Q", self.next)
                os.pwrite(self._mark, packed + struct.pack("<I", zlib.crc32(packed)), 0)

    def _compare_mark(self) -> None:
        """Notice commits that are gone: SQLite drops all that follows a damaged page of its log."""
        data = os.pread(self._mark or 0, _MARK.size, 0)
        if len(data) == _MARK.size:
            position, crc = _MARK.unpack(data)
            if crc == zlib.crc32(data[:8]) and position > self.next:
                gone = position - self.next
                reason = f"damaged on disk: {gone:,} events from position {self.next:,} are gone"
                self.commit(Commit(losses=[Loss(gone, reason)], facts={"next": position}))
                self.next = position
        self._write_mark()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._errors("write"):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a failed commit may have rolled back by itself
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
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


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
