"""`freezer consume` on the real Kafka: events come back; what is none is named, never a crash."""

from __future__ import annotations

import base64
import csv
import json
import os
import pty
import signal
import subprocess
import termios
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, Producer
from confluent_kafka.cimpl import TopicPartition

from tests.support.cli import FREEZER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

    from freezer_infra.local.stack import Stack
    from tests.support.cli import Freezer


def test_its_json_lines_are_what_produce_takes(
    freezer: Freezer, make_topic: Callable[[], str]
) -> None:
    assert freezer("produce", "--interval", "0", "--count", "7").returncode == 0
    lines = freezer("consume", "--from-beginning", "--max", "7", "--output", "json").stdout
    other = freezer.having(TOPIC=make_topic())
    assert other("schema", "register").returncode == 0
    again = other("produce", "--from", "-", stdin=lines)
    assert again.returncode == 0, again.stderr
    back = other("consume", "--from-beginning", "--until-end", "--output", "json").stdout
    assert sorted(back.splitlines()) == sorted(lines.splitlines())
    assert len(back.splitlines()) == 7


def test_a_parquet_file_is_what_produce_takes_and_is_there_once_it_is_whole(
    freezer: Freezer, make_topic: Callable[[], str]
) -> None:
    assert freezer("produce", "--interval", "0", "--count", "7").returncode == 0
    lines = freezer("consume", "--from-beginning", "--max", "7", "--output", "json").stdout
    path = freezer.folder / "readings.parquet"
    into = ("consume", "--from-beginning", "--output", "parquet")
    with freezer.start(*into, "--to", path.name) as running:
        part = path.with_name("readings.parquet.part")
        begun = time.monotonic()
        while not part.exists():
            assert time.monotonic() < begun + 20
        running.signal(signal.SIGKILL)
        running.rest()
    assert not path.exists()
    done = freezer(*into, "--until-end", "--to", path.name)
    assert done.returncode == 0, done.stderr
    assert "7 readings read, 0 skipped" in done.stderr
    assert not part.exists()
    twice = freezer(*into, "--until-end", "--to", path.name)
    assert twice.returncode == 2
    assert "is there already" in twice.stderr
    nowhere = freezer(*into)
    assert nowhere.returncode == 2
    assert "say which: --to readings.parquet" in nowhere.stderr

    other = freezer.having(TOPIC=make_topic())
    assert other("schema", "register").returncode == 0
    again = other("produce", "--from", path.name)
    assert again.returncode == 0, again.stderr
    back = other("consume", "--from-beginning", "--until-end", "--output", "json").stdout
    assert sorted(back.splitlines()) == sorted(lines.splitlines())


def test_a_signal_leaves_a_whole_parquet_file(
    freezer: Freezer, admin: AdminClient, topic: str
) -> None:
    assert freezer("produce", "--interval", "0", "--count", "7").returncode == 0
    with freezer.start(
        *("consume", "--from-beginning", "--group", topic, "--output", "parquet"),
        *("--to", "readings.parquet"),
    ) as running:
        begun = time.monotonic()
        while admin.describe_consumer_groups([topic])[topic].result().state.name != "STABLE":
            assert time.monotonic() < begun + 20
        running.signal(signal.SIGTERM)  # nobody can see how far it is: none or all may be read
        _, errors = running.rest()
    assert running.code == 143, errors
    read = int(errors.split(" readings read")[0].split()[-1])
    there = freezer("produce", "--from", "readings.parquet", "--dry-run", "--output", "json")
    assert json.loads(there.stdout.splitlines()[-1])["tally"]["read"] == read
    rest = freezer(
        "consume", "--from-beginning", "--group", topic, "--until-end", "--output", "json"
    )
    assert len(rest.stdout.splitlines()) == 7 - read


