"""EventProducer: typed events in, delivery reports out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Self

from freezer_events.avro.wire import invalid_event
from freezer_events.errors import EventError, InvalidEvent, UsageError
from freezer_events.kafka.seconds import seconds
from freezer_events.send import checks, closing, lifetime, standard_headers, watching
from freezer_events.send.checks import KEY_FIELD, KeyField
from freezer_events.send.delivery import DEFAULT_GIVE_UP_AFTER_S, DEFAULT_TIMEOUT_S, Delivery
from freezer_events.send.lifetime import Lifetime
from freezer_events.send.report import OnlyUndelivered
from freezer_events.send.routes import Routes, type_of
from freezer_events.send.spool_at import SpoolAt
from freezer_events.send.spool_way import SpoolWay
from freezer_events.send.spooled_delivery import SpooledDelivery
from freezer_events.send.straight import StraightWay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from freezer_events.config import Settings
    from freezer_events.event import Event
    from freezer_events.send.checks import GivenHeaders, Key
    from freezer_events.send.report import OnReport, Report
    from freezer_events.send.route import Route
    from freezer_events.send.routes import Way
    from freezer_events.send.tally import Tally


class EventProducer:
    """Produce typed events to one cluster, each type to its topic.

    The first event of each type checks that its topic exists, that it may be written to, and that
    its schema is registered. Nothing is created or registered here. An outage pauses: what was sent
    waits, and `send` waits once the local queue is full.

        with EventProducer(Settings.load()) as producer:
            producer.send(FreezerReading(sensor_id="sensor0", temperature=-3.2))

    A producer may be used by several threads, not in the child of a fork.

    Args:
        settings: the cluster and the registry.
        topic: send every event here, instead of to the topic of its type (`Settings.topic_for`).
        timeout_s: seconds allowed for an answer of a broker or the registry, and for the flush when
            the block is left by an exception.
        give_up_after_s: seconds without a delivery after which all that waits is given up and
            `send` raises.
        on_undelivered: called with each undelivered event and its report, unless the event was
            sent with an `on_delivery` of its own. Costs nothing while everything is delivered.
        spool: a folder of this producer's own, or a `SpoolAt`. Then `send` returns once the event
            is on disk, needs neither cluster nor registry for that, and what is on disk is
            delivered in order, by this producer or a later one. `give_up_after_s` then only ends
            waits. Killed in between, it may send some events twice: they have one `event_id`.
        exactly_once: deliver from the spool in Kafka's transactions: consumers that read committed
            messages only find each event once. A lone event then takes some 6 to 30 ms longer.

    Attributes:
        settings: as given.

    Raises:
        ConfigError: no cluster or registry is named, librdkafka refuses a property, or the folder
            cannot be a spool.
        UnreachableError: another process uses the spool.
        UsageError: a time is none.

    """

    def __init__(
        self,
        settings: Settings,
        *,
        topic: str | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        give_up_after_s: float = DEFAULT_GIVE_UP_AFTER_S,
        on_undelivered: Callable[[Any, Report], None] | None = None,
        spool: SpoolAt | Path | str | None = None,
        exactly_once: bool = False,
    ) -> None:
        self.settings = settings
        self._timeout_s = timeout_s = seconds("timeout_s", timeout_s)
        give_up_after_s = seconds("give_up_after_s", give_up_after_s)
        self._lifetime = Lifetime()
        self._delivery: Delivery | SpooledDelivery
        if spool is None:
            if exactly_once:
                raise UsageError("exactly once", "needs a spool", "name a folder: spool=…")
            self._delivery = Delivery(
                settings, give_up_after_s=give_up_after_s, on_end=self._lifetime.end
            )
            self._way: Way = self._make_way()
        else:
            self._delivery = SpooledDelivery(
                settings,
                SpoolAt.of(spool),
                give_up_after_s,
                self._lifetime.end,
                exactly_once=exactly_once,
            )
            self._way = SpoolWay(self._delivery, self._make_way())
        self._tally = self._delivery.tally
        self._routes = Routes(settings, self._way, topic)
        self._by_class = self._routes.by_class  # looked up for each event
        self._lifetime.on_end = self._by_class.clear
        self._delivery.reports.on_undelivered = self._routes.tell
        self.on_undelivered = on_undelivered
        lifetime.watch(self, self._lifetime, self._delivery)

    def _make_way(self) -> StraightWay:
        """Make what takes an event's body: a subclass in `freezer_events.testing` has its own."""
        return StraightWay(self.settings, self._delivery, self._lifetime, self._timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        elif lifetime.leave(self._lifetime, self._delivery):
            # The block's own error is what its caller is to see; what became of the events, too.
            self._settle(self._timeout_s)
            error.add_note(f"events: {self._tally}")

    @property
    def on_undelivered(self) -> Callable[[Any, Report], None] | None:
        """Called with each undelivered event and its report; may be set later."""
        return self._routes.on_undelivered

    @on_undelivered.setter
    def on_undelivered(self, tell: Callable[[Any, Report], None] | None) -> None:
        self._routes.on_undelivered = tell

    @property
    def tally(self) -> Tally:
        """The counts so far; `read` counts the events given to `send`."""
        return self._delivery.tally

    def prepare(self, event: type[Event]) -> int:
        """Check that events of this class can be delivered, before sending any.

        Args:
            event: the generated class.

        Returns:
            The number of partitions of their topic.

        Raises:
            ConfigError: the topic does not exist.
            AccessError: the cluster or the registry denies access.
            SchemaError: the schema is not registered.
            UnreachableError: the cluster or the registry does not answer.

        """
        return self._route(event).partitions

    def send(
        self,
        event: Event,
        *,
        key: Key | KeyField = KEY_FIELD,
        headers: GivenHeaders | None = None,
        timestamp: datetime | int | None = None,
        on_delivery: OnReport | None = None,
    ) -> bool:
        """Queue one event for delivery; waits while the local queue is full.

        With a spool it waits for the disk, some milliseconds; threads that wait share that.

        Args:
            event: an instance of a generated class.
            key: the message key; by default the event's key field, None for a random partition.
            headers: a mapping, or pairs, of name and value.
            timestamp: the record's: a datetime with time zone, or milliseconds since 1970. By
                default the time at which it is sent.
            on_delivery: called once with the delivery report, in this thread during a later call
                or in a thread of the producer. It may call `send` while there is room and the
                producer is open: `flush` waits for what it sends, `close` takes nothing more. What
                it raises is logged, and raised again by `close`.

        Returns:
            True if the event was queued. False if, while it waited for room, the cluster began to
            refuse all events or another thread closed the producer: it was not queued, and `close`
            raises the reason.

        Raises:
            InvalidEvent: a value does not fit its field, or key, headers, timestamp or size are
                impossible; this event alone is rejected.
            EventError: what `prepare` raises; what ended the producer; or it was closed.

        """
        tally = self._tally
        route = self._by_class.get(type(event))
        if (
            route is not None
            and route.send is not None
            and route.headers is None
            and key is KEY_FIELD
            and headers is None
            and timestamp is None
            and (on_delivery is None or type(on_delivery) is OnlyUndelivered)
            and route.send(event, on_delivery)
        ):
            return True  # and counted
        tally.read += 1
        try:
            if route is None:
                route = self._route(type(event))
            if route.fill is not None:
                event = route.fill(event)
            try:
                value = route.prefix + route.encode(event)
            except Exception as error:
                raise invalid_event(event, error) from error
            own: str | bytes | None
            plain = headers is None and route.headers is None and timestamp is None
            if plain and key is KEY_FIELD and on_delivery is None:
                own, extra, told = route.key(event), None, None
            else:
                own = route.key(event) if isinstance(key, KeyField) else checks.message_key(key)
                extra = checks.extras(own, headers, timestamp)
                route.refuse(own, 0 if extra is None else extra[1])
                if route.headers is not None:
                    extra = standard_headers.added(extra, route.headers(event))
                told = checks.callback_or_none(on_delivery)
            return route.take(value, own, extra, told) or self._wait(
                partial(route.take, value, own, extra, told)
            )
        except InvalidEvent as error:
            tally.reject(error.rule)
            watching.rejected(error)
            raise
        except EventError:
            tally.unsent += 1
            raise
        except KeyboardInterrupt:
            tally.interrupted = True
            raise

    def send_all(self, events: Iterable[Event]) -> int:
        """Send many events with their own keys; returns how many were taken.

        It ends early where `send` returns False. With a spool, all are on disk when it returns;
        they are written many at a time.

        Raises:
            EventError: what `send` raises, of the first event that is not taken.

        """
        taken, route_of, send = 0, self._by_class.get, self.send
        with self._delivery.in_bulk():
            for event in events:
                route = route_of(type(event))
                at_once = None if route is None or route.headers is not None else route.send
                if not ((at_once is not None and at_once(event, None)) or send(event)):
                    break
                taken += 1
        return taken

    def flush(self, timeout_s: float | None = None) -> int:
        """Wait for all reports; returns how many are missing.

        Args:
            timeout_s: the longest to wait, in seconds; by default until everything is delivered,
                or given up after an outage.

        Raises:
            UsageError: this is within a delivery callback, or the time is none.
            EventError: the producer was closed, or is another process's.

        """
        if timeout_s is not None:
            seconds("timeout_s", timeout_s)
        self._delivery.outside_callbacks("flush")
        if self._lifetime.is_closed:
            self._lifetime.refuse_if_ended()
        return self._delivery.flush(timeout_s)

    def close(self) -> None:
        """Wait for all reports, give up what an outage leaves open, and disconnect.

        Closing it again does nothing.

        Raises:
            NotDelivered: some events may not be on the topic; says how many, and why.
            UsageError: this is within a delivery callback.
            Exception: the first that a callback raised, where all was delivered.

        """
        if not lifetime.leave(self._lifetime, self._delivery):
            self._lifetime.wait_until_over()
            return
        self._settle(None)
        if (error := closing.verdict(self._delivery)) is not None:
            raise error

    def _settle(self, timeout_s: float | None) -> None:
        try:
            closing.settle(self._delivery, timeout_s)
        finally:
            self._way.close()
            self._lifetime.over.set()
        self._tally.check()

    def _route(self, kind: type[Event]) -> Route:
        self._lifetime.refuse_if_ended()
        return self._routes.get(type_of(kind))

    def _wait(self, take: Callable[[], bool]) -> bool:
        """Wait for room in this thread; False: the event was not taken."""
        return self._delivery.wait_for_room(take, self._stopping)

    def _stopping(self) -> bool:
        return self._lifetime.stop() or self._lifetime.is_closed
