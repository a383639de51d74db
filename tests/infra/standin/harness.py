"""How a test drives the stand-in `confluent`: a cloud in a folder, faults, the log of calls."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXECUTABLE = Path(__file__).with_name("confluent")
EMAIL, PASSWORD = "fake@user.com", "pass-of-a-person"
ENVIRONMENT, CLUSTER, REGISTRY = "env-123456", "lkc-123456", "lsrc-123456"
PLATFORM_URL = "http://localhost:8090/kafka"


@dataclass(frozen=True)
class Standin:
    """A cloud of one test: `folder` holds its state, a home to log in from, and a PATH entry.

    With `bootstrap` its cluster is a real Kafka (a plaintext listener where everybody is admin).
    """

    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def executable(self) -> Path:
        return EXECUTABLE

    def environ(self) -> dict[str, str]:
        """Give an environment in which `confluent` is this stand-in, and nobody has logged in."""
        interpreter = str(Path(sys.executable).parent)
        return {
            "PATH": os.pathsep.join([str(EXECUTABLE.parent), interpreter, "/usr/bin", "/bin"]),
            "HOME": str(self.home),
            "STANDIN_STATE": str(self.folder),
        }

    def run(self, *argv: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `confluent argv…`; `more` adds to its environment."""
        return subprocess.run(
            [str(EXECUTABLE), *argv],
            env={**self.environ(), **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def log_in(self) -> None:
        credentials = {"CONFLUENT_CLOUD_EMAIL": EMAIL, "CONFLUENT_CLOUD_PASSWORD": PASSWORD}
        assert self.run("login", **credentials).returncode == 0

    def fault(self, text: str = "") -> None:
        """Switch faults on (see `cloud/faults.py`), or off with nothing."""
        (self.folder / "faults").write_text(text)

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "cloud.json").read_text())
        return found

    def change(self, **parts: Any) -> None:
        (self.folder / "cloud.json").write_text(json.dumps({**self.state(), **parts}))

    def clean_up(self) -> None:
        """Remove from a real Kafka what the keys of this cloud made there: users, their ACLs."""
        self.fault()
        for key in self.state()["api_keys"]:
            self.run("api-key", "delete", key, "--force")

    def calls(self) -> list[dict[str, Any]]:
        log = self.folder / "calls.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def verbs(self) -> list[str]:
        """Give the calls as text, without the flags."""
        words = [call["argv"] for call in self.calls()]
        return [
            " ".join(w for w in argv[: next((i for i, a in enumerate(argv) if a[0] == "-"), 9)])
            for argv in words
        ]


def make(folder: Path, *, bootstrap: str = "", endpoint: str = "", registry: str = "") -> Standin:
    """Make a cloud with one environment, one cluster and one registry."""
    standin = Standin(folder)
    shutil.rmtree(folder, ignore_errors=True)
    standin.home.mkdir(parents=True)
    (folder / "cloud.json").write_text(json.dumps(_cloud(bootstrap, endpoint, registry)))
    return standin


def _cloud(bootstrap: str, endpoint: str, registry: str) -> dict[str, object]:
    cluster = {
        "id": CLUSTER,
        "name": "freezer",
        "type": "BASIC",
        "cloud": "aws",
        "region": "eu-west-1",
        "availability": "single-zone",
        "status": "UP",
        "endpoint": f"SASL_SSL://{endpoint or 'localhost:9094'}",
        "rest_endpoint": "https://pkc-123456.eu-west-1.aws.confluent.cloud:443",
        "environment": ENVIRONMENT,
        "bootstrap": bootstrap,
    }
    return {
        "organization": {"id": "abc-123", "name": "Confluent"},
        "users": {EMAIL: PASSWORD},
        "environments": [
            {"id": ENVIRONMENT, "name": "default", "stream_governance_package": "ESSENTIALS"},
            {"id": "env-987654", "name": "other", "stream_governance_package": "ESSENTIALS"},
        ],
        "clusters": [cluster],
        "registries": {
            ENVIRONMENT: {
                "name": "Always On Stream Governance Package",
                "cluster": REGISTRY,
                "endpoint_url": registry or "http://localhost:8081",
                "global_compatibility": "BACKWARD",
                "mode": "READWRITE",
            }
        },
        "platform": {"url": PLATFORM_URL, "bootstrap": bootstrap},
        "topics": {},
        "acls": [],
        "service_accounts": [],
        "api_keys": {},
        "role_bindings": [],
    }