def test_what_is_no_event_is_named_and_skipped_or_stopped_at(
    freezer: Freezer, stack: Stack, topic: str
) -> None:
    raw = Producer(stack.plaintext())
    raw.produce(topic, None, b"gone", partition=0)
    raw.produce(topic, b"{}", b"json", partition=0)
    raw.produce(topic, b"\x00\x7f\xff\xff\xffbody", b"unknown", partition=0)
    raw.produce(topic, b"hello world", b"\xff\xfe", partition=0)
    assert raw.flush(10) == 0

    nothing = freezer("consume", "--from-beginning", "--until-end")
    assert nothing.returncode == 5
    assert "nothing on it could be read as freezer-reading: 4 records skipped" in nothing.stderr
    assert freezer("produce", "--interval", "0").returncode == 0

    done = freezer("consume", "--from-beginning", "--until-end", "--output", "json")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 10
    for offset, why in enumerate(("tombstone", "only 2 bytes", "schema id")):
        assert f"{topic}[0] offset {offset}: " in done.stderr
        assert why in done.stderr
    assert "2 records skipped: not in the Confluent wire format: [0] offset 1, [0] offset 3" in (
        done.stderr
    )
    assert "10 readings read, 4 skipped" in done.stderr

    stopped = freezer("consume", "--from-beginning", "--until-end", "--on-bad", "stop")
    assert stopped.returncode == 5
    assert f"{topic}[0] offset 0" in stopped.stderr


def test_a_signal_ends_it(freezer: Freezer) -> None:
    with freezer.start("consume", "--from-beginning") as running:
        assert freezer("produce", "--interval", "0", "--count", "1").returncode == 0
        assert "sensor0" in running.hear()
        running.signal(signal.SIGTERM)
        running.rest()
    assert running.code == 143


def test_output_closed_early_ends_it_without_a_traceback(freezer: Freezer) -> None:
    assert freezer("produce", "--interval", "0").returncode == 0
    with freezer.start("consume", "--from-beginning") as running:
        assert running.process.stdout is not None
        running.hear()
        running.process.stdout.close()
        assert running.process.wait(30) == 0
        assert running.process.stderr is not None
        assert "Traceback" not in running.process.stderr.read()


def test_without_permission_the_operation_is_named(
    secure: Callable[..., Freezer], secured: Stack, topic: str, grant: Callable[..., None]
) -> None:
    grant(secured.freezer.user, topic)
    done = secure(secured.freezer)("consume", "--until-end")
    assert done.returncode == 4
    assert "READ" in done.stderr


# Where it begins, and what it shows


@pytest.fixture
def twelve(freezer: Freezer, topic: str) -> list[dict[str, Any]]:
    """Put twelve readings on the topic; give them as they are there, partition and offset first."""
    assert freezer("produce", "--interval", "0", "--count", "12", "--sensors", "7").returncode == 0
    found = envelopes(freezer, "--from-beginning", "--until-end")
    assert len(found) == 12
    assert {each["topic"] for each in found} == {topic}
    return found


def envelopes(freezer: Freezer, *args: str) -> list[dict[str, Any]]:
    """Run it, see that it succeeds, and return what it shows, in the order of the topic."""
    done = freezer("consume", *args, "--output", "json", "--envelope")
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return sorted(found, key=lambda each: (each["partition"], each["offset"]))


def test_it_begins_where_it_is_told(freezer: Freezer, twelve: list[dict[str, Any]]) -> None:
    sizes = Counter(each["partition"] for each in twelve)
    assert envelopes(freezer, "--last", "2") == [
        each for each in twelve if each["offset"] >= sizes[each["partition"]] - 2
    ]
    assert envelopes(freezer, "--from-offset", "1", "--until-end") == [
        each for each in twelve if each["offset"] >= 1
    ]
    busiest = sizes.most_common()[0][0]
    chosen = ("--partition", str(busiest), "--from-beginning", "--until-end")
    assert envelopes(freezer, *chosen) == [each for each in twelve if each["partition"] == busiest]
    assert envelopes(freezer, "--key", "sensor3", "--from-beginning", "--until-end") == [
        each for each in twelve if each["key"] == "sensor3"
    ]
    cold = ("--where", "temperature < 0 && sensor_id != 'sensor3'", "--from-beginning")
    assert envelopes(freezer, *cold, "--until-end") == [
        each for each in twelve if each["event"]["temperature"] < 0 and each["key"] != "sensor3"
    ]
    assert envelopes(freezer, "--from-offset", "99999", "--until-end") == []


