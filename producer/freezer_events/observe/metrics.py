"""What Prometheus is told: read from the producers of this process when it asks.

Names follow https://prometheus.io/docs/practices/naming/.
"""

from __future__ import annotations

import importlib.metadata
import time
from typing import TYPE_CHECKING, Any, Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.registry import Collector

from freezer_events.kafka import statistics
from freezer_events.observe.health import is_alive, is_ready
from freezer_events.observe.undelivered_age import UndeliveredAge
from freezer_events.registry import conversation
from freezer_events.send import watching
from freezer_events.send.client_properties import queue_limit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.core import Metric

    from freezer_events.send.tally import Tally
    from freezer_events.send.watching import SpoolState

PREFIX: Final = "freezer"
_US: Final = 1e6
_QUANTILES: Final = {"p50": "0.5", "p95": "0.95", "p99": "0.99"}

# Counts of the tally, by the metric that each is.
_COUNTS: Final = {
    "events_read": ("read", "Readings and events that were given."),
    "events_failed": ("failed", "Events that are certainly not on the topic."),
    "events_unconfirmed": ("unconfirmed", "Events that may be on the topic: no answer came."),
    "events_unsent": ("unsent", "Events that were read and not handed to the client."),
}


class ProducerCollector(Collector):
    """Collects from all producers of this process, and from librdkafka's last statistics."""

    def __init__(self) -> None:
        self._age = UndeliveredAge()

    def describe(self) -> Iterable[Metric]:
        """Name nothing before: it would cost a collection."""
        return ()

    def look(self) -> float:
        """Look how old the oldest undelivered message is, in seconds; to be called every second."""
        watching.latency().relax()
        found = list(watching.tallies())
        accepted = sum(each.accepted for each in found)
        settled = sum(each.settled for each in found)
        return self._age.look(time.monotonic(), accepted, settled)

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        yield from _totals(list(watching.tallies()))
        yield from self._waiting()
        yield from _spools(watching.spools())
        yield _latency()
        yield from _brokers(statistics.latest())
        yield from _state()

    def _waiting(self) -> Iterator[Metric]:
        producers = watching.producers()
        depth = sum(each.reports.tally.in_flight for each in producers)
        yield _gauge("queue_messages", "Messages accepted and not yet settled.", depth)
        limit = sum(queue_limit(each.settings) for each in producers)
        yield _gauge("queue_limit_messages", "Messages that the client's queue takes.", limit)
        age = "Age of the oldest undelivered message, to within half a second."
        yield _gauge("oldest_undelivered_age_seconds", age, self.look())


def _totals(tallies: list[Tally]) -> Iterator[Metric]:
    for name, (attribute, told) in _COUNTS.items():
        total = sum(getattr(each, attribute) for each in tallies)
        yield CounterMetricFamily(f"{PREFIX}_{name}", told, value=total)
    told = "Events and rows that were rejected: row, event (its schema), rule (a rule of it)."
    rejected = CounterMetricFamily(f"{PREFIX}_events_rejected", told, labels=["reason", "rule"])
    for labels, count in watching.rejections().items():
        rejected.add_metric(labels, count)
    yield rejected
    told = "Events acknowledged by all in-sync replicas."
    delivered = CounterMetricFamily(f"{PREFIX}_events_delivered", told, labels=["partition"])
    partitions: dict[int, int] = {}
    for each in tallies:
        for partition, count in list(each.partitions.items()):
            partitions[partition] = partitions.get(partition, 0) + count
    for partition, count in sorted(partitions.items()):
        delivered.add_metric([str(partition)], count)
    yield delivered


def _spools(spools: list[SpoolState]) -> Iterator[Metric]:
    if not spools:
        return
    yield _gauge("spool_messages", "Messages in the spool.", sum(e.messages for e in spools))
    yield _gauge("spool_bytes", "What they take.", sum(each.size_bytes for each in spools))
    yield _gauge("spool_limit_bytes", "What it may hold.", sum(e.limit_bytes for e in spools))
    oldest = max(each.oldest_age_s for each in spools)
    yield _gauge("spool_oldest_age_seconds", "Age of the oldest message in the spool.", oldest)
    parked = "Messages in the spool that Kafka will never take."
    yield _gauge("spool_parked", parked, sum(each.parked for each in spools))
    lost = "Messages that were dropped from the spool, on record."
    yield CounterMetricFamily(f"{PREFIX}_spool_lost", lost, value=sum(e.lost for e in spools))


def _latency() -> Metric:
    sample = watching.latency()
    found = HistogramMetricFamily(
        f"{PREFIX}_send_to_report_seconds",
        "From send to delivery report, of a sample of the messages.",
    )
    total, buckets = 0, []
    counts = list(sample.counts)
    for bound, count in zip((*map(str, watching.BUCKETS_S), "+Inf"), counts, strict=True):
        total += count
        buckets.append((bound, total))
    found.add_metric([], buckets, sum_value=sample.sum_s)
    return found


def _brokers(reports: list[dict[str, Any]]) -> Iterator[Metric]:
    up = GaugeMetricFamily(
        f"{PREFIX}_broker_up", "Whether the connection to a broker is up.", labels=["broker"]
    )
    rtt = GaugeMetricFamily(
        f"{PREFIX}_broker_rtt_seconds",
        "How long a broker takes to answer, in the last seconds.",
        labels=["broker", "quantile"],
    )
    waiting = GaugeMetricFamily(
        f"{PREFIX}_broker_requests", "Requests that wait to be sent or answered.", labels=["broker"]
    )
    resent = CounterMetricFamily(
        f"{PREFIX}_broker_retries", "Requests that were sent again.", labels=["broker"]
    )
    for each in (one for report in reports for one in report.get("brokers", {}).values()):
        if int(each.get("nodeid", -1)) < 0:
            continue  # a bootstrap address, or a role: the broker itself is listed, too
        name = [str(each["nodename"])]
        up.add_metric(name, each["state"] == "UP")
        waiting.add_metric(name, each["outbuf_cnt"] + each["waitresp_cnt"])
        resent.add_metric(name, each["txretries"])
        for key, quantile in _QUANTILES.items():
            rtt.add_metric([*name, quantile], each["rtt"][key] / _US)
    yield from (up, rtt, waiting, resent)


def _state() -> Iterator[Metric]:
    asked = CounterMetricFamily(
        f"{PREFIX}_registry_requests", "Requests to Schema Registry.", labels=["outcome"]
    )
    for outcome in ("answered", "failed"):
        asked.add_metric([outcome], conversation.asked[outcome])
    yield asked
    yield _gauge("alive", "What /healthz says: 1 where it moves.", is_alive().ok)
    yield _gauge("ready", "What /readyz says: 1 where an event can be taken.", is_ready().ok)
    lines = sorted({each.line_name for each in watching.producers()})
    build = {"version": _version(), "librdkafka": _librdkafka(), "line": ",".join(lines)}
    info = InfoMetricFamily(f"{PREFIX}_build", "What runs here, and the line in use.")
    info.add_metric([], build)
    yield info


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", told, value=value)


def _version() -> str:
    try:
        return importlib.metadata.version("freezer-events")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _librdkafka() -> str:
    from confluent_kafka import libversion  # noqa: PLC0415 - loaded by then

    return str(libversion()[0])
