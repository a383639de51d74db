"""Rarer faults under way, on three brokers, row by row as in `test_faults`: make test-long."""

from __future__ import annotations

import re
import signal
import socket
import sys
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from freezer_events import EventError, EventProducer, Settings
from freezer_events.events import FreezerReading
from freezer_events.kafka import topics
from tests.support.cli import Freezer, tally_of
from tests.support.clock_shim import ClockShim
from tests.support.row_check import KEYS, ROWS, check, kept, there, underway, write_rows
from tests.support.tcp_proxy import TcpProxy
from tests.support.trio import Trio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_infra.local.stack import Stack

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

PACED = ("--interval", "0.001", "--output", "json", "--no-lines")
LEFT = ("--undelivered", "left.csv")


@pytest.fixture(scope="module")
def table() -> Iterator[Any]:
    """Give a function that notes one fault's counts; they are printed at the end."""
    lines: list[str] = []

    def note(fault: str, tally: dict[str, Any], rows: list[tuple[str, int]]) -> None:
        counts = "  ".join(
            f"{tally[name]:>6}" for name in ("read", "delivered", "failed", "unconfirmed", "unsent")
        )
        lines.append(f"{fault:<34}{counts}  {len(rows):>6}")

    yield note
    head = f"{'fault':<34}  read  delivered failed unconfirmed unsent  there"
    print("\n".join(["", head, *lines]), file=sys.__stderr__)


@pytest.fixture(scope="module")
def trio(stack: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trio]:
    assert stack
    with Trio(_folder(tmp_path_factory)) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def guarded(stack: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trio]:
    """Give three brokers that want a login and permissions of those who come by the proxies."""
    assert stack
    with Trio(_folder(tmp_path_factory), secure=True) as cluster:
        yield cluster


def _folder(factory: pytest.TempPathFactory) -> Path:
    folder = factory.mktemp("trio")
    folder.chmod(0o755)
    return folder


@pytest.fixture
def run(trio: Trio, freezer: Freezer, tmp_path: Path) -> Freezer:
    trio.create(freezer.settings["TOPIC"])
    write_rows(tmp_path / "rows.csv")
    return freezer.having(BOOTSTRAP_SERVERS=trio.proxied).within(240)


@pytest.fixture
def login(guarded: Trio, freezer: Freezer, tmp_path: Path) -> Freezer:
    """Give `freezer` as a user who may write to its topic on the guarded brokers."""
    topic, user = freezer.settings["TOPIC"], f"user-{uuid.uuid4().hex[:8]}"
    guarded.create(topic)
    write_rows(tmp_path / "rows.csv")
    _set_password(guarded, user, "first-password")
    _allow(guarded, user, topic)
    made = freezer.having(
        BOOTSTRAP_SERVERS=guarded.proxied,
        SECURITY_PROTOCOL="SASL_PLAINTEXT",
        SASL_MECHANISM="SCRAM-SHA-256",
        SASL_USERNAME=user,
        SASL_PASSWORD="first-password",
    ).within(240)
    settings = Settings(
        bootstrap_servers=guarded.proxied,
        security_protocol="SASL_PLAINTEXT",
        sasl_mechanism="SCRAM-SHA-256",
        sasl_username=user,
        sasl_password="first-password",
    )
    deadline = time.monotonic() + 60  # credentials and permissions reach each broker in time
    while not _may_write(settings, topic):
        assert time.monotonic() < deadline
    return made


def _may_write(settings: Settings, topic: str) -> bool:
    try:
        return topics.partitions(settings, topic, timeout_s=5) > 0
    except EventError:
        return False


def accounted(
    trio: Trio, topic: str, tally: dict[str, Any], folder: Path, least: int = 0
) -> list[tuple[str, int]]:
    """Hold rows, counts and files against each other; return the rows."""
    rows = there(trio, topic, max(least, tally["delivered"]))
    check(rows, tally)
    certain, unsure = kept(folder / "left.csv"), kept(folder / "left.unconfirmed.csv")
    assert (len(certain), len(unsure)) == (tally["failed"] + tally["unsent"], tally["unconfirmed"])
    arrived = {number for _, number in rows}
    assert not arrived & set(certain)
    assert arrived | set(certain) | set(unsure) == set(range(tally["read"]))
    return rows


def go_on(run: Freezer, folder: Path, trio: Trio, topic: str, errors: str) -> list[tuple[str, int]]:
    """Send what was left, and the rest of the file, as the run said; return what is there."""
    arrived = {number for _, number in there(trio, topic)}
    left = {*kept(folder / "left.csv"), *kept(folder / "left.unconfirmed.csv")} - arrived
    if left:
        (folder / "again.csv").write_text(
            "sensor_id,temperature\n" + "".join(f"key{n % KEYS},{n}\n" for n in sorted(left))
        )
        assert run("produce", "--from", "again.csv").returncode == 0
    if found := re.search(r"--start-at (\d+)", errors):
        done = run("produce", "--from", "rows.csv", "--start-at", found[1])
        assert done.returncode == 0, done.stderr
    return there(trio, topic, ROWS)


