"""The stand-in agrees with the real CLI: the suite that the real one passes, and its faults.

No broker is needed: the stand-in's cloud keeps its topics in a file here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.infra.cli_suite import AnybodySuite, CloudSuite, Driven, Place, PlatformSuite
from tests.infra.standin.harness import (
    CLUSTER,
    EMAIL,
    ENVIRONMENT,
    PASSWORD,
    PLATFORM_URL,
    Standin,
    make,
)

if TYPE_CHECKING:
    from pathlib import Path

NOT_MODELLED = 99
LIST = ("environment", "list")


@pytest.fixture
def logged_out(tmp_path: Path) -> Standin:
    return make(tmp_path / "cloud")


@pytest.fixture
def standin(logged_out: Standin) -> Standin:
    logged_out.log_in()
    return logged_out


@pytest.fixture
def stranger(logged_out: Standin) -> Driven:
    return Driven(str(logged_out.executable), logged_out.environ())


@pytest.fixture
def cli(standin: Standin) -> Driven:
    return Driven(str(standin.executable), standin.environ())


@pytest.fixture
def place() -> Place:
    return Place(ENVIRONMENT, CLUSTER)


@pytest.fixture
def topic() -> str:
    return "freezer-temperatura"


@pytest.fixture
def account(cli: Driven) -> str:
    made = cli.data("iam", "service-account", "create", "freezer", "--description", "d")
    return str(made["id"])


@pytest.fixture
def rest() -> tuple[str, ...]:
    return ("--url", PLATFORM_URL, "--no-authentication")


class TestAnybody(AnybodySuite):
    """Logged out."""


class TestCloud(CloudSuite):
    """Logged in."""


class TestPlatform(PlatformSuite):
    """With `--url`."""


class TestLogin:
    def test_says_who_and_which_organization(self, logged_out: Standin) -> None:
        credentials = {"CONFLUENT_CLOUD_EMAIL": EMAIL, "CONFLUENT_CLOUD_PASSWORD": PASSWORD}
        assert logged_out.run("login", **credentials).stdout == (
            'Logged in as "fake@user.com" for organization "abc-123" ("Confluent").\n'
        )

    def test_without_credentials_prompts_and_fails(self, logged_out: Standin) -> None:
        ran = logged_out.run("login")
        assert (ran.returncode, "Email: " in ran.stdout) == (1, True)
        assert ran.stderr.startswith("Error: no credentials found\n")

    def test_a_busy_service_is_blamed_on_the_password(self, logged_out: Standin) -> None:
        logged_out.fault("busy")
        credentials = {"CONFLUENT_CLOUD_EMAIL": EMAIL, "CONFLUENT_CLOUD_PASSWORD": PASSWORD}
        said = logged_out.run("login", **credentials).stderr
        assert said.startswith("Error: incorrect email, password, or organization ID\n")

    def test_two_runs_in_one_home_spoil_it(self, standin: Standin, cli: Driven) -> None:
        (standin.home / ".confluent" / "running.1").touch()  # process 1 is always alive
        assert "unable to read configuration file" in cli.failure(*LIST)

    def test_a_damaged_one_is_named(self, standin: Standin, cli: Driven) -> None:
        config = standin.home / ".confluent" / "config.json"
        config.write_text(config.read_text().replace("token-of-", "t0ken-of-"))
        said = cli.failure(*LIST)
        assert said.startswith("config.json is corrupted: cipher: message authentication failed")


class TestStandin:
    """What only the stand-in does."""

    def test_a_flag_it_does_not_act_on_is_refused(self, standin: Standin, topic: str) -> None:
        for argv in (
            ("kafka", "topic", "create", topic, "--dry-run"),
            ("kafka", "topic", "create", topic, "--if-not-exists"),
            ("api-key", "create", "--resource", CLUSTER, "--use"),
            ("kafka", "acl", "list", "--all"),
        ):
            assert standin.run(*argv).returncode == NOT_MODELLED
        assert standin.state()["topics"] == {}

    def test_a_secret_of_kafka_is_stored_in_the_config(self, standin: Standin, cli: Driven) -> None:
        key = cli.data("api-key", "create", "--resource", CLUSTER)["api_key"]
        kept = json.loads((standin.home / ".confluent" / "config.json").read_text())
        assert key in kept["api_keys"]

    def test_an_unknown_output_falls_back_to_a_table(self, cli: Driven) -> None:
        assert "|" in cli.done(*LIST, "-o", "jsonn")

    def test_too_many_partitions(self, cli: Driven, place: Place, topic: str) -> None:
        many = ("kafka", "topic", "create", topic, "--partitions", "9001", *place.scope)
        expected = "Adding the requested number of partitions will exceed 9000 total partitions."
        assert cli.failure(*many).startswith(expected)
