"""What is refused, honoured and waited for, in the cloud and on a platform, before any change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freezer_events.errors import ConfigError, EventError, UnreachableError
from freezer_infra.confluent.cli_target import CliTarget
from freezer_infra.confluent.cli_topics import Topics
from freezer_infra.confluent.cloud_access import CloudAccess, Private
from freezer_infra.confluent.cloud_target import CloudTarget
from freezer_infra.confluent.confluent_cli import find
from freezer_infra.planner.desired import Access, Desired
from freezer_infra.planner.target import Right, Topic
from tests.infra.standin.harness import CLUSTER, ENVIRONMENT, PLATFORM_URL, Standin, make
from tests.infra.target_suite import bring_about, plan_for

if TYPE_CHECKING:
    from pathlib import Path

REST = ("--url", PLATFORM_URL, "--no-authentication")
CHANGES = {"create", "update", "delete"}
NAME = "freezer-temperatura"


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def standin(tmp_path: Path) -> Standin:
    return make(tmp_path / "cloud")


@pytest.fixture
def platform(standin: Standin) -> CliTarget:
    return CliTarget(PLATFORM_URL, Topics(find(standin.environ()), REST))


@pytest.fixture
def access(standin: Standin) -> CloudAccess:
    standin.log_in()
    return CloudAccess(find(standin.environ()), CLUSTER, ENVIRONMENT)


@pytest.fixture
def cloud(access: CloudAccess) -> CloudTarget:
    return CloudTarget("cloud", Topics(access.cli, access.scope), access, print)


def changes(standin: Standin) -> list[str]:
    return [verb for verb in standin.verbs() if set(verb.split()) & CHANGES]


class TestReplication:
    """A platform honours it, the cloud decides itself."""

    def test_a_platform_makes_as_many_copies_as_are_declared(self, platform: CliTarget) -> None:
        bring_about(platform, Desired((Topic(NAME, 1, replication=2),)))
        assert platform.topics()[NAME].replication == 2

    def test_fewer_copies_than_declared_are_drift(self, platform: CliTarget) -> None:
        bring_about(platform, Desired((Topic(NAME, 1, replication=1),)))
        plan = plan_for(platform, Desired((Topic(NAME, 1, replication=3),)))
        assert plan.is_drift
        assert plan.refusals[0].why == "has 1 copies of each partition, 3 are declared"

    def test_more_copies_than_brokers_are_refused_before_the_first_topic(
        self, platform: CliTarget
    ) -> None:
        both = Desired((Topic("a", 1), Topic(NAME, 1, replication=4)))
        (refusal,) = plan_for(platform, both).refusals
        assert refusal.why == "4 copies of each partition do not fit on 3 broker(s)"

    def test_the_cloud_says_that_it_decides_itself(self, cloud: CloudTarget) -> None:
        made = bring_about(cloud, Desired((Topic(NAME, 1, replication=2),)))
        assert made.notes == (f"{NAME}: this cluster chooses the replication itself",)


class TestRefusals:
    """All of them come before the first change."""

    def test_a_value_the_cli_cannot_pass(self, cloud: CloudTarget, standin: Standin) -> None:
        bad = Topic(NAME, 1, {"retention.ms": '"'})
        (refusal,) = plan_for(cloud, Desired((Topic("a", 1), bad))).refusals
        assert "retention.ms: the Confluent CLI cannot pass" in refusal.why
        assert changes(standin) == []

    @pytest.mark.parametrize("there", [(), ("old",)])
    def test_an_unknown_config_of_a_new_topic(
        self, cloud: CloudTarget, there: tuple[str, ...]
    ) -> None:
        for name in there:
            cloud.create(Topic(name, 1))
        bad = Topic(NAME, 1, {"retention.mss": "1", "retention.ms": "1"})
        (refusal,) = plan_for(cloud, Desired((Topic("a", 1), bad))).refusals
        assert refusal.topic == NAME
        assert refusal.why.endswith("config retention.mss")

    def test_an_environment_without_a_registry_where_access_needs_one(
        self, cloud: CloudTarget, standin: Standin
    ) -> None:
        standin.change(registries={})
        needs = Access("p", "produce", NAME, subject=f"{NAME}-value")
        with pytest.raises(ConfigError, match="no Schema Registry yet"):
            plan_for(cloud, Desired((Topic(NAME, 1),), (needs,)))
        assert changes(standin) == []
        plain = Desired((Topic(NAME, 1),), (Access("p", "produce", NAME),))
        assert not plan_for(cloud, plain).refusals


class TestLag:
    """What was made is waited for, bounded."""

    def test_a_topic_in_the_cloud(self, cloud: CloudTarget, standin: Standin) -> None:
        standin.fault("lag:2@kafka topic create")
        cloud.create(Topic(NAME, 1))
        assert standin.verbs().count("kafka topic describe") == 3

    def test_a_topic_on_a_platform(self, platform: CliTarget, standin: Standin) -> None:
        standin.fault("lag:2@kafka topic create")
        platform.create(Topic(NAME, 1))
        assert standin.verbs().count("kafka topic describe") == 3

    def test_configs_of_a_topic_that_one_broker_does_not_know_yet(
        self, platform: CliTarget, standin: Standin
    ) -> None:
        platform.create(Topic(NAME, 1))
        standin.fault("lag:1@kafka topic update")
        platform.set_configs(NAME, {"retention.ms": "5"})
        assert platform.configs(NAME)["retention.ms"].value == "5"

    def test_rights_and_a_role(self, access: CloudAccess, standin: Standin) -> None:
        account = access.make_account("p", "d")
        standin.fault("lag:2")
        access.allow(account, [Right("WRITE", "TOPIC", NAME)])
        assert access.acls(account) == {Right("WRITE", "TOPIC", NAME)}
        access.let_read_subject(account, access.registry(), Right("READ", "SUBJECT", "s"))
        assert access.may_read_subject(account, access.registry(), Right("READ", "SUBJECT", "s"))

    def test_it_ends(
        self, access: CloudAccess, standin: Standin, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("freezer_infra.confluent.shown.VISIBLE_WITHIN_S", 0.5)
        account = access.make_account("p", "d")
        standin.fault("lag:1000")
        with pytest.raises(EventError, match="later nothing shows it"):
            access.allow(account, [Right("WRITE", "TOPIC", NAME)])


class TestBusy:
    """429 and 5xx: out of reach, or perhaps done."""

    def test_before_a_change_it_is_out_of_reach(self, cloud: CloudTarget, standin: Standin) -> None:
        standin.fault("busy")
        with pytest.raises(UnreachableError, match="giving up after 5 attempt"):
            cloud.topics()

    def test_a_change_that_was_made_counts(self, cloud: CloudTarget, standin: Standin) -> None:
        standin.fault("late-busy@kafka topic create,late-busy@kafka acl create")
        cloud.create(Topic(NAME, 1))
        desired = Desired((Topic(NAME, 1),), (Access("p", "produce", NAME),))
        bring_about(cloud, desired)
        assert not plan_for(cloud, desired).is_drift


def test_private_endpoints_are_named_in_every_call_and_in_what_is_written(
    access: CloudAccess, standin: Standin
) -> None:
    (registry,) = standin.state()["registries"].values()
    inside = "https://lsrc-1.eu-west-1.aws.private.confluent.cloud"
    inner = {**registry, "private_endpoint_url": inside}
    standin.change(registries={ENVIRONMENT: inner})
    url = "https://lkc-123456-ap1.eu-west-1.aws.accesspoint.glb.confluent.cloud:443"
    private = CloudAccess(access.cli, CLUSTER, ENVIRONMENT, Private(url, inside))
    assert private.bootstrap_servers() == (
        "lkc-123456-ap1.eu-west-1.aws.accesspoint.glb.confluent.cloud:9092"
    )
    assert private.registry().url == inside
    Topics(private.cli, private.scope).create(NAME, 1, {})
    private.allow(private.make_account("p", "d"), [Right("WRITE", "TOPIC", NAME)])
    asked = [call["argv"] for call in standin.calls() if call["argv"][:2] != ["iam", "x"]]
    for argv in asked:
        if argv[:2] in (["kafka", "topic"], ["kafka", "acl"]):
            assert argv[argv.index("--kafka-endpoint") + 1] == url
        if argv[0] == "schema-registry":
            assert argv[argv.index("--schema-registry-endpoint") + 1] == inside
