"""Metrics and health: what Prometheus, a supervisor and a dashboard are told is what happened."""

from __future__ import annotations

import json
import logging
import re
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from freezer_events import (
    ConfigError,
    InvalidEvent,
    NotDelivered,
    SpoolAt,
    UnreachableError,
    UsageError,
    serve_metrics,
)
from freezer_events.events import FreezerReading
from freezer_events.kafka import statistics
from freezer_events.observe.health import alive, ready
from freezer_events.observe.undelivered_age import UndeliveredAge
from freezer_events.send import fast, watching
from freezer_events.send.watching import SpoolState
from tests.support import prometheus
from tests.support.cli import FREEZER
from tests.support.readme import ROOT, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events import MetricsServer
    from freezer_events.testing import EventCluster

OBSERVE = ROOT / "infra" / "observe"
READING = FreezerReading(sensor_id="sensor0", temperature=1.5)
_WITHIN_S = 20.0


@pytest.fixture
def server() -> Iterator[MetricsServer]:
    with serve_metrics("127.0.0.1:0") as found:
        yield found


def get(server: MetricsServer, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{server.address}{path}", timeout=10) as found:
            return found.status, found.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def sample(server: MetricsServer, name: str, **labels: str) -> float:
    """Return the sum of a metric's samples with these labels."""
    _, text = get(server, "/metrics")
    return sum(
        each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
        if each.name == name and labels.items() <= each.labels.items()
    )


def test_what_became_of_events_is_counted_over_all_producers_and_after_their_end(
    server: MetricsServer, event_cluster: EventCluster
) -> None:
    names = ("read", "delivered", "rejected")
    before = {name: sample(server, f"freezer_events_{name}_total") for name in names}
    for _ in range(2):
        with event_cluster.producer() as producer:
            producer.send_all([READING] * 20)
            with pytest.raises(InvalidEvent):
                producer.send(FreezerReading(sensor_id="s", temperature=float("nan")))
            producer.flush()
    after = {name: sample(server, f"freezer_events_{name}_total") for name in names}
    assert {name: after[name] - before[name] for name in names} == {
        "read": 42,
        "delivered": 40,
        "rejected": 2,
    }
    (partition,) = {each.partition for each in event_cluster.records(FreezerReading)}
    assert sample(server, "freezer_events_delivered_total", partition=str(partition)) >= 40


def test_what_breaks_a_rule_is_counted_by_it(
    server: MetricsServer,
) -> None:
    watching.rejected(None)
    broken = InvalidEvent("door-event", "x: -1.0 breaks the rule plausible")
    broken.rule = "plausible"
    before = sample(server, "freezer_events_rejected_total", reason="rule", rule="plausible")
    watching.rejected(broken)
    after = sample(server, "freezer_events_rejected_total", reason="rule", rule="plausible")
    assert after - before == 1
    assert sample(server, "freezer_events_rejected_total", reason="row") >= 1


def test_what_is_lost_is_counted(server: MetricsServer, event_cluster: EventCluster) -> None:
    names = ("failed", "unconfirmed")
    before = sum(sample(server, f"freezer_events_{name}_total") for name in names)
    producer = event_cluster.producer(give_up_after_s=1.0)
    producer.prepare(FreezerReading)
    event_cluster.cluster.take_down()
    producer.send_all([READING] * 5)
    assert sample(server, "freezer_queue_messages") == 5
    with pytest.raises(NotDelivered):
        producer.close()
    assert sum(sample(server, f"freezer_events_{name}_total") for name in names) - before == 5


def test_times_are_those_of_messages_that_come_alone_and_of_some_that_come_in_crowds(
    server: MetricsServer, event_cluster: EventCluster
) -> None:
    name = "freezer_send_to_report_seconds_count"
    with event_cluster.producer() as producer:
        before = sample(server, name)
        producer.send_all([READING] * 20_000)
        producer.flush()
        crowd = sample(server, name) - before
        assert 1 <= crowd < 5_000
        deadline = time.monotonic() + _WITHIN_S
        alone = 0.0
        while not alone:  # those that come slowly are measured again, each of them soon
            assert time.monotonic() < deadline
            producer.send(READING)
            producer.flush()
            alone = sample(server, name) - before - crowd
    assert sample(server, "freezer_send_to_report_seconds_bucket", le="+Inf") >= crowd + alone


def test_the_age_of_what_waits_grows_and_ends(
    server: MetricsServer, event_cluster: EventCluster
) -> None:
    with event_cluster.producer(give_up_after_s=60) as producer:
        producer.prepare(FreezerReading)
        event_cluster.cluster.take_down()
        producer.send(READING)
        deadline = time.monotonic() + _WITHIN_S
        while sample(server, "freezer_oldest_undelivered_age_seconds") < 1.0:
            assert time.monotonic() < deadline
        event_cluster.cluster.bring_up()
        producer.flush()
        assert sample(server, "freezer_oldest_undelivered_age_seconds") == 0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=60))
