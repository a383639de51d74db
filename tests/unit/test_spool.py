"""A producer with a spool, on the in-process cluster; and the rules of its folder and files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import threading
import time
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

import pytest
import requests

from freezer_events import EventProducer, Outcome, Settings, SpoolAt
from freezer_events.errors import ConfigError, UnreachableError, UsageError
from freezer_events.events import FreezerReading
from freezer_events.send.fill import Filler
from freezer_events.send.spooled_delivery import SpooledDelivery
from freezer_events.spool.durable_queue import Spool
from freezer_events.spool.folder import filesystem, refuse_network
from freezer_events.spool.put import Put
from freezer_events.spool.records import BodyKind
from tests.support.cli import FREEZER
from tests.support.confluent_registry import ConfluentRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events.send.report import Report
    from freezer_events.testing import EventCluster

KIND = BodyKind("e", 1, "t", '"string"')


def reading(number: int) -> FreezerReading:
    return FreezerReading(sensor_id=f"sensor{number % 3}", temperature=float(number))


@pytest.mark.parametrize("exactly_once", [False, True], ids=["spool", "exactly once"])
def test_what_is_sent_while_the_cluster_is_away_arrives_in_order(
    event_cluster: EventCluster, tmp_path: Path, *, exactly_once: bool
) -> None:
    if exactly_once:
        event_cluster.cluster.create_topic("freezer-positions", 1)
    reports: list[Report] = []
    event_cluster.cluster.take_down()
    with event_cluster.producer(spool=tmp_path / "s", exactly_once=exactly_once) as producer:
        for number in range(30):
            assert producer.send(reading(number), on_delivery=reports.append)
        assert producer.send_all(map(reading, range(30, 600))) == 570
        assert producer.tally.accepted == 600
        assert not reports
        event_cluster.cluster.bring_up()
        assert producer.flush(30) == 0
        assert {report.outcome for report in reports} == {Outcome.DELIVERED}
    assert len(reports) == 30
    assert str(producer.tally) == "600 read, 600 delivered"
    found = event_cluster.events(FreezerReading)
    for sensor in ("sensor0", "sensor1", "sensor2"):
        numbers = [each.temperature for each in found if each.sensor_id == sensor]
        assert numbers == [n for n in range(600) if f"sensor{n % 3}" == sensor]


def test_a_report_of_what_stays_on_disk_says_so(
    event_cluster: EventCluster, tmp_path: Path
) -> None:
    reports: list[Report] = []
    event_cluster.cluster.take_down()
    with event_cluster.producer(spool=tmp_path / "s", give_up_after_s=0.5) as producer:
        producer.send(reading(0), on_delivery=reports.append)
    assert [report.outcome for report in reports] == [Outcome.SPOOLED]
    assert str(producer.tally) == "1 read, 0 delivered, 1 spooled"


def test_coroutines_share_commits_and_wait_for_the_disk_alone(
    event_cluster: EventCluster, tmp_path: Path
) -> None:
    event_cluster.cluster.take_down()

    async def send() -> list[Report]:
        async with event_cluster.async_producer(
            spool=tmp_path / "s", give_up_after_s=0.5
        ) as producer:
            return list(await asyncio.gather(*(producer.send(reading(n)) for n in range(200))))

    assert {report.outcome for report in asyncio.run(send())} == {Outcome.SPOOLED}


def test_the_count_of_a_key_goes_on_in_the_next_process(tmp_path: Path) -> None:
    type_ = replace(FreezerReading.__event__, fill={"temperature": "count"})
    for first in (1, 4):
        spool = Spool(tmp_path / "s")
        fill = Filler(type_)
        fill.go_on(spool.counts(type_.name))
        kind = spool.kind(KIND)
        for number in range(first, first + 3):
            event = FreezerReading(sensor_id="k", temperature=None)  # type: ignore[arg-type]
            assert fill(event).temperature == number
            spool.put(Put(kind, None, b"", counted=fill.counted()))
        spool.close()


def test_a_full_spool_drops_the_oldest_on_record_where_that_is_asked_for(
    event_cluster: EventCluster, tmp_path: Path
) -> None:
    event_cluster.cluster.take_down()
    at = SpoolAt(tmp_path / "s", max_bytes=100_000, drop_oldest=True)
    with event_cluster.producer(spool=at, give_up_after_s=0.5) as producer:
        producer.send_all(map(reading, range(20_000)))
    tally = producer.tally
    assert tally.lost > 0
    assert tally.lost + tally.spooled == 20_000
    done = subprocess.run(
        [FREEZER, "spool", "status", "--spool", str(tmp_path / "s")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "dropped: the spool is full" in done.stdout


@pytest.mark.parametrize("pause_s", [0.0, 0.003], ids=["fast", "a few at a time"])
def test_a_full_spool_lets_its_sender_wait_and_go_on(
    event_cluster: EventCluster, tmp_path: Path, pause_s: float
) -> None:
    event_cluster.cluster.take_down()

    def readings() -> Iterator[FreezerReading]:
        for number in range(20_000):
            if not number % 40:
                time.sleep(pause_s)
            yield reading(number)

    at = SpoolAt(tmp_path / "s", max_bytes=50_000)
    with event_cluster.producer(spool=at) as producer:
        sending = threading.Thread(target=producer.send_all, args=[readings()])
        sending.start()
        sending.join(2.0)
        assert sending.is_alive()
        assert isinstance(producer._delivery, SpooledDelivery)
        assert 50_000 <= producer._delivery.spool_state().size_bytes < 100_000
        event_cluster.cluster.bring_up()
        sending.join(30)
        assert not sending.is_alive()
    assert str(producer.tally) == "20,000 read, 20,000 delivered"


def test_a_second_producer_is_told_who_uses_the_spool(
    event_cluster: EventCluster, tmp_path: Path
) -> None:
    with (
        event_cluster.producer(spool=tmp_path / "s"),
        pytest.raises(UnreachableError, match=f"process {os.getpid()} uses it"),
    ):
        event_cluster.producer(spool=tmp_path / "s")


def test_nobody_else_can_read_a_spool(tmp_path: Path) -> None:
    Spool(tmp_path / "s").close()
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "s").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path


def test_a_network_file_system_is_told_by_the_mount_that_holds_the_folder(tmp_path: Path) -> None:
    mounts = (
        "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "22 21 0:5 / /srv/my\\040share rw shared:2 - nfs4 server:/x rw\n"
        "23 22 8:2 / /srv/my\\040share/local rw - xfs /dev/sdb rw\n"
    )
    assert filesystem("/srv", mounts) == "ext4"
    assert filesystem("/srv/my share/spool", mounts) == "nfs4"
    assert filesystem("/srv/my share/local/spool", mounts) == "xfs"
    refuse_network(tmp_path)


def test_exactly_once_needs_a_spool(event_cluster: EventCluster) -> None:
    with pytest.raises(UsageError, match="needs a spool"):
        event_cluster.producer(exactly_once=True)


def test_a_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        Spool(tmp_path / "file")


@pytest.mark.parametrize("how", [(), ("--exactly-once",)], ids=["spool", "exactly once"])
def test_the_demo_of_an_outage_ends_with_every_reading(
    tmp_path: Path, how: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [FREEZER, "demo", "--outage", *how],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        env=os.environ | {"TOPIC": "anothers", "SASL_USERNAME": "u", "SASL_PASSWORD": "p"},
    )
    assert done.returncode == 0, done.stderr
    assert "2,000 readings on the topic, 0 missing," in done.stdout


def test_what_a_rule_set_is_for_stays_on_disk_and_is_named(
    event_cluster: EventCluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Plain text under an encryption rule never reaches the topic, nor is it lost."""
    event_cluster.cluster.create_topic("freezer-temperatura", 3)
    rule = {
        "name": "hide", "kind": "TRANSFORM", "type": "ENCRYPT", "mode": "WRITEREAD",
    }  # fmt: skip
    with ConfluentRegistry() as server:
        body = {"schema": FreezerReading.__event__.schema, "ruleSet": {"domainRules": [rule]}}
        subject = f"{server.url}/subjects/freezer-temperatura-value"
        assert requests.post(f"{subject}/versions", json=body, timeout=5).ok
        settings = Settings(
            bootstrap_servers=event_cluster.settings.bootstrap_servers,
            schema_registry_url=server.url,
        )
        producer = EventProducer(settings, spool=tmp_path / "s", give_up_after_s=1.0)
        with producer:
            producer.send_all(map(reading, range(100)))
    assert str(producer.tally) == "100 read, 0 delivered, 100 spooled"
    (left,) = (each for each in caplog.records if each.message == "left in the spool")
    assert "has rules that every writer must run" in str(vars(left))
    assert event_cluster.records(FreezerReading) == []


