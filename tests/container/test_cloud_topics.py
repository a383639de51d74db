"""Topics through the Confluent CLI on a real Kafka: what was claimed is what the broker has.

The CLI is the stand-in, which acts through the Admin API where the real one acts through REST.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from freezer_events.errors import EventError
from freezer_infra.confluent import faults
from freezer_infra.confluent.cli_topics import Topics
from freezer_infra.confluent.confluent_cli import find
from tests.infra.standin.harness import CLUSTER, ENVIRONMENT, PLATFORM_URL, Standin, make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

    from freezer_infra.local.stack import Stack

SCOPE = ("--cluster", CLUSTER, "--environment", ENVIRONMENT)


@pytest.fixture
def standin(stack: Stack, tmp_path: Path) -> Standin:
    made = make(tmp_path / "cloud", bootstrap=stack.bootstrap)
    made.log_in()
    return made


@pytest.fixture
def topics(standin: Standin) -> Topics:
    return Topics(find(standin.environ()), SCOPE)


@pytest.fixture
def name(admin: AdminClient) -> Iterator[str]:
    """Give a name for a topic of this test; it is deleted afterwards if it was made."""
    chosen = f"test-{uuid.uuid4().hex[:12]}"
    yield chosen
    if chosen in admin.list_topics(timeout=15).topics:
        admin.delete_topics([chosen])[chosen].result(15)


def partitions(admin: AdminClient, name: str) -> int:
    return len(admin.list_topics(name, timeout=15).topics[name].partitions)


def test_the_broker_has_what_was_created(topics: Topics, admin: AdminClient, name: str) -> None:
    topics.create(name, 3, {"retention.ms": "86400000", "cleanup.policy": "compact,delete"})
    assert partitions(admin, name) == 3
    configs = topics.configs(name)
    assert configs["retention.ms"].value == "86400000"
    assert configs["cleanup.policy"].value == "compact,delete"
    assert topics.all()[name].partitions == 3


def test_the_broker_has_the_partitions_though_the_cli_timed_out(
    topics: Topics, standin: Standin, admin: AdminClient, name: str
) -> None:
    topics.create(name, 3, {})
    standin.fault("timeout-lie")
    topics.raise_partitions(name, 5)
    assert partitions(admin, name) == 5


def test_a_killed_cli_leaves_what_a_second_run_completes(
    topics: Topics,
    standin: Standin,
    admin: AdminClient,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("freezer_infra.confluent.shown.UNCLEAR_WITHIN_S", 1.0)
    standin.fault("kill-after:1")
    topics.create(name, 3, {})
    with pytest.raises(faults.OutcomeUnknownError, match="change the configs"):
        topics.set_configs(name, {"retention.ms": "5000"})
    assert partitions(admin, name) == 3
    standin.fault()
    topics.set_configs(name, {"retention.ms": "5000"})
    assert topics.configs(name)["retention.ms"].value == "5000"


def test_what_the_broker_refuses_is_told_in_its_words(topics: Topics, name: str) -> None:
    with pytest.raises(EventError, match="Unknown topic config name: no"):
        topics.create(name, 3, {"no.such": "1"})
    assert name not in topics.all()


def test_confluent_platform_has_the_same_verbs(
    stack: Stack, tmp_path: Path, admin: AdminClient, name: str
) -> None:
    environ = make(tmp_path / "platform", bootstrap=stack.bootstrap).environ()
    topics = Topics(find(environ), ("--url", PLATFORM_URL, "--no-authentication"))
    topics.create(name, 2, {}, replication=1)
    topics.set_configs(name, {"retention.ms": "7000"})
    assert partitions(admin, name) == 2
    assert topics.all()[name].replication == 1
    assert topics.configs(name)["retention.ms"].value == "7000"
