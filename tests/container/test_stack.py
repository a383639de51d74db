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

from freezer_events.errors import ConfigError, UnreachableError
from freezer_infra.local import certificates, engine, files, images
from freezer_infra.local.stack import Stack, answers, down, up
from tests.stack import build
from tests.support.cli import Freezer

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
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give the folder where a stack is saved meanwhile, instead of the machine's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    files.folder().mkdir(parents=True)
    return files.folder()


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


def test_another_checkout_finds_what_runs_and_changes_nothing(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known = Stack.load()
    assert known is not None, "the stack of this machine is saved for all checkouts"
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    try:
        assert up(said.append, _never) == stack
        assert stack.bootstrap in said[-3]
        assert stack.registry_url in said[-2]
        assert addresses(tmp_path / ".env.local") == [
            f"BOOTSTRAP_SERVERS={stack.bootstrap}",
            f"SCHEMA_REGISTRY_URL={stack.registry_url}",
        ]
    finally:
        known.save()


def _never(what: str) -> bool:
    raise AssertionError(what)


def addresses(env_file: Path) -> list[str]:
    return [line for line in env_file.read_text().splitlines() if not line.startswith("#")]


def test_the_addresses_are_written_for_freezer_and_the_rest_for_its_owner_only(
    stack: Stack, elsewhere: Path, tmp_path: Path
) -> None:
    stack.save()
    written = [elsewhere / "stack.json", tmp_path / ".env.local"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in written} == {0o600}
    assert Stack.load() == stack


def test_every_project_forgets_a_stack_that_is_gone_but_keeps_what_it_wrote_itself(
    stack: Stack, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    projects = [tmp_path / name for name in ("one", "two", "own")]
    for project in projects:
        project.mkdir()
        monkeypatch.chdir(project)
        # Not those of the stack that runs: they would be forgotten, and so removed.
        (Stack.load() or replace(stack, env_files=())).save()
    (tmp_path / "own" / ".env.local").write_text("BOOTSTRAP_SERVERS=mine:9092\n")
    saved = Stack.load()
    assert saved is not None
    saved.forget()
    assert not (elsewhere / "stack.json").exists()
    assert [(each / ".env.local").exists() for each in projects] == [False, False, True]


def test_nothing_is_removed_before_somebody_was_told_what(stack: Stack, topic: str) -> None:
    asked: list[str] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    assert not down(print, no)
    (question,) = asked
    assert " topic" in question
    assert topic in question or "more" in question
    assert answers(stack) is None


def test_a_stack_whose_logins_are_lost_is_not_thrown_away(
    stack: Stack, elsewhere: Path, tmp_path: Path
) -> None:
    assert not (elsewhere / "stack.json").exists()
    done = Freezer(tmp_path, {"XDG_STATE_HOME": str(tmp_path / "state")})("local", "up")
    assert done.returncode == 2
    assert "topics, schemas and logins" in done.stderr
    assert "next: freezer local up --yes" in done.stderr
    assert answers(stack) is None


def test_status_says_where_it_is_and_whether_it_answers(
    stack: Stack, elsewhere: Path, tmp_path: Path
) -> None:
    freezer = Freezer(tmp_path, {"XDG_STATE_HOME": str(tmp_path / "state")})
    done = freezer("local", "status")
    assert (done.returncode, done.stdout) == (
        1,
        "no local stack was started here: freezer local up\n",
    )
    stack.save()
    done = freezer("local", "status")
    assert done.returncode == 0
    assert stack.registry_url in done.stdout
    assert done.stdout.endswith("both answer\n")
    replace(stack, registry_url="http://localhost:1").save()
    done = freezer("local", "status")
    assert done.returncode == 1
    assert "does not answer" in done.stdout
    assert elsewhere.is_dir()


def test_passwords_do_not_show_when_a_stack_is_printed(secured: Stack) -> None:
    assert secured.admin_password not in f"{secured} {secured.admin}"


def test_the_official_images_are_read_from_the_compose_file() -> None:
    found = images.official()
    assert found["KAFKA_IMAGE"].startswith("apache/kafka:4.1")
    assert found["REGISTRY_IMAGE"].startswith("confluentinc/cp-schema-registry:8")


def test_images_that_the_user_names_are_taken_as_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # nothing to look an image up with
    named = {"KAFKA_IMAGE": "mine/kafka:1", "REGISTRY_IMAGE": "mine/registry:1"}
    for variable, image in named.items():
        monkeypatch.setenv(variable, image)
    said: list[str] = []
    assert images.provide(said.append) == named
    assert said == []


def test_an_image_that_cannot_be_had_is_named_with_the_ways_to_get_one(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stack.bootstrap  # so that there is an engine to ask
    monkeypatch.delenv("KAFKA_IMAGE", raising=False)
    monkeypatch.setattr(images, "official", lambda: {"KAFKA_IMAGE": "localhost:1/no/kafka:0"})
    with pytest.raises(UnreachableError) as caught:
        images.provide(lambda _: None)
    assert "localhost:1/no/kafka:0" in caught.value.doing
    assert "docker pull localhost:1/no/kafka:0" in caught.value.fix
    assert "KAFKA_IMAGE=" in caught.value.fix


def test_a_substitute_is_built_again_once_its_folder_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(build.IMAGES, tmp_path / "images")
    before = build.tag("kafka")
    monkeypatch.setattr(build, "IMAGES", tmp_path / "images")
    assert build.tag("kafka") == before
    (tmp_path / "images" / "kafka" / "start.sh").write_text("exec true\n")
    assert build.tag("kafka") != before


def test_without_an_engine_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match=r"apt-get install docker\.io docker-compose"):
        engine.find()
