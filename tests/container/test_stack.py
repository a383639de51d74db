"""What the other container tests stand on: the cluster behaves as Confluent Cloud does.

Plain confluent_kafka clients against the running stack, nothing from producer/ but its errors.
"""

from __future__ import annotations

import json
import shutil
import stat
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from freezer_events.errors import ConfigError
from freezer_infra.local import build, certificates, engine, files, images
from freezer_infra.local.stack import Stack, answers, up

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confluent_kafka import Message
    from confluent_kafka.admin import AdminClient

    from freezer_infra.local.stack import Login

_WITHIN_S = 15.0
_SCHEMA = json.dumps(
    {"type": "record", "name": "R", "namespace": "n", "fields": [{"name": "a", "type": "string"}]}
)


@pytest.fixture
def saved_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give the folder where a stack is saved meanwhile, instead of the project's own files."""
    monkeypatch.setattr(files, "STACK_FILE", tmp_path / "stack.json")
    monkeypatch.setattr(files, "ENV_FILE", tmp_path / ".env.local")
    return tmp_path


def _deliver(properties: dict[str, str], topic: str, value: bytes) -> KafkaError | None:
    """Produce one message and return what its delivery report says."""
    reports: list[KafkaError | None] = []
    refusals: list[KafkaError] = []
    client: dict[str, Any] = {**properties, "log_level": 0, "message.timeout.ms": 10_000}
    client["error_cb"] = refusals.append
    producer = Producer(client)
    producer.produce(topic, value, on_delivery=lambda error, _: reports.append(error))
    deadline = time.monotonic() + _WITHIN_S
    while not reports and time.monotonic() < deadline:
        producer.poll(0.1)
        for refusal in refusals:
            if refusal.code() == KafkaError._AUTHENTICATION:
                producer.purge()
                return refusal
    assert reports, f"no delivery report within {_WITHIN_S} s"
    return reports[0]


def _read_all(properties: dict[str, str], topic: str, expected: int) -> list[Message]:
    """Read `expected` messages from the start of the topic's three partitions."""
    consumer = Consumer({**properties, "log_level": 0, "group.id": uuid.uuid4().hex})
    try:
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(3)])
        messages: list[Message] = []
        deadline = time.monotonic() + _WITHIN_S
        while len(messages) < expected and time.monotonic() < deadline:
            messages += consumer.consume(expected, timeout=0.2)
        return messages
    finally:
        consumer.close()


def test_a_message_produced_over_plaintext_is_read_back(stack: Stack, topic: str) -> None:
    assert _deliver(stack.plaintext(), topic, b"cold") is None
    assert [m.value() for m in _read_all(stack.plaintext(), topic, 1)] == [b"cold"]


def test_a_plain_user_writes_to_the_topic_that_an_acl_names(
    secured: Stack, topic: str, grant: Callable[..., None]
) -> None:
    grant(secured.freezer.user, topic)
    assert _deliver(secured.sasl(secured.freezer), topic, b"cold") is None
    assert [m.value() for m in _read_all(secured.plaintext(), topic, 1)] == [b"cold"]


def test_a_scram_user_made_while_the_broker_runs_writes_to_the_topic_that_an_acl_names(
    secured: Stack,
    topic: str,
    grant: Callable[..., None],
    make_scram_user: Callable[[], Login],
) -> None:
    login = make_scram_user()
    grant(login.user, topic)
    assert _deliver(secured.sasl(login, "SCRAM-SHA-512"), topic, b"cold") is None


def test_a_user_without_an_acl_is_refused(secured: Stack, topic: str) -> None:
    error = _deliver(secured.sasl(secured.freezer), topic, b"cold")
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_an_acl_for_one_topic_does_not_open_another(
    secured: Stack, make_topic: Callable[..., str], grant: Callable[..., None]
) -> None:
    allowed, other = make_topic(), make_topic()
    grant(secured.freezer.user, allowed)
    assert _deliver(secured.sasl(secured.freezer), allowed, b"cold") is None
    error = _deliver(secured.sasl(secured.freezer), other, b"cold")
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password_is_refused(secured: Stack, topic: str, mechanism: str) -> None:
    properties = {**secured.sasl(secured.admin), "sasl.mechanism": mechanism}
    error = _deliver({**properties, "sasl.password": "wrong"}, topic, b"cold")
    assert error is not None
    assert error.code() == KafkaError._AUTHENTICATION


