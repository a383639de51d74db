"""`freezer_events.testing` in a user's own tests: a pytest run of theirs, in a folder of theirs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

THEIRS = """
import pytest
from freezer_events.errors import InvalidEvent
from freezer_events.events import FreezerReading
from freezer_events.testing import EventCluster

COLD = FreezerReading(sensor_id="sensor0", temperature=-3.2)


def test_an_event_comes_back(event_cluster):
    with event_cluster.producer() as producer:
        producer.send(COLD)
    assert event_cluster.events(FreezerReading) == [COLD]


def test_every_test_has_a_cluster_of_its_own(event_cluster):
    assert event_cluster.events(FreezerReading) == []


def test_without_the_fixture():
    with EventCluster(partitions=1) as cluster, cluster.producer() as producer:
        producer.send(COLD)
        producer.flush()
        (record,) = cluster.records(FreezerReading)
    assert (record.partition, record.key, record.event) == (0, "sensor0", COLD)


def test_a_bad_value_is_refused_as_in_production(event_cluster):
    with event_cluster.producer() as producer, pytest.raises(InvalidEvent):
        producer.send(FreezerReading(sensor_id="sensor0", temperature=float("nan")))
"""


def test_the_fixture_is_there_without_an_import_and_warnings_are_errors(tmp_path: Path) -> None:
    (tmp_path / "test_theirs.py").write_text(THEIRS)
    done = subprocess.run(
        # pytest-asyncio, which is here for other tests, warns where nobody configures it.
        [*(sys.executable, "-m", "pytest", "-q", "-W", "error"), *("-p", "no:asyncio")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
