"""One change to a spool as SQL, within a transaction that its caller has begun."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from freezer_events.spool.packing import checksum

if TYPE_CHECKING:
    import sqlite3

    from freezer_events.spool.records import Commit


def write(db: sqlite3.Connection, change: Commit, position: int) -> int:
    """Write a change whose rows begin at a position; returns the position behind them."""
    now = now_ms()
    rows = []
    for count, data in change.rows:
        rows.append((position, count, now, checksum(position, count, data), data))
        position += count
    rows += [(at, count, now, checksum(at, count, data), data) for at, count, data in change.kept]
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
    db.executemany("INSERT OR REPLACE INTO facts VALUES (?,?)", list(change.facts.items()))
    if change.rows:
        db.execute("INSERT OR REPLACE INTO facts VALUES ('next',?)", (position,))
    return position


def now_ms() -> int:
    """Return the time in ms since 1970."""
    return time.time_ns() // 1_000_000