def test_a_broker_with_a_certificate_of_another_ca_is_not_trusted(
    secured: Stack, tmp_path: Path
) -> None:
    other_ca = tmp_path / "ca.pem"
    other_ca.write_text(certificates.issue().ca)
    assert answers(secured) is None
    assert "certificate verify failed" in str(answers(replace(secured, ca_path=str(other_ca))))


def test_a_stack_of_other_passwords_is_not_taken_for_this_one(secured: Stack) -> None:
    assert "Authentication failed" in str(answers(replace(secured, admin_password="other")))


def test_naming_a_topic_does_not_create_it(stack: Stack, admin: AdminClient) -> None:
    name = f"test-{uuid.uuid4().hex}"
    asked = admin.list_topics(name, timeout=_WITHIN_S).topics[name]
    assert asked.error is not None
    assert asked.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
    error = _deliver({**stack.plaintext(), "topic.metadata.propagation.max.ms": "100"}, name, b"x")
    assert error is not None
    assert name not in admin.list_topics(timeout=_WITHIN_S).topics


def test_a_topic_is_made_with_three_partitions(topic: str, admin: AdminClient) -> None:
    assert len(admin.list_topics(topic, timeout=_WITHIN_S).topics[topic].partitions) == 3


def test_the_registry_registers_a_schema_and_gives_it_back(stack: Stack, subject: str) -> None:
    with SchemaRegistryClient({"url": stack.registry_url}) as registry:
        schema_id = registry.register_schema(subject, Schema(_SCHEMA, "AVRO"))
        assert registry.get_latest_version(subject).schema_id == schema_id
        given = registry.get_schema(schema_id).schema_str
    assert given is not None
    assert json.loads(given) == json.loads(_SCHEMA)


def test_starting_what_runs_changes_nothing_and_says_where_it_is(
    stack: Stack, saved_elsewhere: Path
) -> None:
    stack.save()
    said: list[str] = []
    assert up(said.append) == stack
    assert stack.bootstrap in said[0]
    assert stack.registry_url in said[1]
    assert {file.name for file in saved_elsewhere.iterdir()} == {"stack.json", ".env.local"}


def test_the_addresses_are_written_for_freezer_and_the_rest_for_its_owner_only(
    stack: Stack, saved_elsewhere: Path
) -> None:
    stack.save()
    env = saved_elsewhere / ".env.local"
    assert [line for line in env.read_text().splitlines() if not line.startswith("#")] == [
        f"BOOTSTRAP_SERVERS={stack.bootstrap}",
        f"SCHEMA_REGISTRY_URL={stack.registry_url}",
    ]
    assert {stat.S_IMODE(file.stat().st_mode) for file in saved_elsewhere.iterdir()} == {0o600}
    assert Stack.load() == stack
    Stack.forget()
    assert Stack.load() is None
    assert not env.exists()


def test_passwords_do_not_show_when_a_stack_is_printed(secured: Stack) -> None:
    assert secured.admin_password not in f"{secured} {secured.admin}"


def test_the_official_images_are_read_from_the_compose_file() -> None:
    found = images.official(files.COMPOSE_FILE.read_text())
    assert found["kafka"].startswith("apache/kafka:4.1")
    assert found["registry"].startswith("confluentinc/cp-schema-registry:8")


def test_images_that_the_user_names_are_taken_as_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # nothing to look an image up with
    monkeypatch.setenv("KAFKA_IMAGE", "mine/kafka:1")
    monkeypatch.setenv("REGISTRY_IMAGE", "mine/registry:1")
    said: list[str] = []
    assert images.choose(files.COMPOSE_FILE.read_text(), said.append) == {
        "KAFKA_IMAGE": "mine/kafka:1",
        "REGISTRY_IMAGE": "mine/registry:1",
    }
    assert said == []


def test_a_home_built_image_is_built_again_once_its_folder_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(files.IMAGES, tmp_path / "images")
    before = build.tag("kafka")
    monkeypatch.setattr(files, "IMAGES", tmp_path / "images")
    assert build.tag("kafka") == before
    (tmp_path / "images" / "kafka" / "start.sh").write_text("exec true\n")
    assert build.tag("kafka") != before


def test_without_an_engine_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"apt-get install docker\.io docker-compose"):
        engine.ready(lambda _: None, tmp_path / "log")
