"""`freezer produce` on the real Kafka and registry: every way that ends well."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
import requests
from pyarrow import parquet as pq

from tests.support import independent
from tests.support.cli import Freezer, tally_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from freezer_infra.local.stack import Login, Stack

# A spreadsheet's habits: byte order mark, CRLF, quotes, a comma in a text column.
EXPORT = "\ufeffsensor_id,temp_c,note\r\n" + "".join(
    f'sensor{n % 5},{n / 10},"door, {n}"\r\n' for n in range(6000)
)


def test_the_tutorials_run_delivers_ten_and_says_where(freezer: Freezer) -> None:
    done = freezer("produce", "--interval", "0.01", "--seed", "1")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:10]] == [f"sensor{n % 3}" for n in range(10)]
    assert all("partition" in line and "offset" in line for line in lines[:10])
    assert lines[10] == "10 readings read, 10 delivered"
    assert lines[11] == "readings per partition: 3 on 0, 7 on 1, 0 on 2"
    assert "murmur2_random" in lines[12]


def test_a_spreadsheets_export_arrives_whole_and_an_independent_reader_agrees(
    freezer: Freezer, stack: Stack, topic: str, tmp_path: Path
) -> None:
    (tmp_path / "export.csv").write_bytes(EXPORT.encode())
    done = freezer(
        "produce", "--from", "export.csv", "--column", "temp_c=temperature", "--output", "json",
        "--no-lines", "-X", "queue.buffering.max.messages=500",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == "unused columns: note\n"
    assert tally_of(done.stdout.splitlines())["delivered"] == 6000

    back = freezer("consume", "--from-beginning", "--max", "6000", "--output", "json")
    ours = sorted(map(json.dumps, map(json.loads, back.stdout.splitlines())))
    expected = [{"sensor_id": f"sensor{n % 5}", "temperature": n / 10} for n in range(6000)]
    assert ours == sorted(map(json.dumps, expected))
    assert sorted(map(json.dumps, independent.read(stack, topic, 6000))) == ours


def test_a_pipe_that_never_ends_delivers_each_reading_at_once(freezer: Freezer) -> None:
    with freezer.start("produce", "--from", "-", "--output", "json") as running:
        for number in range(3):
            running.say(f'{{"sensor_id": "s{number}", "temperature": {number}}}')
            # A line comes only because this reading was reported without a next one.
            assert json.loads(running.hear())["key"] == f"s{number}"
        running.signal(signal.SIGINT)
        lines, _ = running.rest()
    assert tally_of(lines)["delivered"] == 3
    assert running.code == 130


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_principal_that_may_only_write_delivers_over_sasl_ssl(
    secure: Callable[..., Freezer],
    secured: Stack,
    topic: str,
    grant: Callable[..., None],
    make_scram_user: Callable[[], Login],
    mechanism: str,
) -> None:
    login = secured.freezer if mechanism == "PLAIN" else make_scram_user()
    grant(login.user, topic)
    done = secure(login, mechanism)("produce", "--interval", "0")
    assert done.returncode == 0, done.stderr
    assert "10 delivered" in done.stdout


def test_registering_again_changes_nothing_and_says_the_same_id(freezer: Freezer) -> None:
    first, second = freezer("schema", "register"), freezer("schema", "register")
    # A shared type is told of once, when the event that uses it is registered.
    said = re.compile(r"^  (v\d+): .*schema id (\d+)", re.MULTILINE)
    ids = said.findall(first.stdout)
    assert ids == said.findall(second.stdout)
    assert ids
    assert "FULL_TRANSITIVE" in first.stdout


def test_a_schema_that_somebody_registered_in_another_layout_is_the_same_schema(
    stack: Stack, make_topic: Callable[[], str], freezer: Freezer
) -> None:
    topic = make_topic()
    text = requests.get(
        f"{stack.registry_url}/subjects/{freezer.settings['TOPIC']}-value/versions/1", timeout=10
    ).json()["schema"]
    requests.post(
        f"{stack.registry_url}/subjects/{topic}-value/versions",
        json={"schema": json.dumps(json.loads(text), indent=7)},
        timeout=10,
    ).raise_for_status()
    other = freezer.having(TOPIC=topic)
    done = other("produce", "--interval", "0", "--count", "1")
    assert done.returncode == 0, done.stderr
    assert "version 1," in other("schema", "register").stdout


def test_skipped_readings_are_kept_and_can_be_fed_in_again(
    freezer: Freezer, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("sensor_id,temperature\na,1\nb,n/a\nc,3\n")
    options = ("produce", "--from", "in.csv", "--on-bad", "skip", "--output", "json")
    assert freezer(*options).returncode == 1
    done = freezer(*options, "--rejects", "rejects.csv")
    assert done.returncode == 0
    tally = tally_of(done.stdout.splitlines())
    assert (tally["delivered"], tally["rejected"]) == (2, 1)
    assert (tmp_path / "rejects.csv").read_text() == "sensor_id,temperature\nb,n/a\n"


def test_a_parquet_file_arrives_whole_and_an_independent_reader_agrees(
    freezer: Freezer, stack: Stack, topic: str, tmp_path: Path
) -> None:
    sensors = [f"sensor{n % 5}" for n in range(6000)]
    columns = {"sensor_id": sensors, "temp_c": [n / 10 for n in range(6000)]}
    pq.write_table(pa.table(columns), tmp_path / "year.parquet", row_group_size=1000)
    done = freezer(
        "produce", "--from", "year.parquet", "--column", "temp_c=temperature", "--output", "json",
        "--no-lines",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert tally_of(done.stdout.splitlines())["delivered"] == 6000
    expected = [{"sensor_id": f"sensor{n % 5}", "temperature": n / 10} for n in range(6000)]
    found = independent.read(stack, topic, 6000)
    assert sorted(map(json.dumps, found)) == sorted(map(json.dumps, expected))