def test_it_begins_at_a_time(freezer: Freezer, twelve: list[dict[str, Any]]) -> None:
    after_ms = max(each["timestamp_ms"] for each in twelve) + 1
    while time.time() * 1000 <= after_ms:
        time.sleep(0.001)  # until the clock shows another millisecond
    assert freezer("produce", "--interval", "0", "--count", "4").returncode == 0
    after = datetime.fromtimestamp(after_ms / 1000, UTC).isoformat()
    later = envelopes(freezer, "--from-time", after, "--until-end")
    assert len(later) == 4
    assert min(each["timestamp_ms"] for each in later) >= after_ms
    assert len(envelopes(freezer, "--from-time", "1h", "--until-end")) == 16
    assert envelopes(freezer, "--from-time", "2999-01-01T00:00:00Z", "--until-end") == []


def test_an_envelope_has_all_that_a_record_carries(
    freezer: Freezer, stack: Stack, topic: str, twelve: list[dict[str, Any]]
) -> None:
    raw = Producer(stack.plaintext())
    one = freezer("consume", "--from-beginning", "--max", "1", "--output", "json").stdout
    assert json.loads(one).keys() == twelve[0]["event"].keys()
    assert datetime.fromisoformat(twelve[0]["timestamp"]).timestamp() == pytest.approx(
        twelve[0]["timestamp_ms"] / 1000
    )
    value = value_at(stack, topic, twelve[0]["partition"])
    headers: Any = [("site", b"A"), ("site", b"\xff"), ("none", None)]
    raw.produce(topic, value, b"\xfe", partition=0, headers=headers)
    assert raw.flush(10) == 0
    (found,) = envelopes(freezer, "--last", "1", "--partition", "0")
    assert found["key_base64"] == base64.b64encode(b"\xfe").decode()
    assert found["headers"] == [
        {"name": "site", "value": "A"},
        {"name": "site", "value_base64": "/w=="},
        {"name": "none", "value": None},
    ]
    assert found["schema_id"] == int.from_bytes(value[1:5], "big")


def value_at(stack: Stack, topic: str, partition: int) -> bytes:
    """Return the first value of a partition, as any Kafka client reads it."""
    from confluent_kafka import Consumer  # noqa: PLC0415 - the only one here

    reader = Consumer({**stack.plaintext(), "group.id": "none", "enable.auto.commit": False})
    reader.assign([TopicPartition(topic, partition, 0)])
    message = reader.poll(10)
    assert message is not None
    value = message.value()
    reader.close()
    assert isinstance(value, bytes)
    return value


def test_csv_is_what_produce_takes_and_a_file_holds_it(
    freezer: Freezer, make_topic: Callable[[], str], twelve: list[dict[str, Any]], tmp_path: Path
) -> None:
    file = tmp_path / "found.csv"
    reading = ("consume", "--from-beginning", "--until-end", "--output", "csv")
    done = freezer(*reading, "--to", str(file))
    assert (done.returncode, done.stdout) == (0, "")
    assert "12 readings read, 0 skipped" in done.stderr
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert sorted(row["sensor_id"] for row in rows) == sorted(
        each["event"]["sensor_id"] for each in twelve
    )
    # Which partition comes first is the broker's affair.
    shown = freezer(*reading).stdout.splitlines()
    assert (shown[0], sorted(csv.DictReader(shown), key=str)) == (
        "sensor_id,temperature",
        sorted(rows, key=str),
    )

    again = freezer(*reading, "--to", str(file))
    assert again.returncode == 2
    assert "is there already" in again.stderr

    other = freezer.having(TOPIC=make_topic())
    assert other("schema", "register").returncode == 0
    assert other("produce", "--from", str(file)).returncode == 0
    back = envelopes(other, "--from-beginning", "--until-end")
    assert [each["event"] for each in back] == [each["event"] for each in twelve]


def test_what_a_condition_has_no_answer_for_is_counted_not_shown(
    freezer: Freezer, twelve: list[dict[str, Any]]
) -> None:
    assert {len(each["key"]) for each in twelve} == {len("sensor0")}
    asked = ("consume", "--from-beginning", "--until-end")
    done = freezer(*asked, "--where", "1 / (size(sensor_id) - 7) > 0")
    assert (done.returncode, done.stdout) == (0, "")
    assert "12 readings not shown: --where has no answer for them" in done.stderr