@pytest.mark.parametrize("drop_oldest", [False, True], ids=["wait", "drop oldest"])
@pytest.mark.parametrize("size", [100, 20_000])
@pytest.mark.parametrize("line", ["python", None])
def test_a_spool_holds_about_as_much_as_it_may(
    event_cluster: EventCluster, tmp_path: Path, size: int, line: str | None, *, drop_oldest: bool
) -> None:
    most, row = 3_000_000, 1 << 20
    event_cluster.cluster.take_down()
    at = SpoolAt(tmp_path / "s", max_bytes=most, drop_oldest=drop_oldest)
    settings = replace(event_cluster.settings, freezer_line=line)
    name = "s" * size
    with EventProducer(settings, spool=at, give_up_after_s=1.0) as producer:
        events = (FreezerReading(sensor_id=name, temperature=float(n)) for n in range(60_000))
        with contextlib.nullcontext() if drop_oldest else pytest.raises(UnreachableError):
            producer.send_all(events if size == 100 else islice(events, 2_000))
        state = producer._delivery.spool_state()  # type: ignore[union-attr]
        assert most / 2 < state.size_bytes < most + 2 * row
        assert bool(state.lost) is drop_oldest


def test_a_folder_may_be_named_by_text() -> None:
    assert SpoolAt.of(SpoolAt("folder")).path == SpoolAt.of("folder").path  # type: ignore[arg-type]
