"""Access through the Confluent CLI: made once, least rights, secrets in no argument or config."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freezer_events.errors import ConfigError
from freezer_infra.confluent import faults
from freezer_infra.confluent.cloud_access import CloudAccess
from freezer_infra.confluent.confluent_cli import find
from freezer_infra.planner.target import Right
from tests.infra.standin.harness import CLUSTER, ENVIRONMENT, REGISTRY, Standin, make

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = "freezer-temperatura"
SUBJECT = f"{TOPIC}-value"
PRODUCE = [Right("WRITE", "TOPIC", TOPIC), Right("DESCRIBE", "TOPIC", TOPIC)]


@pytest.fixture
def standin(tmp_path: Path) -> Standin:
    made = make(tmp_path / "cloud")
    made.log_in()
    return made


@pytest.fixture
def access(standin: Standin) -> CloudAccess:
    return CloudAccess(find(standin.environ()), CLUSTER, ENVIRONMENT)


def test_an_account_is_made_once(access: CloudAccess, standin: Standin) -> None:
    first = access.make_account("freezer", "d")
    assert access.make_account("freezer", "d") == first
    assert standin.verbs().count("iam service-account create") == 1


def test_an_account_made_by_a_cli_that_died_is_found(access: CloudAccess, standin: Standin) -> None:
    standin.fault("die@iam service-account create")
    assert access.make_account("freezer", "d") == access.account("freezer")


def test_rights_are_granted_once_and_read_back(access: CloudAccess, standin: Standin) -> None:
    account = access.make_account("freezer", "d")
    access.allow(account, PRODUCE)
    access.allow(account, PRODUCE)
    assert access.acls(account) == set(PRODUCE)
    assert standin.verbs().count("kafka acl create") == 1


def test_only_missing_rights_are_granted(access: CloudAccess, standin: Standin) -> None:
    account = access.make_account("freezer", "d")
    access.allow(account, PRODUCE[:1])
    access.allow(account, [*PRODUCE, Right("READ", "GROUP", "g")])
    assert access.acls(account) == {*PRODUCE, Right("READ", "GROUP", "g")}
    asked = [
        call["argv"] for call in standin.calls() if call["argv"][:3] == ["kafka", "acl", "create"]
    ]
    operations = sorted(argv[argv.index("--operations") + 1] for argv in asked)
    assert operations == ["describe", "read", "write"]


def test_reading_one_subject_is_granted_once(access: CloudAccess, standin: Standin) -> None:
    account = access.make_account("freezer", "d")
    registry = access.registry()
    assert registry.id == REGISTRY
    access.let_read_subject(account, registry, Right("READ", "SUBJECT", SUBJECT))
    access.let_read_subject(account, registry, Right("READ", "SUBJECT", SUBJECT))
    assert standin.verbs().count("iam rbac role-binding create") == 1
    (binding,) = standin.state()["role_bindings"]
    assert (binding["role"], binding["resource_type"]) == ("DeveloperRead", "Subject")
    assert binding["name"] == SUBJECT


def test_no_registry_says_how_to_get_one(access: CloudAccess, standin: Standin) -> None:
    standin.change(registries={})
    with pytest.raises(ConfigError, match="no Schema Registry yet"):
        access.registry()


def test_the_clusters_address_is_as_clients_want_it(access: CloudAccess) -> None:
    assert access.bootstrap_servers() == "localhost:9094"


def test_a_secret_is_in_no_argument_no_config_and_no_repr(
    access: CloudAccess, standin: Standin
) -> None:
    account = access.make_account("freezer", "d")
    before = (standin.home / ".confluent" / "config.json").read_text()
    key = access.new_key(CLUSTER, account)
    access.delete_key(key.id, CLUSTER)
    assert (standin.home / ".confluent" / "config.json").read_text() == before
    assert not any(key.secret in str(call["argv"]) for call in standin.calls())
    assert key.secret not in repr(key)


def test_a_key_whose_secret_was_lost_on_the_way_is_told(
    access: CloudAccess, standin: Standin
) -> None:
    standin.fault("die@api-key create")
    with pytest.raises(faults.OutcomeUnknownError) as caught:
        access.new_key(CLUSTER, None)
    assert f"confluent api-key list --resource {CLUSTER}" in caught.value.fix


def test_deleting_a_key_twice_is_no_error(access: CloudAccess) -> None:
    key = access.new_key(REGISTRY)
    access.delete_key(key.id, REGISTRY)
    access.delete_key(key.id, REGISTRY)
