"""The Confluent CLI's contract, fact by fact, as the stand-in keeps it.

Read it to know the real one.
No broker is needed: the stand-in's cloud keeps its topics in a file here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.infra.standin.harness import (
    CLUSTER,
    ENVIRONMENT,
    PLATFORM_URL,
    REGISTRY,
    Standin,
    make,
)

if TYPE_CHECKING:
    from pathlib import Path

SCOPE = ("--cluster", CLUSTER, "--environment", ENVIRONMENT)
TOPIC = "freezer-temperatura"


@pytest.fixture
def logged_out(tmp_path: Path) -> Standin:
    return make(tmp_path / "cloud")


@pytest.fixture
def cli(logged_out: Standin) -> Standin:
    logged_out.log_in()
    return logged_out


def data(cli: Standin, *argv: str) -> Any:
    ran = cli.run(*argv, "-o", "json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def failure(cli: Standin, *argv: str) -> str:
    ran = cli.run(*argv)
    assert ran.returncode == 1
    assert ran.stderr.startswith("Error: ")
    return ran.stderr


def create(cli: Standin, *more: str, partitions: str = "3") -> None:
    ran = cli.run("kafka", "topic", "create", TOPIC, "--partitions", partitions, *SCOPE, *more)
    assert ran.returncode == 0, ran.stderr


class TestLogin:
    def test_version_names_itself_on_standard_output(self, logged_out: Standin) -> None:
        ran = logged_out.run("version")
        assert ran.stdout.startswith("confluent - Confluent CLI\n\nVersion:     v4.73.0\n")

    def test_says_who_and_which_organization(self, logged_out: Standin) -> None:
        logged_out.log_in()
        ran = logged_out.run(
            "login",
            CONFLUENT_CLOUD_EMAIL="fake@user.com",
            CONFLUENT_CLOUD_PASSWORD="pass-of-a-person",
        )
        assert ran.stdout == (
            'Logged in as "fake@user.com" for organization "abc-123" ("Confluent").\n'
        )

    def test_without_credentials_prompts_on_standard_output_and_fails(
        self, logged_out: Standin
    ) -> None:
        ran = logged_out.run("login")
        assert ran.returncode == 1
        assert "Email: " in ran.stdout
        assert ran.stderr.startswith("Error: no credentials found\n")

    def test_lives_in_the_home_of_the_caller(self, cli: Standin, tmp_path: Path) -> None:
        assert cli.run("environment", "list").returncode == 0
        assert cli.run("environment", "list", HOME=str(tmp_path)).returncode == 1

    def test_logged_out_cloud_verbs_ask_for_a_login(self, logged_out: Standin) -> None:
        text = failure(logged_out, "environment", "list", "-o", "json")
        assert text.startswith(
            "Error: you must log in to Confluent Cloud with a username and password to use this "
            "command\n"
        )
        assert "\nSuggestions:\n" in text

    def test_logged_out_topic_verbs_do_not_know_the_cluster_flag(self, logged_out: Standin) -> None:
        text = failure(logged_out, "kafka", "topic", "create", "t", "--cluster", CLUSTER)
        assert text.startswith("Error: unknown flag: --cluster\nUsage:\n")
        assert "--certificate-authority-path" in text

    def test_logged_in_topic_verbs_do_not_know_the_platform_flags(self, cli: Standin) -> None:
        text = failure(cli, "kafka", "topic", "list", "--url", PLATFORM_URL)
        assert text.startswith("Error: unknown flag: --url\nUsage:\n")

    def test_logged_out_topic_list_wants_a_rest_url(self, logged_out: Standin) -> None:
        text = failure(logged_out, "kafka", "topic", "list", "-o", "json")
        assert text.startswith("Error: Kafka REST URL not found\n")


class TestCommandLine:
    @pytest.mark.parametrize(
        ("argv", "error"),
        [
            (("kafka", "topic", "list", "--nope"), "unknown flag: --nope"),
            (("kafka", "topic", "create", "t", "-o", "json"), "unknown shorthand flag: 'o' in -o"),
            (
                ("kafka", "topic", "create", "t", "--partitions", "abc"),
                (
                    'invalid argument "abc" for "--partitions" flag: strconv.ParseUint: '
                    'parsing "abc": invalid syntax'
                ),
            ),
            (("kafka", "topic", "create"), "accepts 1 arg(s), received 0"),
            (("kafka", "topic", "update", "t"), 'required flag(s) "config" not set'),
            (("kafka", "topic", "create", "t", "--cluster"), "flag needs an argument: --cluster"),
        ],
    )
    def test_a_wrong_one_fails_with_the_usage(
        self, cli: Standin, argv: tuple[str, ...], error: str
    ) -> None:
        assert failure(cli, *argv).startswith(f"Error: {error}\nUsage:\n")

    def test_unknown_output_format_silently_falls_back_to_human(self, cli: Standin) -> None:
        ran = cli.run("environment", "list", "-o", "jsonn")
        assert (ran.returncode, ran.stderr) == (0, "")
        assert "|" in ran.stdout

    def test_two_runs_in_one_home_spoil_the_config(self, cli: Standin) -> None:
        (cli.home / ".confluent" / "running.1").touch()  # process 1 is always alive
        assert cli.run("environment", "list").returncode == 1
        assert "unable to read configuration file" in failure(cli, "environment", "list")


class TestCreate:
    def test_says_what_it_made(self, cli: Standin) -> None:
        ran = cli.run("kafka", "topic", "create", "t", "--partitions", "3", *SCOPE)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, 'Created topic "t".\n', "")

    def test_needs_a_cluster(self, cli: Standin) -> None:
        text = failure(cli, "kafka", "topic", "create", "t", "--partitions", "3")
        assert text.startswith("Error: no Kafka cluster selected\n")

    def test_refuses_an_unknown_cluster(self, cli: Standin) -> None:
        text = failure(cli, "kafka", "topic", "create", "t", "--cluster", "lkc-none")
        assert 'Kafka cluster "lkc-none" not found' in text

    def test_refuses_what_exists(self, cli: Standin) -> None:
        create(cli)
        text = failure(cli, "kafka", "topic", "create", TOPIC, *SCOPE)
        assert text.startswith(
            f'Error: topic "{TOPIC}" already exists for Kafka cluster "{CLUSTER}"\n'
        )

    def test_if_not_exists_says_nothing_and_compares_nothing(self, cli: Standin) -> None:
        create(cli)
        argv = ("kafka", "topic", "create", TOPIC, "--partitions", "9", "--if-not-exists")
        ran = cli.run(*argv, *SCOPE)
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
        assert data(cli, "kafka", "topic", "describe", TOPIC, *SCOPE)["partition_count"] == 3

    def test_dry_run_claims_to_have_created(self, cli: Standin) -> None:
        ran = cli.run("kafka", "topic", "create", "t", "--dry-run", *SCOPE)
        assert (ran.returncode, ran.stdout) == (0, 'Created topic "t".\n')
        assert data(cli, "kafka", "topic", "list", *SCOPE) == []

    def test_too_many_partitions(self, cli: Standin) -> None:
        text = failure(cli, "kafka", "topic", "create", "t", "--partitions", "9001", *SCOPE)
        assert text.startswith(
            "Error: Adding the requested number of partitions will exceed 9000 total partitions.\n"
        )

    def test_what_the_cluster_refuses(self, cli: Standin) -> None:
        text = failure(cli, "kafka", "topic", "create", "t", "--config", "nonsense=1", *SCOPE)
        assert text.startswith("Error: REST request failed: ")

    def test_a_value_may_hold_commas(self, cli: Standin) -> None:
        create(cli, "--config", "cleanup.policy=compact,delete,retention.ms=1000")
        rows = data(cli, "kafka", "topic", "configuration", "list", TOPIC, *SCOPE)
        values = {row["name"]: row["value"] for row in rows}
        assert values["cleanup.policy"] == "compact,delete"
        assert values["retention.ms"] == "1000"


class TestRead:
    def test_list_and_describe_give_the_same_object(self, cli: Standin) -> None:
        create(cli)
        row = {
            "name": TOPIC,
            "is_internal": False,
            "replication_factor": 3,
            "partition_count": 3,
        }
        assert data(cli, "kafka", "topic", "list", *SCOPE) == [row]
        assert data(cli, "kafka", "topic", "describe", TOPIC, *SCOPE) == row

    def test_unknown_topic(self, cli: Standin) -> None:
        text = failure(cli, "kafka", "topic", "describe", "nope", *SCOPE)
        assert text.startswith('Error: unknown topic "nope"\n')

    def test_configuration_values_are_strings_and_hold_the_partitions(self, cli: Standin) -> None:
        create(cli)
        rows = data(cli, "kafka", "topic", "configuration", "list", TOPIC, *SCOPE)
        assert {"name": "num.partitions", "value": "3", "read_only": False} in rows
        assert all(isinstance(row["value"], str) for row in rows)


class TestUpdate:
    def test_human_form_splits_its_streams(self, cli: Standin) -> None:
        create(cli)
        ran = cli.run("kafka", "topic", "update", TOPIC, "--config", "retention.ms=5", *SCOPE)
        assert "retention.ms" in ran.stdout
        assert ran.stderr == f'Updated the following configuration values for topic "{TOPIC}":\n'

    def test_raises_partitions_through_a_config(self, cli: Standin) -> None:
        create(cli)
        argv = ("kafka", "topic", "update", TOPIC, "--config", "num.partitions=6", *SCOPE)
        assert data(cli, *argv) == [{"name": "num.partitions", "value": "6", "read_only": False}]

    def test_may_say_it_timed_out_though_it_worked(self, cli: Standin) -> None:
        create(cli)
        cli.fault("timeout-lie")
        text = failure(
            cli, "kafka", "topic", "update", TOPIC, "--config", "num.partitions=6", *SCOPE
        )
        assert text == "Error: retry failed due to timeout of 1s\n"
        assert data(cli, "kafka", "topic", "describe", TOPIC, *SCOPE)["partition_count"] == 6

    def test_is_not_atomic(self, cli: Standin) -> None:
        create(cli)
        both = "retention.ms=7,num.partitions=1"
        failure(cli, "kafka", "topic", "update", TOPIC, "--config", both, *SCOPE)
        rows = data(cli, "kafka", "topic", "configuration", "list", TOPIC, *SCOPE)
        assert {"name": "retention.ms", "value": "7", "read_only": False} in rows

    def test_dry_run_ignores_partitions(self, cli: Standin) -> None:
        create(cli)
        argv = ("kafka", "topic", "update", TOPIC, "--config", "num.partitions=1", "--dry-run")
        assert cli.run(*argv, *SCOPE).returncode == 0


class TestDelete:
    def test_without_force_prompts_on_standard_output(self, cli: Standin) -> None:
        create(cli)
        ran = cli.run("kafka", "topic", "delete", TOPIC, *SCOPE)
        assert ran.returncode == 1
        assert "(y/n)" in ran.stdout

    def test_force(self, cli: Standin) -> None:
        create(cli)
        assert cli.run("kafka", "topic", "delete", TOPIC, "--force", *SCOPE).returncode == 0
        assert data(cli, "kafka", "topic", "list", *SCOPE) == []


class TestAccess:
    def account(self, cli: Standin) -> str:
        made = data(cli, "iam", "service-account", "create", "freezer", "--description", "d")
        assert data(cli, "iam", "service-account", "list") == [made]
        return str(made["id"])

    def test_a_service_account_name_is_taken_once(self, cli: Standin) -> None:
        self.account(cli)
        text = failure(cli, "iam", "service-account", "create", "freezer", "--description", "d")
        assert text.startswith('Error: service name "freezer" is already in use\n')

    def test_acls_take_a_comma_list_of_operations(self, cli: Standin) -> None:
        account = self.account(cli)
        argv = ("--allow", "--service-account", account, "--operations", "write,describe")
        rows = data(cli, "kafka", "acl", "create", *argv, "--topic", TOPIC, *SCOPE)
        assert rows[0] == {
            "principal": f"User:{account}",
            "permission": "ALLOW",
            "operation": "WRITE",
            "resource_type": "TOPIC",
            "resource_name": TOPIC,
            "pattern_type": "LITERAL",
        }
        listed = data(cli, "kafka", "acl", "list", "--service-account", account, *SCOPE)
        assert [row["operation"] for row in listed] == ["WRITE", "DESCRIBE"]

    def test_every_call_makes_a_new_key_and_stores_it_in_the_config(self, cli: Standin) -> None:
        argv = ("api-key", "create", "--resource", CLUSTER, "--service-account", self.account(cli))
        first, second = data(cli, *argv), data(cli, *argv)
        assert set(first) == {"api_key", "api_secret"}
        assert first["api_key"] != second["api_key"]
        assert first["api_key"] in (cli.home / ".confluent" / "config.json").read_text()

    def test_use_spoils_the_json(self, cli: Standin) -> None:
        ran = cli.run("api-key", "create", "--resource", CLUSTER, "--use", "-o", "json")
        with pytest.raises(json.JSONDecodeError):
            json.loads(ran.stdout)

    def test_a_role_on_one_subject(self, cli: Standin) -> None:
        scope = ("--environment", ENVIRONMENT, "--schema-registry-cluster", REGISTRY)
        argv = ("--principal", "User:sa-1", "--role", "DeveloperRead", *scope)
        made = data(cli, "iam", "rbac", "role-binding", "create", *argv, "--resource", "Subject:s")
        assert made == {
            "principal": "User:sa-1",
            "role": "DeveloperRead",
            "resource_type": "Subject",
            "name": "s",
            "pattern_type": "LITERAL",
        }
        listed = data(cli, "iam", "rbac", "role-binding", "list", *argv, "--resource", "Subject:s")
        assert [row["name"] for row in listed] == ["s"]


class TestAccount:
    def test_clusters_and_registry(self, cli: Standin) -> None:
        listed = data(cli, "kafka", "cluster", "list", "--environment", ENVIRONMENT)
        assert {"is_current", "id", "name", "type", "status", "endpoint"} <= set(listed[0])
        described = data(cli, "kafka", "cluster", "describe", CLUSTER, "--environment", ENVIRONMENT)
        assert described["endpoint"].startswith("SASL_SSL://")
        registry = data(cli, "schema-registry", "cluster", "describe", "--environment", ENVIRONMENT)
        assert registry["cluster"] == REGISTRY
        assert registry["endpoint_url"].startswith("http")

    def test_environments(self, cli: Standin) -> None:
        rows = data(cli, "environment", "list")
        assert rows[0]["is_current"] is True
        assert rows[0]["stream_governance_package"] == "ESSENTIALS"


class TestPlatform:
    REST = ("--url", PLATFORM_URL, "--no-authentication")

    def test_same_verbs_without_a_login(self, logged_out: Standin) -> None:
        made = logged_out.run("kafka", "topic", "create", "t", "--partitions", "2", *self.REST)
        assert made.stdout == 'Created topic "t".\n'
        described = data(logged_out, "kafka", "topic", "describe", "t", *self.REST)
        assert described["partition_count"] == 2

    def test_without_authentication_flag_it_asks_for_a_user(self, logged_out: Standin) -> None:
        ran = logged_out.run("kafka", "topic", "list", "--url", PLATFORM_URL)
        assert ran.returncode == 1
        assert "Username: " in ran.stdout

    def test_no_dry_run_there(self, logged_out: Standin) -> None:
        text = failure(logged_out, "kafka", "topic", "create", "t", "--dry-run", *self.REST)
        assert text.startswith("Error: unknown flag: --dry-run\n")
