"""Keys on the real Kafka through its Admin API: made once, tried, replaced, for one topic only."""

from __future__ import annotations

import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import KafkaError, Producer

from freezer_events.config import Settings
from freezer_events.errors import AccessError, ConfigError
from freezer_infra.admin.admin_target import AdminTarget, connect
from freezer_infra.admin.call import Admin
from freezer_infra.keys.env_file import EnvFile
from freezer_infra.planner.apply import apply
from freezer_infra.planner.desired import Access, Desired
from freezer_infra.planner.observed import find_key, observe
from freezer_infra.planner.plan import Plan, make
from freezer_infra.planner.target import KeyChange, Topic

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_infra.local.stack import Stack


@dataclass(frozen=True)
class Keys:
    """Applies the declaration of one producer with a `.env`."""

    target: AdminTarget
    desired: Desired
    file: EnvFile

    def run(self, *, rotate: bool = False) -> Plan:
        key = find_key(self.target, self.desired.client(), self.file, rotate=rotate)
        plan = make(self.desired, observe(self.target, self.desired, [key]))
        apply(self.target, plan, {key.file: self.file}, print)
        return plan

    def outcome(self, topic: str) -> int | None:
        """Give the error code of a delivery with what the file holds; None for success."""
        return outcome(Settings.load(self.file.path), topic)


@pytest.fixture
def keys(target: AdminTarget, name: str, account: str, tmp_path: Path) -> Keys:
    desired = Desired((Topic(name, 1),), (Access(account, "produce", name),))
    return Keys(target, desired, EnvFile(tmp_path / ".env"))


def outcome(settings: Settings, topic: str) -> int | None:
    """Give the error code of one delivery, or of a refused login; None for success."""
    codes: list[int | None] = []

    def note(error: KafkaError) -> None:
        if error.code() == KafkaError._AUTHENTICATION:
            codes.append(error.code())

    producer = Producer({**settings.kafka(), "log_level": 0, "error_cb": note})
    producer.produce(topic, b"x", on_delivery=lambda e, _: codes.append(e.code() if e else None))
    deadline = time.monotonic() + 30
    while not codes:
        assert time.monotonic() < deadline, "neither delivered nor refused"
        producer.poll(0.1)
    producer.purge()
    return codes[0]


def test_the_written_credentials_write_to_that_topic_and_to_nothing_else(
    keys: Keys, name: str, topic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keys.file.path.write_text("# mine\nCLIENT_ID=me\n")
    keys.run()
    assert keys.outcome(name) is None
    assert keys.outcome(topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert stat.S_IMODE(keys.file.path.stat().st_mode) == 0o600
    held = keys.file.read()
    assert held["SASL_MECHANISM"] == "SCRAM-SHA-512"
    assert keys.file.path.read_text().startswith("# mine\nCLIENT_ID=me\n")
    assert held["SASL_PASSWORD"] not in "".join(capsys.readouterr())


def test_a_key_is_made_once(keys: Keys) -> None:
    keys.run()
    first = keys.file.path.read_bytes()
    assert keys.run().steps == ()
    assert keys.file.path.read_bytes() == first


def test_a_key_the_broker_has_lost_is_given_to_it_again(keys: Keys, name: str) -> None:
    keys.run()
    first = keys.file.path.read_bytes()
    user = keys.desired.client().account
    keys.target._access.set_password(user, "another")
    assert keys.outcome(name) == KafkaError._AUTHENTICATION
    keys.run()
    assert keys.file.path.read_bytes() == first
    assert keys.outcome(name) is None


def test_a_rotated_key_works_and_the_old_one_no_more(keys: Keys, name: str) -> None:
    keys.run()
    old = Settings.load(keys.file.path)
    keys.run(rotate=True)
    new = Settings.load(keys.file.path)
    assert new.sasl_password != old.sasl_password
    assert outcome(new, name) is None
    assert outcome(old, name) == KafkaError._AUTHENTICATION


def test_credentials_of_another_cluster_are_not_overwritten(keys: Keys) -> None:
    text = "BOOTSTRAP_SERVERS=pkc-1.confluent.cloud:9092\nSASL_USERNAME=K\nSASL_PASSWORD=S\n"
    keys.file.path.write_text(text)
    with pytest.raises(ConfigError, match=r"holds credentials with BOOTSTRAP_SERVERS=pkc-1"):
        keys.run()
    assert keys.file.path.read_text() == text
    assert not keys.target._access.has_account(keys.desired.client().account)


def test_env_with_a_producers_key_does_not_get_in_the_way(
    keys: Keys, stack: Stack, name: str
) -> None:
    keys.run()
    again = connect(Settings.load(keys.file.path), stack, print)
    again.set_configs(name, {"retention.ms": "5000"})
    assert again.configs(name)["retention.ms"].value == "5000"


def test_the_old_key_stays_when_the_cluster_does_not_take_a_new_one(
    keys: Keys, secured: Stack, name: str
) -> None:
    keys.run()
    before = keys.file.path.read_bytes()
    powerless = AdminTarget(Admin.connect(secured.sasl(secured.freezer)), secured, print)
    with pytest.raises(AccessError, match="set the password of user"):
        powerless.change_key(keys.desired.client(), keys.file, KeyChange("replace", "here"))
    assert keys.file.path.read_bytes() == before
    assert keys.outcome(name) is None
