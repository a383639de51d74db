"""`freezer produce --from` on the real Kafka: files as people have them, each row accounted for."""

from __future__ import annotations

import json
import re
import shutil
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from freezer_events.config import Settings
from freezer_events.read.consumer import EventConsumer
from freezer_events.schema.catalogue import Catalogue
from freezer_events.schema.event_types import event_type
from tests.support.cli import Freezer, tally_of
from tests.support.readings import HANDED
from tests.support.readme import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SKIP = ("--on-bad", "skip")


@pytest.fixture
def v3(freezer: Freezer) -> Freezer:
    """Give a project that writes version 3, registered."""
    folder = freezer.folder / "on_v3"
    shutil.copytree(ROOT / "schemas", folder / "schemas")
    toml = folder / "schemas" / "freezer-reading" / "event.toml"
    text = re.sub(r"^version = \d+", "version = 3", toml.read_text(), flags=re.MULTILINE)
    toml.write_text(text.replace('event_id = "uuid"', 'event_id = "uuid5:sensor_id,recorded_at"'))
    made = replace(freezer, folder=folder)
    done = made("schema", "register")
    assert done.returncode == 0, done.stderr
    return made


def consumed(freezer: Freezer) -> list[dict[str, Any]]:
    done = freezer("consume", "--from-beginning", "--until-end", "--output", "json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_loggers_export_arrives_with_one_option_and_twice_with_the_same_ids(
    v3: Freezer, tmp_path: Path
) -> None:
    del tmp_path
    for _ in range(2):
        done = v3("produce", "--from", str(HANDED / "01-elitech-rc5.csv"), "--as", "elitech")
        assert done.returncode == 0, done.stderr
        assert "3 readings read, 3 delivered" in done.stdout
    found = consumed(v3)
    assert {each["sensor_id"] for each in found} == {"EF2390F1A"}
    assert sorted(each["recorded_at"] for each in found) == sorted(
        [f"2026-10-01T00:{minute}:00Z" for minute in ("00", "10", "20")] * 2
    )
    assert len({each["event_id"] for each in found}) == 3


def test_the_time_of_import_is_not_the_time_of_a_reading_unless_it_is_live(v3: Freezer) -> None:
    path = str(HANDED / "empty-time.csv")
    assert v3("produce", "--from", path).returncode == 0
    found = {each["sensor_id"]: each for each in consumed(v3)}
    assert (found["f1"]["recorded_at"], found["f1"]["event_id"]) == (None, None)
    assert found["f2"]["recorded_at"] == "2026-10-01T08:00:00Z"
    row = '{"sensor_id": "live", "temperature": 1}\n'
    assert v3("produce", "--from", "-", "--live", stdin=row).returncode == 0
    (live,) = (each for each in consumed(v3) if each["sensor_id"] == "live")
    age = datetime.now(UTC) - datetime.fromisoformat(live["recorded_at"])
    assert abs(age) < timedelta(minutes=5)


def test_a_field_that_the_written_version_lacks_is_refused_with_a_step_that_works(
    freezer: Freezer,
) -> None:
    path = str(HANDED / "01-elitech-rc5.csv")
    done = freezer("produce", "--from", path, "--as", "elitech")
    assert done.returncode == 2
    assert "--without recorded_at" in done.stderr
    done = freezer("produce", "--from", path, "--as", "elitech", "--without", "recorded_at")
    assert done.returncode == 0, done.stderr
    assert "3 delivered" in done.stdout


def test_a_fields_time_is_the_timestamp_of_the_record(v3: Freezer) -> None:
    path = str(HANDED / "28-concat.csv")
    done = v3("produce", "--from", path, "--timestamp", "recorded_at")
    assert done.returncode == 0, done.stderr
    kind = event_type(Catalogue.find(v3.folder / "schemas"))
    settings = Settings(
        bootstrap_servers=v3.settings["BOOTSTRAP_SERVERS"],
        schema_registry_url=v3.settings["SCHEMA_REGISTRY_URL"],
        topic=v3.settings["TOPIC"],
    )
    with EventConsumer(settings, kind.record) as consumer:
        pairs = [
            (record.timestamp, record.event and record.event.recorded_at)
            for record in consumer.records(until_end=True)
        ]
    assert len(pairs) == 4
    assert all(timestamp == recorded_at for timestamp, recorded_at in pairs)
    done = v3("produce", "--from", path, "--timestamp", "temperature")
    assert done.returncode == 2
    assert "is no timestamp" in done.stderr


