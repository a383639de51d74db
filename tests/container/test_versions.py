"""Versions on the wire: producers and consumers on v1 and on v3 share one topic and registry.

Each is a project of its own whose `event.toml` says another number; nothing else differs.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from freezer_events import EventProducer
from freezer_events.config import Settings
from freezer_events.read.consumer import EventConsumer
from freezer_events.schema.event_types import import_package

if TYPE_CHECKING:
    from types import ModuleType

    from tests.support.cli import Freezer

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


@dataclass(frozen=True)
class Side:
    """One project, on one version."""

    freezer: Freezer
    events: ModuleType

    @property
    def reading(self) -> Any:
        return self.events.FreezerReading


def side(freezer: Freezer, version: int) -> Side:
    """Make a project: our schemas, the version that producers write, the code generated from it."""
    folder = freezer.folder / f"on_v{version}"
    shutil.copytree(SCHEMAS, folder / "schemas")
    toml = folder / "schemas" / "freezer-reading" / "event.toml"
    text = re.sub(r"^version = \d+", f"version = {version}", toml.read_text(), flags=re.MULTILINE)
    toml.write_text(text)
    package = f"events_v{version}"
    (folder / "pyproject.toml").write_text(
        f'[tool.freezer]\nschemas = "schemas"\ninto = "{package}"\n'
    )
    run = replace(freezer, folder=folder)
    made = run("schema", "generate")
    assert made.returncode == 0, made.stderr
    return Side(run, import_package(folder / package))


@pytest.fixture
def v1(freezer: Freezer) -> Side:
    return side(freezer, 1)


@pytest.fixture
def v3(freezer: Freezer) -> Side:
    made = side(freezer, 3)
    done = made.freezer("schema", "register")
    assert done.returncode == 0, done.stderr
    return made


def read(freezer: Freezer) -> list[dict[str, Any]]:
    done = freezer("consume", "--from-beginning", "--until-end", "--output", "json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def settings(freezer: Freezer) -> Settings:
    return Settings(
        bootstrap_servers=freezer.settings["BOOTSTRAP_SERVERS"],
        schema_registry_url=freezer.settings["SCHEMA_REGISTRY_URL"],
        topic=freezer.settings["TOPIC"],
    )


def test_both_versions_on_one_topic_are_read_as_either(v1: Side, v3: Side) -> None:
    began = datetime.now(UTC) - timedelta(seconds=1)
    readings = '{"sensor_id": "door", "temperature": 4.5, "door_open": true, "sequence": 70}\n'
    for run, arguments, stdin in (
        (v1.freezer, ["--interval", "0", "--count", "6"], ""),
        (v3.freezer, ["--interval", "0", "--count", "6"], ""),
        (
            v3.freezer,
            ["--from", "-", "--live"],
            readings + readings.replace(', "sequence": 70', ""),
        ),
    ):
        done = run("produce", *arguments, stdin=stdin)
        assert done.returncode == 0, done.stderr

    new = read(v3.freezer)
    assert len(new) == 14
    old_data = [each for each in new if each["recorded_at"] is None]
    assert len(old_data) == 6
    assert all(
        each["quality"] == "UNKNOWN" and each["event_id"] is None and each["device"] is None
        for each in old_data
    )
    filled = [each for each in new if each["recorded_at"] is not None]
    times = [datetime.fromisoformat(each["recorded_at"]) for each in filled]
    assert all(began <= each <= datetime.now(UTC) for each in times)
    assert len({UUID(each["event_id"]) for each in filled}) == 8
    by_sensor = {
        name: [each["sequence"] for each in filled if each["sensor_id"] == name]
        for name in ("sensor0", "sensor1", "sensor2", "door")
    }
    # Counted per key; what the reading brought is left as it is.
    assert by_sensor == {"sensor0": [1, 2], "sensor1": [1, 2], "sensor2": [1, 2], "door": [70, 1]}
    assert all(each["door_open"] is True for each in filled if each["sensor_id"] == "door")

    old = read(v1.freezer)
    assert len(old) == 14
    assert all(set(each) == {"sensor_id", "temperature"} for each in old)


def test_send_fills_too_and_consumers_get_their_own_types(v1: Side, v3: Side) -> None:
    topic = settings(v1.freezer).topic
    with EventProducer(settings(v1.freezer), topic=topic) as producer:
        producer.send(v1.reading(sensor_id="s", temperature=-18.1))
    with EventProducer(settings(v3.freezer), topic=topic) as producer:
        for _ in range(2):
            producer.send(v3.reading(sensor_id="s", temperature=-18.2, humidity_pct=40.0))

    before, *after = consumed(v3)
    assert type(before) is v3.reading
    assert (before.recorded_at, before.event_id, before.humidity_pct) == (None, None, None)
    assert isinstance(before.quality, StrEnum)
    assert before.quality == "UNKNOWN"
    assert [each.sequence for each in after] == [1, 2]
    assert all(isinstance(each.event_id, UUID) for each in after)
    assert all(each.recorded_at.tzinfo is not None for each in after)
    assert [each.humidity_pct for each in after] == [40.0, 40.0]

    as_v1 = consumed(v1)
    assert as_v1 == [
        v1.reading(sensor_id="s", temperature=value) for value in (-18.1, -18.2, -18.2)
    ]


def consumed(reader: Side) -> list[Any]:
    mine = settings(reader.freezer)
    with EventConsumer(mine, reader.reading, topic=mine.topic) as consumer:
        return [each.event for each in consumer.records(until_end=True)]
