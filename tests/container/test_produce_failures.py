"""What `freezer produce` says, and with which exit code, when something is wrong outside of it."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest
import requests
from confluent_kafka.admin import AclOperation, AdminClient  # type: ignore[attr-defined]

from tests.support.broker_door import BrokerDoor
from tests.support.cli import Freezer, tally_of
from tests.support.http_faults import FaultyRegistry

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_infra.local.stack import Stack


def test_an_unregistered_schema_stops_before_the_first_message(
    freezer: Freezer, make_topic: Callable[[], str]
) -> None:
    done = freezer.having(TOPIC=make_topic())("produce")
    assert done.returncode == 5
    assert "freezer schema register" in done.stderr
    assert "10 readings not delivered" in done.stderr


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
    done = freezer.having(TOPIC="test-nobody-made-this").within(15)("produce")
    assert done.returncode == 3
    assert "freezer topics apply" in done.stderr
    assert "10 readings not delivered" in done.stderr
    assert "test-nobody-made-this" not in admin.list_topics(timeout=10).topics


def test_a_wrong_password_names_principal_and_broker(
    secure: Callable[..., Freezer], secured: Stack
) -> None:
    done = secure(secured.freezer).having(SASL_PASSWORD="hunter2").within(15)("produce")
    assert done.returncode == 4
    assert secured.freezer.user in done.stderr
    assert secured.sasl_bootstrap in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


def test_no_permission_names_topic_and_operation(
    secure: Callable[..., Freezer], secured: Stack, topic: str, grant: Callable[..., None]
) -> None:
    grant(secured.freezer.user, topic, AclOperation.DESCRIBE)
    done = secure(secured.freezer)("produce")
    assert done.returncode == 4
    assert topic in done.stderr
    assert "WRITE" in done.stderr


def test_a_certificate_nobody_vouches_for_is_named(
    secure: Callable[..., Freezer], secured: Stack
) -> None:
    run = secure(secured.freezer).having(SSL_CA_LOCATION="").within(40)
    done = run("produce", "--timeout", "2")
    assert done.returncode == 3  # as the doctor says: a setting is to be mended, waiting is no use
    assert "unknown issuer" in done.stderr
    assert "SSL_CA_LOCATION" in done.stderr


def test_a_broker_that_is_down_from_the_start_is_given_up_in_time(freezer: Freezer) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
    down = freezer.having(BOOTSTRAP_SERVERS=address).within(20)
    done = down("produce", "--timeout", "1")
    assert done.returncode == 6
    assert address in done.stderr
    assert "10 readings not delivered" in done.stderr


def test_a_broker_that_goes_down_in_the_middle_ends_the_run_and_all_is_accounted_for(
    freezer: Freezer, stack: Stack
) -> None:
    with BrokerDoor(stack.bootstrap) as door:
        run = freezer.having(BOOTSTRAP_SERVERS=door.address).within(30)
        options = ("--count", "0", "--interval", "0.01", "--give-up-after", "1")
        with run.start("produce", *options, "--output", "json") as running:
            for _ in range(5):
                running.hear()
            door.shut()
            lines, errors = running.rest()
    tally = tally_of(lines)
    lost = tally["failed"] + tally["unconfirmed"] + tally["unsent"]
    assert running.code == 6
    assert tally["delivered"] >= 5
    assert lost > 0
    assert f"{lost:,} readings not delivered" in errors
    assert door.address in errors


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
        run = freezer.having(SCHEMA_REGISTRY_URL=fault.url).within(20)
        done = run("produce", "--timeout", "1")
    assert done.returncode == code, done.stderr
    assert fault.url in done.stderr
    assert "10 readings not delivered" in done.stderr


def test_a_bad_reading_stops_with_its_place_and_what_came_before_is_delivered(
    freezer: Freezer,
) -> None:
    lines = '{"sensor_id": "a", "temperature": 1}\n{"sensor_id": "b", "temperature": "n/a"}\n'
    done = freezer("produce", "--from", "-", "--output", "json", stdin=lines)
    assert done.returncode == 5
    assert "<stdin>:2: temperature: 'n/a' is not a number" in done.stderr
    assert tally_of(done.stdout.splitlines())["delivered"] == 1
