"""Prometheus and promtool: those on PATH, else Debian's, unpacked beside the other caches."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.stack.debian import can_install

if TYPE_CHECKING:
    from collections.abc import Iterator

_CACHE = Path.home() / ".cache" / "freezer-tests" / "prometheus"
_DOWNLOAD_S = 300
_UP_WITHIN_S = 30.0


def program(name: str) -> str:
    """Return the path of `prometheus` or `promtool`; where neither can be had, the test fails."""
    found = shutil.which(name) or shutil.which(name, path=_CACHE / "usr" / "bin")
    if found is None:
        _unpack()
        found = shutil.which(name, path=_CACHE / "usr" / "bin")
    assert found is not None
    return found


def _unpack() -> None:
    if not can_install():
        pytest.fail("no Prometheus on PATH, and no Debian to have it from", pytrace=False)
    _CACHE.mkdir(parents=True, exist_ok=True)
    for step in (
        "apt-get -q update",
        "apt-get -q download prometheus",
        "dpkg -x prometheus_*.deb .",
        "rm prometheus_*.deb",
    ):
        done = subprocess.run(
            ["/bin/sh", "-c", step],
            cwd=_CACHE,
            capture_output=True,
            text=True,
            check=False,
            timeout=_DOWNLOAD_S,
        )
        if done.returncode:
            pytest.fail(f"no Prometheus: {step}: {done.stderr.strip()}", pytrace=False)


@contextmanager
def scraping(folder: Path, target: str, rules: Path) -> Iterator[str]:
    """Run Prometheus on one target, every half second; give its address once it has scraped."""
    config = {
        "global": {"scrape_interval": "500ms", "evaluation_interval": "500ms"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "freezer", "static_configs": [{"targets": [target]}]}],
    }
    (folder / "prometheus.json").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    address = f"127.0.0.1:{free_port()}"
    with subprocess.Popen(
        [
            program("prometheus"),
            f"--config.file={folder / 'prometheus.json'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={address}",
            "--log.level=error",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            _wait_for_scrapes(address)
            yield address
        finally:
            process.kill()


def query(address: str, expression: str) -> list[dict[str, Any]]:
    """Return the result of an expression."""
    found = _ask(f"http://{address}/api/v1/query?{urllib.parse.urlencode({'query': expression})}")
    assert found["status"] == "success", found
    result: list[dict[str, Any]] = found["data"]["result"]
    return result


def _wait_for_scrapes(address: str) -> None:
    deadline = time.monotonic() + _UP_WITHIN_S
    while True:
        try:
            if query(address, "count_over_time(up[1m]) >= 4 and up == 1"):
                return
        except OSError:
            pass  # it is not up yet
        assert time.monotonic() < deadline, "Prometheus scraped nothing"
        time.sleep(0.1)


def _ask(url: str) -> Any:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
        url, timeout=10
    ) as found:
        return json.load(found)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
