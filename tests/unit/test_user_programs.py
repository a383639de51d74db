"""A user's own program: its types are checked, and its file names do not get in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.readme import blocks

BIN = Path(sys.executable).parent
PROGRAM = """
from collections.abc import Iterable
from datetime import UTC, datetime

from confluent_kafka import SerializingProducer
from confluent_kafka.schema_registry import SchemaRegistryClient

from freezer_events import (
    KEY_FIELD,
    AsyncEventProducer,
    Event,
    EventConsumer,
    EventError,
    EventProducer,
    EventSerializer,
    InvalidEvent,
    NotDelivered,
    Outcome,
    Record,
    Report,
    Settings,
    Start,
    Tally,
)
from freezer_events.events import FreezerReading
from freezer_events.testing import EventCluster


class Counter:
    def __init__(self) -> None:
        self.offsets: list[int | None] = []
        self.lost: list[str] = []

    def __call__(self, report: Report) -> None:
        if report.outcome is Outcome.DELIVERED:
            self.offsets.append(report.offset)

    def undelivered(self, event: FreezerReading, report: Report) -> None:
        self.lost.append(f"{event.sensor_id}: {report.error}")


def send_all(producer: EventProducer, events: Iterable[Event], site: bytes) -> Tally:
    counter = Counter()
    partitions: int = producer.prepare(FreezerReading)
    for event in events:
        producer.send(event, key=KEY_FIELD, headers=[("site", site)], on_delivery=counter)
        producer.send(event, key=f"key{partitions}")
        producer.send(event, key=None, headers={"site": site}, timestamp=datetime.now(UTC))
    taken: int = producer.send_all(events)
    print(taken)
    missing: int = producer.flush(5.0)
    print(missing, producer.tally.partitions[0])
    return producer.tally


def produce(settings: Settings) -> int:
    counter = Counter()
    events = [FreezerReading(sensor_id="sensor0", temperature=1.5)]
    try:
        with EventProducer(
            settings, topic="t", timeout_s=5.0, on_undelivered=counter.undelivered
        ) as producer:
            return send_all(producer, events, b"A").delivered
    except (InvalidEvent, NotDelivered) as error:
        print(error.doing, error.why, error.fix)
    except EventError as error:
        return error.exit_code
    return 0


async def serve(settings: Settings, event: FreezerReading) -> int | None:
    async with AsyncEventProducer(settings, give_up_after_s=5.0) as producer:
        report: Report = await producer.send(event, headers={"site": "A"})
        return report.offset


def warmest(consumer: EventConsumer[FreezerReading]) -> float | None:
    found: list[float] = []
    for record in consumer:
        sent: datetime | None = record.timestamp
        headers: dict[str, bytes | None] = dict(record.headers)
        key: str | bytes | None = record.key
        if record.event is None:
            print(record.place, record.problem)
            continue
        found.append(record.event.temperature)
        print(sent, headers, key, record.partition, record.offset, record.timestamp_ms)
    return max(found, default=None)


def read(settings: Settings) -> list[Record[FreezerReading]]:
    with EventConsumer(settings, FreezerReading, topic="t", start=Start.end()) as consumer:
        return list(consumer.records(until_end=True, timeout_s=5.0))


def drop_in(client: SchemaRegistryClient) -> SerializingProducer:
    serializer = EventSerializer(client, FreezerReading)
    return SerializingProducer({"bootstrap.servers": "b:1", "value.serializer": serializer})


def test_readings_come_back(event_cluster: EventCluster) -> None:
    with event_cluster.producer(properties={"linger.ms": "5"}) as producer:
        producer.send(FreezerReading(sensor_id="sensor0", temperature=1.5))
    event_cluster.cluster.take_down(1)
    events: list[FreezerReading] = event_cluster.events(FreezerReading)
    (record,) = event_cluster.records(FreezerReading)
    assert record.event is not None
    assert record.event == events[0]
    assert record.event.temperature == 1.5
    with event_cluster.consumer(FreezerReading) as consumer:
        consumer.close()
"""
WRONG = """
from freezer_events import EventConsumer, EventProducer, EventSerializer, Settings
from freezer_events.events import FreezerReading

