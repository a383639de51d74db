"""EventProducer: typed events in, delivery reports out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from freezer_events.avro.fast import encoder
from freezer_events.avro.wire import prefix
from freezer_events.config.settings import REGISTRY_TIMEOUT_S
from freezer_events.console.words import counted
from freezer_events.errors import InvalidEvent, NotDelivered, SchemaError
from freezer_events.kafka import topics
from freezer_events.registry.client import NotRegistered, Registry, subject_name
from freezer_events.send.delivery import DEFAULT_TIMEOUT_S, Delivery
from freezer_events.send.route import Route

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from freezer_events.config import Settings
    from freezer_events.event import Event, EventType
    from freezer_events.send.delivery import Headers
    from freezer_events.send.reports import Report
    from freezer_events.send.tally import Tally


class _KeyField:
    """The type of KEY_FIELD."""

    def __repr__(self) -> str:
        return "KEY_FIELD"


KEY_FIELD: Final = _KeyField()


class EventProducer:
    """Produce typed events to one cluster, each type to its topic.

    The first event of each type checks that its topic exists, that it may be written to, and that
    its schema is registered. Nothing is created or registered here.

        with EventProducer(Settings.load()) as producer:
            producer.send(FreezerReading(sensor_id="sensor0", temperature=-3.2))

    Args:
        settings: the cluster and the registry.
        topic: send every event here, instead of to the topic of its type (`Settings.topic_for`).
        timeout_s: seconds allowed for a message, for an answer, and for the final flush.
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
        on_undelivered: Callable[[Any, Report], None] | None = None,
    ) -> None:
        self.settings = settings
        self.on_undelivered = on_undelivered
        self._topic = topic
        self._timeout_s = timeout_s
        self._delivery = Delivery(settings, timeout_s=timeout_s)
        self._registry = self._connect_registry()
        self._stop: Callable[[], bool] = lambda: False  # a pipeline's, asked while waiting
        self._delivery.reports.on_undelivered = self._undelivered
        self._routes: dict[type, Route] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.close()
            else:
                self._delivery.flush(self._timeout_s)
        finally:
            self._registry.close()

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
        return self._route(event.__event__).partitions

    def send(
        self,
        event: Event,
        *,
        key: str | bytes | _KeyField | None = KEY_FIELD,
        headers: Headers | None = None,
        on_delivery: Callable[[Report], None] | None = None,
    ) -> bool:
        """Queue one event for delivery; waits while the local queue is full.

        Args:
            event: an instance of a generated class.
            key: the message key; by default the event's key field, None for a random partition.
            headers: pairs of name and value.
            on_delivery: called with the delivery report, during a later call to this producer.

        Returns:
            True if the event was queued. False if the cluster began to refuse all events while
            this one waited for room: it was not queued, and `close` raises the reason.

        Raises:
            InvalidEvent: a value does not fit its field.
            EventError: what `prepare` raises, or a fatal error of the producer.

        """
        route = self._routes.get(type(event)) or self._route(_event_type(event))
        if key is KEY_FIELD and headers is None and on_delivery is None:
            return route.send(event)
        self.tally.read += 1
        try:
            filled = route.filler(event)
            return self._delivery.send(
                route.topic,
                route.value(filled),
                route.key(filled) if isinstance(key, _KeyField) else key,
                headers=headers,
                on_report=on_delivery,
                stop=self._stopping,
            )
        except InvalidEvent:
            self.tally.rejected += 1
            raise

    def flush(self, timeout_s: float | None = None) -> int:
        """Wait up to `timeout_s` seconds for all reports; returns how many are missing.

        Raises:
            Exception: what an `on_delivery` or `on_undelivered` raised.

        """
        return self._delivery.flush(self._timeout_s if timeout_s is None else timeout_s)

    def close(self) -> None:
        """Flush, give up on events still without a report, and disconnect from the registry.

        Raises:
            NotDelivered: some events may not be on the topic; says how many, and why.

        """
        self._registry.close()
        self.flush()
        if self._delivery.in_flight:
            self._delivery.abandon()
        tally = self.tally
        if tally.failed or tally.unconfirmed:
            lost = tally.failed + tally.unconfirmed
            cause = self._delivery.trouble or "see the delivery reports"
            sent = counted(tally.delivered + lost, "event")
            raise NotDelivered(f"deliver {sent}", f"{lost:,} not delivered: {cause}")

    # What it is made of.

    def _connect_registry(self) -> Registry:
        return Registry.connect(self.settings, min(self._timeout_s, REGISTRY_TIMEOUT_S))

    def _partitions(self, topic: str) -> int:
        return topics.partitions(self.settings, topic, timeout_s=self._timeout_s, stop=self._stop)

    def _encoder(self, event_type: EventType) -> Callable[[Any], bytes]:
        return encoder(event_type)

    def _route(self, event_type: EventType) -> Route:
        route = self._routes.get(event_type.record)
        if route is None:
            topic = self._topic or self.settings.topic_for(event_type)
            route = self._routes[event_type.record] = Route(
                event_type,
                topic,
                self._partitions(topic),
                self._encoder(event_type),
                self._prefix(event_type, topic),
                self._delivery,
                self._stopping,
            )
        return route

    def _prefix(self, event_type: EventType, topic: str) -> bytes:
        """Return the five bytes that precede every body on this topic."""
        try:
            return prefix(self._registry.schema_id(subject_name(topic), event_type.schema))
        except NotRegistered as error:
            raise self._not_registered(event_type, topic) from error

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
            found = (route.event(report.topic, value) for route in self._routes.values())
            event = next((each for each in found if each is not None), None)
            if event is not None:
                self.on_undelivered(event, report)

    def _stopping(self) -> bool:
        return self._stop() or self._delivery.trouble is not None


def _event_type(event: Event) -> EventType:
    found = getattr(type(event), "__event__", None)
    if found is None:
        raise InvalidEvent(
            "send",
            f"{type(event).__name__} is not a generated event class",
            "see freezer_events.events",
        )
    return found  # type: ignore[no-any-return]
