"""`freezer local up --observe`: Prometheus runs beside the stack, with the project's rules."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from freezer_infra.local import containers, files, observe
from tests.support import deployed, prometheus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_infra.local.stack import Stack

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def started(stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """Start it with Debian's Prometheus in an image; give what was said."""
    del stack  # there is a container engine where it runs
    monkeypatch.setenv("PROMETHEUS_IMAGE", image(tmp_path))
    said: list[str] = []
    with files.alone(said.append):  # one on a machine
        observe.up(said.append)
        yield said
        observe.down(said.append)


def image(folder: Path) -> str:
    """Build an image around the program that other tests run as it is."""
    shutil.copy(prometheus.program("prometheus"), folder / "prometheus")
    (folder / "Dockerfile").write_text(
        f"FROM {deployed.base()}\nCOPY prometheus /usr/bin/prometheus\n"
        "RUN mkdir -p /var/lib/prometheus/metrics2 && chmod -R 777 /var/lib/prometheus\n"
        'USER 65534\nWORKDIR /tmp\nENTRYPOINT ["/usr/bin/prometheus"]\n'
    )
    name = "freezer-test/prometheus"
    subprocess.run(["docker", "build", "-q", "-t", name, folder], check=True, capture_output=True)
    return name


def test_prometheus_has_the_rules_and_is_stopped_again(started: list[str]) -> None:
    assert "prometheus: http://localhost:9090/alerts" in started
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open("http://localhost:9090/api/v1/rules", timeout=10) as answer:
        groups = json.load(answer)["data"]["groups"]
    names = {rule["name"] for group in groups for rule in group["rules"]}
    text = (Path(observe.compose_file()).parent / "rules.yaml").read_text(encoding="utf-8")
    assert names == {
        line.split(": ")[1] for line in text.splitlines() if line.strip().startswith("- alert: ")
    }
    assert containers.existing(observe.PROJECT)["prometheus"] == "running"
    observe.down(started.append)
    assert containers.existing(observe.PROJECT) == {}