with EventProducer(Settings.load(), on_undelivered=lambda event: None) as producer:  # 1
    producer.send({"sensor_id": "s"})  # 2
    producer.send(FreezerReading(sensor_id=1, temperature=1.0))  # 3
with EventConsumer(Settings.load(), FreezerReading) as consumer:
    for record in consumer:
        print(record.event.temperature)  # 4: there may be none
"""


def checked(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "MYPYPATH"}
    return subprocess.run(
        [*map(str, command)],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the pages' programs, and one that uses the rest of the public face."""
    folder = tmp_path_factory.mktemp("programs")
    snippets = blocks("docs/python.md", None, "python") + blocks("README.md", "Produce", "python")
    assert len(snippets) >= 6
    for number, text in enumerate([*snippets, PROGRAM]):
        (folder / f"program{number}.py").write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_text(
        '[tool.mypy]\nstrict = true\n[tool.pyright]\ntypeCheckingMode = "standard"\n'
    )
    return folder


def test_mypy_strict_has_nothing_to_say(programs: Path) -> None:
    done = checked(programs, sys.executable, "-m", "mypy", "--cache-dir", ".mypy", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_pyright_has_nothing_to_say(programs: Path) -> None:
    done = checked(programs, BIN / "pyright", "--pythonpath", sys.executable, ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_wrong_uses_are_named_by_both(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    for command in (
        (sys.executable, "-m", "mypy", "--strict", "wrong.py"),
        (BIN / "pyright", "--pythonpath", sys.executable, "wrong.py"),
    ):
        done = checked(tmp_path, *command)
        wrong = {line.split(":")[1] for line in done.stdout.splitlines() if "error:" in line}
        assert wrong == {"5", "6", "7", "10"}, done.stdout


PRODUCER = """
from freezer_events import EventProducer
from freezer_events.events import FreezerReading

READING = FreezerReading(sensor_id="sensor0", temperature=-3.2)


def send(to: EventProducer) -> None:
    to.send(READING)


if __name__ == "__main__":
    from freezer_events.testing import EventCluster

    with EventCluster() as cluster:
        with cluster.producer() as producer:
            send(producer)
        print(cluster.events(FreezerReading) == [READING])
"""
TEST = """
from producer import READING, send


def test_it_sends(event_cluster):
    with event_cluster.producer() as producer:
        send(producer)
    assert event_cluster.events(type(READING)) == [READING]
"""


@pytest.mark.parametrize("place", ["producer.py", "producer/__init__.py"])
def test_a_script_or_folder_called_producer_breaks_nothing(tmp_path: Path, place: str) -> None:
    script = tmp_path / place
    script.parent.mkdir(exist_ok=True)
    script.write_text(PRODUCER, encoding="utf-8")
    (tmp_path / "test_producer.py").write_text(TEST, encoding="utf-8")
    ran = checked(tmp_path, sys.executable, script)
    assert ran.stdout == "True\n", ran.stderr
    tested = checked(tmp_path, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert tested.returncode == 0, tested.stdout
    assert "1 passed" in tested.stdout
    shown = checked(tmp_path, BIN / "freezer", "produce", "--dry-run", "--count", "1")
    assert "1 reading read" in shown.stdout, shown.stderr


def test_a_plugin_called_freezer_keeps_its_fixture(tmp_path: Path) -> None:
    """As pytest-freezer is: plugins of one name hide each other."""
    info = tmp_path / "path" / "pytest_freezer-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest-freezer\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[pytest11]\nfreezer = their_plugin\n")
    (tmp_path / "path" / "their_plugin.py").write_text(
        "import pytest\n\n\n@pytest.fixture\ndef freezer():\n    return 'theirs'\n"
    )
    (tmp_path / "test_both.py").write_text(
        "def test_both(freezer, event_cluster):\n    assert (freezer, bool(event_cluster)) == "
        "('theirs', True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "path")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "1 passed" in done.stdout, done.stdout


@pytest.mark.parametrize("name", ["freezer", "freezer-events"])
def test_the_program_has_two_names(tmp_path: Path, name: str) -> None:
    assert checked(tmp_path, BIN / name, "--version").stdout.startswith("freezer, version ")
