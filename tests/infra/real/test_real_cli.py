"""The contract asked of the real Confluent CLI and a real account."""

from __future__ import annotations

import os
import subprocess
import uuid
from typing import TYPE_CHECKING

import pytest

from freezer_events.errors import AccessError
from freezer_infra.confluent import faults
from freezer_infra.confluent.cli_topics import Topics
from freezer_infra.confluent.cloud_access import CloudAccess
from freezer_infra.confluent.home import private_home
from freezer_infra.confluent.session import cloud_session, environment
from freezer_infra.planner.target import AlreadyThereError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_infra.confluent.confluent_cli import ConfluentCli

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def scope() -> tuple[str, ...]:
    cluster, where = os.environ["CONFLUENT_CLUSTER"], os.environ["CONFLUENT_ENVIRONMENT"]
    return ("--cluster", cluster, "--environment", where)


@pytest.fixture(scope="module")
def cli() -> Iterator[ConfluentCli]:
    with cloud_session(environment(), print) as logged_in:
        yield logged_in


@pytest.fixture
def name(cli: ConfluentCli, scope: tuple[str, ...]) -> Iterator[str]:
    chosen = f"freezer-test-{uuid.uuid4().hex[:8]}"
    yield chosen
    argv = [cli.executable, "kafka", "topic", "delete", chosen, "--force", *scope]
    subprocess.run(argv, env=dict(cli.environ), check=False, capture_output=True, timeout=120)


def test_a_topic_is_made_changed_and_raised(
    cli: ConfluentCli, scope: tuple[str, ...], name: str
) -> None:
    topics = Topics(cli, scope)
    topics.create(name, 3, {"retention.ms": "86400000"})
    assert topics.all()[name].partitions == 3
    with pytest.raises(AlreadyThereError):
        topics.create(name, 3, {})
    topics.set_configs(name, {"cleanup.policy": "compact,delete"})
    topics.raise_partitions(name, 4)
    assert topics.describe(name).partitions == 4
    assert topics.configs(name)["cleanup.policy"].value == "compact,delete"


def test_an_unknown_topic_is_known_as_such(cli: ConfluentCli, scope: tuple[str, ...]) -> None:
    with pytest.raises(faults.NotThereError):
        Topics(cli, scope).describe(f"freezer-none-{uuid.uuid4().hex[:8]}")


def test_logged_out_is_recognised(cli: ConfluentCli, scope: tuple[str, ...]) -> None:
    quiet = {key: v for key, v in cli.environ.items() if not key.startswith("CONFLUENT_CLOUD")}
    with private_home() as home:
        stranger = type(cli)(cli.executable, {**quiet, "HOME": str(home)})
        with pytest.raises(AccessError) as caught:
            stranger.rows("list the topics", "kafka", "topic", "list", *scope)
    assert caught.value.fix.startswith("confluent login")


def test_address_and_registry_are_found(cli: ConfluentCli, scope: tuple[str, ...]) -> None:
    access = CloudAccess(cli, scope[1], scope[3])
    assert access.bootstrap_servers().endswith(":9092")
    assert access.registry().url.startswith("https://")
