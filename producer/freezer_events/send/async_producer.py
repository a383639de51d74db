"""AsyncEventProducer: `report = await producer.send(event)`, for programs built on asyncio."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Self

from freezer_events.errors import InvalidEvent
from freezer_events.send import watching
from freezer_events.send.checks import KEY_FIELD, KeyField
from freezer_events.send.producer import EventProducer
from freezer_events.send.report import OnceSafe

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType

    from freezer_events.config import Settings
    from freezer_events.event import Event
    from freezer_events.send.checks import GivenHeaders, Key
    from freezer_events.send.report import Report
    from freezer_events.send.tally import Tally

_LOOK_S: Final = 0.005  # between two looks for room


class AsyncEventProducer:
    """Produce typed events from coroutines; nothing in it blocks the event loop.

        async with AsyncEventProducer(Settings.load()) as producer:
            report = await producer.send(FreezerReading(sensor_id="sensor0", temperature=-3.2))

    To have several on their way at once, gather several `send`s. While the local queue is full
    `send` waits, first come first served.

    Args:
        settings: the cluster and the registry.
        **options: as EventProducer takes them.

    Raises:
        ConfigError: no cluster or registry is named, or librdkafka refuses a property.

    """

    def __init__(self, settings: Settings, **options: Any) -> None:
        self._use(EventProducer(settings, **options))

    @classmethod
    def over(cls, producer: EventProducer) -> Self:
        """Make one that sends through a producer that is there already, one of a test's cluster."""
        made = cls.__new__(cls)
        made._use(producer)  # noqa: SLF001 - it is one of these
        return made

    def _use(self, producer: EventProducer) -> None:
        self._producer = producer
        self._turn = asyncio.Lock()
        self._deferred: Callable[[], bool] | None = None
        self._sending_in = 0  # the thread in which `send` hands an event over at the moment
        # The one friend beside the pipeline: it replaces how to wait, for the calls it makes.
        self._wait_in_thread = producer._wait  # noqa: SLF001
        producer._wait = self._wait_or_defer  # type: ignore[method-assign]  # noqa: SLF001

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._producer.__exit__, kind, error, trace)

    @property
    def tally(self) -> Tally:
        """What became of the events so far."""
        return self._producer.tally

    async def prepare(self, event: type[Event]) -> int:
        """Make sure that events of this class can be delivered; returns how many partitions.

        Raises:
            EventError: as `EventProducer.prepare`.

        """
        return await asyncio.to_thread(self._producer.prepare, event)

    async def send(
        self,
        event: Event,
        *,
        key: Key | KeyField = KEY_FIELD,
        headers: GivenHeaders | None = None,
        timestamp: datetime | int | None = None,
    ) -> Report:
        """Send one event and wait for its delivery report, whatever that says.

        With a spool it waits until the event is on disk, which many share; its outcome then is
        `Outcome.SPOOLED`.

        Cancelled while it waits for room, the event is not sent; cancelled later, it is sent, and
        counted as it is delivered.

        Args:
            event: an instance of a generated class.
            key: the message key; by default the event's key field, None to spread it.
            headers: a mapping, or pairs, of name and value.
            timestamp: the record's: a datetime with time zone, or milliseconds since 1970.

        Raises:
            InvalidEvent: the event, or what goes with it, cannot be sent.
            EventError: as `EventProducer.send`.

        """
        report: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        producer = self._producer
        async with self._turn:
            if hasattr(type(event), "__event__") and type(event) not in producer._by_class:  # noqa: SLF001
                await asyncio.to_thread(
                    producer.prepare, type(event)
                )  # may ask broker and registry
            self._sending_in = threading.get_ident()
            try:
                producer.send(
                    event,
                    key=key,
                    headers=headers,
                    timestamp=timestamp,
                    on_delivery=OnceSafe(_resolver(report)),
                )
            finally:
                self._sending_in = 0
            if self._deferred is not None:
                take, self._deferred = self._deferred, None
                await self._room(take)
        return await report

    def _wait_or_defer(self, take: Callable[[], bool]) -> bool:
        """Do not wait for room in the event loop's thread; whoever else sends does wait."""
        in_callback = self._producer._delivery.reports.in_callback  # noqa: SLF001
        if self._sending_in != threading.get_ident() or in_callback:
            return self._wait_in_thread(take)
        self._deferred = take
        return True

    async def _room(self, take: Callable[[], bool]) -> None:
        """Wait for room; the event counts as unsent where that is in vain."""
        producer, tally = self._producer, self._producer.tally
        begun = time.monotonic()
        try:
            while not take():
                producer._lifetime.refuse_if_ended()  # noqa: SLF001
                producer._delivery.refuse_to_wait_since(begun)  # noqa: SLF001
                await asyncio.sleep(_LOOK_S)
                producer._delivery.serve(0)  # noqa: SLF001
        except InvalidEvent as error:
            tally.reject(error.rule)
            watching.rejected(error)
            raise
        except BaseException:
            tally.unsent += 1
            raise

    async def flush(self, timeout_s: float | None = None) -> int:
        """Wait for all reports, as `EventProducer.flush`."""
        return await asyncio.to_thread(self._producer.flush, timeout_s)

    async def close(self) -> None:
        """Wait for all reports and close, as `EventProducer.close`."""
        await asyncio.to_thread(self._producer.close)


def _resolver(future: asyncio.Future[Report]) -> Callable[[Report], None]:
    loop = future.get_loop()

    def resolve(report: Report) -> None:
        if not future.done():
            future.set_result(report)

    def tell(report: Report) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(resolve, report)

    return tell
