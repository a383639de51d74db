"""`freezer produce` and `consume` on the real Kafka and registry: each way, each failure."""

from __future__ import annotations

import io
import json
import signal
import socket
import time
from typing import TYPE_CHECKING, Any

import fastavro
import pytest
import requests
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AclOperation, AdminClient  # type: ignore[attr-defined]

from tests.support.cli import Freezer
from tests.support.http_faults import FaultyRegistry

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from infra.local.stack import Login, Stack


@pytest.fixture
def freezer(stack: Stack, topic: str, tmp_path: Path) -> Freezer:
    """Give `freezer` for a new topic whose schema is registered."""
    run = Freezer(
        tmp_path,
        {
            "BOOTSTRAP_SERVERS": stack.bootstrap,
            "SCHEMA_REGISTRY_URL": stack.registry_url,
            "TOPIC": topic,
        },
    )
    assert run("schema", "register").returncode == 0
    return run


def secure(freezer: Freezer, stack: Stack, login: Login, mechanism: str = "PLAIN") -> Freezer:
    return freezer.having(
        BOOTSTRAP_SERVERS=stack.sasl_bootstrap,
        SASL_USERNAME=login.user,
        SASL_PASSWORD=login.password,
        SASL_MECHANISM=mechanism,
        SSL_CA_LOCATION=stack.ca_path,
    )


def tally_of(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    last = json.loads(done.stdout.splitlines()[-1])["tally"]
    counted = sum(last[k] for k in ("rejected", "delivered", "failed", "unconfirmed", "unsent"))
    assert last["read"] == counted
    return dict(last)


CSV = "\ufeffsensor_id,temp_c,note\r\n" + "".join(
    f'sensor{n % 5},{n / 10},"door, {n}"\r\n' for n in range(6000)
)


def test_the_tutorials_run_delivers_ten_and_says_where(freezer: Freezer) -> None:
    done = freezer("produce", "--interval", "0.01", "--seed", "1")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:10]] == [f"sensor{n % 3}" for n in range(10)]
    assert all("partition" in line and "offset" in line for line in lines[:10])
    assert lines[10] == "10 read, 10 delivered"
    assert lines[11] == "readings per partition: 0: 3, 1: 7, 2: 0"
    assert "murmur2_random" in lines[12]