def test_rejects_keep_encoding_and_preamble_and_go_in_again_after_a_dry_run_too(
    freezer: Freezer,
) -> None:
    head = "Logger Kühl 1\r\n\r\nFühler;Temp\r\n"
    bad = "Kühl2;ERR\r\n"
    data = (head + "Kühl1;-18,5\r\n" + bad + "Kühl3;-18,25\r\n").encode("cp1252")
    (freezer.folder / "in.csv").write_bytes(data)
    options = (
        "--encoding", "cp1252", "--skip", "2", "--decimal", ",", "--column", "Fühler=sensor_id",
        "--column", "Temp=temperature", *SKIP, "--output", "json",
    )  # fmt: skip
    kept = ("--rejects", "bad.csv")
    dry = freezer("produce", "--from", "in.csv", *options, *kept, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    done = freezer("produce", "--from", "in.csv", *options, *kept)
    assert done.returncode == 0, done.stderr
    assert tally_of(done.stdout.splitlines())["rejected"] == 1
    again = freezer.folder / "bad.csv"
    assert again.read_bytes() == (head + bad).encode("cp1252")
    again.write_bytes(again.read_bytes().replace(b"ERR", b"-18,0"))
    assert freezer("produce", "--from", "bad.csv", *options).returncode == 0
    assert {each["sensor_id"] for each in consumed(freezer)} == {"Kühl1", "Kühl2", "Kühl3"}


def test_a_disk_without_room_for_rejects_ends_the_run_with_its_tally_and_cause(
    freezer: Freezer,
) -> None:
    (freezer.folder / "in.csv").write_text("sensor_id,temperature\na,1\nb,n/a\nc,3\n")
    done = freezer("produce", "--from", "in.csv", *SKIP, "--rejects", "/dev/full")
    assert done.returncode == 1
    assert "2 readings read, 1 delivered, 1 unsent" in done.stdout
    assert "--rejects /dev/full: cannot be written: No space left on device" in done.stderr
    assert "--start-at 3" in done.stderr


def test_half_a_line_in_a_pipe_is_not_sent_when_the_run_is_interrupted(freezer: Freezer) -> None:
    with freezer.start("produce", "--from", "-", "--output", "json", *SKIP) as running:
        running.say("sensor_id,temperature")
        running.say("f1,-18.5")
        assert json.loads(running.hear())["temperature"] == -18.5
        assert running.process.stdin is not None
        running.process.stdin.write("f1,-1")
        running.process.stdin.flush()
        running.signal(signal.SIGINT)
        lines, err = running.rest()
    tally = tally_of(lines)
    assert (tally["delivered"], tally["rejected"]) in {(1, 1), (1, 0)}
    assert "Traceback" not in err
    assert [each["temperature"] for each in consumed(freezer)] == [-18.5]


def test_several_files_are_read_in_order_and_what_is_rejected_is_kept_under_their_names(
    freezer: Freezer,
) -> None:
    (freezer.folder / "days").mkdir()
    for name in ("2.csv", "1.csv"):
        (freezer.folder / "days" / name).write_text(f"sensor_id,temperature\na,{name[0]}\nb,bad\n")
    done = freezer("produce", "--from", "days", *SKIP, "--rejects", "bad/", "--quiet")
    assert done.returncode == 0, done.stderr
    assert "4 readings read, 2 rejected, 2 delivered" in done.stdout
    kept = sorted((freezer.folder / "bad").iterdir())
    assert [each.name for each in kept] == ["1.csv", "2.csv"]
    assert {each.read_text() for each in kept} == {"sensor_id,temperature\nb,bad\n"}
    assert [each["temperature"] for each in consumed(freezer)] == [1, 2]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_run_that_a_bad_row_has_ended_goes_on_at_that_row_once_it_is_corrected(
    freezer: Freezer, form: str
) -> None:
    def write(second: str) -> None:
        if form == "csv":
            text = f"sensor_id,temperature\na,1\nb,{second}\nc,3\n"
            (freezer.folder / "in.csv").write_text(text)
        else:
            rows = {"sensor_id": ["a", "b", "c"], "temperature": ["1", second, "3"]}
            parquet.write_table(pa.table(rows), freezer.folder / "in.parquet")

    write("n/a")
    done = freezer("produce", "--from", f"in.{form}")
    assert done.returncode == 5
    line = 3 if form == "csv" else 2
    step = f"to go on: correct line {line}, then the same options, --start-at {line}"
    assert step in done.stderr
    write("2")
    assert freezer("produce", "--from", f"in.{form}", "--start-at", str(line)).returncode == 0
    assert sorted(each["temperature"] for each in consumed(freezer)) == [1.0, 2.0, 3.0]
    write("n/a")
    done = freezer("produce", "--from", f"in.{form}", "--rejects", "bad")
    step = f"the same options, but --rejects bad.2, --start-at {line + 1}"
    assert step in done.stderr  # it is kept in that file
