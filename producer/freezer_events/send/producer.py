"""EventProducer: typed events in, delivery reports out."""

from __future__ import annotations

import logging
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from freezer_events.avro.wire import invalid_event
from freezer_events.config.settings import REGISTRY_TIMEOUT_S
from freezer_events.console.words import counted
from freezer_events.errors import EventError, InvalidEvent, NotDelivered, SchemaError, UsageError
from freezer_events.kafka import topics
from freezer_events.registry.client import NotRegistered
from freezer_events.registry.known_ids import RememberingRegistry
from freezer_events.registry.serializer import EventSerializer
from freezer_events.send import checks, lifetime
from freezer_events.send.delivery import DEFAULT_GIVE_UP_AFTER_S, DEFAULT_TIMEOUT_S, Delivery
from freezer_events.send.route import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from types import TracebackType

    from freezer_events.config import Settings
    from freezer_events.event import Event, EventType
    from freezer_events.registry.client import Registry
    from freezer_events.send.checks import GivenHeaders, Key
    from freezer_events.send.line import Extra
    from freezer_events.send.reports import OnReport, Report
    from freezer_events.send.tally import Tally

_AT_EXIT_S: Final = 10.0  # the longest that a producer that nobody closed holds up the exit

_log = logging.getLogger("freezer_events.send")


class KeyField:
    """The type of KEY_FIELD."""

    def __repr__(self) -> str:
        return "KEY_FIELD"