def test_a_spreadsheets_export_arrives_whole_and_an_independent_reader_agrees(
    freezer: Freezer, stack: Stack, topic: str, tmp_path: Path
) -> None:
    (tmp_path / "export.csv").write_bytes(CSV.encode())
    done = freezer(
        "produce", "--from", "export.csv", "--column", "temp_c=temperature", "--output", "json",
        "--no-lines",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert tally_of(done)["delivered"] == 6000

    back = freezer("consume", "--from-beginning", "--max", "6000", "--output", "json")
    ours = sorted(map(json.dumps, map(json.loads, back.stdout.splitlines())))
    expected = [{"sensor_id": f"sensor{n % 5}", "temperature": n / 10} for n in range(6000)]
    assert ours == sorted(map(json.dumps, expected))
    assert sorted(map(json.dumps, read_independently(stack, topic, 6000))) == ours


def read_independently(stack: Stack, topic: str, count: int) -> list[object]:
    """Read with none of our code: the plain consumer, fastavro, one call to the registry."""
    consumer = Consumer({**stack.plaintext(), "group.id": "independent"})
    consumer.assign([TopicPartition(topic, n, OFFSET_BEGINNING) for n in range(3)])
    found: list[object] = []
    schemas: dict[int, Any] = {}
    deadline = time.monotonic() + 30
    while len(found) < count and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        value = message.value() or b""
        assert value[0] == 0
        number = int.from_bytes(value[1:5], "big")
        if number not in schemas:
            answer = requests.get(f"{stack.registry_url}/schemas/ids/{number}", timeout=10).json()
            schemas[number] = fastavro.parse_schema(json.loads(answer["schema"]))
        found.append(fastavro.schemaless_reader(io.BytesIO(value[5:]), schemas[number], None))
    consumer.close()
    return found


def test_json_lines_go_round(freezer: Freezer, make_topic: Callable[[], str]) -> None:
    assert freezer("produce", "--interval", "0", "--count", "7").returncode == 0
    lines = freezer("consume", "--from-beginning", "--max", "7", "--output", "json").stdout
    other = freezer.having(TOPIC=make_topic())
    assert other("schema", "register").returncode == 0
    again = other("produce", "--from", "-", stdin=lines)
    assert again.returncode == 0, again.stderr
    back = other("consume", "--from-beginning", "--max", "7", "--output", "json").stdout
    assert sorted(back.splitlines()) == sorted(lines.splitlines())


def test_a_pipe_that_never_ends_delivers_each_reading_at_once(freezer: Freezer) -> None:
    running = freezer.start("produce", "--from", "-", "--output", "json")
    assert running.stdin is not None
    assert running.stdout is not None
    for number in range(3):
        running.stdin.write(f'{{"sensor_id": "s{number}", "temperature": {number}}}\n')
        running.stdin.flush()
        # readline returns only because the report of this reading came without a next line.
        assert json.loads(running.stdout.readline())["key"] == f"s{number}"
    running.send_signal(signal.SIGINT)
    rest, _ = running.communicate(timeout=30)
    assert json.loads(rest.splitlines()[-1])["tally"]["delivered"] == 3
    assert running.returncode == 130


def test_registering_again_changes_nothing_and_says_the_same_id(freezer: Freezer) -> None:
    first, second = freezer("schema", "register"), freezer("schema", "register")
    assert first.stdout == second.stdout
    assert "FULL_TRANSITIVE" in first.stdout


def test_an_unregistered_schema_stops_before_the_first_message(
    freezer: Freezer, make_topic: Callable[[], str]
) -> None:
    done = freezer.having(TOPIC=make_topic())("produce")
    assert done.returncode == 5
    assert "freezer schema register" in done.stderr


def test_an_incompatible_schema_is_refused_with_the_registrys_reason(
    freezer: Freezer, stack: Stack, topic: str
) -> None:
    subject = f"{topic}-value"
    requests.delete(f"{stack.registry_url}/subjects/{subject}", timeout=10)
    other = {"type": "record", "name": "FreezerReading", "namespace": "freezer.events",
             "fields": [{"name": "sensor_id", "type": "int"}]}  # fmt: skip
    answer = requests.post(
        f"{stack.registry_url}/subjects/{subject}/versions",
        json={"schema": json.dumps(other)},
        timeout=10,
    )
    assert answer.status_code == 200
    done = freezer("schema", "register")
    assert done.returncode == 5
    assert "incompatible" in done.stderr


def test_a_missing_topic_is_said_at_once_and_not_created(
    freezer: Freezer, admin: AdminClient
) -> None:
    done = freezer.having(TOPIC="test-nobody-made-this")("produce")
    assert done.returncode == 3
    assert "python -m infra apply" in done.stderr
    assert "10 readings not delivered" in done.stderr
    assert "test-nobody-made-this" not in admin.list_topics(timeout=10).topics


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_principal_that_may_only_write_delivers_over_sasl_ssl(
    freezer: Freezer,
    secured: Stack,
    topic: str,
    grant: Callable[..., None],
    make_scram_user: Callable[[], Login],
    mechanism: str,
) -> None:
    login = secured.freezer if mechanism == "PLAIN" else make_scram_user()
    grant(login.user, topic)
    done = secure(freezer, secured, login, mechanism)("produce", "--interval", "0")
    assert done.returncode == 0, done.stderr
    assert "10 delivered" in done.stdout


def test_a_wrong_password_names_principal_and_broker(freezer: Freezer, secured: Stack) -> None:
    bad = secure(freezer, secured, secured.freezer).having(SASL_PASSWORD="hunter2")
    done = Freezer(bad.folder, bad.settings, timeout_s=15)("produce")
    assert done.returncode == 4
    assert secured.freezer.user in done.stderr
    assert secured.sasl_bootstrap in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


def test_no_permission_names_topic_and_operation(
    freezer: Freezer, secured: Stack, topic: str, grant: Callable[..., None]
) -> None:
    run = secure(freezer, secured, secured.freezer)
    grant(secured.freezer.user, topic, AclOperation.DESCRIBE)
    done = run("produce")
    assert done.returncode == 4
    assert topic in done.stderr
    assert "WRITE" in done.stderr


def test_reading_without_permission_names_the_operation(
    freezer: Freezer, secured: Stack, topic: str, grant: Callable[..., None]
) -> None:
    grant(secured.freezer.user, topic)
    done = secure(freezer, secured, secured.freezer)("consume", "--until-end")
    assert done.returncode == 4
    assert "READ" in done.stderr


def test_a_certificate_nobody_vouches_for_is_named(freezer: Freezer, secured: Stack) -> None:
    run = secure(freezer, secured, secured.freezer).settings
    without = {key: value for key, value in run.items() if key != "SSL_CA_LOCATION"}
    done = Freezer(freezer.folder, without, timeout_s=40)("produce", "--timeout", "5")
    assert done.returncode == 6
    assert "SSL_CA_LOCATION" in done.stderr


def test_a_broker_that_is_down_from_the_start_is_given_up_in_time(freezer: Freezer) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    down = freezer.having(BOOTSTRAP_SERVERS=address)
    done = Freezer(down.folder, down.settings, timeout_s=20)("produce", "--timeout", "2")
    assert done.returncode == 6
    assert address in done.stderr
    assert "10 readings not delivered" in done.stderr


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (FaultyRegistry(hang=True), 6),
        (FaultyRegistry(hang_up=True), 6),
        (FaultyRegistry(status=503, body={"error_code": 50301, "message": "x"}), 6),
        (FaultyRegistry(status=401, body={"error_code": 401, "message": "x"}), 4),
        (FaultyRegistry(status=403, body={"error_code": 403, "message": "x"}), 4),
    ],
    ids=["hangs", "hangs up", "503", "401", "403"],
)
def test_a_registry_that_fails_is_named_in_bounded_time(
    freezer: Freezer, fault: FaultyRegistry, code: int
) -> None:
    with fault:
        bad = freezer.having(SCHEMA_REGISTRY_URL=fault.url)
        done = Freezer(bad.folder, bad.settings, timeout_s=40)("produce")
    assert done.returncode == code, done.stderr
    assert fault.url in done.stderr


