"""The batches of a spool: a row each, every commit on the disk before it returns.

One thread at a time; whoever calls sees to that. Positions count events from 0 and never go back.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from freezer_events.spool.database import Database
from freezer_events.spool.mark import PositionMark
from freezer_events.spool.on_record import OnRecord
from freezer_events.spool.packing import Damaged, checksum, outline
from freezer_events.spool.records import Commit, Loss, StoredBatch, Waiting
from freezer_events.spool.writing import now_ms, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class Store(OnRecord):
    """The batches of one spool, and what is on record beside them.

    Args:
        folder: where it is; its file is made with mode 0600 where it is not there.
        read_only: only look, beside the process that holds it.

    Attributes:
        path: its file.
        next: the position of the next message that is appended.
        on_loss: called when waiting messages are lost, with position and length of their rows, how
            many bytes these took, and the reason.

    Raises:
        ConfigError: it cannot be opened, is no spool, or is one of a newer version.
        DiskFull: there is no room to make it.

    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        super().__init__(Database(folder, read_only=read_only))
        self.path = self._base.path
        self.on_loss: Callable[[Sequence[tuple[int, int]], int, str], None] = lambda *_: None
        self.shrink = self._base.shrink
        self.full = self._base.full
        with self._base.errors("open"):
            self.next = int(self._base.fact("next"))
        self._mark: PositionMark | None = None
        if not read_only:
            self._mark = PositionMark(folder)
            self._compare_mark(self._mark.read())

    def close(self) -> None:
        """Close the file."""
        self._base.close()
        if self._mark is not None:
            self._mark.close()
            self._mark = None

    def commit(self, change: Commit) -> int:
        """Make a change, on the disk when this returns; returns the position of its first row.

        Raises:
            DiskFull: there is no room; nothing has changed.
            EventError: the file cannot be written; nothing has changed.

        """
        first = self.next
        with self._base.transaction():
            position = write(self._db, change, first)
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
            with self._base.errors("read"):
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
                    outline(data, count)
                    return StoredBatch(found, count, data)
            if self._mark is None:  # it may only look
                position = found + 1
            else:
                self._set_aside(found, count, len(data))

    def row_checksum(self, position: int) -> int | None:
        """Return the checksum of the row that holds a position; None where there is none."""
        with self._base.errors("read"):
            row = self._db.execute(
                "SELECT position + count, crc FROM batches WHERE position<=?"
                " ORDER BY position DESC LIMIT 1",
                (position,),
            ).fetchone()
        return int(row[1]) if row is not None and position < row[0] else None

    def oldest(self, position: int = 0) -> int:
        """Return where the oldest batch from a position on begins; `next` where there is none."""
        with self._base.errors("read"):
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
        with self._base.errors("read"):
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
        with self._base.errors("read"):
            events, size, oldest = self._db.execute(
                "SELECT total(count), total(length(data)), min(at_ms) FROM batches"
            ).fetchone()
        return Waiting(int(events), int(size), oldest)

    def waiting_from(self, position: int) -> int:
        """Count the messages that wait from a position on."""
        with self._base.errors("read"):
            (count,) = self._db.execute(
                "SELECT total(count) FROM batches WHERE position>=?", (position,)
            ).fetchone()
        return int(count)

    def _set_aside(self, position: int, count: int, size: int) -> None:
        """Keep a damaged row where nobody delivers from, and put it on record."""
        reason = f"damaged on disk: {count:,} events from position {position:,}, set aside"
        with self._base.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO damaged SELECT * FROM batches WHERE position=?", (position,)
            )
            self._db.execute("DELETE FROM batches WHERE position=?", (position,))
            self._db.execute(
                "INSERT INTO losses (at_ms, events, reason) VALUES (?,?,?)",
                (now_ms(), count, reason),
            )
        self.on_loss([(position, count)], size, reason)

    def _write_mark(self) -> None:
        if self._mark is not None:
            self._mark.write(self.next)

    def _compare_mark(self, position: int) -> None:
        """Notice commits that are gone: SQLite drops all that follows a damaged page of its log."""
        if position > self.next:
            gone = position - self.next
            reason = f"damaged on disk: {gone:,} events from position {self.next:,} are gone"
            self.commit(Commit(losses=[Loss(gone, reason)], facts={"next": position}))
            self.next = position
        self._write_mark()
