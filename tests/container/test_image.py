"""The image, built and run as it is deployed: without root, on a read-only file system."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.support import deployed
from tests.support.deployed import run
from tests.support.prometheus import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_infra.local.stack import Stack
    from tests.support.cli import Freezer

pytestmark = pytest.mark.timeout(900)

_WITHIN_S = 60.0
HARDENED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=host")


@pytest.fixture(scope="module")
def image(stack: Stack, built_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the image; where it is built there is a container engine, as the stack needs one."""
    del stack
    return deployed.build(built_wheel, tmp_path_factory.mktemp("wheels"))


@pytest.fixture
def name() -> Iterator[str]:
    """Give a name for a container and a volume, both removed later."""
    found = f"freezer-test-{uuid.uuid4().hex[:12]}"
    yield found
    run("sh", "-c", f"docker rm -f {found} >/dev/null; docker volume rm {found} >/dev/null || true")


def test_it_runs_without_root_and_writes_nothing_but_its_state(image: str, name: str) -> None:
    demo = run("docker", "run", "--rm", *HARDENED, image, "demo")
    assert "10 delivered" in demo
    state = ("-v", f"{name}:/var/lib/freezer", "--entrypoint", "sh")
    told = run(
        "docker", "run", "--rm", *HARDENED, *state, image, "-c",
        "id -u; touch /var/lib/freezer/x && echo kept; touch /x 2>/dev/null || echo refused",
    )  # fmt: skip
    assert told.split() == ["10001", "kept", "refused"]


def test_it_reads_secrets_from_files_and_shows_none(image: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cr3t-of-nobody\n")
    mounted = ("-v", f"{tmp_path / 'password'}:/run/secrets/password:ro")
    known = ("-e", "SASL_USERNAME=me", "-e", "SASL_PASSWORD_FILE=/run/secrets/password")
    told = run("docker", "run", "--rm", *HARDENED, *mounted, *known, image, "config")
    assert "SASL_PASSWORD_FILE" in told
    assert "s3cr3t" not in told


def test_it_delivers_says_how_it_is_and_stops_in_good_order(
    image: str, name: str, freezer: Freezer, stack: Stack, topic: str
) -> None:
    port = free_port()
    settings = ("BOOTSTRAP_SERVERS=" + stack.bootstrap, "SCHEMA_REGISTRY_URL=" + stack.registry_url)
    given = [word for each in (*settings, f"TOPIC={topic}") for word in ("-e", each)]
    run(
        "docker", "run", "-d", "--name", name, "-v", f"{name}:/var/lib/freezer", *HARDENED, *given,
        image, "produce", "--count", "0", "--interval", "0.2", "--no-lines", "--log-format", "json",
        "--metrics", f"127.0.0.1:{port}",
    )  # fmt: skip
    assert answers(port, "/readyz") == "ready\n"
    assert answers(port, "/healthz") == "alive\n"
    assert "freezer_events_delivered_total" in answers(port, "/metrics")
    run("docker", "stop", "-t", "30", name)
    state = json.loads(run("docker", "inspect", name))[0]["State"]
    assert state["ExitCode"] == 143
    logged = run("sh", "-c", f"docker logs {name} 2>&1").splitlines()
    events = [json.loads(line) for line in logged if line.startswith("{")]
    (ended,) = (each for each in events if each.get("event") == "ended")
    tally = ended["tally"]
    assert tally["delivered"] == tally["read"] > 0
    counted = freezer("consume", "--count-only", "--output", "json").stdout
    assert json.loads(counted)["count"]["read"] == tally["delivered"]


def test_every_row_arrives_though_it_is_killed(
    image: str, name: str, freezer: Freezer, stack: Stack, topic: str, tmp_path: Path
) -> None:
    """The spool and the place in the file are on the volume: the same command goes on."""
    count = 60_000
    rows = tmp_path / "rows.csv"
    with rows.open("w") as file:
        file.write("sensor_id,temperature\n")
        file.writelines(f"s{number},-18.5\n" for number in range(count))
    tmp_path.chmod(0o755)
    port = free_port()
    settings = ("BOOTSTRAP_SERVERS=" + stack.bootstrap, "SCHEMA_REGISTRY_URL=" + stack.registry_url)
    more = (f"TOPIC={topic}", "SPOOL_DIR=/var/lib/freezer/spool")
    given = [word for each in (*settings, *more) for word in ("-e", each)]
    run(
        "docker", "run", "-d", "--name", name, "-v", f"{name}:/var/lib/freezer",
        "-v", f"{rows}:/rows.csv:ro", *HARDENED, *given, image, "produce", "--from", "/rows.csv",
        "--no-lines", "--metrics", f"127.0.0.1:{port}",
    )  # fmt: skip
    answers(port, "/readyz")
    run("docker", "kill", "--signal=KILL", name)
    run("docker", "start", "--attach", name)
    state = json.loads(run("docker", "inspect", name))[0]["State"]
    assert state["ExitCode"] == 0
    read = freezer(
        "consume", "--from-beginning", "--until-end", "--output", "json"
    ).stdout.splitlines()
    assert {json.loads(line)["sensor_id"] for line in read} == {f"s{n}" for n in range(count)}


def answers(port: int, path: str) -> str:
    """Wait until it answers with 200; give what it says."""
    deadline = time.monotonic() + _WITHIN_S
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with direct.open(f"http://127.0.0.1:{port}{path}", timeout=5) as found:
                return str(found.read().decode())
        except urllib.error.HTTPError as error:
            why = error.read().decode()
            error.close()
        except OSError as error:  # it is not up yet
            why = str(error)
        assert time.monotonic() < deadline, why
        time.sleep(0.1)
