"""`freezer demo`: the whole way in one process, from a reading to the same reading read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from freezer_events.cli import options
from freezer_events.cli.demo_outage import outage as show_outage
from freezer_events.cli.output import (
    Deliveries,
    Output,
    event_text,
    partition_lines,
    summary,
)
from freezer_events.console.stop import Stop
from freezer_events.console.wrap import wrapped
from freezer_events.errors import NotDelivered, UsageError
from freezer_events.events import FreezerReading
from freezer_events.send.pipeline import Pipeline
from freezer_events.sources.simulator import Simulator
from freezer_events.testing import EventCluster

if TYPE_CHECKING:
    from freezer_events.event import EventType

_COUNT = 10
_SENSORS = 3


@click.command("demo")
@click.option(
    "--interval",
    type=options.Seconds(0),
    metavar="SECONDS",
    default=0.05,
    show_default=True,
    help="Seconds between events; 1 is the original pace.",
)
@click.option("--seed", type=int, metavar="N", help="Simulate the same values again.")
@click.option("--outage", is_flag=True, help="Take brokers down and kill the process; ten seconds.")
@click.option("--exactly-once", is_flag=True, help="With --outage: in Kafka's transactions.")
def command(*, interval: float, seed: int | None, outage: bool, exactly_once: bool) -> int:
    """Produce ten events in one process and read them back.

    The cluster is librdkafka's in-process one, the registry lives in memory: nothing is
    installed, nothing is left behind.
    """
    out = Output()
    if outage:
        return show_outage(out, exactly_once=exactly_once)
    if exactly_once:
        raise UsageError(
            "--exactly-once", "goes with --outage", "freezer demo --outage --exactly-once"
        )
    event_type = FreezerReading.__event__
    sent: list[tuple[Any, Any]] = []
    show = Deliveries(out, event_type, as_json=False, every=True)

    def reported(event: Any, report: Any) -> None:
        show(event, report)
        sent.append((event, report))

    with EventCluster(partitions=3) as cluster, cluster.producer() as producer, Stop() as stop:
        out.line(f"in-process Kafka at {cluster.settings.bootstrap_servers}")
        out.line(f"topic {cluster.settings.topic_for(event_type)}, 3 partitions\n")
        pipeline = Pipeline(producer, stop, interval_s=interval, on_report=reported)
        tally = pipeline.run(
            Simulator(event_type, count=_COUNT, sensors=_SENSORS, seed=seed), total=_COUNT
        )
        out.line(f"\n{summary(tally, event_type)}")
        for line in partition_lines(tally, 3, 3, pipeline.partitioner, event_type):
            out.line(line)
        if stop.exit_code:
            return stop.exit_code
        _read_back(out, cluster, event_type, sent)
    return 0


def _read_back(
    out: Output, cluster: EventCluster, event_type: EventType, sent: list[tuple[Any, Any]]
) -> None:
    records = cluster.records(event_type.record)
    read = {(record.partition, record.offset): record.event for record in records}
    written = {(report.partition, report.offset): event for event, report in sent}
    _anatomy(out, records[0])
    out.line("\nread back from the topic, decoded through the registry:")
    for partition, offset in written:
        event = read.get((partition, offset))
        out.line(f"{event_text(event, event_type)}  <- partition {partition} offset {offset}")
    if read != written:
        raise NotDelivered("read back what was sent", "the events differ")
    out.line(f"all {len(read)} events equal what was sent")


def _anatomy(out: Output, record: Any) -> None:
    value = record.value
    out.line(f"\none message: key {record.key}, value of {len(value)} bytes")
    for name, text in (
        ("magic byte", value[:1].hex()),
        ("schema id", f"{value[1:5].hex(' ')} ({record.schema_id}, big-endian)"),
        ("Avro body", value[5:].hex(" ")),
        ("decoded", repr(record.event)),
    ):
        for line in wrapped(text, f"  {name:<10}  "):
            out.line(line)
