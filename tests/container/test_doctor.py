"""`freezer doctor` on the real Kafka and registry: green when all is there, each fault named."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest
import requests
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AclOperation  # type: ignore[attr-defined]

from tests.support.cli import Freezer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from freezer_infra.local.stack import Login, Stack


@pytest.fixture
def freezer(stack: Stack, topic: str, tmp_path: Path) -> Freezer:
    """Give `freezer` for a new topic whose schema nobody registered."""
    settings = {
        "BOOTSTRAP_SERVERS": stack.bootstrap,
        "SCHEMA_REGISTRY_URL": stack.registry_url,
        "TOPIC": topic,
    }
    return Freezer(tmp_path, settings, timeout_s=40)


def logged_in(freezer: Freezer, stack: Stack, login: Login, mechanism: str) -> Freezer:
    return freezer.having(
        BOOTSTRAP_SERVERS=stack.sasl_bootstrap,
        SASL_USERNAME=login.user,
        SASL_PASSWORD=login.password,
        SASL_MECHANISM=mechanism,
        SSL_CA_LOCATION=stack.ca_path,
    )


def examine(freezer: Freezer, *args: str) -> tuple[int, dict[str, dict[str, str]]]:
    done = freezer("doctor", "--output", "json", *args)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert found["exit_code"] == done.returncode
    assert found["ready"] == (done.returncode == 0)
    return done.returncode, {check["name"]: check for check in found["checks"]}


def verdicts(checks: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: check["verdict"] for name, check in checks.items() if check["verdict"] != "ok"}


def test_a_principal_that_may_only_write_is_ready_and_nothing_was_written(
    freezer: Freezer,
    secured: Stack,
    topic: str,
    grant: Callable[..., None],
    make_scram_user: Callable[[], Login],
) -> None:
    assert freezer("schema", "register").returncode == 0
    login = make_scram_user()
    grant(login.user, topic)
    mine = logged_in(freezer, secured, login, "SCRAM-SHA-512")
    code, checks = examine(mine)
    assert (code, verdicts(checks)) == (0, {}), checks
    assert f"{login.user} by SCRAM-SHA-512" in checks["authentication"]["detail"]
    assert checks["topic"]["detail"] == f"{topic} has 3 partitions"
    assert f"{topic}-value" in checks["schema"]["detail"]

    consumer = Consumer({**secured.plaintext(), "group.id": "doctor"})
    ends = [consumer.get_watermark_offsets(TopicPartition(topic, n), timeout=10) for n in range(3)]
    consumer.close()
    assert ends == [(0, 0)] * 3


def test_text_is_a_line_per_check_and_says_that_all_is_ready(freezer: Freezer, topic: str) -> None:
    assert freezer("schema", "register").returncode == 0
    done = freezer("doctor")
    assert done.returncode == 0, done.stdout
    assert f"ok    topic           {topic} has 3 partitions\n" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "\x1b" not in done.stdout
    notice, ready = done.stderr.splitlines()
    assert notice.startswith("no schemas/ here; using the event that comes with the package")
    assert ready == f"ready: freezer-reading can be delivered to {topic}"


def test_a_wrong_password_stops_kafkas_checks_and_not_the_registrys(
    freezer: Freezer, secured: Stack, make_scram_user: Callable[[], Login]
) -> None:
    assert freezer("schema", "register").returncode == 0
    login = make_scram_user()
    mine = logged_in(freezer, secured, login, "SCRAM-SHA-512").having(SASL_PASSWORD="wr0ng")
    code, checks = examine(mine)
    assert code == 4
    waiting = {"brokers": "skip", "topic": "skip", "write": "skip"}
    assert verdicts(checks) == {"authentication": "fail", **waiting}
    assert login.user in checks["authentication"]["detail"]
    assert "SASL_PASSWORD" in checks["authentication"]["fix"]
    assert checks["write"]["detail"] == "waits for authentication"
    assert "wr0ng" not in json.dumps(checks)


def test_a_principal_without_write_is_told_so(
    freezer: Freezer, secured: Stack, topic: str, grant: Callable[..., None]
) -> None:
    assert freezer("schema", "register").returncode == 0
    grant(secured.freezer_user, topic, AclOperation.DESCRIBE, AclOperation.READ)
    code, checks = examine(logged_in(freezer, secured, secured.freezer, "PLAIN"))
    assert (code, verdicts(checks)) == (4, {"write": "fail"}), checks
    assert "not allowed to WRITE" in checks["write"]["detail"]
    assert "freezer topics apply" in checks["write"]["fix"]


def test_a_principal_without_any_access_is_told_at_the_topic(
    freezer: Freezer, secured: Stack, topic: str, make_scram_user: Callable[[], Login]
) -> None:
    assert freezer("schema", "register").returncode == 0
    mine = logged_in(freezer, secured, make_scram_user(), "SCRAM-SHA-512")
    code, checks = examine(mine)
    assert (code, verdicts(checks)) == (4, {"topic": "fail", "write": "skip"}), checks
    assert topic in checks["topic"]["detail"]


def test_a_missing_topic_names_the_command_and_is_not_created(freezer: Freezer) -> None:
    missing = freezer.having(TOPIC=f"test-{uuid.uuid4().hex[:12]}")
    for _ in range(2):
        code, checks = examine(missing)
        assert (code, checks["topic"]["verdict"], checks["write"]["verdict"]) == (3, "fail", "skip")
        assert "freezer topics apply" in checks["topic"]["fix"]


@pytest.mark.parametrize(
    ("partitions", "fix"), [(1, "--allow-partition-increase"), (4, "partitions = 4 in event.toml")]
)
def test_another_number_of_partitions_is_drift_and_the_rest_still_runs(
    freezer: Freezer, make_topic: Callable[[int], str], partitions: int, fix: str
) -> None:
    other = freezer.having(TOPIC=make_topic(partitions))
    assert other("schema", "register").returncode == 0
    code, checks = examine(other)
    assert (code, verdicts(checks)) == (3, {"tls": "skip", "topic": "fail"}), checks
    assert f"has {partitions} partition" in checks["topic"]["detail"]
    assert fix in checks["topic"]["fix"]


def test_an_unregistered_schema_names_the_command_that_registers_it(freezer: Freezer) -> None:
    code, checks = examine(freezer)
    assert (code, verdicts(checks)) == (5, {"tls": "skip", "schema": "fail"}), checks
    assert checks["schema"]["fix"] == "freezer schema register"
    assert freezer("schema", "register").returncode == 0
    assert examine(freezer)[0] == 0


def test_another_compatibility_level_is_worth_a_warning(
    freezer: Freezer, stack: Stack, topic: str
) -> None:
    assert freezer("schema", "register").returncode == 0
    with requests.Session() as session:
        session.trust_env = False
        changed = session.put(
            f"{stack.registry_url}/config/{topic}-value",
            json={"compatibility": "BACKWARD"},
            timeout=10,
        )
        changed.raise_for_status()
    code, checks = examine(freezer)
    assert (code, verdicts(checks)) == (0, {"tls": "skip", "schema": "warn"}), checks
    assert "is BACKWARD, and event.toml promises FULL_TRANSITIVE" in checks["schema"]["detail"]


def test_a_clear_connection_to_an_encrypted_port_is_recognised(
    freezer: Freezer, secured: Stack
) -> None:
    code, checks = examine(freezer.having(BOOTSTRAP_SERVERS=secured.sasl_bootstrap))
    assert code == 3
    assert "speaks TLS" in checks["authentication"]["detail"]
    assert "SECURITY_PROTOCOL=SSL" in checks["authentication"]["fix"]