def test_little_bandwidth_is_slow_and_loses_nothing(
    run: Freezer, trio: Trio, tmp_path: Path, table: Any
) -> None:
    topic = run.settings["TOPIC"]
    with run.start("produce", "--from", "rows.csv", *PACED, *LEFT) as running:
        underway(trio, topic)
        for proxy in trio.proxies:
            proxy.bytes_per_s = 4_000
        lines, errors = running.rest()
    for proxy in trio.proxies:
        proxy.heal()
    assert running.code == 0, errors
    tally = tally_of(lines)
    table("4 kB/s", tally, accounted(trio, topic, tally, tmp_path, ROWS))


def test_a_broker_whose_disk_is_full_hands_over_to_another(
    stack: object,
    freezer: Freezer,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    table: Any,
) -> None:
    assert stack
    topic = freezer.settings["TOPIC"]
    write_rows(tmp_path / "rows.csv", ROWS)
    with Trio(_folder(tmp_path_factory), disk_mb=128) as small:
        small.create(topic)
        run = freezer.having(BOOTSTRAP_SERVERS=small.bootstrap).within(240)
        with run.start("produce", "--from", "rows.csv", *PACED, *LEFT) as running:
            underway(small, topic)
            small.fill_disk(small.leader(topic, 0))
            lines, errors = running.rest()
        assert running.code == 0, errors
        tally = tally_of(lines)
        table("a broker's disk full", tally, accounted(small, topic, tally, tmp_path, ROWS))


def test_a_permission_that_is_taken_away_is_named_and_given_back_the_rest_follows(
    login: Freezer, guarded: Trio, tmp_path: Path, table: Any
) -> None:
    run, topic, user = login, login.settings["TOPIC"], login.settings["SASL_USERNAME"]
    with run.start("produce", "--from", "rows.csv", *PACED, *LEFT) as running:
        underway(guarded, topic)
        _forbid(guarded, user, topic)
        lines, errors = running.rest()
    assert running.code == 4, errors
    assert "is not allowed to WRITE it" in errors
    tally = tally_of(lines)
    table("permission revoked", tally, accounted(guarded, topic, tally, tmp_path))
    _allow(guarded, user, topic)
    rows = go_on(run, tmp_path, guarded, topic, errors)
    assert sorted(number for _, number in rows) == list(range(ROWS))
    check(rows, {"delivered": ROWS, "unconfirmed": 0})


def test_a_password_that_is_changed_is_named_and_with_the_new_one_the_rest_follows(
    login: Freezer, guarded: Trio, tmp_path: Path, table: Any
) -> None:
    run, topic, user = login, login.settings["TOPIC"], login.settings["SASL_USERNAME"]
    with run.start("produce", "--from", "rows.csv", *PACED, *LEFT) as running:
        underway(guarded, topic)
        _set_password(guarded, user, "second-password")
        deadline = time.monotonic() + 60
        while running.process.poll() is None and time.monotonic() < deadline:
            for proxy in guarded.proxies:
                proxy.reset()  # a connection that was let in stays so
            time.sleep(0.5)
        lines, errors = running.rest()
    assert running.code == 4, errors
    assert f"authenticate as '{user}'" in errors
    assert "password" not in errors.replace("SASL_PASSWORD", "")
    tally = tally_of(lines)
    table("password changed", tally, accounted(guarded, topic, tally, tmp_path))
    run = run.having(SASL_PASSWORD="second-password")
    rows = go_on(run, tmp_path, guarded, topic, errors)
    assert sorted(number for _, number in rows) == list(range(ROWS))
    check(rows, {"delivered": ROWS, "unconfirmed": 0})


def test_a_registry_that_hangs_ends_a_first_run_in_time_and_does_not_hold_up_later_ones(
    run: Freezer, trio: Trio, stack: Stack, tmp_path: Path, table: Any
) -> None:
    topic, (port, proxied) = run.settings["TOPIC"], (_port(stack.registry_url), _free_port())
    with TcpProxy(proxied, port) as proxy:
        run = run.having(
            SCHEMA_REGISTRY_URL=stack.registry_url.replace(f":{port}", f":{proxied}"),
            XDG_STATE_HOME=str(tmp_path / "state"),
        )
        proxy.is_deaf = True
        begun = time.monotonic()
        first = run("produce", "--from", "rows.csv", "--timeout", "3")
        assert first.returncode == 6, first.stderr
        assert time.monotonic() - begun < 30
        assert "nothing was sent" in first.stderr
        proxy.heal()
        proxy.reset()
        assert run("produce", "--from", "rows.csv", "--count", "1000").returncode == 0
        proxy.is_deaf = True
        with run.start(
            "produce", "--from", "rows.csv", *PACED, "--start-at", "1002", "--timeout", "3"
        ) as running:
            lines, errors = running.rest()
        assert running.code == 0, errors
        assert "it gave before" in errors
    tally = tally_of(lines)
    rows = there(trio, topic, ROWS)
    table("registry hangs", tally, rows)
    check(rows, {"delivered": ROWS, "unconfirmed": 0})
    assert len(rows) == ROWS


