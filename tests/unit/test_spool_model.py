"""The spool against a list in memory: whatever happens to process, disk and power, in any order.

A power cut leaves, of what was written and not synced, any part. The files are copied as they are,
and of the log's frames behind the last commit any number is cut off or written over.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from freezer_events.errors import UnreachableError
from freezer_events.spool.database import FILE, DiskFull
from freezer_events.spool.durable_queue import Spool
from freezer_events.spool.put import Put
from freezer_events.spool.records import BodyKind
from freezer_events.spool.store import Store
from tests.support.effort import thorough

if TYPE_CHECKING:
    from freezer_events.spool.records import StoredBatch

KIND = BodyKind("e", 1, "t", '"string"')


class SpoolModel(RuleBasedStateMachine):
    """Bodies are numbers in order; the model knows which are where."""

    @initialize()
    def begin(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="spool-model-"))
        self.folder = self.root / "0"
        self.lives = 0
        self.number = 0
        self.waiting: list[int] = []  # on disk for certain, in order
        self.parked: set[int] = set()
        self.damaged: set[int] = set()
        self.lost = 0
        self.counted = 0
        self.out: list[StoredBatch] = []
        self.is_full = False
        self.open()

    def open(self) -> None:
        self.spool = Spool(self.folder, patience_s=0.0)
        self.is_full = False
        self.kind = self.spool.kind(KIND)
        self.out = []

    def teardown(self) -> None:
        if not hasattr(self, "root"):
            return
        self.disk_has_room()
        while self.spool.next() is not None:
            pass
        assert sum(each.events for each in self.spool._store.losses()) == self.lost
        assert self.spool.waiting == len(self.waiting)
        self.spool.close()
        shutil.rmtree(self.root)

    def end(self) -> None:
        """Let the process vanish: nothing more is committed."""
        with self.spool._guard:
            self.spool._store._db.close()
        self.spool.close_intake()
        self.spool._folder.release()

    def go_on_with_a_copy(self) -> None:
        """A copy of the files is what a crash leaves."""
        self.lives += 1
        after = self.root / str(self.lives)
        with self.spool._guard:
            shutil.copytree(self.folder, after)
        self.end()
        shutil.rmtree(self.folder)
        self.folder = after

    # What a process does

    @rule(count=st.integers(1, 700), size=st.sampled_from([0, 3, 5000]))
    def put(self, count: int, size: int) -> None:
        numbers = range(self.number, self.number + count)
        self.number += count
        with self.spool.order:  # in one commit, so that a failure can be found again
            for number in numbers:
                last = self.spool.put(self.message(number, size))
                assert last
        before = last - count + 1
        for number, serial in zip(numbers, range(before, last + 1), strict=True):
            try:
                assert self.spool.wait(serial)
            except DiskFull:
                assert self.is_full
            else:
                self.waiting.append(number)
                self.counted = number + 1

    def message(self, number: int, size: int) -> Put:
        extra: Any = {0: ([("h", b"\x00\xff"), ("n", None)], 7), 1: (None, 5)}.get(number % 50)
        key = None if number % 7 == 0 else b"k%d" % (number % 3)
        return Put(
            self.kind,
            key,
            b"%d:" % number + b"x" * size,
            extra,
            ("e", "k", number + 1),
            ("file", str(number)),
        )

    @rule()
    def take_out(self) -> None:
        try:
            batch = self.spool.next()
        except DiskFull:
            assert self.is_full
            return
        if batch is None:
            return
        numbers = numbers_of(batch)
        begun = sum(each.length for each in self.out)
        assert numbers == self.waiting[begun : begun + len(numbers)]
        for index, number in enumerate(numbers):
            found = batch.columns.one(index)
            assert found == self.message(number, len(found.body.split(b":")[1]))[:4]
        self.out.append(batch)

    @precondition(lambda self: self.out)
    @rule(park=st.booleans())
    def deliver(self, *, park: bool) -> None:
        batch = self.out.pop(0)
        if park:
            last = batch.length - 1
            self.spool.park(batch, last, "too large")
            self.parked.add(batch.position + last)
        self.spool.done(batch)
        self.spool.settle()  # now, and not soon
        del self.waiting[: batch.length]

    # What happens to it

    @rule()
    def close(self) -> None:
        self.spool.close()
        self.open()

    @rule()
    def crash(self) -> None:
        self.go_on_with_a_copy()
        self.open()

    @precondition(lambda self: not self.is_full)
    @rule(cut=st.integers(0, 40), noise=st.binary(min_size=0, max_size=64))
    def power_cut(self, cut: int, noise: bytes) -> None:
        """Write to the log without a sync, lose any part of that, and start from what is left."""
        store = self.spool._store
        log = self.folder / f"{FILE}-wal"
        with self.spool._guard:
            synced = log.stat().st_size if log.exists() else 0
            db = store._db
            db.execute("PRAGMA wal_autocheckpoint=0")
            db.execute("PRAGMA synchronous=OFF")  # what follows is written, and never synced
            row = (store.next, 1, 0, 0, b"torn" * 3000)
            db.execute("INSERT INTO batches VALUES (?,?,?,?,?)", row)
        self.go_on_with_a_copy()
        after = self.folder
        log = after / f"{FILE}-wal"
        if log.exists() and log.stat().st_size > synced:
            data = bytearray(log.read_bytes())
            end = max(synced, len(data) - cut * 100)
            at = min(synced + cut * 13, len(data))
            data[at : at + len(noise)] = noise
            log.write_bytes(bytes(data[:end]))
            (after / f"{FILE}-shm").unlink(missing_ok=True)
        whole = Store(after)
        torn = whole._db.execute(
            "DELETE FROM batches WHERE crc=0"
        ).rowcount  # it may be there whole
        assert torn in {0, 1}
        whole.close()
        self.open()

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 1 << 30), flip=st.integers(1, 255))
    def damage(self, which: int, flip: int) -> None:
        """One byte of one batch is another one on the disk."""
        self.spool.close()
        store = Store(self.folder)
        rows = [
            row
            for row in store._db.execute("SELECT position, count, data FROM batches")
            if row[0] not in self.damaged
        ]
        position, count, data = rows[which % len(rows)]
        bad = bytearray(data)
        bad[which % len(bad)] ^= flip
        store._db.execute("UPDATE batches SET data=? WHERE position=?", (bytes(bad), position))
        store.close()
        begun = sum(row[1] for row in rows if row[0] < position)
        del self.waiting[begun : begun + count]
        self.damaged.add(position)
        self.lost += count
        self.open()

    @rule()
    def disk_full(self) -> None:
        with self.spool._guard:
            db = self.spool._store._db
            (pages,) = db.execute("PRAGMA page_count").fetchone()
            db.execute(f"PRAGMA max_page_count={pages}")
        self.is_full = True

    @rule()
    def disk_has_room(self) -> None:
        with self.spool._guard:
            self.spool._store._db.execute("PRAGMA max_page_count=4294967294")
        self.is_full = False

    @rule()
    def second_process(self) -> None:
        with pytest.raises(UnreachableError, match=r"process \d+ uses it"):
            Spool(self.folder)

    # What holds at any time

    @invariant()
    def nothing_is_lost_and_nothing_is_there_twice(self) -> None:
        if not hasattr(self, "spool"):
            return
        store = Store(self.folder, read_only=True)
        try:
            found, position = [], 0
            while (batch := store.read(position)) is not None:
                found += numbers_of(batch)
                position = batch.end
            assert found == self.waiting
            assert store.parked_positions() == self.parked
            assert sum(each.events for each in store.losses()) <= self.lost
            if self.counted:
                assert store.counts("e") == {"k": self.counted}
                assert store.place("file") == str(self.counted - 1)
        finally:
            store.close()


def numbers_of(batch: StoredBatch) -> list[int]:
    return [int(body.split(b":")[0]) for body in batch.columns.bodies]


TestSpool = SpoolModel.TestCase
TestSpool.settings = settings(thorough(12, *HealthCheck), stateful_step_count=15)
