"""What may be seen of the producers of this process: metrics, health and logs read it here.

Nothing in here happens once per event, but for a sample of the delivery times.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from weakref import WeakSet

from freezer_events.send.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.config import Settings
    from freezer_events.errors import EventError

# From a broker on the same machine to an outage: Prometheus counts in cumulative buckets.
BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 30.0)
_OFTEN_S: Final = 0.002  # samples that come faster than this become fewer
_SELDOM_S: Final = 0.05
_FEWEST: Final = 0x3FF  # one of 1,024

_log = logging.getLogger("freezer_events.run")
_log.addHandler(logging.NullHandler())  # a word alone tells nobody anything


class Accounts(Protocol):
    """What is known of a producer's messages."""

    @property
    def tally(self) -> Tally:
        """The counts so far."""

    @property
    def trouble(self) -> EventError | None:
        """What every later message would meet too, else None."""


class Watched(Protocol):
    """A producer's delivery, as far as others may look at it."""

    @property
    def settings(self) -> Settings:
        """The cluster."""

    @property
    def reports(self) -> Accounts:
        """What is known of its messages."""

    @property
    def moved_at(self) -> float | None:
        """When the thread that serves it last went on; None where it has had nothing to do yet."""

    @property
    def line_name(self) -> str:
        """Which line is used: "compiled" or "python"."""

    def why_not_ready(self) -> str:
        """Say why no event can be taken at the moment; "" where one can."""


class SpoolState(NamedTuple):
    """How a spool stands, as a delivery's `spool_state()` gives it.

    Attributes:
        messages: those that wait in it.
        size_bytes: how much they take.
        limit_bytes: how much it may hold.
        oldest_age_s: the age of the oldest, in seconds; 0 with nothing in it.
        parked: messages set aside, which Kafka will never take.
        lost: messages that were dropped from it, on record.

    """

    messages: int
    size_bytes: int
    limit_bytes: int
    oldest_age_s: float
    parked: int
    lost: int


class LatencySample:
    """Seconds from send to report, of some of the messages: of all while they come slowly.

    Attributes:
        mask: a message is measured if its number has none of these bits.
        counts: measured messages by bucket, the last for those beyond the last bound.
        sum_s: of what was measured.

    """

    __slots__ = ("_at", "counts", "mask", "sum_s")

    def __init__(self) -> None:
        self.mask = 0
        self.counts = [0] * (len(BUCKETS_S) + 1)
        self.sum_s = 0.0
        self._at = 0.0

    def __call__(self, latency_s: float | None) -> None:
        """Take the time of one message."""
        seconds = latency_s or 0.0
        self.counts[sum(seconds > bound for bound in BUCKETS_S)] += 1
        self.sum_s += seconds
        now = time.monotonic()
        if now - self._at < _OFTEN_S:
            self.mask = min(self.mask * 2 + 1, _FEWEST)
        self._at = now

    def relax(self) -> None:
        """Measure more of the messages if few were measured lately; to be called now and then."""
        if time.monotonic() - self._at > _SELDOM_S:
            self.mask >>= 2


class _Seen:
    """The producers that are there, and the sums of those that were."""

    lock = threading.Lock()
    open: Final[WeakSet[Watched]] = WeakSet()
    past = Tally()
    rejected: Final[Counter[tuple[str, str]]] = Counter()
    latency = LatencySample()


def began(delivery: Watched) -> None:
    """Take note of a producer that begins."""
    with _Seen.lock:
        _Seen.open.add(delivery)
    if _log.isEnabledFor(logging.INFO):
        known = {each.key: each.value for each in delivery.settings.shown() if each.value}
        happened("started", settings=known)


def ended(delivery: Watched) -> None:
    """Take note of one that is closed: its counts stay."""
    with _Seen.lock:
        if delivery not in _Seen.open:
            return
        _Seen.open.discard(delivery)
        _Seen.past.add(delivery.reports.tally)
    happened("ended", tally=delivery.reports.tally.as_dict())


def producers() -> list[Watched]:
    """Return the producers that are open."""
    with _Seen.lock:
        return list(_Seen.open)


def spools() -> list[SpoolState]:
    """Return how the spools of the open producers stand."""
    asked = (getattr(each, "spool_state", None) for each in producers())
    return [each() for each in asked if each is not None]


def tallies() -> Iterator[Tally]:
    """Yield the counts of all producers of this process, those that were closed in one."""
    with _Seen.lock:
        found = [_Seen.past, *(each.reports.tally for each in _Seen.open)]
    yield from found


def latency() -> LatencySample:
    """Return the delivery times of all producers."""
    return _Seen.latency


def rejected(error: Exception | None) -> None:
    """Count an event that does not fit; None: a row or line that holds none."""
    rule = str(getattr(error, "rule", None) or "")
    _Seen.rejected["row" if error is None else "rule" if rule else "event", rule] += 1


def rejections() -> dict[tuple[str, str], int]:
    """Return the counts of what was rejected, by reason and rule."""
    return dict(_Seen.rejected)


def happened(what: str, level: int = logging.INFO, **facts: Any) -> None:
    """Log an event of the run: a word for programs, and what belongs to it."""
    _log.log(level, what, extra={"facts": facts})