def test_an_age_is_never_more_than_since_something_was_open(steps: list[tuple[int, int]]) -> None:
    age, accepted, settled, open_since = UndeliveredAge(), 0, 0, 0
    for now, (more, done) in enumerate(steps):
        accepted += more
        settled = min(accepted, settled + done)
        found = age.look(float(now), accepted, settled)
        if accepted == settled:
            open_since = now + 1
            assert found == 0
        else:
            assert 0 <= found <= max(0, now - open_since)


# Health


def test_it_is_alive_while_it_moves() -> None:
    assert alive([], 100.0).ok
    assert alive([None, 95.0], 100.0).ok
    stuck = alive([99.0, 60.0], 100.0)
    assert (stuck.ok, stuck.why) == (False, "nothing has moved for 40 s")


def test_it_is_ready_where_an_event_can_be_taken() -> None:
    trouble = ConfigError("topic 't'", "is gone")
    assert ready([(None, "")]).ok
    for producers in ([], [(None, "it is full")], [(trouble, "")], [(None, ""), (None, "it is")]):
        found = ready(producers)
        assert not found.ok
        assert found.why


def test_a_supervisor_is_told_over_http(server: MetricsServer, event_cluster: EventCluster) -> None:
    assert get(server, "/healthz") == (200, "alive\n")
    with event_cluster.producer() as producer:
        assert get(server, "/readyz") == (503, "not connected to a topic yet\n")
        producer.prepare(FreezerReading)
        producer.send(READING)
        producer.flush()
        assert get(server, "/readyz") == (200, "ready\n")
    assert get(server, "/elsewhere")[0] == 404
    assert sample(server, "freezer_alive") == 1


def test_with_a_spool_it_is_ready_without_a_broker(
    server: MetricsServer, event_cluster: EventCluster, tmp_path: Path
) -> None:
    """Else a supervisor would kill what takes readings, for an outage that it is there for."""
    event_cluster.cluster.take_down()
    at = SpoolAt(tmp_path / "s", max_bytes=100_000)
    with event_cluster.producer(spool=at, give_up_after_s=0.5) as producer:
        assert get(server, "/readyz") == (200, "ready\n")
        producer.send(READING)
        assert get(server, "/readyz") == (200, "ready\n")
        assert get(server, "/healthz") == (200, "alive\n")
        with pytest.raises(UnreachableError, match="it has been full"):
            producer.send_all(READING for _ in range(20_000))
        assert get(server, "/readyz") == (503, f"the spool is full: {tmp_path / 's'}\n")


@pytest.mark.parametrize("address", ["9400", ":9400", "host:", "host:99999", "host:http"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="ADDRESS:PORT"):
        serve_metrics(address)


@pytest.mark.parametrize("host", ["a..b", "é.b..", "x" * 70])
def test_a_host_that_is_no_name_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="name another address"):
        serve_metrics(f"{host}:9400")


def test_an_address_that_is_in_use_is_named(server: MetricsServer) -> None:
    with pytest.raises(ConfigError, match="already in use"):
        serve_metrics(server.address)


def test_a_server_that_did_not_start_asks_for_no_statistics() -> None:
    with serve_metrics("127.0.0.1:0") as server, pytest.raises(ConfigError):
        serve_metrics(server.address)
    assert statistics.properties() == {}


def test_who_hangs_up_leaves_no_traceback_on_standard_error(
    server: MetricsServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, logger="freezer_events.metrics")
    host, port = server.address.split(":")
    at_once = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: a reset, not an orderly end
    end = time.monotonic() + _WITHIN_S
    while not caplog.records:
        assert time.monotonic() < end
        with socket.create_connection((host, int(port))) as one:
            one.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    assert caplog.records[0].levelno == logging.DEBUG
    assert capfd.readouterr().err == ""
    assert get(server, "/healthz") == (200, "alive\n")


