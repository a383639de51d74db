"""Consumer groups on the real Kafka: what is committed is not read again, what is not is."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import pytest
from confluent_kafka.admin import AclOperation  # type: ignore[attr-defined]

from freezer_events import EventConsumer, EventProducer, Record, Settings
from freezer_events.events import FreezerReading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freezer_infra.local.stack import Login, Stack
    from tests.support.cli import Freezer

READINGS = [FreezerReading(sensor_id="sensor0", temperature=n / 2) for n in range(5)]


@pytest.fixture
def settings(freezer: Freezer, stack: Stack, topic: str) -> Settings:
    """Give settings for a topic whose schema is registered, with five readings in one partition."""
    del freezer  # it has the schema registered
    found = Settings(
        bootstrap_servers=stack.bootstrap, schema_registry_url=stack.registry_url, topic=topic
    )
    with EventProducer(found) as producer:
        producer.send_all(READINGS)
    return found


@pytest.fixture
def join(settings: Settings, topic: str) -> Iterator[Callable[..., EventConsumer[FreezerReading]]]:
    """Give a function that makes another reader of the topic's group."""
    made: list[EventConsumer[FreezerReading]] = []

    def join(**options: object) -> EventConsumer[FreezerReading]:
        made.append(EventConsumer(settings, FreezerReading, group=f"group-{topic}", **options))  # type: ignore[arg-type]
        return made[-1]

    yield join
    for each in made:
        each.close()


def rest(consumer: EventConsumer[FreezerReading]) -> list[float]:
    found = consumer.records(until_end=True, timeout_s=30)
    return [record.event.temperature for record in found if record.event is not None]


@pytest.mark.usefixtures("settings")
def test_who_joins_no_group_needs_no_permission_on_one(
    secure: Callable[..., Freezer],
    topic: str,
    grant: Callable[..., None],
    make_scram_user: Callable[[], Login],
) -> None:
    login = make_scram_user()
    grant(login.user, topic, AclOperation.READ, AclOperation.DESCRIBE)
    reader = secure(login, "SCRAM-SHA-512")
    for how in (("--from-beginning",), ("--last", "5"), ("--from-time", "1h")):
        done = reader("consume", *how, "--until-end", "--count-only")
        assert (done.returncode, done.stdout) == (0, "5 readings, 0 skipped\n"), done.stderr
    refused = reader("consume", "--from-beginning", "--until-end", "--group", "not-allowed")
    assert refused.returncode == 4
    assert "not-allowed" in refused.stderr


def test_a_group_goes_on_behind_what_was_committed(
    join: Callable[..., EventConsumer[FreezerReading]],
) -> None:
    with join() as consumer:
        for record in islice(consumer.records(timeout_s=30), 3):
            assert record.event is not None
        consumer.commit()
    with join() as consumer:
        assert rest(consumer) == [each.temperature for each in READINGS[3:]]
        # Nothing was committed here: all of it comes again.
    with join() as consumer:
        records = list(consumer.records(until_end=True, timeout_s=30))
        assert [each.event for each in records] == READINGS[3:]
        consumer.commit(records[0])
    with join() as consumer:
        assert rest(consumer) == [READINGS[4].temperature]


def test_a_dead_letter_counts_as_handled_in_its_group(
    join: Callable[..., EventConsumer[FreezerReading]], stack: Stack, topic: str
) -> None:
    from confluent_kafka import Producer  # noqa: PLC0415 - what is no event comes from elsewhere

    raw = Producer(stack.plaintext())
    raw.produce(topic, b"{}", partition=0)
    assert raw.flush(10) == 0
    dead: list[Record[FreezerReading]] = []
    with join(dead_letter=dead.append) as consumer:
        assert len(rest(consumer)) == len(READINGS)
        consumer.commit()
    with join(dead_letter=dead.append) as consumer:
        assert rest(consumer) == []
    assert [each.value for each in dead] == [b"{}"]


def test_two_readers_share_the_partitions_and_one_takes_over_from_the_other(
    join: Callable[..., EventConsumer[FreezerReading]], settings: Settings
) -> None:
    first, second = join(), join()
    found: dict[str, list[float]] = {"first": [], "second": []}
    readers = {"first": first, "second": second}
    shares: list[int] = []
    for _ in range(300):
        for name, reader in readers.items():
            for record in reader.records(timeout_s=0):
                assert record.event is not None
                found[name].append(record.event.temperature)
                reader.commit(record)
        shares = [len(each._subscription.reach.partitions) for each in readers.values()]
        if sum(shares) == 3 and min(shares) == 1:
            break
    assert sorted(shares) == [1, 2]
    second.close()
    with EventProducer(settings) as producer:
        producer.send_all(
            FreezerReading(sensor_id=f"sensor{n}", temperature=100.0 + n) for n in range(20)
        )
    wanted = {100.0 + n for n in range(20)} | {each.temperature for each in READINGS}
    read = set(found["first"] + found["second"])
    for record in first.records(timeout_s=30):
        assert record.event is not None
        read.add(record.event.temperature)
        if read >= wanted:
            break
    assert read == wanted
