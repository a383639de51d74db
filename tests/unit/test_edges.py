"""What callers give that is at the edge of what can be: taken, or refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from freezer_events import EventError, EventProducer, InvalidEvent, Settings, UnreachableError
from freezer_events.cli.output import partition_lines
from freezer_events.events import FreezerReading
from freezer_events.registry.client import Registry
from freezer_events.send.tally import Tally
from tests.support.http_faults import FaultyRegistry

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.testing import EventCluster


@pytest.mark.parametrize("number", [-7, 2**31, 99_999_999_999, True, "1", None])
@pytest.mark.parametrize("which", ["id", "version"])
def test_a_number_that_no_registry_gives_is_not_taken_for_one(number: Any, which: str) -> None:
    body = {"subject": "s", "version": 1, "id": 1, "schema": '"string"'} | {which: number}
    with (
        FaultyRegistry(status=200, body=body) as server,
        Registry.connect(Settings(schema_registry_url=server.url)) as registry,
        pytest.raises(UnreachableError, match="is not a Schema Registry's"),
    ):
        registry.lookup("s", '"string"')


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"bootstrap.servers": " "}, "names no server"),
        ({"bootstrap.servers": ","}, "names no server"),
        ({"stats_cb": "1"}, "the connection's properties"),
    ],
)
def test_properties_that_cannot_be_are_refused_by_name(
    event_cluster: EventCluster, properties: dict[str, str], said: str
) -> None:
    settings = Settings(
        bootstrap_servers="localhost:1",
        schema_registry_url=event_cluster.settings.schema_registry_url,
        properties=properties,
    )
    with (
        pytest.raises(EventError, match=said),
        EventProducer(settings, timeout_s=2.0, give_up_after_s=2.0) as producer,
    ):
        producer.send(FreezerReading(sensor_id="a", temperature=1.0))


@pytest.mark.parametrize(
    ("time", "why"), [(2**63, "later than Kafka can write"), (0, "is not after"), (-1, "is not")]
)
def test_a_timestamp_that_cannot_be_is_refused_with_its_reason(
    event_cluster: EventCluster, time: int, why: str
) -> None:
    with event_cluster.producer() as producer, pytest.raises(InvalidEvent, match=why):
        producer.send(FreezerReading(sensor_id="a", temperature=1.0), timestamp=time)


def test_a_test_may_deliver_exactly_once_and_provision_nothing(
    event_cluster: EventCluster, tmp_path: Path
) -> None:
    for _ in range(2):
        with event_cluster.producer(spool=tmp_path / "s", exactly_once=True) as producer:
            producer.send(FreezerReading(sensor_id="a", temperature=1.0))
        assert str(producer.tally) == "1 read, 1 delivered"


@pytest.mark.parametrize(
    ("partitioner", "keeps"),
    [
        ("consistent", True),
        ("consistent_random", True),
        ("murmur2", True),
        ("murmur2_random", True),
        ("fnv1a", True),
        ("fnv1a_random", True),
        ("random", False),
    ],
)
def test_order_is_claimed_for_partitioners_that_keep_it(partitioner: str, *, keeps: bool) -> None:
    lines = partition_lines(Tally(), 3, 3, partitioner, FreezerReading.__event__)
    assert ("same partition, in order" in " ".join(lines)) is keeps
