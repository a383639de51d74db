"""Freezer readings in three versions on one topic: what a migration is, and who reads whom."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from freezer_events.schema.catalogue import Catalogue
from freezer_events.schema.event_types import import_package
from freezer_events.schema.generated import write
from tests.support.cli import Freezer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.testing import EventCluster

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = (1, 2, 3)
NEW_IN_2 = {"recorded_at", "event_id", "sequence", "quality"}
NEW_IN_3 = {"door_open", "compressor_on", "humidity_pct", "battery_pct", "device"}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Any]]:
    """Give the generated package of a project that writes each version: by that number alone."""
    made = {}
    for version in VERSIONS:
        folder = tmp_path_factory.mktemp("project")
        shutil.copytree(ROOT / "schemas", folder / "schemas")
        toml = folder / "schemas" / "freezer-reading" / "event.toml"
        toml.write_text(toml.read_text().replace("version = 1 ", f"version = {version} "))
        write(Catalogue(folder / "schemas", folder / f"events_{version}"))
        made[version] = import_package(folder / f"events_{version}")
    yield made
    for package in made.values():
        for name in [each for each in sys.modules if each.startswith(package.__name__)]:
            del sys.modules[name]


def test_a_version_brings_its_fields_and_fills_those_that_event_toml_names(
    packages: dict[int, Any],
) -> None:
    fields = {n: set(packages[n].FreezerReading.__dataclass_fields__) for n in VERSIONS}
    assert fields[2] - fields[1] == NEW_IN_2
    assert fields[3] - fields[2] == NEW_IN_3
    fill = {"recorded_at": "now", "event_id": "uuid", "sequence": "count"}
    assert [packages[n].FreezerReading.__event__.fill for n in VERSIONS] == [{}, fill, fill]


@pytest.mark.parametrize("version", [2, 3])
def test_what_a_reading_does_not_bring_is_filled_per_key(
    packages: dict[int, Any], event_cluster: EventCluster, version: int
) -> None:
    reading = packages[version].FreezerReading
    brought = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    before = datetime.now(UTC)
    with event_cluster.producer() as producer:
        for key in ("sensor0", "sensor0", "sensor2"):
            producer.send(reading(sensor_id=key, temperature=-3.2))
        producer.send(reading(sensor_id="sensor2", temperature=1.0, recorded_at=brought))
    read = event_cluster.events(reading)
    counts = {
        key: [e.sequence for e in read if e.sensor_id == key] for key in ("sensor0", "sensor2")
    }
    assert counts == {"sensor0": [1, 2], "sensor2": [1, 2]}
    assert len({each.event_id for each in read}) == 4
    assert all(isinstance(each.event_id, UUID) for each in read)
    times = [each.recorded_at for each in read]
    assert brought in times
    assert all(t == brought or 0 <= (t - before).total_seconds() + 0.001 < 60 for t in times)


@pytest.mark.parametrize("reader", VERSIONS)
def test_every_version_reads_a_topic_that_all_of_them_write(
    packages: dict[int, Any], event_cluster: EventCluster, reader: int
) -> None:
    for version in VERSIONS:
        module = packages[version]
        more = {"quality": module.Quality.GOOD} if version > 1 else {}
        if version == 3:
            more |= {"door_open": True, "device": module.freezer_reading.Device(model="X1")}
        with event_cluster.producer() as producer:
            reading = module.FreezerReading(sensor_id="sensor0", temperature=float(version), **more)
            producer.send(reading)
    module = packages[reader]
    read = event_cluster.events(module.FreezerReading)
    assert [each.temperature for each in read] == [1.0, 2.0, 3.0]  # one key, so in order
    assert {type(each) for each in read} == {module.FreezerReading}
    if reader > 1:
        good, unknown = module.Quality.GOOD, module.Quality.UNKNOWN
        assert [each.quality for each in read] == [unknown, good, good]
        assert all(isinstance(each.quality, module.Quality) for each in read)
        assert read[0].recorded_at is read[0].event_id is read[0].sequence is None
        assert all(each.recorded_at.tzinfo is UTC for each in read[1:])
    if reader == 3:
        assert [each.door_open for each in read] == [None, None, True]
        device = module.freezer_reading.Device(model="X1", firmware=None)
        assert [each.device for each in read] == [None, None, device]


def test_changing_the_number_and_generating_is_the_whole_migration(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    freezer = Freezer(tmp_path)
    into = ("--schemas", "schemas", "--into", "events")
    assert freezer("schema", "generate", *into).returncode == 0
    toml = tmp_path / "schemas" / "freezer-reading" / "event.toml"
    toml.write_text(toml.read_text().replace("version = 1 ", "version = 3 "))
    assert freezer("schema", "check", *into).returncode == 1  # code is out of date
    assert "wrote events/freezer_reading.py" in freezer("schema", "generate", *into).stdout
    assert freezer("schema", "check", *into).returncode == 0
    dry = ("produce", "--dry-run", "--count", "2", "--interval", "0", *into)
    shown = freezer(*dry, "--output", "json")
    assert shown.returncode == 0, shown.stderr


@pytest.mark.parametrize("seed", ["1", "2"])
def test_code_does_not_depend_on_the_order_of_sets(tmp_path: Path, seed: str) -> None:
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    toml = tmp_path / "schemas" / "freezer-reading" / "event.toml"
    toml.write_text(toml.read_text().replace("version = 1 ", "version = 3 "))
    into = ("--schemas", "schemas", "--into", "events")
    assert Freezer(tmp_path, {"PYTHONHASHSEED": "0"})("schema", "generate", *into).returncode == 0
    again = Freezer(tmp_path, {"PYTHONHASHSEED": seed})("schema", "generate", "--check", *into)
    assert (again.returncode, again.stdout) == (0, "generated code is up to date\n")
