"""What the Confluent CLI is relied on for, as mixins: the same facts of the stand-in and the real.

`test_standin_contract.py` runs them on the stand-in, `real/` on whatever `confluent` is on PATH.
Each verb that provisioning uses is here. Give the fixtures `cli`, `place`, `topic` (the name of one
that is not there; whoever gives it deletes it), and `account` (the id of one that was just made).
"""

from __future__ import annotations

import json
import subprocess
import time
import uuid
from dataclasses import dataclass
from typing import Any

WITHIN_S = 60.0


@dataclass(frozen=True)
class Driven:
    """One `confluent` in one environment."""

    executable: str
    environ: dict[str, str]

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.executable, *argv],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def data(self, *argv: str) -> Any:
        ran = self.run(*argv, "-o", "json")
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def done(self, *argv: str) -> str:
        ran = self.run(*argv)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def failure(self, *argv: str) -> str:
        """Give the message of a call that must fail, with all that follows it."""
        ran = self.run(*argv)
        assert ran.returncode == 1, ran
        _, found, after = ran.stderr.partition("Error: ")
        assert found, ran.stderr
        return after

    def soon(self, wanted: Any, *argv: str) -> None:
        """Read until `wanted(rows)`: the cloud shows a change only after a while."""
        deadline = time.monotonic() + WITHIN_S
        while not wanted(self.data(*argv)):
            assert time.monotonic() < deadline, argv
            time.sleep(0.2)


@dataclass(frozen=True)
class Place:
    """Where in the cloud."""

    environment: str
    cluster: str

    @property
    def scope(self) -> tuple[str, ...]:
        return ("--cluster", self.cluster, "--environment", self.environment)


class AnybodySuite:
    """What holds without a login to the cloud; `stranger` has an empty home."""

    def test_version_is_on_standard_output(self, stranger: Driven) -> None:
        assert "\nVersion:     v4." in stranger.done("version")

    def test_an_unknown_verb_helps_and_is_content(self, stranger: Driven) -> None:
        ran = stranger.run("kafka", "nonsense")
        assert (ran.returncode, ran.stdout) == (0, "")
        assert "Usage:" in ran.stderr
        said = stranger.failure("kafka", "nonsense", "--cluster", "lkc-1")
        assert said.startswith("unknown flag: --cluster\n")

    def test_verbs_of_the_cloud_ask_for_a_login(self, stranger: Driven) -> None:
        said = stranger.failure("environment", "list", "-o", "json")
        assert said.startswith(
            "you must log in to Confluent Cloud with a username and password to use this command\n"
        )
        assert "\nSuggestions:\n" in said

    def test_other_verbs_lose_flags_without_a_login(self, stranger: Driven) -> None:
        for verb, flag in (
            (("kafka", "topic", "create", "t"), "cluster"),
            (("kafka", "topic", "list"), "environment"),
            (("kafka", "cluster", "list"), "environment"),
            (("kafka", "acl", "list"), "service-account"),
            (("iam", "rbac", "role-binding", "list"), "environment"),
        ):
            said = stranger.failure(*verb, f"--{flag}", "x")
            assert said.startswith(f"unknown flag: --{flag}\n"), verb

    def test_topics_want_the_address_of_a_rest_api(self, stranger: Driven) -> None:
        said = stranger.failure("kafka", "topic", "list", "-o", "json")
        assert said.startswith("Kafka REST URL not found\n")


