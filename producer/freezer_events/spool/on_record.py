"""What a spool has on record beside its batches: kinds, counts, places, parked messages, losses."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from freezer_events.spool.packing import Damaged, checksum, unpack
from freezer_events.spool.records import BodyKind, Loss, ParkedMessage

if TYPE_CHECKING:
    from freezer_events.spool.database import Database


class OnRecord:
    """Looks records up in the file of one spool.

    Args:
        base: the file.

    """

    def __init__(self, base: Database) -> None:
        self._base = base
        self._db = base.connection

    @property
    def identity(self) -> str:
        """What this spool is called: a UUID that a copy keeps."""
        return str(self._base.fact("identity"))

    def kind(self, kind: BodyKind) -> int:
        """Return the number of a kind; a new one is put on record."""
        with self._base.errors("read"):
            known = self._db.execute(
                "SELECT number FROM kinds WHERE event=? AND version=? AND topic=? AND schema=?",
                kind,
            ).fetchone()
        if known is not None:
            return int(known[0])
        with self._base.transaction():
            made = self._db.execute(
                "INSERT INTO kinds (event, version, topic, schema) VALUES (?,?,?,?)", kind
            )
            number = made.lastrowid
        return int(number or 0)

    def kinds(self) -> dict[int, BodyKind]:
        """Return all kinds by their number."""
        with self._base.errors("read"):
            rows = self._db.execute("SELECT number, event, version, topic, schema FROM kinds")
            return {number: BodyKind(*rest) for number, *rest in rows}

    def counts(self, event: str) -> dict[str, int]:
        """Return the last number that was given for each key of an event."""
        with self._base.errors("read"):
            return dict(self._db.execute("SELECT key, value FROM counts WHERE event=?", (event,)))

    def place(self, source: str) -> str | None:
        """Return how far a source has been read."""
        with self._base.errors("read"):
            row = self._db.execute("SELECT place FROM places WHERE source=?", (source,)).fetchone()
        return None if row is None else str(row[0])

    def parked(self) -> list[ParkedMessage]:
        """Return what is parked, in order."""
        with self._base.errors("read"):
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
        with self._base.errors("read"):
            return {each for (each,) in self._db.execute("SELECT position FROM parked")}

    def losses(self) -> list[Loss]:
        """Return what is on record as lost, in order."""
        with self._base.errors("read"):
            rows = self._db.execute("SELECT events, reason, at_ms FROM losses ORDER BY number")
            return [Loss(*row) for row in rows]

    def fact(self, name: str) -> Any:
        """Return something that a change remembered, or None."""
        with self._base.errors("read"):
            return self._base.fact(name)
