"""From a Confluent Cloud account to ten delivered readings: `infra/bootstrap` and `make cloud`.

And the same on the local stack, with the commands of `make local`.
"""

from __future__ import annotations

import os
import shlex
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialDeletion,
)

from tests.infra.standin.harness import EMAIL, ENVIRONMENT, PASSWORD
from tests.support import cloud as clouds
from tests.support.acls import remove_acls
from tests.support.cloud import Cloud

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freezer_infra.local.stack import Stack

WITHIN_S = 15.0
BIN = Path(sys.executable).parent
UNNAMED = {"CONFLUENT_CLUSTER": "", "CONFLUENT_ENVIRONMENT": ""}


@pytest.fixture
def topic(stack: Stack, new_topic: Callable[[], str]) -> Iterator[str]:
    """Give a topic that is not there; it and its subject are deleted later."""
    name = new_topic()
    yield name
    with requests.Session() as session:
        session.trust_env = False
        for query in ("", "?permanent=true"):
            url = f"{stack.registry_url}/subjects/{name}-value{query}"
            session.delete(url, timeout=WITHIN_S)


@pytest.fixture
def cloud(secured: Stack, admin: AdminClient, topic: str, tmp_path: Path) -> Iterator[Cloud]:
    with clouds.opened(secured, admin, topic, tmp_path) as opened:
        yield opened


def titles(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.startswith("[")]


def test_from_an_account_to_ten_readings_and_again(cloud: Cloud, topic: str) -> None:
    """With credentials in the environment, as a pipeline has them; nobody is asked."""
    cloud.standin.run("logout")
    login = {"CONFLUENT_CLOUD_EMAIL": EMAIL, "CONFLUENT_CLOUD_PASSWORD": PASSWORD}
    pipeline = cloud.having(**login)
    first = pipeline.run("infra/bootstrap", "--yes")
    assert first.returncode == 0, first.stderr
    assert [line[:5] for line in titles(first.stderr)] == [f"[{n}/5]" for n in range(1, 6)]
    assert f"ready: freezer-reading can be delivered to {topic}" in first.stderr
    produced = cloud.run(str(BIN / "freezer"), "produce", "--interval", "0")
    assert produced.returncode == 0, produced.stderr
    assert "10 delivered" in produced.stdout + produced.stderr

    changes, before = cloud.changes(), cloud.env_file.read_bytes()
    again = pipeline.run("infra/bootstrap", "--yes")
    assert again.returncode == 0, again.stderr
    assert cloud.changes() == changes
    assert cloud.env_file.read_bytes() == before
    assert len(cloud.secrets()) == 2, "the person's own registry key is gone again"
    said = first.stdout + first.stderr + again.stdout + again.stderr
    assert not [secret for secret in [*cloud.secrets(), PASSWORD] if secret in said]


def test_a_person_is_asked_where_and_whether(cloud: Cloud) -> None:
    other = {"id": "lkc-abcdef", "name": "other"}
    (cluster,) = cloud.standin.state()["clusters"]
    cloud.standin.change(clusters=[{**cluster, **other}, cluster])
    ours, theirs = os.openpty()
    asked = cloud.having(**UNNAMED).start("infra/bootstrap", stdin=theirs)
    os.write(ours, b"1\n2\nn\n")
    _, stderr = asked.communicate(timeout=clouds.WITHIN_S)
    os.close(ours)
    os.close(theirs)
    assert f"  1  {ENVIRONMENT}  default\n" in stderr
    assert "  2  lkc-123456  freezer\n" in stderr
    assert f"environment {ENVIRONMENT}, cluster lkc-123456\n" in stderr
    assert "nothing was changed" in stderr
    assert asked.returncode == 1
    assert cloud.changes() == []


def test_logged_out_with_nobody_to_ask(cloud: Cloud) -> None:
    cloud.standin.run("logout")
    stopped = cloud.run("infra/bootstrap", "--yes")
    assert stopped.returncode == 4
    assert titles(stopped.stderr) == ["[1/5] log in to Confluent Cloud"]
    assert "next: confluent login" in stopped.stderr


def recipe(cloud: Cloud, target: str) -> list[str]:
    """Give the commands of a target of the Makefile, with this environment's programs."""
    told = cloud.run("make", "--dry-run", "--silent", target, f"VENV={BIN.parent}")
    assert told.returncode == 0, told.stderr
    return [line for line in told.stdout.splitlines() if not line.startswith(("touch", "#"))]


def test_make_cloud_is_bootstrap(cloud: Cloud) -> None:
    assert recipe(cloud, "cloud")[-1].split() == ["infra/bootstrap", "--write-env", ".env"]


def test_make_local_ends_with_all_green_each_time(
    cloud: Cloud, secured: Stack, admin: AdminClient, topic: str
) -> None:
    account = f"test-{uuid.uuid4().hex[:12]}"
    declared = cloud.folder / "infra" / "topics.toml"
    text = declared.read_text().replace('"freezer-producer"', f'"{account}"')
    declared.write_text(text.replace('"freezer-reader"', f'"{account}-reader"'))
    where = clouds.name_stack(cloud.folder, secured)
    commands = [line for line in recipe(cloud, "local") if f"{BIN}/" in line and "pip" not in line]
    assert commands[0].endswith("/freezer local up")
    local = Cloud(cloud.standin, cloud.folder, {"TOPIC": topic, **where})
    try:
        for _ in range(2):
            for command in commands[1:]:
                done = local.run(*shlex.split(command))
                assert done.returncode == 0, (command, done.stdout, done.stderr)
        assert f"{account} by SCRAM-SHA-512" in done.stdout
        assert local.held()["SASL_USERNAME"] == account
    finally:
        users = [account, f"{account}-reader"]
        gone: list[UserScramCredentialAlteration] = [
            UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512) for user in users
        ]
        for done_with in admin.alter_user_scram_credentials(gone).values():
            done_with.exception(WITHIN_S)
        remove_acls(admin, users)
