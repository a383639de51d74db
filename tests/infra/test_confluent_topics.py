"""Topics through the Confluent CLI: every change read back, no claim of the CLI believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freezer_events.errors import AccessError, ConfigError, EventError, UnreachableError
from freezer_infra.confluent.cli_topics import Topics, config_flags
from freezer_infra.confluent.confluent_cli import find
from freezer_infra.planner.target import AlreadyThereError, Shape, Value
from tests.infra.standin.cloud.flags import key_values, kinds, parse
from tests.infra.standin.harness import CLUSTER, ENVIRONMENT, PLATFORM_URL, Standin, make

if TYPE_CHECKING:
    from pathlib import Path

SCOPE = ("--cluster", CLUSTER, "--environment", ENVIRONMENT)
NAME = "freezer-temperatura"


@pytest.fixture
def standin(tmp_path: Path) -> Standin:
    made = make(tmp_path / "cloud")
    made.log_in()
    return made


@pytest.fixture
def topics(standin: Standin) -> Topics:
    return Topics(find(standin.environ()), SCOPE)


def test_a_topic_is_created_listed_and_described(topics: Topics) -> None:
    topics.create(NAME, 3, {"retention.ms": "1000", "cleanup.policy": "compact,delete"})
    assert topics.all() == {NAME: Shape(partitions=3, replication=3)}
    assert topics.describe(NAME) == Shape(partitions=3, replication=3)
    configs = topics.configs(NAME)
    assert configs["retention.ms"] == Value("1000", read_only=False)
    assert configs["cleanup.policy"].value == "compact,delete"
    assert configs["confluent.value.schema.validation"].read_only
    assert "num.partitions" not in configs


def test_every_call_names_cluster_and_environment(topics: Topics, standin: Standin) -> None:
    topics.create(NAME, 3, {})
    topics.set_configs(NAME, {"retention.ms": "2"})
    for call in standin.calls():
        if call["argv"][0] == "kafka":
            assert set(SCOPE) <= set(call["argv"])


def test_what_the_cli_lies_about_is_never_used(topics: Topics, standin: Standin) -> None:
    topics.create(NAME, 3, {})
    topics.raise_partitions(NAME, 6)
    used = {word for call in standin.calls() for word in call["argv"]}
    assert not used & {"--dry-run", "--if-not-exists"}


def test_a_topic_made_by_somebody_meanwhile_is_left_alone(topics: Topics) -> None:
    topics.create(NAME, 6, {})
    with pytest.raises(AlreadyThereError):
        topics.create(NAME, 3, {})
    assert topics.describe(NAME).partitions == 6


def test_partitions_are_raised_though_the_cli_says_it_timed_out(
    topics: Topics, standin: Standin
) -> None:
    topics.create(NAME, 3, {})
    standin.fault("timeout-lie")
    topics.raise_partitions(NAME, 6)
    assert topics.describe(NAME).partitions == 6


def test_a_topic_created_by_a_cli_that_died_counts_as_created(
    topics: Topics, standin: Standin
) -> None:
    standin.fault("die@kafka topic create")
    topics.create(NAME, 3, {})
    assert topics.describe(NAME).partitions == 3


def test_a_cli_that_died_before_it_created_is_an_error(
    topics: Topics, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("freezer_infra.confluent.shown.UNCLEAR_WITHIN_S", 0.0)
    standin.fault("kill-after:0")
    with pytest.raises(UnreachableError, match="signal 9"):
        topics.create(NAME, 3, {})
    standin.fault()
    assert topics.all() == {}
    topics.create(NAME, 3, {})


def test_a_network_failure_is_told_as_it_was(
    topics: Topics, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("freezer_infra.confluent.shown.UNCLEAR_WITHIN_S", 0.0)
    standin.fault("network")
    with pytest.raises(UnreachableError, match=f"create topic '{NAME}': the service could not"):
        topics.create(NAME, 3, {})


def test_no_permission_is_no_matter_of_trying_again(topics: Topics, standin: Standin) -> None:
    standin.fault("no-permission@kafka topic create")
    with pytest.raises(AccessError, match="may not do that"):
        topics.create(NAME, 3, {})


@pytest.mark.parametrize("name", ["-dash", "--cluster", "a.b_c-D", "__x"])
def test_a_name_that_looks_like_a_flag_is_a_name(topics: Topics, name: str) -> None:
    topics.create(name, 3, {})
    topics.set_configs(name, {"retention.ms": "5"})
    topics.raise_partitions(name, 4)
    assert topics.describe(name).partitions == 4
    assert topics.configs(name)["retention.ms"].value == "5"


class TestPlatform:
    REST = ("--url", PLATFORM_URL, "--no-authentication")

    @pytest.fixture
    def platform(self, tmp_path: Path) -> Topics:
        return Topics(find(make(tmp_path / "platform").environ()), self.REST)

    def test_a_list_of_names_only_is_completed(self, platform: Topics) -> None:
        platform.create(NAME, 3, {"retention.ms": "9"}, replication=2)
        assert platform.all() == {NAME: Shape(partitions=3, replication=2)}
        assert platform.configs(NAME)["retention.ms"] == Value("9", read_only=False)

    def test_partitions_cannot_be_added_there(self, platform: Topics) -> None:
        platform.create(NAME, 3, {})
        with pytest.raises(EventError, match="cannot add partitions"):
            platform.raise_partitions(NAME, 6)

    def test_a_topic_that_is_deleted_while_topics_are_listed_is_none_of_them(
        self, tmp_path: Path
    ) -> None:
        standin = make(tmp_path / "platform")
        topics = Topics(find(standin.environ()), self.REST)
        topics.create(NAME, 3, {})
        standin.fault("vanish")
        assert topics.all() == {}


VALUES = st.text(st.characters(codec="ascii"), max_size=20)


@given(st.dictionaries(st.sampled_from(["a.b", "c.d", "e.f"]), VALUES))
def test_a_config_value_reaches_the_cli_unchanged_or_is_refused(configs: dict[str, str]) -> None:
    try:
        flags = config_flags(configs)
    except ConfigError:
        assert any(set(value) & set('"\\\n\r=') for value in configs.values())
        return
    read = parse(list(flags), kinds("config:strings"))
    assert key_values(read.lists.get("config", [])) == configs