class CloudSuite:
    """Confluent Cloud, logged in."""

    def test_environments_and_clusters(self, cli: Driven, place: Place) -> None:
        environments = cli.data("environment", "list")
        assert place.environment in [row["id"] for row in environments]
        listed = cli.data("kafka", "cluster", "list", "--environment", place.environment)
        (mine,) = (row for row in listed if row["id"] == place.cluster)
        assert {"is_current", "name", "type", "status", "endpoint"} <= set(mine)
        about = ("kafka", "cluster", "describe", place.cluster, "--environment", place.environment)
        assert cli.data(*about)["endpoint"].startswith("SASL_SSL://")

    def test_the_registry_of_the_environment(self, cli: Driven, place: Place) -> None:
        where = ("--environment", place.environment)
        found = cli.data("schema-registry", "cluster", "describe", *where)
        assert found["cluster"].startswith("lsrc-")
        assert found["endpoint_url"].startswith("http")

    def test_a_cluster_that_is_not_one(self, cli: Driven, place: Place) -> None:
        where = ("--cluster", "nope", "--environment", place.environment)
        said = cli.failure("kafka", "topic", "list", *where)
        assert said.startswith('Kafka cluster "nope" is missing required prefix "lkc-"')

    def test_a_topic_from_its_making_to_its_end(
        self, cli: Driven, place: Place, topic: str
    ) -> None:
        config = ("--config", "cleanup.policy=compact,delete,retention.ms=86400000")
        make = ("kafka", "topic", "create", topic, "--partitions", "3", *place.scope)
        assert cli.done(*make, *config) == f'Created topic "{topic}".\n'
        listing = ("kafka", "topic", "list", *place.scope)
        cli.soon(lambda rows: topic in [row["name"] for row in rows], *listing)
        (row,) = (row for row in cli.data(*listing) if row["name"] == topic)
        assert set(row) == {"name", "is_internal", "replication_factor", "partition_count"}
        assert (row["is_internal"], row["partition_count"]) == (False, 3)
        assert cli.data("kafka", "topic", "describe", topic, *place.scope) == row

        said = cli.failure(*make)
        expected = f'topic "{topic}" already exists for Kafka cluster "{place.cluster}"'
        assert said.startswith(expected)

        reading = ("kafka", "topic", "configuration", "list", topic, *place.scope)
        rows = cli.data(*reading)
        assert {"name": "num.partitions", "value": "3", "read_only": False} in rows
        assert all(isinstance(row["value"], str) for row in rows)
        values = {row["name"]: row["value"] for row in rows}
        assert (values["cleanup.policy"], values["retention.ms"]) == ("compact,delete", "86400000")

        update = ("kafka", "topic", "update", topic, *place.scope)
        cli.data(*update, "--config", "retention.ms=5000")
        cli.run(*update, "--config", "num.partitions=4")  # may say it timed out, though it worked
        about = ("kafka", "topic", "describe", topic, *place.scope)
        cli.soon(lambda row: row["partition_count"] == 4, *about)

        gone = ("kafka", "topic", "delete", topic, "--force", *place.scope)
        assert cli.done(*gone) == f'Deleted topic "{topic}".\n'

    def test_what_a_topic_may_not_be(self, cli: Driven, place: Place, topic: str) -> None:
        make = ("kafka", "topic", "create", topic, *place.scope)
        said = cli.failure(*make, "--config", "no.such.config=1")
        assert said.startswith("REST request failed: ")
        assert "Usage:" not in cli.failure(*make, "--config", "nonsense")
        said = cli.failure(*make, "--partitions", "abc")
        assert said.startswith('invalid argument "abc" for "--partitions" flag: strconv.ParseUint')
        assert "Usage:" in said
        said = cli.failure(*make, "--replication-factor", "3")
        assert said.startswith("unknown flag: --replication-factor\n")

    def test_a_missing_topic(self, cli: Driven, place: Place, topic: str) -> None:
        said = cli.failure("kafka", "topic", "describe", topic, *place.scope)
        assert said.startswith(f'unknown topic "{topic}"')

    def test_a_service_account_is_made_once(self, cli: Driven, account: str) -> None:
        listed = cli.data("iam", "service-account", "list")
        (mine,) = (row for row in listed if row["id"] == account)
        argv = ("iam", "service-account", "create", mine["name"], "--description", "d")
        said = cli.failure(*argv, "-o", "json")
        assert said.startswith(f'service name "{mine["name"]}" is already in use')

    def test_rights_by_a_comma_list(
        self, cli: Driven, place: Place, account: str, topic: str
    ) -> None:
        who = ("--service-account", account)
        what = ("--operations", "write,describe", f"--topic={topic}")
        made = cli.data("kafka", "acl", "create", "--allow", *who, *what, *place.scope)
        assert {row["operation"] for row in made} == {"WRITE", "DESCRIBE"}
        (row,) = (row for row in made if row["operation"] == "WRITE")
        assert row == {
            "principal": f"User:{account}",
            "permission": "ALLOW",
            "operation": "WRITE",
            "resource_type": "TOPIC",
            "resource_name": topic,
            "pattern_type": "LITERAL",
        }
        listing = ("kafka", "acl", "list", *who, *place.scope)
        cli.soon(lambda rows: row in rows, *listing)

    def test_rights_of_an_account_that_is_not_there(self, cli: Driven, place: Place) -> None:
        nobody = ("--service-account", "sa-000000")
        assert cli.data("kafka", "acl", "list", *nobody, *place.scope) == []

    def test_a_key_from_its_making_to_its_end(
        self, cli: Driven, place: Place, account: str
    ) -> None:
        owned = ("--resource", place.cluster, "--service-account", account)
        where = ("--environment", place.environment)
        made = cli.data("api-key", "create", *owned, *where, "--description", "d")
        assert set(made) == {"api_key", "api_secret"}
        key = made["api_key"]
        listing = ("api-key", "list", "--resource", place.cluster, *where)
        cli.soon(lambda rows: key in [row["key"] for row in rows], *listing)
        assert cli.done("api-key", "delete", key, "--force") == f'Deleted API key "{key}".\n'
        cli.soon(lambda rows: key not in [row["key"] for row in rows], *listing)
        said = cli.failure("api-key", "delete", key, "--force")
        assert said.startswith(f'API key "{key}" not found')

    def test_a_role_on_one_subject(self, cli: Driven, place: Place, account: str) -> None:
        where = ("--environment", place.environment)
        registry = cli.data("schema-registry", "cluster", "describe", *where)["cluster"]
        subject = f"freezer-test-{uuid.uuid4().hex[:8]}-value"
        role = ("--principal", f"User:{account}", "--role", "DeveloperRead", *where)
        on = ("--schema-registry-cluster", registry, "--resource", f"Subject:{subject}")
        made = cli.data("iam", "rbac", "role-binding", "create", *role, *on)
        wanted = {
            "principal": f"User:{account}",
            "role": "DeveloperRead",
            "resource_type": "Subject",
            "name": subject,
            "pattern_type": "LITERAL",
        }
        assert made == wanted
        listing = ("iam", "rbac", "role-binding", "list", *role, *on)
        cli.soon(lambda rows: any(wanted.items() <= row.items() for row in rows), *listing)


