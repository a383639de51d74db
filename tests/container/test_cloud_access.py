"""Access made through the Confluent CLI works on a real Kafka: it opens one topic and nothing else.

The CLI is the stand-in; a new API key becomes a user of the broker's SASL_SSL listener.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from freezer_events.config import Settings
from freezer_events.errors import UnreachableError
from freezer_infra.confluent.cloud_access import ApiKey, CloudAccess
from freezer_infra.confluent.confluent_cli import find
from freezer_infra.keys.accepted import Patience, until_cluster_accepts, until_registry_accepts
from freezer_infra.planner.target import Right
from tests.infra.standin.harness import CLUSTER, ENVIRONMENT, Standin, make
from tests.infra.standin.registry_door import door
from tests.support.acls import remove_acls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

    from freezer_infra.local.stack import Stack

WITHIN_S = 30.0


@pytest.fixture
def standin(secured: Stack, admin: AdminClient, tmp_path: Path) -> Iterator[Standin]:
    made = make(tmp_path / "cloud", bootstrap=secured.bootstrap, endpoint=secured.sasl_bootstrap)
    with door(made, secured.registry_url) as url:
        registry = made.state()["registries"][ENVIRONMENT]
        made.change(registries={ENVIRONMENT: {**registry, "endpoint_url": url}})
        made.log_in()
        yield made
        made.clean_up()
        remove_acls(admin, [account["id"] for account in made.state()["service_accounts"]])


@pytest.fixture
def access(standin: Standin) -> CloudAccess:
    return CloudAccess(find(standin.environ()), CLUSTER, ENVIRONMENT)


def settings(access: CloudAccess, key: ApiKey, secured: Stack) -> Settings:
    return Settings(
        bootstrap_servers=access.bootstrap_servers(),
        sasl_username=key.id,
        sasl_password=key.secret,
        sasl_mechanism="SCRAM-SHA-512",
        ssl_ca_location=secured.ca_path,
    )


def test_a_producers_key_writes_to_its_topic_and_to_nothing_else(
    access: CloudAccess, secured: Stack, make_topic: Callable[..., str]
) -> None:
    topic, other = make_topic(), make_topic()
    account = access.make_account(f"t-{uuid.uuid4().hex[:8]}", "d")
    access.allow(account, [Right("WRITE", "TOPIC", topic), Right("DESCRIBE", "TOPIC", topic)])
    mine = settings(access, access.new_key(CLUSTER, account), secured)
    until_cluster_accepts(mine, topic, Patience(print, WITHIN_S))
    assert outcome(mine, topic) is None
    assert outcome(mine, other) == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert not readable(mine, topic)


def test_a_consumers_key_reads_its_topic_in_its_group(
    access: CloudAccess, secured: Stack, topic: str
) -> None:
    account = access.make_account(f"t-{uuid.uuid4().hex[:8]}", "d")
    reads = [Right("READ", "TOPIC", topic), Right("DESCRIBE", "TOPIC", topic)]
    access.allow(account, [*reads, Right("READ", "GROUP", f"group-of-{topic}")])
    mine = settings(access, access.new_key(CLUSTER, account), secured)
    until_cluster_accepts(mine, topic, Patience(print, WITHIN_S))
    assert readable(mine, topic)
    assert outcome(mine, topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_rights_given_after_the_key_reach_the_key(
    access: CloudAccess, secured: Stack, topic: str
) -> None:
    account = access.make_account(f"t-{uuid.uuid4().hex[:8]}", "d")
    mine = settings(access, access.new_key(CLUSTER, account), secured)
    access.allow(account, [Right("WRITE", "TOPIC", topic), Right("DESCRIBE", "TOPIC", topic)])
    until_cluster_accepts(mine, topic, Patience(print, WITHIN_S))
    assert outcome(mine, topic) is None


def test_a_key_that_takes_its_time_is_waited_for(
    access: CloudAccess, secured: Stack, standin: Standin, topic: str
) -> None:
    account = access.make_account(f"t-{uuid.uuid4().hex[:8]}", "d")
    access.allow(account, [Right("WRITE", "TOPIC", topic), Right("DESCRIBE", "TOPIC", topic)])
    standin.fault("slow-key:3")
    mine = settings(access, access.new_key(CLUSTER, account), secured)
    heard: list[str] = []
    until_cluster_accepts(mine, topic, Patience(heard.append, 90.0))
    assert heard
    assert outcome(mine, topic) is None


def test_a_key_that_never_works_is_given_up(
    access: CloudAccess, secured: Stack, topic: str
) -> None:
    never = settings(access, ApiKey("NOBODY", "nothing"), secured)
    with pytest.raises(UnreachableError, match=r"still says: .*Authentication failed"):
        until_cluster_accepts(never, topic, Patience(print, 1.0))


def test_a_registry_key_reads_its_subject_and_no_other(
    access: CloudAccess, standin: Standin, subject: str
) -> None:
    registry = access.registry()
    account = access.make_account(f"t-{uuid.uuid4().hex[:8]}", "d")
    access.let_read_subject(account, registry, Right("READ", "SUBJECT", subject))
    key = access.new_key(registry.id, account)
    mine = Settings(
        schema_registry_url=registry.url,
        schema_registry_api_key=key.id,
        schema_registry_api_secret=key.secret,
    )
    until_registry_accepts(mine, subject, Patience(print, WITHIN_S))
    with pytest.raises(UnreachableError, match="HTTP 403"):
        until_registry_accepts(mine, "another-value", Patience(print, 0.0))
    wrong = replace(mine, schema_registry_api_secret="wrong")
    with pytest.raises(UnreachableError, match="HTTP 401"):
        until_registry_accepts(wrong, subject, Patience(print, 0.0))
    assert standin.state()["role_bindings"]


def outcome(mine: Settings, topic: str) -> int | None:
    """Write one record and give the error code of its delivery, or nothing."""
    reports: list[KafkaError | None] = []
    writer = Producer({**mine.kafka(), "message.timeout.ms": 20000, "log_level": 0})
    writer.produce(topic, b"x", on_delivery=lambda error, _message: reports.append(error))
    writer.flush(WITHIN_S)
    return reports[0].code() if reports[0] is not None else None


def readable(mine: Settings, topic: str) -> bool:
    """Tell whether these credentials may read the topic in the group `group-of-<topic>`."""
    reader = Consumer({**mine.kafka(), "group.id": f"group-of-{topic}", "log_level": 0})
    try:
        reader.subscribe([topic])
        return assigned(reader)
    finally:
        reader.close()


def assigned(reader: Consumer) -> bool:
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        try:
            message = reader.poll(0.2)
        except KafkaException:
            return False
        if message is not None and message.error():
            return False
        if reader.assignment():
            return True
    return False
