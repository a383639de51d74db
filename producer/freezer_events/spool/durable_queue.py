"""The spool as others use it: put messages in, wait for the disk, take batches out in order.

One thread commits. What is put while it does so shares the next commit, whoever put it; a message
that comes alone is committed at once. Nobody else waits for the disk unless they ask to.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from freezer_events.errors import EventError
from freezer_events.spool.database import DiskFull
from freezer_events.spool.folder import SpoolFolder
from freezer_events.spool.packing import ROW, batched, columns, pack
from freezer_events.spool.records import BodyKind, Commit, ParkedMessage, StoredBatch, Waiting
from freezer_events.spool.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from freezer_events.spool.packing import Extra

DEFAULT_MAX_BYTES: Final = 1 << 30
DEFAULT_PATIENCE_S: Final = 300.0

_ROW: Final = 512  # messages in a row at most
_ROW_BYTES: Final = 1 << 20  # likewise, unless one alone is larger
_PENDING: Final = 8 * ROW  # messages that are put and not committed
_PENDING_BYTES: Final = 32 << 20
_READY: Final = 64  # committed rows kept in memory for whoever takes them out
_READY_BYTES: Final = 32 << 20
_AGE_S: Final = 0.005  # the longest that messages for which nobody waits are left uncommitted
_QUIET_S: Final = 0.02  # after so long without a commit the next message is committed at once
_AGAIN_S: Final = 0.2  # between two tries on a full disk
_SLICE_S: Final = 0.1  # the longest that a wait goes without asking whether to stop
_MOST_TOLD: Final = 100_000  # messages at most of which somebody wants to hear in the end
_REFUSALS: Final = 1000  # of so many it is known why; whoever waits looks at once
_STEP: Final = 4  # rows deleted at once on a full disk
_LAST_TRIES: Final = 5  # to write what is left when it is closed
_DROP_BYTES: Final = 1 << 20  # dropped at once on a full disk
_LARGE_BYTES: Final = 1 << 20  # a file that is larger is shrunk once it is empty

_log = logging.getLogger("freezer_events.spool")


class Put(NamedTuple):
    """A message on its way into the spool.

    Attributes:
        kind: number of its BodyKind.
        key: the message key.
        body: the Avro body.
        extra: headers and timestamp, where it has any.
        counted: event, key and number, where one was counted for it.
        place: how far its source has been read with this message, the source's name first;
            `written_place` tells how it is written down.
        told: whoever is to hear what became of it.
        awaited: its sender waits for the disk, and counts it if it is refused.

    """

    kind: int
    key: bytes | None
    body: bytes
    extra: Extra | None = None
    counted: tuple[str, str, int] | None = None
    place: Any = None
    told: Any = None
    awaited: bool = True


def never() -> bool:
    """Be the `stop` of a wait that only its end ends."""
    return False


class Spool:
    """A queue on disk.

    Args:
        path: its folder.
        max_bytes: how much may wait in it.
        drop_oldest: when it is full, drop the oldest on record instead of waiting.
        patience_s: how long a full disk is waited for, in seconds, before messages are refused.

    Attributes:
        start: the position at which this process began.
        on_notice: told in a sentence of a full disk and of losses; by default a line in the log.
        on_committed: called with the number of messages of each commit.
        on_refused: called with messages that were put and could not be committed.
        on_lost: called with how many messages of this process were lost from it.
        on_told_lost: called with somebody who was to hear of one of them, and the reason.
        on_forgotten: called with somebody who was to hear of a message, where too many are.
        keeps: tells whether somebody who is to hear of a message wants to after it is on disk.
        written_place: gives the name of a source and, as text, how far it has been read.

    Raises:
        ConfigError: the folder cannot be a spool, or holds none that this version can read.
        UnreachableError: another process uses it.
        DiskFull: there is no room to make it.

    """

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        drop_oldest: bool = False,
        patience_s: float = DEFAULT_PATIENCE_S,
    ) -> None:
        self.path = path
        self.on_notice: Callable[[str], None] = _log.warning
        self.on_committed: Callable[[int], None] = lambda _: None
        self.on_refused: Callable[[Sequence[Put], EventError], None] = lambda *_: None
        self.on_lost: Callable[[int], None] = lambda _: None
        self.on_told_lost: Callable[[Any, str], None] = lambda *_: None
        self.on_forgotten: Callable[[Any], None] = lambda _: None
        self.keeps: Callable[[Any], bool] = lambda _: True
        self.written_place: Callable[[Any], tuple[str, str]] = lambda place: place
        self._max_bytes = max_bytes
        self._drop_oldest = drop_oldest
        self._patience_s = patience_s
        self._folder = SpoolFolder(path)
        try:
            self._store = self._open()
        except BaseException:
            self._folder.release()
            raise
        self.start = self._store.next
        self.identity = self._store.identity
        waiting = self._store.waiting()
        self._waiting, self._waiting_bytes = waiting.events, waiting.size_bytes
        self._store.on_loss = self._on_loss
        # Held while an event is numbered and put, so that numbers and places are in order.
        self.order = threading.RLock()
        self._pending: list[Put] = []
        self._pending_bytes = 0
        self._put = self._committed = self._awaited = 0
        self._refused: list[tuple[int, int, EventError]] = []
        self._watchers: deque[tuple[int, Callable[[EventError | None], None]]] = deque()
        # Guards the store, and what follows.
        self._guard = threading.RLock()
        self._cursor = self._store.oldest()
        self._ready: deque[StoredBatch] = deque()
        self._ready_bytes = 0
        self._change = Commit()
        self._told: dict[int, Any] = {}
        self._done = threading.Condition()
        self._wake = threading.Event()
        self._more = threading.Event()
        self._idle = False
        self._is_full = False
        self._closing = False
        self._full_since: float | None = None
        self._committed_at = 0.0
        self._thread = threading.Thread(target=self._run, name="freezer-spool", daemon=True)
        self._thread.start()

    def _open(self) -> Store:
        try:
            found = Store(self.path)
        except DiskFull:  # what waits in there is to get out; that makes room
            if not self._folder.free_reserve():
                raise
            found = Store(self.path)
            self._has_reserve = False
        else:
            self._has_reserve = self._folder.keep_reserve()
        return found

    # Putting in.

    def kind(self, kind: BodyKind) -> int:
        """Return the number of a kind."""
        with self._guard:
            return self._store.kind(kind)

    def kinds(self) -> dict[int, BodyKind]:
        """Return all kinds by their number."""
        with self._guard:
            return self._store.kinds()

    def counts(self, event: str) -> dict[str, int]:
        """Return the last number that was given for each key of an event."""
        with self._guard:
            return self._store.counts(event)

    def place(self, source: str) -> str | None:
        """Return how far a source has been read, as it was committed."""
        with self._guard:
            return self._store.place(source)

    def put(self, message: Put) -> int:
        """Put a message in, to be committed soon; returns its number for `wait`, 0 without room."""
        with self.order:
            if self._is_full:
                return 0
            pending = self._pending
            pending.append(message)
            self._pending_bytes += len(message[2])
            self._put = number = self._put + 1
            if self._idle or not len(pending) % ROW:
                self._wake.set()
                self._look_for_room()
            return number

    def _look_for_room(self) -> None:
        """Take note of whether anything can be put; `done` and each commit make room."""
        full = self._waiting_bytes + self._pending_bytes >= self._max_bytes
        self._is_full = (
            self._closing
            or len(self._pending) >= _PENDING
            or self._pending_bytes >= _PENDING_BYTES
            or (full and not self._drop_oldest)
        )

    def note_place(self, source: str, place: str | None) -> None:
        """Remember how far a source has been read, behind all that was put so far."""
        self.wait()
        with self._guard:
            self._change.places[source] = place
        self._settle()

    def wait(self, number: int | None = None, stop: Callable[[], bool] = never) -> bool:
        """Wait until a message is on the disk, or all that were put; False: told to stop.

        Raises:
            DiskFull: it could not be committed in time; it is not in the spool.
            EventError: the spool cannot be written; it is not in the spool.

        """
        number = self._put if number is None else number
        while self._committed < number:
            self._awaited = max(self._awaited, number)
            self._wake.set()
            with self._done:
                if self._committed < number:
                    self._done.wait(_SLICE_S)
            if stop():
                return False
        why = self._why_refused(number)
        if why is not None:
            raise why.with_traceback(None)
        return True

    def when_committed(self, number: int, tell: Callable[[EventError | None], None]) -> None:
        """Have a function called once a message is on the disk, or with why it is not."""
        with self.order:
            is_known = number <= self._committed
            if not is_known:
                self._awaited = max(self._awaited, number)
                self._watchers.append((number, tell))
        self._wake.set()
        if is_known:
            tell(self._why_refused(number))

    def _why_refused(self, number: int) -> EventError | None:
        found = (why for first, last, why in self._refused if first <= number <= last)
        return next(found, None)

    def wait_for_room(self, timeout_s: float) -> None:
        """Wait until something was committed or taken out, but not for long."""
        self._wake.set()
        with self._done:
            self._done.wait(timeout_s)

    # Taking out.

    @property
    def waiting(self) -> int:
        """How many committed messages wait."""
        return self._waiting

    def state(self) -> tuple[Waiting, int, int]:
        """Return what waits, and how many messages are parked and lost."""
        with self._guard:
            store = self._store
            lost = sum(each.events for each in store.losses())
            return store.waiting(), len(store.parked_positions()), lost

    def waiting_since_start(self) -> int:
        """Count the committed messages of this process that wait."""
        self._settle()
        with self._guard:
            return self._store.waiting_from(self.start)

    def next(self) -> StoredBatch | None:
        """Take the next committed batch in order, to be `done` with later; None where none is.

        Raises:
            DiskFull: a damaged one cannot be set aside.
            EventError: the spool cannot be read.

        """
        with self._guard:
            while self._ready and self._ready[0].position <= self._cursor:
                batch = self._ready.popleft()
                self._ready_bytes -= batch.size_bytes
                if batch.position == self._cursor:
                    self._cursor = batch.end
                    return batch
            if self._cursor >= self._store.next:
                self._more.clear()
                return None
            try:
                found = self._store.read(self._cursor)
            except DiskFull:  # to set a damaged one aside takes room
                self._folder.free_reserve()
                found = self._store.read(self._cursor)
                self._has_reserve = self._folder.keep_reserve()
            self._cursor = self._store.next if found is None else found.end
            return found

    def wait_for_more(self, timeout_s: float) -> None:
        """Wait until there may be a next batch."""
        self._more.wait(timeout_s)

    def wake(self) -> None:
        """End a `wait_for_more`."""
        self._more.set()

    def told(self, batch: StoredBatch) -> dict[int, Any]:
        """Return, once, whoever is to hear what became of a message, by its index in the batch."""
        if not self._told:
            return {}
        found = ((n, self._told.pop(batch.position + n, None)) for n in range(batch.length))
        return {number: who for number, who in found if who is not None}

    def untold(self) -> Iterator[Any]:
        """Give those that have not heard yet what became of their message, each once."""
        while self._told:
            yield self._told.pop(next(iter(self._told)))

    def parked_positions(self) -> set[int]:
        """Return the positions of what is parked: it is not to be delivered."""
        self._settle()
        with self._guard:
            return self._store.parked_positions()

    def park(self, batch: StoredBatch, index: int, reason: str) -> None:
        """Set a message aside that Kafka will not take; on the disk before its batch is gone."""
        message = batch.columns.one(index)
        parked = ParkedMessage(batch.position + index, reason, message)
        with self._guard:
            self._change.parked.append((parked, pack(columns([message]))))

    def row_checksum(self, position: int) -> int | None:
        """Return the checksum of the row that holds a position; None where there is none."""
        with self._guard:
            return self._store.row_checksum(position)

    def done(self, batch: StoredBatch) -> None:
        """Let a batch go, all of whose messages are delivered or parked; soon on the disk."""
        with self._guard:
            self._change.gone.append(batch.position)
            self._waiting -= batch.length
            self._waiting_bytes -= batch.size_bytes
        self._look_for_room()
        if self._idle:
            self._wake.set()
        with self._done:
            self._done.notify_all()

    def keep_only(self, batch: StoredBatch, numbers: Sequence[int]) -> None:
        """Keep of a batch what has not been delivered, in its place; the rest is done."""
        of = batch.columns
        with self._guard:
            self._change.gone.append(batch.position)
            for run in _runs(numbers):
                data = pack(columns([of.one(number) for number in run]))
                self._change.kept.append((batch.position + run[0], len(run), data))
            self._waiting -= batch.length - len(numbers)

    def remember(self, name: str, value: Any) -> None:
        """Remember a fact with the next commit."""
        with self._guard:
            self._change.facts[name] = value

    def close_intake(self) -> None:
        """Commit what was put; nothing further is taken."""
        self._closing = self._is_full = True
        self._wake.set()
        self._more.set()
        self._thread.join()

    def close(self) -> None:
        """Commit what was put, and let go of the folder."""
        self.close_intake()
        self._settle()
        with self._guard:
            self._folder.free_reserve()  # on a full disk it takes room to give room back
            self._store.shrink()
            self._store.close()
            self._folder.keep_reserve()
            self._folder.release()

    # The thread that commits.

    def _run(self) -> None:
        tries = 0
        while not (self._closing and not self._pending and not self._has_changes()):
            tries = tries + 1 if self._closing else 0
            self._gather()
            try:
                self._commit()
            except DiskFull as full:
                self._on_full(full)
            except Exception as error:  # noqa: BLE001 - whoever waits is to hear of it
                _log.debug("a commit failed", exc_info=True)
                self._refuse(
                    error
                    if isinstance(error, EventError)
                    else EventError("write the spool", repr(error))
                )
            else:
                continue
            if tries >= _LAST_TRIES:
                _log.error("the spool %s is closed with %s not written", self.path, self._change)
                return
            time.sleep(_AGAIN_S)

    def _has_changes(self) -> bool:
        return self._change != Commit()

    def _gather(self) -> None:
        """Wait until there is something to commit, and a little longer if nobody waits for it."""
        self._idle = True
        if not self._pending and not self._has_changes() and not self._closing:
            self._wake.wait()
        self._idle = False
        self._wake.clear()
        is_quick = time.monotonic() - self._committed_at < _QUIET_S
        if is_quick and self._awaited <= self._committed and len(self._pending) < ROW:
            self._wake.wait(_AGE_S)
            self._wake.clear()

    def _settle(self) -> None:
        """Commit what is done, here and now."""
        try:
            with self._guard:
                if self._has_changes():
                    change, self._change = self._change, Commit()
                    self._write(change)
        except DiskFull:
            self._wake.set()

    def _write(self, change: Commit) -> int:
        """Commit a change; what it said is kept where that fails."""
        try:
            return self._store.commit(change)
        except BaseException:
            later = self._change
            self._change = replace(
                change,
                rows=[],
                kept=change.kept + later.kept,
                gone=change.gone + later.gone,
                parked=change.parked + later.parked,
                losses=change.losses + later.losses,
                counts={},
                places={**change.places, **later.places} if not change.rows else later.places,
                facts={**change.facts, **later.facts},
            )
            raise

    def _commit(self) -> None:
        if not self._has_reserve and not self._regain_reserve() and self._pending:
            raise self._store.full("write")
        with self._guard:
            with self.order:  # what is put while it is held is committed together
                taken = self._pending[:_PENDING]
            if not taken and not self._has_changes():
                return
            change, self._change = self._change, Commit()
            rows = [(row, columns(row)) for row in batched(taken)]
            change.rows = [(len(row), pack(of)) for row, of in rows]
            change.counts = _last_counts(taken)
            for last in _last_places(taken):
                source, place = self.written_place(last)
                change.places[source] = place
            self._make_room(sum(len(data) for _, data in change.rows))
            position = self._write(change)
            self.on_committed(len(taken))
            for (row, of), (count, data) in zip(rows, change.rows, strict=True):
                self._keep_told(position, row)
                self._keep_ready(StoredBatch(position, of, len(data)))
                position += count
            empty = not self._waiting
        self._full_since = None
        self._committed_at = time.monotonic()
        self._settled(taken)
        if empty and not self._pending and self._store.path.stat().st_size > _LARGE_BYTES:
            with self._guard:
                self._store.shrink()

    def _keep_told(self, position: int, row: Sequence[Put]) -> None:
        for number, each in enumerate(row, position):
            if each.told is not None and self.keeps(each.told):
                if len(self._told) < _MOST_TOLD:
                    self._told[number] = each.told
                else:
                    self.on_forgotten(each.told)

    def _keep_ready(self, batch: StoredBatch) -> None:
        self._waiting += batch.length
        self._waiting_bytes += batch.size_bytes
        if len(self._ready) < _READY and self._ready_bytes < _READY_BYTES:
            self._ready.append(batch)
            self._ready_bytes += batch.size_bytes
        self._more.set()

    def _settled(self, taken: list[Put], error: EventError | None = None) -> None:
        """Let go of what was committed or refused, and tell whoever waits."""
        last = self._committed + len(taken)
        with self.order:
            if error is not None:
                self._refused = self._refused[-_REFUSALS:]
                self._refused.append((self._committed + 1, last, error))
            del self._pending[: len(taken)]
            self._pending_bytes -= sum(len(each[2]) for each in taken)
            self._look_for_room()
        if error is not None and taken:
            self.on_refused(taken, error)  # before anybody who waits goes on
        with self.order:
            self._committed = last
            heard = []
            while self._watchers and self._watchers[0][0] <= last:
                heard.append(self._watchers.popleft()[1])
        with self._done:
            self._done.notify_all()
        for tell in heard:
            tell(error)

    def _regain_reserve(self) -> bool:
        """Delete what is done, give its room back and reserve it: nothing is added before that.

        What is added would take the room that a deletion needs.
        """
        with self._guard:
            while self._has_changes():  # in small steps: a large one needs more room than there is
                change = self._change
                self._change = Commit(gone=change.gone[_STEP:])
                try:
                    self._write(replace(change, gone=change.gone[:_STEP]))
                except DiskFull:
                    break
                self._store.shrink()
            self._has_reserve = self._folder.keep_reserve()
        return self._has_reserve

    def _refuse(self, error: EventError) -> None:
        self._settled(self._pending[:], error)

    def _make_room(self, size: int) -> None:
        """Drop the oldest where that was asked for and the spool is full."""
        over = self._waiting_bytes + size - self._max_bytes
        if over > 0 and self._drop_oldest:
            self._drop(over, "dropped: the spool is full (--spool-max-bytes)")

    def _drop(self, least_bytes: int, reason: str) -> None:
        """Drop the oldest batches that nobody has taken out."""
        self._store.drop_oldest(least_bytes, self._cursor, reason)
        self._cursor = self._store.oldest(self._cursor)
        while self._ready and self._ready[0].position < self._cursor:
            self._ready_bytes -= self._ready.popleft().size_bytes

    def _on_loss(self, rows: Sequence[tuple[int, int]], size: int, reason: str) -> None:
        events = sum(count for _, count in rows)
        self._waiting -= events
        self._waiting_bytes -= size
        self._look_for_room()
        self.on_lost(sum(count for position, count in rows if position >= self.start))
        if self._told:
            found = (self._told.pop(p, None) for at, count in rows for p in range(at, at + count))
            for who in found:
                if who is not None:
                    self.on_told_lost(who, reason)
        self.on_notice(f"spool {self.path}: {events:,} events {reason}")

    def _on_full(self, full: DiskFull) -> None:
        """Keep what waits for the disk, let deletions go first, and give up in time."""
        now = time.monotonic()
        if self._full_since is None and self._pending:
            self._full_since = now
            self.on_notice(f"{full.doing}: {full.why}; {len(self._pending):,} events wait for room")
        if self._has_changes():
            self._folder.free_reserve()
            self._regain_reserve()
        if self._drop_oldest:
            with self._guard, suppress(DiskFull):
                self._folder.free_reserve()
                self._drop(_DROP_BYTES, "dropped: the disk is full")
            self._has_reserve = self._folder.keep_reserve()
        since = self._full_since
        if since is not None and (now - since >= self._patience_s or self._closing):
            self._full_since = None
            self._refuse(full)


def _runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Cut numbers in order into runs that follow each other."""
    run: list[int] = []
    for number in numbers:
        if run and number != run[-1] + 1:
            yield run
            run = []
        run.append(number)
    if run:
        yield run


def _last_counts(messages: Sequence[Put]) -> dict[tuple[str, str], int]:
    """Return the last number that was counted for each key; threads may have overtaken others."""
    found: dict[tuple[str, str], int] = {}
    for each in messages:
        if each.counted is not None:
            event, key, number = each.counted
            found[event, key] = max(number, found.get((event, key), 0))
    return found


def _last_places(taken: Sequence[Put]) -> list[tuple[Any, ...]]:
    """Return the last place of each source: several files may end in one batch."""
    return list({each.place[0]: each.place for each in taken if each.place is not None}.values())