class PlatformSuite:
    """A Confluent Platform's REST API; `rest` are the flags that name it, without a login."""

    def test_a_topic_from_its_making_to_its_end(
        self, stranger: Driven, rest: tuple[str, ...], topic: str
    ) -> None:
        make = ("kafka", "topic", "create", topic, "--partitions", "2", *rest)
        made = stranger.done(*make, "--replication-factor", "1")
        assert made == f'Created topic "{topic}".\n'
        about = ("kafka", "topic", "describe", topic, *rest)
        deadline = time.monotonic() + WITHIN_S
        while stranger.run(*about).returncode:  # it may not be known at once
            assert time.monotonic() < deadline
            time.sleep(0.2)
        row = stranger.data(*about)
        assert (row["partition_count"], row["replication_factor"]) == (2, 1)
        assert topic in [row["name"] for row in stranger.data("kafka", "topic", "list", *rest)]
        said = stranger.failure(*make)
        assert said.startswith(f'topic "{topic}" already exists for the Kafka cluster')
        stranger.done("kafka", "topic", "update", topic, "--config", "retention.ms=5000", *rest)
        rows = stranger.data("kafka", "topic", "configuration", "list", topic, *rest)
        assert {row["name"]: row["value"] for row in rows}["retention.ms"] == "5000"
        assert "num.partitions" not in [row["name"] for row in rows]
        stranger.done("kafka", "topic", "delete", topic, "--force", *rest)

    def test_a_missing_topic(self, stranger: Driven, rest: tuple[str, ...], topic: str) -> None:
        said = stranger.failure("kafka", "topic", "describe", topic, *rest)
        expected = "REST request failed: This server does not host this topic-partition."
        assert said.startswith(expected)

    def test_brokers_are_listed(self, stranger: Driven, rest: tuple[str, ...]) -> None:
        assert "broker_id" in stranger.data("kafka", "broker", "list", *rest)[0]

    def test_without_a_word_on_authentication_it_asks(
        self, stranger: Driven, rest: tuple[str, ...]
    ) -> None:
        ran = stranger.run("kafka", "topic", "list", *rest[:2])
        assert ran.returncode == 1
        assert "No session token found" in ran.stdout + ran.stderr
        assert "Error: EOF" in ran.stderr
