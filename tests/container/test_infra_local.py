"""`freezer topics` on the real Kafka through its Admin API: topics, access, faults."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from confluent_kafka.cimpl import NewTopic

from freezer_infra.planner.apply import apply, only_apply, verify
from freezer_infra.planner.desired import Desired
from freezer_infra.planner.observed import observe
from freezer_infra.planner.plan import make
from freezer_infra.planner.target import Topic
from tests.infra.target_suite import AccessSuite, TopicSuite

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka.admin import AdminClient

    from freezer_infra.admin.admin_target import AdminTarget
    from freezer_infra.local.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 15.0
OURS = ("BOOTSTRAP_", "SASL_", "SCHEMA_REGISTRY_", "SECURITY_", "SSL_CA", "KAFKA_CONFIG", "TOPIC")
TOPICS = '[events.freezer-reading]\nconfigs."retention.ms" = 86_400_000\n'


class TestTopics(TopicSuite):
    """Topics through the Admin API."""


class TestAccess(AccessSuite):
    """SCRAM users and ACLs through the Admin API."""


@dataclass(frozen=True)
class Infra:
    """Runs `freezer topics` as a user does, in a folder of its own."""

    folder: Path
    settings: dict[str, str]

    def __call__(self, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.argv(*args),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def start(self, *args: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv(*args),
            cwd=self.folder,
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def argv(self, command: str, *args: str) -> list[str]:
        declared = ("--topics", str(self.folder / "topics.toml"))
        return [sys.executable, "-m", "freezer_events.cli", "topics", command, *declared, *args]

    @property
    def environment(self) -> dict[str, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
        return clean | self.settings

    def having(self, **settings: str) -> Infra:
        return Infra(self.folder, self.settings | settings)


@pytest.fixture
def infra(stack: Stack, name: str, tmp_path: Path) -> Infra:
    (tmp_path / "topics.toml").write_text(TOPICS)
    (tmp_path / "schemas").symlink_to(ROOT / "schemas")
    return Infra(tmp_path, {"BOOTSTRAP_SERVERS": stack.bootstrap, "TOPIC": name})


def test_plan_shows_and_changes_nothing(infra: Infra, target: AdminTarget, name: str) -> None:
    planned = infra("plan")
    assert planned.returncode == 0, planned.stderr
    assert f"+ create topic {name}\n      partitions    3\n" in planned.stdout
    assert name not in target.topics()


def test_topic_and_schema_of_an_event_are_one_plan(
    infra: Infra, stack: Stack, name: str, forget_subject: Callable[[str], None]
) -> None:
    forget_subject(f"{name}-value")
    (infra.folder / "topics.toml").write_text("schemas = true\n" + TOPICS)
    both = infra.having(SCHEMA_REGISTRY_URL=stack.registry_url)
    planned = both("plan")
    assert f"+ create topic {name}\n" in planned.stdout, planned.stderr
    assert f"+ create subject {name}-value\n      level  FULL_TRANSITIVE" in planned.stdout
    assert f"+ register v1 in subject {name}-value\n" in planned.stdout
    assert both("check").returncode == 1
    applied = both("apply", "--yes")
    assert applied.returncode == 0, applied.stderr
    assert f"done: register v1 in subject {name}-value: version 1, schema id" in applied.stderr
    assert both("check").returncode == 0
    status = subprocess.run(
        [sys.executable, "-m", "freezer_events.cli", "schema", "status"],
        cwd=infra.folder,
        env=both.environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert status.returncode == 0, status.stdout


def test_a_file_that_was_imported_needs_no_change(
    infra: Infra, target: AdminTarget, name: str
) -> None:
    target.create(Topic(name, 3, {"retention.ms": "5000"}))
    (infra.folder / "topics.toml").unlink()
    imported = infra("import")
    assert imported.returncode == 0, imported.stderr
    declared = (infra.folder / "topics.toml").read_text()
    table = '[events.freezer-reading]\nreplication = 1\nconfigs."retention.ms" = "5000"\n'
    assert table in declared
    checked = infra("check")
    assert f"  = {name} is as declared\n" in checked.stdout


def test_apply_then_nothing_to_do_then_drift(infra: Infra, target: AdminTarget, name: str) -> None:
    assert infra("check").returncode == 1
    applied = infra("apply", "--yes")
    assert applied.returncode == 0, applied.stderr
    assert f"done: create topic {name}" in applied.stderr
    assert target.topics()[name].partitions == 3
    again = infra("apply")
    assert again.returncode == 0
    assert "Nothing to do" in again.stdout
    assert again.stderr == ""
    assert infra("check").returncode == 0
    target.set_configs(name, {"retention.ms": "5000"})
    drifted = infra("check", "--output", "json")
    assert drifted.returncode == 1
    assert json.loads(drifted.stdout)["steps"][0]["configs"] == {
        "retention.ms": {"from": "5000", "to": "86400000"}
    }


def test_a_change_needs_a_yes(infra: Infra, target: AdminTarget, name: str) -> None:
    target.create(Topic(name, 3, {"retention.ms": "5000"}))
    refused = infra("apply")
    assert refused.returncode == 2
    assert "no terminal to ask" in refused.stderr
    assert target.configs(name)["retention.ms"].value == "5000"
    assert infra("apply", "--yes").returncode == 0
    assert target.configs(name)["retention.ms"].value == "86400000"


@pytest.mark.parametrize(("answer", "code", "retention"), [("n", 1, "5000"), ("y", 0, "86400000")])
def test_a_person_is_asked(
    infra: Infra, target: AdminTarget, name: str, answer: str, code: int, retention: str
) -> None:
    target.create(Topic(name, 3, {"retention.ms": "5000"}))
    ours, theirs = os.openpty()
    asked = infra.start("apply", stdin=theirs)
    os.write(ours, f"{answer}\n".encode())
    _, stderr = asked.communicate(timeout=90)
    os.close(ours)
    os.close(theirs)
    assert f"Apply this to {target.name}? [y/N]" in stderr
    assert asked.returncode == code
    assert ("nothing was changed" in stderr) == (answer == "n")
    assert target.configs(name)["retention.ms"].value == retention


def test_a_wrong_partition_count_stops_apply_before_any_change(
    infra: Infra, target: AdminTarget, name: str, new_topic: Callable[[], str]
) -> None:
    other = new_topic()
    target.create(Topic(name, 2, {"retention.ms": "5000"}))
    (infra.folder / "topics.toml").write_text(f"{TOPICS}[topics.{other}]\npartitions = 1\n")
    refused = infra("apply", "--yes")
    assert refused.returncode == 1
    assert "nothing was changed" in refused.stderr
    assert "hash % 2 to hash % 3" in refused.stderr
    assert other not in target.topics()
    assert target.configs(name)["retention.ms"].value == "5000"
    allowed = infra("apply", "--yes", "--allow-partition-increase")
    assert allowed.returncode == 0, allowed.stderr
    assert target.topics()[name].partitions == 3


def test_a_topic_created_between_plan_and_apply_is_compared(
    target: AdminTarget, name: str, admin: AdminClient
) -> None:
    desired = Desired((Topic(name, 2),))
    plan = make(desired, observe(target, desired))
    admin.create_topics([NewTopic(name, 2, 1)])[name].result(WITHIN_S)
    lines: list[str] = []
    apply(target, plan, {}, lines.append)
    assert "somebody else did in the meantime" in lines[0]
    verify(target, desired)


def test_of_two_applies_at_once_one_does_it_and_one_finds_it_done(infra: Infra) -> None:
    runs = [infra.start("apply", "--yes") for _ in range(2)]
    ended = [run.communicate(timeout=90) for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert sum("done: create topic" in stderr for _, stderr in ended) == 1
    assert sum("Nothing to do" in stdout for stdout, _ in ended) == 1


def test_an_apply_waits_for_another_one(infra: Infra, target: AdminTarget) -> None:
    with only_apply(target.name, print):
        waiting = infra.start("apply", "--yes")
        assert waiting.stderr
        assert "another apply" in waiting.stderr.readline()
    waiting.communicate(timeout=90)
    assert waiting.returncode == 0


def test_what_the_broker_refuses_is_told_in_its_words(infra: Infra) -> None:
    (infra.folder / "topics.toml").write_text(TOPICS + 'configs."no.such" = 1\n')
    unknown = infra("apply", "--yes")
    assert unknown.returncode == 1
    assert "nothing was changed: topic" in unknown.stderr
    assert "no.such" in unknown.stderr
    (infra.folder / "topics.toml").write_text(TOPICS + 'configs."segment.ms" = "soon"\n')
    refused = infra("apply", "--yes")
    assert refused.returncode == 1
    assert "soon" in refused.stderr
    half = r"^0 of \d+ steps are done; it is safe to apply again"
    assert re.search(half, refused.stderr, re.MULTILINE)
    assert "Traceback" not in refused.stderr


def test_no_broker_is_told_in_bounded_time(infra: Infra) -> None:
    nowhere = infra.having(BOOTSTRAP_SERVERS="localhost:1")("plan")
    assert nowhere.returncode == 6
    assert "localhost:1" in nowhere.stderr
    assert "refused" in nowhere.stderr


def test_a_wrong_password_is_told_as_such(infra: Infra, secured: Stack) -> None:
    wrong = infra.having(
        # Under another name than the local stack's, which is changed as its administrator.
        BOOTSTRAP_SERVERS=secured.sasl_bootstrap.replace("localhost", "127.0.0.1"),
        SASL_USERNAME="nobody",
        SASL_PASSWORD="wrong-password",
        SSL_CA_LOCATION=secured.ca_path,
    )("plan")
    assert wrong.returncode == 4
    assert "uthentication failed" in wrong.stderr
    assert "wrong-password" not in wrong.stderr


def test_a_user_who_may_not_create_topics_is_told(infra: Infra, secured: Stack) -> None:
    refused = infra.having(
        BOOTSTRAP_SERVERS=secured.sasl_bootstrap.replace("localhost", "127.0.0.1"),
        SASL_USERNAME=secured.freezer_user,
        SASL_PASSWORD=secured.freezer_password,
        SSL_CA_LOCATION=secured.ca_path,
    )("apply", "--yes")
    assert refused.returncode == 4, refused.stderr
    assert "create topic" in refused.stderr
    assert secured.freezer_password not in refused.stdout + refused.stderr


def test_a_file_that_cannot_take_the_key_stops_before_any_change(
    infra: Infra, target: AdminTarget, name: str, secured: Stack
) -> None:
    access = '[[access]]\nservice_account = "p"\nallow = "produce"\nevent = "freezer-reading"\n'
    (infra.folder / "topics.toml").write_text(TOPICS + access)
    (infra.folder / "real").write_text(f"SSL_CA_LOCATION={secured.ca_path}\n")
    (infra.folder / "link").symlink_to("real")
    refused = infra("apply", "--yes", "--write-env", "link")
    assert refused.returncode == 3
    assert re.search(r"symbolic link to .*real", refused.stderr)
    assert name not in target.topics()
