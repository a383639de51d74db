"""docs/provision.md: every command run through the stand-in CLI, its output as shown."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
import requests

from tests.infra.standin.harness import EMAIL, PASSWORD
from tests.support import cloud as clouds
from tests.support.readme import ELIDED, README, shape, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from confluent_kafka.admin import AdminClient

    from freezer_infra.local.stack import Stack
    from tests.support.cloud import Cloud
    from tests.support.readme import Shown

PAGE = "docs/provision.md"
WITHIN_S = 15.0
TOPIC, SHOWN_EMAIL = "freezer-temperatura", "you@example.com"


@pytest.fixture
def cloud(
    secured: Stack, admin: AdminClient, new_topic: Callable[[], str], tmp_path: Path
) -> Iterator[Cloud]:
    """Give the cloud of a new account: nobody is logged in, one environment, one cluster."""
    topic = new_topic()
    with clouds.opened(secured, admin, topic, tmp_path) as opened:
        opened.standin.run("logout")
        opened.standin.change(environments=opened.standin.state()["environments"][:1])
        yield opened.having(CONFLUENT_CLUSTER="", CONFLUENT_ENVIRONMENT="")
    with requests.Session() as session:
        session.trust_env = False
        for query in ("", "?permanent=true"):
            url = f"{secured.registry_url}/subjects/{topic}-value{query}"
            session.delete(url, timeout=WITHIN_S)


def test_every_command_does_what_is_shown(cloud: Cloud) -> None:
    follow(cloud, shown(PAGE))


def test_the_readme_takes_a_new_account_to_a_cluster_that_takes_events(cloud: Cloud) -> None:
    follow(cloud, shown(README, "Provision"))


def follow(cloud: Cloud, steps: list[Shown]) -> None:
    exported = ""
    for each in steps:
        if each.command.startswith("export "):
            exported += f"{each.command}; "
            continue
        done = run(cloud, exported + each.command)
        assert done.returncode == 0, (each.command, done.stdout)
        printed, told = text(cloud, done.stdout), text(cloud, each.output)
        pattern = re.escape(told).replace(rf"\ {ELIDED}\ ", " (?:.* )?")
        assert re.fullmatch(pattern, printed), f"{each.command}\n{printed}\n{told}"


def run(cloud: Cloud, command: str) -> subprocess.CompletedProcess[str]:
    environment = cloud.environment
    if command.startswith("confluent login"):  # at a terminal the CLI asks
        environment |= {"CONFLUENT_CLOUD_EMAIL": EMAIL, "CONFLUENT_CLOUD_PASSWORD": PASSWORD}
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=cloud.folder,
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=clouds.WITHIN_S,
        check=False,
    )


def text(cloud: Cloud, output: str) -> str:
    """Leave out what differs from run to run, and where long values break lines."""
    text = output.replace(cloud.settings["TOPIC"], TOPIC).replace(EMAIL, SHOWN_EMAIL)
    text = re.sub(r"\b[0-9A-F]{16}\b", "KEY", text)
    # Other topics on this Kafka, and keys that took a moment, are no part of what is shown.
    text = re.sub(r"^  \. not declared, .*?\n\n", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^waiting until .*\n", "", text, flags=re.MULTILINE)
    joined = " ".join(text.split())
    joined = re.sub(r"certificate until .*? GMT", "certificate until then", joined)
    return " ".join(["", *shape(joined), ""])