def test_the_spool_is_told_as_its_own_command_tells_it(
    server: MetricsServer, event_cluster: EventCluster, tmp_path: Path
) -> None:
    event_cluster.cluster.take_down()
    at = SpoolAt(tmp_path / "s", max_bytes=200_000, drop_oldest=True)
    with event_cluster.producer(spool=at, give_up_after_s=0.2) as producer:
        producer.send_all([READING] * 20_000)
        command = [FREEZER, "spool", "status", "--spool", str(at.path), "--output", "json"]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        status = json.loads(done.stdout)
        assert sample(server, "freezer_spool_messages") == status["waiting"] > 0
        assert sample(server, "freezer_spool_lost_total") == status["losses"] > 0
        assert status["waiting"] + status["losses"] == 20_000
        assert sample(server, "freezer_spool_parked") == status["parked"] == 0
        line = "python" if fast.unusable() else "compiled"
        assert sample(server, "freezer_build_info", line=line) == 1
        age_s = sample(server, "freezer_spool_oldest_age_seconds")
        assert round(age_s, 1) >= status["oldest_s"] > 0  # rounded as well


# Prometheus


def test_the_rules_wake_somebody_when_they_should() -> None:
    for args in (["check", "rules", "rules.yaml"], ["test", "rules", "rules_test.yaml"]):
        done = subprocess.run(
            [prometheus.program("promtool"), *args],
            cwd=OBSERVE,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    config = [prometheus.program("promtool"), "check", "config", "prometheus.yaml"]
    subprocess.run(config, cwd=OBSERVE, capture_output=True, timeout=60, check=True)


def test_each_rule_has_a_test_in_which_it_fires() -> None:
    rules = set(re.findall(r"- alert: (\w+)", (OBSERVE / "rules.yaml").read_text()))
    tests = (OBSERVE / "rules_test.yaml").read_text()
    fired = re.findall(r"alertname: (\w+)\n\s+eval_time: \w+\n\s+exp_alerts:\n", tests)
    assert rules == set(fired)


def test_the_page_names_the_metrics_that_there_are(
    server: MetricsServer, event_cluster: EventCluster, tmp_path: Path
) -> None:
    with event_cluster.producer(spool=tmp_path / "s") as producer:
        producer.send(READING)
        _, text = get(server, "/metrics")
    there = {each.name for each in text_string_to_metric_families(text)}
    told = re.findall(r"`(freezer_[a-z_]+)`", text_of("docs/operate.md"))
    assert {name.removesuffix("_total") for name in told} - {"freezer_events"} == there


def dashboard() -> dict[str, list[str]]:
    """Return the queries of each panel, as Grafana would ask them."""
    found = json.loads((OBSERVE / "dashboard.json").read_text())
    return {
        panel["title"]: [
            each["expr"].replace("$__rate_interval", "10s").replace("$instance", ".*")
            for each in panel["targets"]
        ]
        for panel in found["panels"]
    }


def test_prometheus_has_an_answer_to_each_query_of_the_dashboard(
    server: MetricsServer,
    event_cluster: EventCluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "spools", lambda: [SpoolState(5, 500, 1000, 2.5, 1, 1)])
    with event_cluster.producer() as producer:
        producer.send_all([READING] * 10)
        with pytest.raises(InvalidEvent):
            producer.send(FreezerReading(sensor_id="s", temperature=float("nan")))
        producer.flush()
        deadline = time.monotonic() + _WITHIN_S
        while not sample(server, "freezer_broker_up"):  # statistics come every five seconds
            assert time.monotonic() < deadline
            time.sleep(0.1)
        rules = OBSERVE / "rules.yaml"
        with prometheus.scraping(tmp_path, server.address, rules) as address:
            for title, queries in dashboard().items():
                for each in queries:
                    assert prometheus.query(address, each), f"{title}: {each}"
            names = set(re.findall(r"freezer_[a-z_]+", re.sub("#.*", "", rules.read_text())))
            for name in names:
                assert prometheus.query(address, name), name
