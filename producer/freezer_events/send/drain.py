"""The drain: a thread that delivers what is in the spool, in order, and never gives up on it.

What is delivered is let go of; what Kafka will never take is parked; after anything else the client
is made anew, and what has not arrived is sent again, in its order.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaException

from freezer_events.errors import EventError
from freezer_events.kafka import codes
from freezer_events.kafka.codes import Outcome
from freezer_events.kafka.connection import SLICE_S
from freezer_events.send import fast, watching
from freezer_events.send.drain_client import Again
from freezer_events.send.on_its_way import OnItsWay
from freezer_events.send.report import report_of, report_on_disk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from confluent_kafka import KafkaError, Message

    from freezer_events.config import Settings
    from freezer_events.send.on_its_way import Address, Underway
    from freezer_events.send.reports import Reports
    from freezer_events.spool.durable_queue import Spool
    from freezer_events.spool.records import BodyKind, StoredBatch

WINDOW: Final = 20_000  # messages on their way at once: what a killed process may send twice
_WINDOW_BYTES: Final = 32 << 20
_AT_ONCE: Final = 8  # batches handed over before reports are served again
_POLL_S: Final = 0.01
_IDLE_S: Final = 0.5
_PURGED_WITHIN_S: Final = 5.0
_PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)  # before a next try, the last one again and again

_log = logging.getLogger("freezer_events.send")


class Drain:
    """Delivers from one spool to one cluster.

    Args:
        spool: where messages come from.
        settings: the cluster.
        properties: librdkafka's.
        reports: counts, and tells who is to hear.
        address: says where messages of a kind go; asks broker and registry, and raises.

    Attributes:
        trouble: why nothing is delivered at the moment, where that is known, else None.
        earlier: delivered messages of earlier processes, by partition.
        earlier_parked: parked messages of earlier processes.
        on_look: called now and then.
        moved_at: when its thread last went on, by `time.monotonic`; None before it is started.

    """

    def __init__(
        self,
        spool: Spool,
        settings: Settings,
        properties: Mapping[str, Any],
        reports: Reports,
        address: Callable[[BodyKind], Address],
    ) -> None:
        self.trouble: EventError | None = None
        self.earlier: defaultdict[int, int] = defaultdict(int)
        self.earlier_parked = 0
        self.on_look: Callable[[], None] = lambda: None
        self.moved_at: float | None = None
        self._spool = spool
        self._settings = settings
        self._reports = reports
        self._address = address
        self._addresses: dict[int, Address] = {}
        self._parked = spool.parked_positions()
        self._open: deque[Underway] = deque()
        self._again: deque[OnItsWay] = deque()
        self._failures = 0
        self._stopped = threading.Event()
        client = fast.drain_client(settings.freezer_line)
        self._client = client(properties, self._explain, self._is_to_end)
        self._thread = threading.Thread(target=self._run, name="freezer-drain", daemon=True)

    @property
    def heard(self) -> KafkaError | None:
        """What was last said of a connection that failed."""
        return self._client.heard

    @property
    def settled(self) -> int:
        """How many messages were delivered or parked, of whatever process."""
        tally = self._reports.tally
        earlier = sum(self.earlier.values()) + self.earlier_parked
        return tally.delivered + tally.parked + earlier

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and wait for that; what has not arrived stays in the spool."""
        self._stopped.set()
        self._spool.wake()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        for batch, todo in self._left():
            if len(todo) < batch.length:
                self._spool.keep_only(batch, todo)

    def _left(self) -> Iterator[tuple[StoredBatch, Sequence[int]]]:
        """Give the batches that have not arrived as a whole, and what of them has not."""
        return ((each.batch, each.todo) for each in self._again)

    def untold(self) -> Iterator[Any]:
        """Give those who have not heard what became of their message, once it has ended."""
        for each in self._again:
            yield from each.told.values()
            each.told.clear()

    @property
    def is_stopped(self) -> bool:
        """Tell whether it is to end."""
        return self._stopped.is_set()

    def _is_to_end(self) -> bool:
        """Tell it to the drain's own thread, which asks now and then whatever it waits for."""
        self.moved_at = time.monotonic()
        return self._stopped.is_set()

    def _run(self) -> None:
        while not self._is_to_end():
            try:
                self._deliver()
            except Again as again:
                self.trouble = again.why
            except EventError as error:
                self.trouble = error
            except KafkaException as error:
                self.trouble = self._explain(error.args[0])
            except Exception as error:  # noqa: BLE001 - a thread that ends serves nobody
                _log.exception("while draining the spool")
                self.trouble = EventError("drain the spool", repr(error))
            finally:
                self._disconnect()
            self._stopped.wait(_PAUSES_S[min(self._failures, len(_PAUSES_S) - 1)])
            self._failures += 1
            self.on_look()

    def _deliver(self) -> None:
        """Deliver until something is wrong, or it is to end."""
        while not self._is_to_end():
            if not (self._again or self._open) and self._spool.waiting == 0:
                self._spool.wait_for_more(_IDLE_S)
            moved = self._hand_over()
            if self._client.is_made:
                self._client.poll(0 if moved else _POLL_S)
            self._let_go()
            self.on_look()
            if not (moved or self._open):
                self._spool.wait_for_more(_POLL_S)

    def _hand_over(self) -> bool:
        """Give librdkafka the next batches; False where there are none, or enough are underway."""
        messages = sum(each.batch.length for each in self._open)
        size_bytes = sum(each.batch.size_bytes for each in self._open)
        for number in range(_AT_ONCE):
            if messages >= WINDOW or size_bytes >= _WINDOW_BYTES:
                return number > 0
            following = self._again.popleft() if self._again else self._next()
            if following is None:
                return number > 0
            self._open.append(following)
            self._find_addresses(following.batch)
            self._open[-1] = self._client.set_out(following, self._addresses)
            self._client.hand_over(self._open[-1])
            messages += following.batch.length
            size_bytes += following.batch.size_bytes
        return True

    def _next(self) -> OnItsWay | None:
        batch = self._spool.next()
        if batch is None:
            return None
        told = self._spool.told(batch)
        is_ours = batch.position >= self._spool.start
        partitions = self._reports.tally.partitions if is_ours else self.earlier
        return OnItsWay(batch, self._parked, partitions, told, self._tell)

    def _let_go(self) -> None:
        """Let go of what has arrived; look at what came back."""
        while self._open and self._open[0].is_there:
            arrived = self._open.popleft()
            arrived.count()
            self._spool.done(arrived.batch)
            self.trouble, self._failures = None, 0
        error = next((errors[0] for each in self._open if (errors := each.errors())), None)
        if error is None:
            return
        if not codes.is_never_taken(error):
            raise Again(self._explain(error))
        while any(each.left for each in self._open):  # what is on its way arrives before it
            self._client.wait()
        back = [each.come_back(self._addresses) for each in self._open]
        self._open = deque(back)
        for each in back:
            self._hand_over_carefully(each)
        self._let_go()

    def _hand_over_carefully(self, of: OnItsWay) -> None:
        """Send one by one, and park those that are refused alone."""
        for number in list(of.todo):
            run = of.one(number, self._addresses)
            self._client.hand_over_alone(of, run)
            while of.left:
                self._client.wait()
            if errors := of.errors():
                error = errors[0]
                if not codes.is_never_taken(error):
                    raise Again(self._explain(error))
                of.not_taken.clear()
                self._park(of.batch, number, error, of.told.pop(number, None))
            of.todo = of.todo[1:]

    def _park(self, batch: StoredBatch, number: int, error: KafkaError, who: Any) -> None:
        """Set a message aside, and tell who is to hear."""
        position = batch.position + number
        self._spool.park(batch, number, codes.words(error))
        watching.happened("parked", logging.WARNING, position=position, cause=codes.words(error))
        self._parked.add(position)
        if position >= self._spool.start:
            self._reports.tally.parked += 1
        else:
            self.earlier_parked += 1
        if who is not None:
            topic = self._addresses[batch.columns.kinds[number]].topic
            self._reports.tell(who, report_on_disk(Outcome.PARKED, topic, codes.words(error)))

    def _tell(self, _number: int, who: Any, message: Message) -> None:
        self._reports.tell(who, report_of(Outcome.DELIVERED, None, message))

    def _explain(self, error: KafkaError) -> EventError:
        return codes.explain(error, self._settings, self._topics())

    def bound_batches(self, most_bytes: int) -> None:
        """Never make a batch larger than this: the client is made anew if its batches are."""
        self._client.bound_batches(most_bytes)

    def _topics(self) -> str:
        return ", ".join(sorted({each.topic for each in self._addresses.values()}))

    def _find_addresses(self, batch: StoredBatch) -> None:
        """Find out where the messages of a batch go."""
        unknown = batch.outline.kinds - self._addresses.keys()
        if unknown:
            kinds = self._spool.kinds()
            for number in unknown:
                self._addresses[number] = self._address(kinds[number])

    def _disconnect(self) -> None:
        """Give the client up; what has not arrived is to be handed over again."""
        producer = self._client.give_up()
        if producer is not None:
            producer.purge()
            deadline = time.monotonic() + _PURGED_WITHIN_S
            while any(each.left > 0 for each in self._open) and time.monotonic() < deadline:
                try:
                    producer.poll(SLICE_S)
                except KafkaException as error:
                    _log.debug("a client that is given up says %s", error)
        back = [each.come_back(self._addresses) for each in self._open]
        self._open.clear()
        for each in back:
            if each.is_there:
                self._spool.done(each.batch)
        self._again.extendleft(each for each in reversed(back) if not each.is_there)
