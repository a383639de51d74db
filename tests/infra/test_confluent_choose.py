"""Which environment and cluster bootstrap takes: named, the only one, or the one a person chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freezer_events.errors import ConfigError
from freezer_infra.confluent.choose import Chosen, choose
from freezer_infra.confluent.confluent_cli import ConfluentCli, find
from tests.infra.standin.harness import CLUSTER, ENVIRONMENT, Standin, make

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

OTHER = "env-987654"


@pytest.fixture
def standin(tmp_path: Path) -> Standin:
    made = make(tmp_path / "cloud")
    made.log_in()
    return made


@pytest.fixture
def cli(standin: Standin) -> ConfluentCli:
    return find(standin.environ())


def test_what_is_named_is_taken(cli: ConfluentCli) -> None:
    assert choose(cli, ENVIRONMENT, CLUSTER, None) == Chosen(ENVIRONMENT, CLUSTER)


def test_the_only_one_there_is_needs_no_question(cli: ConfluentCli, standin: Standin) -> None:
    standin.change(environments=[{"id": ENVIRONMENT, "name": "default"}])
    assert choose(cli, "", "", None) == Chosen(ENVIRONMENT, CLUSTER)


def test_of_several_a_person_chooses(cli: ConfluentCli) -> None:
    asked: list[Sequence[str]] = []

    def first(_question: str, choices: Sequence[str]) -> int:
        asked.append(choices)
        return 0

    assert choose(cli, "", "", first) == Chosen(ENVIRONMENT, CLUSTER)
    assert asked == [[f"{ENVIRONMENT}  default", f"{OTHER}  other"]]


def test_of_several_with_nobody_to_ask_the_choices_are_told(cli: ConfluentCli) -> None:
    with pytest.raises(ConfigError, match=f"{ENVIRONMENT}  default; {OTHER}  other") as caught:
        choose(cli, "", "", None)
    assert "--environment" in caught.value.fix


@pytest.mark.parametrize(("environment", "cluster"), [("env-no", CLUSTER), (ENVIRONMENT, "lkc-no")])
def test_a_name_that_is_not_there_is_refused_with_those_that_are(
    cli: ConfluentCli, environment: str, cluster: str
) -> None:
    with pytest.raises(ConfigError, match=f"{ENVIRONMENT}|{CLUSTER}") as caught:
        choose(cli, environment, cluster, None)
    assert caught.value.fix.startswith("confluent ")


def test_a_cluster_of_another_environment_is_not_there(cli: ConfluentCli) -> None:
    with pytest.raises(ConfigError, match="is not among: none"):
        choose(cli, OTHER, CLUSTER, None)


def test_no_cluster_at_all_says_where_to_make_one(cli: ConfluentCli) -> None:
    with pytest.raises(ConfigError) as caught:
        choose(cli, OTHER, "", None)
    assert "confluent.cloud" in caught.value.fix