KEY_FIELD: Final = KeyField()


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

    Attributes:
        settings: as given.
        on_undelivered: as given; may be set later.

    Raises:
        ConfigError: no cluster or registry is named, or librdkafka refuses a property.

    """

    # Subclasses of ours replace the methods below "What it is made of", in
    # `freezer_events.testing` for example: users' programs need not.

    def __init__(
        self,
        settings: Settings,
        *,
        topic: str | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        give_up_after_s: float = DEFAULT_GIVE_UP_AFTER_S,
        on_undelivered: Callable[[Any, Report], None] | None = None,
    ) -> None:
        self.settings = settings
        self.on_undelivered = on_undelivered
        self._topic = topic
        self._timeout_s = timeout_s
        # Why there are no routes any more, which is how `send` gets to know.
        self._ended: EventError | None = None
        self._closed = False
        self._routes: dict[type, Route] = {}
        self._known: list[Route] = []  # the same, also after the end: to name what is given up
        self._delivery = Delivery(settings, give_up_after_s=give_up_after_s, on_end=self._end)
        self._tally = self._delivery.tally
        self._registry = self._connect_registry()
        self._stop: Callable[[], bool] = lambda: False  # a pipeline's, asked while waiting
        self._registry.stop = self._stopping
        self._waits = self._block  # how to wait for room: a coroutine does it in its own way
        self._delivery.reports.on_undelivered = self._undelivered
        lifetime.watch(self, partial(_left_open, self._delivery))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        elif self._leave():
            # The block's own error is what its caller is to see; what became of the events, too.
            self._settle(self._timeout_s)
            error.add_note(f"events: {self._tally}")

    @property
    def tally(self) -> Tally:
        """The counts so far; `read` counts the events given to `send`."""
        return self._tally

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
        return self._route(event.__event__).partitions

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

        Args:
            event: an instance of a generated class.
            key: the message key; by default the event's key field, None for a random partition.
            headers: a mapping, or pairs, of name and value.
            timestamp: the record's: a datetime with time zone, or milliseconds since 1970. By
                default the time at which it is sent.
            on_delivery: called once with the delivery report, in this thread during a later call
                or in a thread of the producer. It may call `send` while there is room. What it
                raises is logged, and raised again by `close`.

        Returns:
            True if the event was queued. False if the cluster began to refuse all events while
            this one waited for room: it was not queued, and `close` raises the reason.

        Raises:
            InvalidEvent: a value does not fit its field, or key, headers, timestamp or size are
                impossible; this event alone is rejected.
            EventError: what `prepare` raises; what ended the producer; or it was closed.

        """
        route = self._routes.get(type(event)) or self._first(event)
        tally = self._tally
        tally.read += 1
        try:
            if route.fill is not None:
                event = route.fill(event)
            try:
                value = route.prefix + route.encode(event)
            except Exception as error:
                raise invalid_event(event, error) from error
            if key is KEY_FIELD and headers is None and timestamp is None and on_delivery is None:
                key = route.key(event)
                return route.take(value, key, None, None) or self._await_room(route, value, key)
            own = route.key(event) if isinstance(key, KeyField) else checks.message_key(key)
            extra = checks.extras(own, headers, timestamp)
            told = checks.callback_or_none(on_delivery)
            return route.take(value, own, extra, told) or self._await_room(
                route, value, own, extra, told
            )
        except InvalidEvent:
            tally.rejected += 1
            raise
        except EventError:
            tally.unsent += 1
            raise
        except KeyboardInterrupt:
            tally.interrupted = True
            raise

    def send_all(self, events: Iterable[Event]) -> int:
        """Send many events with their own keys; returns how many were taken.

        It ends early where `send` returns False.

        Raises:
            EventError: what `send` raises, of the first event that is not taken.

        """
        taken, send = 0, self.send
        for event in events:
            if not send(event):
                break
            taken += 1
        return taken

    def flush(self, timeout_s: float | None = None) -> int:
        """Wait for all reports; returns how many are missing.

        Args:
            timeout_s: the longest to wait, in seconds; by default until everything is delivered,
                or given up after an outage.

        Raises:
            UsageError: this is within a delivery callback.
            EventError: the producer was closed, or is another process's.

        """
        self._delivery.outside_callbacks("flush")
        if self._closed:
            self._refuse_if_ended()
        return self._delivery.flush(timeout_s)

    def close(self) -> None:
        """Wait for all reports, give up what an outage leaves open, and disconnect.

        Closing it again does nothing.

        Raises:
            NotDelivered: some events may not be on the topic; says how many, and why.
            UsageError: this is within a delivery callback.
            Exception: the first that a callback raised, where all was delivered.

        """
        if not self._leave():
            return
        self._settle(None)
        tally = self._tally
        raised = self._delivery.reports.raised
        if raised is not None:
            raised[0].add_note(f"{counted(raised[1], 'delivery callback')} raised; events: {tally}")
        if lost := tally.failed + tally.unconfirmed:
            cause = self._delivery.trouble or "see the delivery reports"
            sent = counted(tally.delivered + lost, "event")
            raise NotDelivered(f"deliver {sent}", f"{lost:,} not delivered: {cause}") from (
                raised and raised[0]
            )
        if raised is not None:
            raise raised[0]

    def _leave(self) -> bool:
        """Take no further events; False where that was so before, and nothing is to be done."""
        self._delivery.outside_callbacks("close the producer")
        if self._closed:
            return False
        lifetime.forget(self)
        self._close_for(UsageError("send", "the producer is closed", "make another one"))
        return True

    def _settle(self, timeout_s: float | None) -> None:
        delivery = self._delivery
        try:
            delivery.flush(timeout_s)
        finally:
            delivery.abandon()
            delivery.pump.stop()
            self._registry.close()
        self._tally.check()

    def _end(self, why: EventError) -> None:
        self._ended = self._ended or why
        self._routes.clear()

    def _refuse_if_ended(self) -> None:
        if self._ended is not None:
            raise self._ended.with_traceback(None)  # it is the same one each time

    def _close_for(self, why: EventError) -> None:
        self._closed, self._ended = True, why
        self._routes.clear()

    def _was_forked(self) -> None:
        self._close_for(
            UsageError(
                "send",
                "the producer was made before this process was forked",
                "make one in this process",
            )
        )

    def _first(self, event: Event) -> Route:
        """Return the route of an event whose type has none yet."""
        try:
            return self._route(_event_type(event))
        except InvalidEvent:
            self._tally.read += 1
            self._tally.rejected += 1
            raise
        except EventError:
            self._tally.read += 1
            self._tally.unsent += 1
            raise

    def _await_room(
        self,
        route: Route,
        value: bytes,
        key: str | bytes | None,
        extra: Extra | None = None,
        on_report: OnReport | None = None,
    ) -> bool:
        return self._waits(lambda: route.take(value, key, extra, on_report))

    def _block(self, take: Callable[[], bool]) -> bool:
        """Wait for room in this thread; False: the event was not taken."""
        try:
            taken = self._delivery.wait_for_room(take, self._stopping)
        except KeyboardInterrupt:
            self._tally.unsent += 1
            raise
        if not taken:
            self._tally.unsent += 1
        return taken

    # What it is made of.

    def _connect_registry(self) -> Registry:
        return RememberingRegistry.connect(self.settings, min(self._timeout_s, REGISTRY_TIMEOUT_S))

    def _partitions(self, topic: str) -> int:
        found = topics.preflight(self.settings, topic, timeout_s=self._timeout_s, stop=self._stop)
        if found.largest_bytes is not None:
            # A topic refuses a whole batch that is larger than it allows for one message.
            self._delivery.bound_batches(found.largest_bytes)
        return found.partitions

    def _serializer(self, event_type: EventType) -> EventSerializer:
        return EventSerializer.through(self._registry, event_type.record)

    def _route(self, event_type: EventType) -> Route:
        self._refuse_if_ended()
        route = self._routes.get(event_type.record)
        if route is None:
            topic = self._topic or self.settings.topic_for(event_type)
            serializer = self._serializer(event_type)
            partitions = self._partitions(topic)
            try:
                prefix = serializer.prefix(topic)
            except NotRegistered as error:
                raise self._not_registered(event_type, topic) from error
            self._delivery.pump.start()
            take = self._delivery.line.taker(topic)
            route = Route(event_type, topic, partitions, serializer.encoder, prefix, take)
            self._routes[event_type.record] = route
            self._known.append(route)
        return route

    def _not_registered(self, event_type: EventType, topic: str) -> SchemaError:
        name = event_type.name
        register = f"freezer schema register --event {name}"
        if topic != self.settings.topic_for(event_type, named=name):
            register += f" --topic {topic}"
        return SchemaError(
            f"produce {name} version {event_type.version} to {topic!r}",
            f"its schema is not registered at {self._registry.address}",
            f"register it: {register}",
        )

    def _undelivered(self, value: bytes, report: Report) -> None:
        if self.on_undelivered is not None:
            found = (route.event(report.topic, value) for route in self._known)
            event = next((each for each in found if each is not None), None)
            if event is not None:
                self.on_undelivered(event, report)

    def _stopping(self) -> bool:
        return self._stop() or self._delivery.trouble is not None


def _left_open(delivery: Delivery) -> None:
    """End a producer that nobody closed: at the end of the program, or when it is forgotten."""
    waiting = delivery.in_flight
    delivery.flush(_AT_EXIT_S)
    left = delivery.in_flight
    delivery.abandon()
    delivery.pump.stop()
    warnings.warn(
        f"an EventProducer was never closed: {counted(waiting, 'event')} still open,"
        f" {left:,} of them not delivered within {_AT_EXIT_S:g} s",
        ResourceWarning,
        stacklevel=1,
    )
    if left:
        _log.error("an EventProducer was never closed: events %s", delivery.tally)


def _event_type(event: Event) -> EventType:
    found = getattr(type(event), "__event__", None)
    if found is None:
        raise InvalidEvent(
            "send",
            f"{type(event).__name__} is not a generated event class",
            "see freezer_events.events",
        )
    return found  # type: ignore[no-any-return]
