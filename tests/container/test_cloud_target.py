"""The Confluent CLI as a target keeps what every target keeps: the same suite, on the real Kafka.

The CLI is the stand-in: logged in to its cloud, then logged out for a Confluent Platform.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from freezer_events.errors import UsageError
from freezer_infra.confluent import cli_target, cloud_target
from freezer_infra.keys.env_file import EnvFile
from freezer_infra.planner.desired import Access, Desired
from freezer_infra.planner.steps import CreateTopic
from freezer_infra.planner.target import Client, Topic
from tests.infra.standin.harness import CLUSTER, ENVIRONMENT, PLATFORM_URL, Standin, make
from tests.infra.target_suite import (
    RETENTION,
    AccessSuite,
    TopicSuite,
    bring_about,
    plan_for,
)
from tests.support.acls import remove_acls

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

    from freezer_infra.confluent.cli_target import CliTarget
    from freezer_infra.confluent.cloud_target import CloudTarget
    from freezer_infra.local.stack import Stack
    from freezer_infra.planner.target import Target


@pytest.fixture
def standin(stack: Stack, tmp_path: Path) -> Standin:
    return make(tmp_path / "cloud", bootstrap=stack.bootstrap, endpoint=stack.sasl_bootstrap)


@pytest.fixture
def account() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"


class TestCloud(TopicSuite, AccessSuite):
    """Everything, in Confluent Cloud."""

    @pytest.fixture
    def target(
        self, standin: Standin, admin: AdminClient, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[CloudTarget]:
        standin.log_in()
        monkeypatch.setattr(cloud_target, "environment", standin.environ)
        monkeypatch.setenv("XDG_STATE_HOME", str(standin.folder))
        with cloud_target.cloud_target(CLUSTER, ENVIRONMENT, print) as found:
            yield found
        remove_acls(admin, [account["id"] for account in standin.state()["service_accounts"]])


class TestPlatform(TopicSuite):
    """Topics, through a Confluent Platform's REST API; its users are not managed here."""

    @pytest.fixture
    def target(self, standin: Standin, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliTarget]:
        monkeypatch.setattr(cli_target, "environment", standin.environ)
        with cli_target.platform_target(PLATFORM_URL, print) as found:
            yield found

    def test_partitions_are_raised_when_that_is_allowed(self, target: Target, name: str) -> None:
        """Refuse here, before any change: the REST API cannot do it, `kafka-topics` can."""
        bring_about(target, Desired((Topic(name, 2),)))
        more = Desired((Topic(name, 5, {RETENTION: "5000"}),))
        (refusal,) = plan_for(target, more, increase_partitions=True).refusals
        assert "cannot add any on Confluent Platform" in refusal.why
        assert f"kafka-topics --bootstrap-server … --alter --topic {name}" in refusal.fix

    def test_users_are_none_of_its_business(
        self, target: Target, name: str, account: str, tmp_path: Path
    ) -> None:
        access = (Access(account, "produce", name),)
        made = bring_about(target, Desired((Topic(name, 1),), access))
        assert [type(step) for step in made.steps] == [CreateTopic]
        assert "users are managed elsewhere" in made.notes[0]
        with pytest.raises(UsageError, match="managed elsewhere"):
            target.holds_key(Client(account, name, None), EnvFile(tmp_path / ".env"))
