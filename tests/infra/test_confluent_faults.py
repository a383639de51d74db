"""Each way the Confluent CLI fails is recognised, and the next command to type is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freezer_events.errors import AccessError, ConfigError, EventError
from freezer_infra.confluent import faults
from freezer_infra.confluent.faults import Failure, explain
from freezer_infra.planner.target import AlreadyThereError


@pytest.mark.parametrize(
    ("text", "kind", "fix"),
    [
        (
            "Error: unknown flag: --cluster\nUsage:\n  confluent kafka topic create",
            ConfigError,
            "confluent update, or confluent login",
        ),
        (
            (
                "Error: you must log in to Confluent Cloud with a username and password to use "
                "this command\n\nSuggestions:\n    Log in with `confluent login`.\n"
            ),
            AccessError,
            "confluent login",
        ),
        ("Error: no credentials found\n", AccessError, "confluent login"),
        ("Error: expired token\n", AccessError, "confluent login"),
        (
            "Error: incorrect email, password, or organization ID\n",
            AccessError,
            "CONFLUENT_CLOUD_PASSWORD",
        ),
        (
            'Error: Kafka cluster "lkc-1" not found or access forbidden: 403 Forbidden\n',
            ConfigError,
            "confluent kafka cluster list --all",
        ),
        ("Error: no Kafka cluster selected\n", ConfigError, "--cluster lkc-"),
        (
            'Error: Kafka cluster "nope" is missing required prefix "lkc-"\n',
            ConfigError,
            "confluent kafka cluster list --all",
        ),
        (
            "Error: REST request failed: Authorization failed.\n",
            AccessError,
            "role-binding list --current-user",
        ),
        ("Error: user is unauthorized to perform this action\n", AccessError, "administrator"),
        ("Error: Unauthorized\n", AccessError, "confluent login"),
        (
            'Error: Get "https://a": GET https://a giving up after 5 attempt(s)\n',
            faults.OutcomeUnknownError,
            "wait a minute",
        ),
        (
            "Error: config.json is corrupted: cipher: message authentication failed\n",
            ConfigError,
            "confluent logout",
        ),
        (
            'Error: Get "https://api.confluent.cloud": dial tcp: lookup: no such host\n',
            faults.OutcomeUnknownError,
            "status.confluent.cloud",
        ),
        (
            'Error: unable to read configuration file "/h/.confluent/config.json": EOF\n',
            ConfigError,
            "move ~/.confluent/config.json away",
        ),
        ("Error: unknown flag: --dry-run\nUsage:\n", ConfigError, "confluent update"),
        (
            'Error: topic "t" already exists for Kafka cluster "lkc-1"\n',
            AlreadyThereError,
            "",
        ),
        ('Error: service name "n" is already in use\n', AlreadyThereError, ""),
        ('Error: unknown topic "t"\n', faults.NotThereError, ""),
        (
            "Error: REST request failed: This server does not host this topic-partition.\n",
            faults.NotThereError,
            "",
        ),
        ('Error: API key "K" not found\n', faults.NotThereError, ""),
        (
            "Error: retry failed due to timeout of 1s\n",
            faults.OutcomeUnknownError,
            "run the same command again",
        ),
        ("Error: REST request failed: Unknown topic config name: x\n", EventError, ""),
    ],
)
def test_a_known_failure_gives_its_class_and_the_next_step(
    text: str, kind: type[EventError], fix: str
) -> None:
    error = explain(Failure("create topic 't'", 1, text))
    assert type(error) is kind
    assert error.doing == "create topic 't'"
    assert fix in error.fix


def test_warnings_before_the_error_do_not_hide_it() -> None:
    error = explain(Failure("list topics", 1, "[WARN] 429 in a warning\nError: expired token\n"))
    assert isinstance(error, AccessError)


def test_an_unknown_failure_keeps_the_words_and_the_advice_of_the_cli() -> None:
    text = "Error: something new\n\nSuggestions:\n    Try `confluent this`.\n    Or that.\n"
    error = explain(Failure("list topics", 1, text))
    assert error.why == "something new"
    assert error.fix == "Try `confluent this`. Or that."


def test_an_unknown_failure_can_be_repeated_by_hand() -> None:
    error = explain(Failure("list topics", 1, "Error: new\n", "confluent kafka topic list"))
    assert error.fix == "by hand: confluent kafka topic list"


@pytest.mark.parametrize(
    ("logged_in", "kind", "fix"),
    [(True, ConfigError, "confluent update"), (False, AccessError, "confluent login")],
)
@pytest.mark.parametrize(
    ("code", "text"),
    [
        (1, "Error: unknown flag: --cluster\nUsage:\n  confluent kafka acl list [flags]\n"),
        (0, "Manage Kafka ACLs.\n\nUsage:\n  confluent kafka acl [command]\n"),
    ],
)
def test_an_old_cli_is_told_from_one_without_a_login(
    code: int,
    text: str,
    logged_in: bool,  # noqa: FBT001 - the cases of a table
    kind: type[EventError],
    fix: str,
) -> None:
    error = explain(Failure("list", code, text, logged_in=logged_in))
    assert type(error) is kind
    assert error.fix.startswith(fix)


def test_a_login_that_failed_may_be_the_services_fault() -> None:
    failed = Failure("log in", 1, "Error: incorrect email, password, or organization ID\n")
    assert "busy or down" in explain(failed).why


def test_a_key_that_is_not_accepted_is_no_matter_of_roles() -> None:
    for said in ("Unauthorized", "Get x: 401 Unauthorized", "401"):
        assert "CloudClusterAdmin" not in explain(Failure("x", 1, f"Error: {said}\n")).fix


def test_a_killed_cli_says_that_the_outcome_is_not_known() -> None:
    error = explain(Failure("create topic 't'", -9, ""))
    assert isinstance(error, faults.OutcomeUnknownError)
    assert "signal 9" in error.why


@given(code=st.integers(-64, 255), text=st.text())
def test_any_failure_becomes_an_error_that_says_something(code: int, text: str) -> None:
    error = explain(Failure("list topics", code or 1, text))
    assert error.why