def test_it_counts_without_showing(freezer: Freezer, twelve: list[dict[str, Any]]) -> None:
    assert freezer("consume", "--count-only").stdout == "12 readings, 0 skipped\n"
    sizes = Counter(str(each["partition"]) for each in twelve)
    done = freezer("consume", "--count-only", "--output", "json")
    assert json.loads(done.stdout) == {
        "count": {"read": 12, "partitions": dict(sizes), "skipped": []}
    }


def test_it_goes_on_after_the_last_where_it_is_to_follow(
    freezer: Freezer, twelve: list[dict[str, Any]]
) -> None:
    assert twelve
    with freezer.start("consume", "--last", "1", "--follow", "--key", "late") as running:
        row = json.dumps(twelve[0]["event"] | {"sensor_id": "late"})
        assert freezer("produce", "--from", "-", stdin=row).returncode == 0
        assert "sensor_id=late" in running.hear()
        running.signal(signal.SIGINT)
        running.rest()
    assert running.code == 130


def test_on_a_terminal_lines_fit_and_nothing_is_cut(
    freezer: Freezer, twelve: list[dict[str, Any]]
) -> None:
    """A pipe has a line per record; a terminal has lines that it need not break itself."""
    args = ("consume", "--from-beginning", "--until-end")
    piped = freezer(*args).stdout
    assert len(piped.splitlines()) == len(twelve)
    shown = on_a_terminal(freezer, args, wide=60)
    assert max(map(len, shown)) <= 60
    assert len(shown) > len(twelve)
    assert sorted("  ".join(shown).split()) == sorted(piped.split())


def on_a_terminal(freezer: Freezer, args: tuple[str, ...], wide: int) -> list[str]:
    """Return the lines that a terminal of this width was sent."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, wide))
    with subprocess.Popen(
        [FREEZER, *args],
        cwd=freezer.folder,
        env=freezer.environment,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # the terminal is gone with its last program
            os.close(ours)
        assert process.wait(freezer.timeout_s) == 0
    return b"".join(parts).decode().replace("\r", "").splitlines()


@pytest.mark.parametrize(
    "args",
    [
        ("--last", "1", "--from-beginning"),
        ("--from-offset", "1", "--from-time", "1h"),
        ("--group", "g", "--partition", "0"),
        ("--group", "g", "--last", "1"),
        ("--follow", "--until-end"),
        ("--count-only", "--to", "f"),
        ("--envelope",),
        ("--where", "temprature > 1"),
        ("--where", "temperature >"),
        ("--from-time", "2026-01-31"),
        ("--from-time", "yesterday"),
        ("--from-offset", "-1"),
    ],
    ids=" ".join,
)
def test_what_contradicts_itself_is_refused(freezer: Freezer, args: tuple[str, ...]) -> None:
    done = freezer("consume", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert args[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_partition_that_is_not_there_is_named(freezer: Freezer) -> None:
    done = freezer("consume", "--partition", "7", "--until-end")
    assert done.returncode == 2
    assert "no such partition: it has 3" in done.stderr


# In a group


def test_a_group_goes_on_where_it_committed(
    freezer: Freezer, topic: str, twelve: list[dict[str, Any]], admin: AdminClient
) -> None:
    group = f"group-{topic}"
    reading = ("--group", group, "--from-beginning", "--until-end")
    first = envelopes(freezer, *reading, "--max", "5")
    assert len(first) == 5
    rest = envelopes(freezer, *reading)
    places = [(each["partition"], each["offset"]) for each in first + rest]
    assert sorted(places) == [(each["partition"], each["offset"]) for each in twelve]
    assert envelopes(freezer, *reading) == []
    asked = ConsumerGroupTopicPartitions(group)
    committed = admin.list_consumer_group_offsets([asked])[group].result(10)
    assert sum(each.offset for each in committed.topic_partitions if each.offset > 0) == 12


def test_a_group_that_may_not_be_joined_is_named(
    secure: Callable[..., Freezer], secured: Stack, topic: str, grant: Callable[..., None]
) -> None:
    from confluent_kafka.admin import AclOperation  # type: ignore[attr-defined] # noqa: PLC0415

    grant(secured.freezer.user, topic, AclOperation.READ, AclOperation.DESCRIBE)
    done = secure(secured.freezer)("consume", "--group", "not-ours", "--until-end")
    assert done.returncode == 4
    assert "consumer group 'not-ours'" in done.stderr
