"""Logs for machines: one object per event of a run, from the command and from the library."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events import Settings
from freezer_events.events import FreezerReading
from freezer_events.observe.logs import RUN, JsonFormatter, OncePerMinute, TextFormatter
from freezer_events.send import watching
from freezer_events.send.delivery import Delivery
from tests.support.cli import Freezer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events.testing import EventCluster

SECRET = "s3cr3t-of-nobody"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Give what the library logs of its runs, a JSON object per line."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger(RUN)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield text
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def events(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_run_begins_with_its_settings_and_ends_with_its_tally(
    log: io.StringIO, event_cluster: EventCluster
) -> None:
    with event_cluster.producer() as producer:
        producer.send(FreezerReading(sensor_id="s", temperature=1.0))
    began, ended = events(log)
    assert began["event"] == "started"
    assert began["settings"]["BOOTSTRAP_SERVERS"]
    assert (ended["event"], ended["tally"]["delivered"]) == ("ended", 1)
    assert {"time", "level", "logger"} <= ended.keys()


def test_no_secret_is_logged(log: io.StringIO) -> None:
    settings = Settings(
        bootstrap_servers="localhost:1", sasl_username="me", sasl_password=SECRET,
        schema_registry_url=f"http://me:{SECRET}@localhost:1",
        schema_registry_api_key="k", schema_registry_api_secret=SECRET,
        properties={"ssl.key.password": SECRET},
    )  # fmt: skip
    delivery = Delivery(settings)
    watching.ended(delivery)
    assert "localhost:1" in log.getvalue()
    assert SECRET not in log.getvalue()


def test_an_outage_is_told_as_it_begins_and_ends(
    log: io.StringIO, event_cluster: EventCluster
) -> None:
    with event_cluster.producer(give_up_after_s=60) as producer:
        producer.prepare(FreezerReading)
        event_cluster.cluster.take_down()
        producer.send(FreezerReading(sensor_id="s", temperature=1.0))
        while "outage" not in log.getvalue():
            producer.flush(0.1)
        event_cluster.cluster.bring_up()
        while "recovered" not in log.getvalue():
            producer.flush(0.1)
    found = {each["event"]: each for each in events(log)}
    assert list(found) == ["started", "outage", "recovered", "ended"]
    assert found["outage"]["level"] == "warning"
    assert found["outage"]["lasted_s"] >= 5
    assert found["outage"]["waiting"] == 1


def test_foreign_text_stays_on_its_line() -> None:
    record = logging.makeLogRecord({"name": "x", "msg": "a\nb\x1b[2J", "levelname": "INFO"})
    as_json = JsonFormatter().format(record)
    assert json.loads(as_json)["message"] == "a\nb\x1b[2J"
    assert as_json.isprintable()
    record.facts = {"key": "a\nb"}
    assert TextFormatter().format(record).count("\n") <= 1
    assert r"key=a\nb" in TextFormatter().format(record)


@pytest.mark.parametrize("form", ["json", "text"])
def test_with_a_log_everything_on_standard_error_has_its_form(tmp_path: Path, form: str) -> None:
    freezer = Freezer(
        tmp_path,
        {"BOOTSTRAP_SERVERS": "localhost:1", "SCHEMA_REGISTRY_URL": "http://localhost:1"},
    )
    done = freezer("produce", "--log-format", form, "--timeout", "1", "--output", "json")
    assert done.returncode == 6
    lines = done.stderr.splitlines()
    if form == "json":
        found = [json.loads(line) for line in lines]
        assert "started" in [each.get("event") for each in found]
        assert (found[-1]["event"], found[-1]["exit_code"]) == ("error", 6)
        assert found[-1]["next_step"]
    else:
        assert all(line[:4].isdigit() or line.startswith("  ") for line in lines)
        assert [line for line in lines if "  started  " in line]


def test_a_level_leaves_out_what_is_less(tmp_path: Path) -> None:
    freezer = Freezer(tmp_path, {"BOOTSTRAP_SERVERS": "localhost:1"})
    quiet = freezer("produce", "--log-format", "json", "--log-level", "error", "--dry-run")
    assert (quiet.returncode, quiet.stderr) == (0, "")


def test_librdkafkas_own_lines_are_there_when_they_are_asked_for(
    tmp_path: Path, event_cluster: EventCluster
) -> None:
    freezer = Freezer(
        tmp_path,
        {
            "BOOTSTRAP_SERVERS": str(event_cluster.settings.bootstrap_servers),
            "SCHEMA_REGISTRY_URL": "http://localhost:1",
        },
    )
    asked = ("produce", "--log-format", "json", "--timeout", "1", "-X", "debug=broker")
    lines = [json.loads(line) for line in freezer(*asked).stderr.splitlines()]
    assert [each for each in lines if each["logger"] == "freezer.kafka"]


def test_what_librdkafka_says_again_and_again_is_a_line_a_minute() -> None:
    now = 0.0
    once = OncePerMinute(lambda: now)
    lines = []
    for second in range(150):
        now = float(second)
        for broker in ("b1", "b2"):
            said = f"FAIL {broker}: refused (after {second}ms in state CONNECT)"
            record = logging.LogRecord("freezer.kafka", logging.ERROR, "", 0, said, (), None)
            if once.filter(record):
                lines.append(record.getMessage())
    assert [line.split(":")[0] for line in lines] == ["FAIL b1", "FAIL b2"] * 3
    assert all(line.endswith("[59 times more since the last one]") for line in lines[2:])
