"""EventProducer: typed events in, delivery reports out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from freezer_events.config.settings import REGISTRY_TIMEOUT_S
from freezer_events.errors import InvalidEvent, NotDelivered, SchemaError
from freezer_events.kafka import topics
from freezer_events.registry.client import NotRegistered, Registry
from freezer_events.registry.serializer import EventSerializer
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

    The first event of each type makes sure that its topic exists, that we may write to it and
    that its schema is registered; nothing is registered or created here.

    Args:
        settings: the cluster and the registry.
        topic: send every event here, instead of to the topic of its type.
        timeout_s: how long a message, an answer, and the flush at the end may take, in seconds.
        registry: another registry than the one in the settings.
        check_topic: how a topic is checked before the first message; gives its partitions.
        stop: asked while waiting, by the check and for room in the queue; True gives up.
        compiled: use the compiled encoder where it was built (make fast).

    Attributes:
        on_undelivered: told of every event that was not delivered and that was sent without an
            `on_delivery` of its own, with its report; costs nothing as long as all goes well.

    """

    def __init__(
        self,
        settings: Settings,
        *,
        topic: str | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        registry: Registry | None = None,
        check_topic: Callable[..., int] = topics.partitions,
        stop: Callable[[], bool] = lambda: False,
        compiled: bool = True,
    ) -> None:
        self.settings = settings
        self.delivery = Delivery(settings, timeout_s=timeout_s)
        self._registry = registry or Registry.connect(settings, min(timeout_s, REGISTRY_TIMEOUT_S))
        self._registry_is_ours = registry is None
        self._topic = topic
        self._timeout_s = timeout_s
        self._check_topic = check_topic
        self._stop = stop
        self._compiled = compiled
        self.on_undelivered: Callable[[Any, Report], None] | None = None
        self.delivery.reports.on_undelivered = self._undelivered
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
                self.delivery.flush(self._timeout_s)
        finally:
            self._leave_registry()

    @property
    def tally(self) -> Tally:
        """What became of the events so far; `read` counts those that `send` was given."""
        return self.delivery.tally

    def prepare(self, event_type: EventType) -> Route:
        """Make sure that events of this type can be delivered, before there is one.

        Raises:
            ConfigError: the topic does not exist.
            AccessError: the cluster or the registry refuses us.
            SchemaError: the schema is not registered.
            UnreachableError: cluster or registry do not answer.

        """
        route = self._routes.get(event_type.record)
        if route is None:
            topic = self._topic or self.settings.topic_for(event_type)
            serializer = EventSerializer(self._registry, event_type, compiled=self._compiled)
            partitions = self._check_topic(
                self.settings, topic, timeout_s=self._timeout_s, stop=self._stop
            )
            try:
                route = Route(
                    event_type, topic, partitions, serializer, self.delivery, self._stopping
                )
            except NotRegistered as error:
                raise _not_registered(event_type, topic, self._registry) from error
            self._routes[event_type.record] = route
        return route

    def send(
        self,
        event: Event,
        *,
        key: str | bytes | _KeyField | None = KEY_FIELD,
        headers: Headers | None = None,
        on_delivery: Callable[[Report], None] | None = None,
    ) -> bool:
        """Hand one event over for delivery; waits while the local queue is full.

        Args:
            event: an instance of a generated class.
            key: the message key; by default the event's key field, None to spread it.
            headers: pairs of name and value.
            on_delivery: called with the delivery report, from within a later call of ours.

        Returns:
            False when the `stop` of this producer ended the wait: the event was not taken.

        Raises:
            InvalidEvent: a value does not fit its field.
            EventError: what `prepare` raises, or a fatal error of the producer.

        """
        route = self._routes.get(type(event)) or self.prepare(_event_type(event))
        if key is KEY_FIELD and headers is None and on_delivery is None:
            return route.send(event)
        self.tally.read += 1
        try:
            filled = route.filler(event)
            return self.delivery.send(
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

    def _undelivered(self, value: bytes, report: Report) -> None:
        if self.on_undelivered is not None:
            found = (route.event(report.topic, value) for route in self._routes.values())
            event = next((each for each in found if each is not None), None)
            if event is not None:
                self.on_undelivered(event, report)

    def _stopping(self) -> bool:
        return self._stop() or self.delivery.trouble is not None

    def flush(self, timeout_s: float | None = None) -> int:
        """Wait for all reports, at most `timeout_s` seconds; returns how many are missing."""
        return self.delivery.flush(self._timeout_s if timeout_s is None else timeout_s)

    def close(self) -> None:
        """Flush, give up what is then still open, and leave the registry.

        Raises:
            NotDelivered: some events are not known to be on the topic; says how many and why.

        """
        self._leave_registry()
        self.flush()
        if self.delivery.in_flight:
            self.delivery.abandon()
        tally = self.tally
        if tally.failed or tally.unconfirmed:
            lost = tally.failed + tally.unconfirmed
            cause = self.delivery.trouble or "see the delivery reports"
            raise NotDelivered(
                f"deliver {tally.delivered + lost:,} events", f"{lost:,} not delivered: {cause}"
            )

    def _leave_registry(self) -> None:
        if self._registry_is_ours:
            self._registry.close()


def _event_type(event: Event) -> EventType:
    found = getattr(type(event), "__event__", None)
    if found is None:
        raise InvalidEvent(
            "send",
            f"{type(event).__name__} is not a generated event class",
            "see freezer_events.events",
        )
    return found  # type: ignore[no-any-return]


def _not_registered(event_type: EventType, topic: str, registry: Registry) -> SchemaError:
    return SchemaError(
        f"produce {event_type.name} version {event_type.version} to {topic!r}",
        f"its schema is not registered at {registry.address}",
        f"register it: freezer schema register --event {event_type.name}",
    )