def test_fifty_threads_and_a_leader_that_is_killed(
    trio: Trio, stack: Stack, freezer: Freezer, table: Any
) -> None:
    topic, each = freezer.settings["TOPIC"], 300
    trio.create(topic)
    settings = Settings(
        bootstrap_servers=trio.bootstrap, schema_registry_url=stack.registry_url, topic=topic
    )
    with EventProducer(settings) as producer:
        producer.prepare(FreezerReading)

        def work(thread: int) -> None:
            for number in range(thread, 50 * each, 50):
                producer.send(FreezerReading(sensor_id=f"key{thread}", temperature=float(number)))
                time.sleep(0.01)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        underway(trio, topic)
        leader = trio.leader(topic, 0)
        trio.kill(leader)
        for thread in threads:
            thread.join()
    trio.restart(leader)
    trio.wait_for(3)
    rows = there(trio, topic, 50 * each)
    table("50 threads, leader killed", producer.tally.as_dict(), rows)
    assert str(producer.tally) == f"{50 * each:,} read, {50 * each:,} delivered"
    for key in range(50):
        mine = [number for name, number in rows if name == f"key{key}"]
        assert mine == list(range(key, 50 * each, 50))


def test_a_clock_that_is_set_back_changes_nothing(
    run: Freezer, trio: Trio, tmp_path: Path, table: Any
) -> None:
    topic, clock = run.settings["TOPIC"], ClockShim(tmp_path)
    shifted = run.having(**clock.environment)
    with shifted.start("produce", "--from", "rows.csv", *PACED, *LEFT) as running:
        underway(trio, topic)
        clock.set_back(24 * 3600)
        lines, errors = running.rest()
    assert running.code == 0, errors
    tally = tally_of(lines)
    table("clock set back a day", tally, accounted(trio, topic, tally, tmp_path, ROWS))


def test_a_producer_that_is_killed_five_times_can_be_resumed_by_what_is_there(
    run: Freezer, trio: Trio, table: Any
) -> None:
    topic, at, slowly = run.settings["TOPIC"], 0, ("--interval", "0.003", "--no-lines")
    for _ in range(5):
        begun = time.monotonic()
        with run.start("produce", "--from", "rows.csv", *slowly, "--start-at", f"{at + 2}") as one:
            while len(there(trio, topic)) < at + 300 and one.process.poll() is None:
                assert time.monotonic() < begun + 60
            one.signal(signal.SIGKILL)
            one.rest()
        rows = there(trio, topic)
        arrived = {number for _, number in rows}
        at = next(n for n in range(ROWS + 1) if n not in arrived)
        assert len(rows) >= len(arrived)
    assert run("produce", "--from", "rows.csv", "--start-at", f"{at + 2}").returncode == 0
    rows = there(trio, topic, ROWS)
    table("producer killed five times", {**dict.fromkeys(_NAMES, 0), "read": ROWS}, rows)
    assert {number for _, number in rows} == set(range(ROWS))


_NAMES = ("delivered", "failed", "unconfirmed", "unsent")


def _set_password(trio: Trio, user: str, password: str) -> None:
    new = UserScramCredentialUpsertion(
        user, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096), password.encode()
    )
    trio.admin.alter_user_scram_credentials([new])[user].result(30)


def _binding(kind: Any, user: str, topic: str, operation: Any) -> Any:
    who, allow = f"User:{user}", AclPermissionType.ALLOW
    return kind(ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, who, "*", operation, allow)


def _allow(trio: Trio, user: str, topic: str) -> None:
    for operation in (AclOperation.WRITE, AclOperation.DESCRIBE):
        new = _binding(AclBinding, user, topic, operation)
        trio.admin.create_acls([new])[new].result(30)
    new = AclBinding(
        *(ResourceType.BROKER, "kafka-cluster", ResourcePatternType.LITERAL, f"User:{user}"),
        *("*", AclOperation.IDEMPOTENT_WRITE, AclPermissionType.ALLOW),
    )
    trio.admin.create_acls([new])[new].result(30)


def _forbid(trio: Trio, user: str, topic: str) -> None:
    gone = _binding(AclBindingFilter, user, topic, AclOperation.WRITE)
    trio.admin.delete_acls([gone])[gone].result(30)


def _port(url: str) -> int:
    found = re.search(r":(\d+)", url.partition("//")[2])
    return int(found[1]) if found else 80


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
