"""What is deployed is what its tools take: a unit, manifests, a compose file."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml

from tests.support.cli import FREEZER, Freezer
from tests.support.readme import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events.testing import EventCluster

DEPLOY = ROOT / "infra" / "deploy"
KUBERNETES = ("1.29", "1.31", "1.33")


def documents() -> list[dict[str, Any]]:
    """Return what the manifests declare."""
    text = (DEPLOY / "kubernetes" / "freezer.yaml").read_text(encoding="utf-8")
    return list(yaml.safe_load_all(text))


def only(kind: str) -> dict[str, Any]:
    (found,) = (each for each in documents() if each["kind"] == kind)
    return found


@pytest.mark.parametrize("version", KUBERNETES)
def test_the_manifests_fit_the_schemas_of_kubernetes(version: str) -> None:
    for each in documents():
        kubernetes_validate.validate(each, version, strict=True)


def test_the_manifests_fit_each_other() -> None:
    pod = only("StatefulSet")["spec"]["template"]
    labels = pod["metadata"]["labels"]
    for kind in ("StatefulSet", "PodDisruptionBudget"):
        assert only(kind)["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert only("Service")["spec"]["selector"].items() <= labels.items()
    (container,) = pod["spec"]["containers"]
    volumes = {each["name"] for each in pod["spec"]["volumes"]}
    volumes |= {
        each["metadata"]["name"] for each in only("StatefulSet")["spec"]["volumeClaimTemplates"]
    }
    assert {each["name"] for each in container["volumeMounts"]} == volumes
    mounted = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    files = {value for name, value in only("ConfigMap")["data"].items() if name.endswith("_FILE")}
    assert files == {f"{mounted['secrets']}/{name}" for name in only("Secret")["stringData"]}


def test_what_is_started_is_a_command_of_ours(tmp_path: Path) -> None:
    """Each place starts the program with options that it has."""
    (container,) = only("StatefulSet")["spec"]["template"]["spec"]["containers"]
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    image = next(
        line.removeprefix("CMD ")
        for line in (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
        if line.startswith("CMD ")
    )
    unit = next(
        line.partition("freezer ")[2].replace("$FREEZER_ARGS", "--count 0").split()
        for line in (DEPLOY / "freezer-events.service").read_text(encoding="utf-8").splitlines()
        if line.startswith("ExecStart=")
    )
    for command in (
        container["args"],
        compose["services"]["freezer"]["command"],
        yaml.safe_load(image),
        unit,
    ):
        asked = [re.sub(r"[0-9.]+:9400", "127.0.0.1:0", each) for each in command]
        done = Freezer(tmp_path)(*asked)
        assert done.returncode == 3, done.stderr  # all it lacks is a cluster
        assert "BOOTSTRAP_SERVERS" in done.stderr


@pytest.mark.parametrize("version", KUBERNETES)
def test_the_job_of_a_backfill_has_a_pod_for_each_shard(version: str, tmp_path: Path) -> None:
    job = yaml.safe_load((DEPLOY / "kubernetes" / "backfill.yaml").read_text(encoding="utf-8"))
    kubernetes_validate.validate(job, version, strict=True)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert f"--shard=$(JOB_COMPLETION_INDEX)/{job['spec']['completions']}" in container["args"]
    asked = [each.replace("$(JOB_COMPLETION_INDEX)", "3") for each in container["args"]]
    done = Freezer(tmp_path, {each["name"]: each["value"] for each in container["env"]})(*asked)
    assert done.returncode == 3, done.stderr  # all it lacks is a cluster
    assert "BOOTSTRAP_SERVERS" in done.stderr


def test_systemd_has_nothing_to_say_of_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.fail("systemd-analyze is not there; on Debian: apt-get install systemd")
    text = (DEPLOY / "freezer-events.service").read_text(encoding="utf-8")
    unit = tmp_path / "freezer-events.service"
    unit.write_text(text.replace("/opt/freezer/bin/freezer", FREEZER), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(unit)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # It exits with 0 on keys that it does not know.
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def composed(file: Path, folder: Path, **given: str) -> dict[str, Any]:
    """Return the services of a compose file as compose understands them."""
    compose = shutil.which("docker-compose")
    command = [compose] if compose else ["docker", "compose"]
    done = subprocess.run(
        [*command, "-f", str(file), "config"],
        cwd=folder,
        env=os.environ | given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    services: dict[str, Any] = yaml.safe_load(done.stdout)["services"]
    return services


def test_compose_takes_its_file(tmp_path: Path) -> None:
    service = composed(
        DEPLOY / "compose.yaml",
        tmp_path,
        BOOTSTRAP_SERVERS="b:1",
        SCHEMA_REGISTRY_URL="http://r:1",
        SASL_USERNAME="me",
        SCHEMA_REGISTRY_API_KEY="key",
        KAFKA_PASSWORD_FILE="/dev/null",
        REGISTRY_SECRET_FILE="/dev/null",
    )["freezer"]
    assert service["environment"]["SASL_PASSWORD_FILE"] == "/run/secrets/kafka_password"
    assert service["read_only"] is True


def test_what_prometheus_and_grafana_are_given_is_there(tmp_path: Path) -> None:
    services = composed(ROOT / "infra" / "observe" / "compose.yaml", tmp_path)
    mounts = [
        each["source"] if isinstance(each, dict) else each.split(":")[0]
        for service in services.values()
        for each in service["volumes"]
    ]
    assert len(mounts) == 5
    for mount in mounts:
        assert (ROOT / "infra" / "observe" / mount).is_file(), mount


# What a service tells its supervisor


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[socket.socket]:
    """Give the socket on which systemd listens; NOTIFY_SOCKET names it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(str(tmp_path / "notify"))
        one.settimeout(30)
        yield one


PROGRAM = """
import sys
from freezer_events.console.stop import Stop
from freezer_events.events import FreezerReading
from freezer_events.observe.supervisor import supervised
from freezer_events.send.pipeline import Pipeline
from freezer_events.testing import EventCluster
with EventCluster() as cluster, cluster.producer() as producer, Stop() as stop:
    producer.prepare(FreezerReading)
    with supervised():
        reading = FreezerReading(sensor_id="s", temperature=1.0)
        Pipeline(producer, stop, interval_s=0.05).run(iter(lambda: reading, None))
"""


def test_a_supervisor_hears_that_it_is_ready_moves_and_stops(
    supervisor: socket.socket, tmp_path: Path
) -> None:
    environment = Freezer(tmp_path).environment | {
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "300000",
    }
    with subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment) as service:
        assert supervisor.recv(100) == b"READY=1"
        for _ in range(3):
            assert supervisor.recv(100) == b"WATCHDOG=1"
        service.terminate()
        heard = b"WATCHDOG=1"
        while heard == b"WATCHDOG=1":
            heard = supervisor.recv(100)
        assert heard == b"STOPPING=1"
        assert service.wait(30) == 0


def test_without_a_supervisor_nobody_is_told(
    event_cluster: EventCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from freezer_events.observe.supervisor import notify, supervised  # noqa: PLC0415

    del event_cluster
    for address in (None, "", "relative", str(tmp_path / "nobody")):
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
        if address is not None:
            monkeypatch.setenv("NOTIFY_SOCKET", address)
        assert notify("READY=1") is False
        with supervised():
            pass
