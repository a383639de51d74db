r"""Tests against a real `confluent`, the one on PATH: `make test-cloud`.

    confluent login
    CONFLUENT_ENVIRONMENT=env-… CONFLUENT_CLUSTER=lkc-… CONFLUENT_REST_URL=http://… make test-cloud

What there is no login or no address for is skipped, and said so. Everything made is named
`freezer-test-…` and deleted again: topics, one service account, its rights, its keys.
"""

from __future__ import annotations

import os
import shutil
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.infra.cli_suite import Driven, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

collect_ignore = [] if os.environ.get("FREEZER_REAL_CONFLUENT") == "1" else ["test_real_cli.py"]


@pytest.fixture(scope="session")
def executable() -> str:
    found = shutil.which(os.environ.get("CONFLUENT_CLI") or "confluent")
    return found or pytest.skip("there is no `confluent` on PATH")


@pytest.fixture
def stranger(executable: str, tmp_path: Path) -> Driven:
    """Give the CLI with an empty home, so without a login."""
    quiet = {k: v for k, v in os.environ.items() if not k.startswith("CONFLUENT_")}
    return Driven(executable, {**quiet, "HOME": str(tmp_path)})


@pytest.fixture(scope="session")
def cli(executable: str) -> Driven:
    found = Driven(executable, dict(os.environ))
    if found.run("environment", "list", "-o", "json").returncode != 0:
        pytest.skip("nobody is logged in to Confluent Cloud: confluent login")
    return found


@pytest.fixture(scope="session")
def place() -> Place:
    named = [os.environ.get(name, "") for name in ("CONFLUENT_ENVIRONMENT", "CONFLUENT_CLUSTER")]
    if not all(named):
        pytest.skip("CONFLUENT_ENVIRONMENT and CONFLUENT_CLUSTER are not set")
    return Place(*named)


@pytest.fixture
def rest() -> tuple[str, ...]:
    url = os.environ.get("CONFLUENT_REST_URL", "")
    return ("--url", url, "--no-authentication") if url else pytest.skip("no CONFLUENT_REST_URL")


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> Iterator[str]:
    name = f"freezer-test-{uuid.uuid4().hex[:8]}"
    yield name
    on_platform = "rest" in request.fixturenames
    driven: Driven = request.getfixturevalue("stranger" if on_platform else "cli")
    scope = (
        request.getfixturevalue("rest") if on_platform else request.getfixturevalue("place").scope
    )
    driven.run("kafka", "topic", "delete", name, "--force", *scope)  # most have done it


@pytest.fixture(scope="session")
def account(cli: Driven, place: Place) -> Iterator[str]:
    """Give a service account of this run; its rights and keys go with it."""
    name = f"freezer-test-{uuid.uuid4().hex[:8]}"
    made = cli.data("iam", "service-account", "create", name, "--description", "freezer's tests")
    yield made["id"]
    who = ("--service-account", made["id"])
    operations = ("--operations", "write,describe")
    for row in cli.data("kafka", "acl", "list", *who, *place.scope):
        named = ("--topic", row["resource_name"])
        cli.run(
            "kafka", "acl", "delete", "--allow", *who, *operations, *named, "--force", *place.scope
        )
    for row in cli.data("api-key", "list", *who):
        cli.run("api-key", "delete", row["key"], "--force")
    cli.done("iam", "service-account", "delete", made["id"], "--force")