def test_a_bad_reading_stops_with_its_place_and_what_came_before_is_delivered(
    freezer: Freezer,
) -> None:
    lines = '{"sensor_id": "a", "temperature": 1}\n{"sensor_id": "b", "temperature": "n/a"}\n'
    done = freezer("produce", "--from", "-", "--output", "json", stdin=lines)
    assert done.returncode == 5
    assert "<stdin>:2: temperature: 'n/a' is not a number" in done.stderr
    assert tally_of(done)["delivered"] == 1


def test_skipped_readings_are_kept_and_can_be_fed_in_again(
    freezer: Freezer, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("sensor_id,temperature\na,1\nb,n/a\nc,3\n")
    options = ("produce", "--from", "in.csv", "--on-bad", "skip", "--output", "json")
    assert freezer(*options).returncode == 1
    done = freezer(*options, "--rejects", "rejects.csv")
    assert done.returncode == 0
    assert (tally_of(done)["delivered"], tally_of(done)["rejected"]) == (2, 1)
    assert (tmp_path / "rejects.csv").read_text() == "sensor_id,temperature\nb,n/a\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_flushes_what_was_accepted_and_prints_the_tally(
    freezer: Freezer, number: int, code: int
) -> None:
    running = freezer.start("produce", "--count", "0", "--interval", "0.01", "--output", "json")
    assert running.stdout is not None
    for _ in range(20):
        assert running.stdout.readline()
    running.send_signal(number)
    rest, _ = running.communicate(timeout=30)
    assert running.returncode == code
    tally = json.loads(rest.splitlines()[-1])["tally"]
    assert tally["read"] == tally["delivered"] >= 20


def test_output_closed_early_loses_no_reading_and_shows_no_traceback(
    freezer: Freezer, stack: Stack, topic: str
) -> None:
    running = freezer.start("produce", "--count", "50", "--interval", "0.01")
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.readline()
    running.stdout.close()
    assert running.wait(30) == 0
    assert running.stderr.read() == ""
    assert len(read_independently(stack, topic, 50)) == 50


def test_what_is_no_event_is_named_and_skipped_or_stopped_at(
    freezer: Freezer, stack: Stack, topic: str
) -> None:
    raw = Producer(stack.plaintext())
    raw.produce(topic, None, b"gone", partition=0)
    raw.produce(topic, b"{}", b"json", partition=0)
    raw.produce(topic, b"\x00\x7f\xff\xff\xffbody", b"unknown", partition=0)
    raw.produce(topic, b"hello world", b"\xff\xfe", partition=0)
    assert raw.flush(10) == 0
    assert freezer("produce", "--interval", "0").returncode == 0

    done = freezer("consume", "--from-beginning", "--until-end", "--output", "json")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 10
    for offset, why in enumerate(("tombstone", "only 2 bytes", "schema id", "0x68")):
        assert f"{topic}[0] offset {offset}: " in done.stderr
        assert why in done.stderr

    stopped = freezer("consume", "--from-beginning", "--until-end", "--on-bad", "stop")
    assert stopped.returncode == 5
    assert f"{topic}[0] offset" in stopped.stderr


def test_consume_stops_on_a_signal(freezer: Freezer) -> None:
    running = freezer.start("consume", "--from-beginning")
    assert freezer("produce", "--interval", "0", "--count", "1").returncode == 0
    assert running.stdout is not None
    assert "sensor0" in running.stdout.readline()
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)
    assert running.returncode == 143
