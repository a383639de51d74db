"""A Confluent Cloud of one test, driven as a user drives it, through the command line and make.

The `confluent` on PATH is the stand-in, the cluster is the real Kafka, and the checkout is a copy,
so what a run leaves beside the code is gone with the test.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values

from tests.infra.standin.harness import CLUSTER, ENVIRONMENT, Standin, make
from tests.infra.standin.registry_door import door
from tests.support.acls import remove_acls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confluent_kafka.admin import AdminClient

    from freezer_infra.local.stack import Stack

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("infra", "producer", "schemas", "pyproject.toml", "Makefile", ".env.example")
CHANGING = ("create", "update", "delete")
WITHIN_S = 120


def checkout(folder: Path) -> Path:
    """Copy what a user has cloned; compiled files and the local stack's state stay behind."""
    folder.mkdir()
    unwanted = shutil.ignore_patterns("__pycache__", ".state", "*.egg-info")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=unwanted)
        elif (ROOT / part).exists():
            shutil.copy2(ROOT / part, folder / part)
    return folder


def name_stack(folder: Path, stack: Stack) -> dict[str, str]:
    """Let the checkout know the local stack; returns the environment that says where it is saved.

    The CLI's home is one of the test's own, and with it the state folder.
    """
    local = folder / "state" / "freezer-events" / "local"
    local.mkdir(parents=True, mode=0o700)
    (local / "stack.json").write_text(json.dumps(asdict(stack)))
    (folder / ".env.local").write_text(
        f"BOOTSTRAP_SERVERS={stack.bootstrap}\nSCHEMA_REGISTRY_URL={stack.registry_url}\n"
    )
    return {"XDG_STATE_HOME": str(folder / "state")}


@dataclass(frozen=True)
class Cloud:
    """Runs programs in a checkout; `settings` are the process's environment beside the CLI's."""

    standin: Standin
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def infra(self, *args: str) -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "freezer_events.cli", "topics", *args)

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )

    def start(self, *argv: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        return subprocess.Popen(
            argv,
            cwd=self.folder,
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        # A temporary folder of its own: the lock on the CLI is one for the whole machine.
        temporary = self.folder.parent / "tmp"
        temporary.mkdir(exist_ok=True)
        return {**self.standin.environ(), "TMPDIR": str(temporary), **self.settings}

    def having(self, **settings: str) -> Cloud:
        return Cloud(self.standin, self.folder, self.settings | settings)

    @property
    def env_file(self) -> Path:
        return self.folder / ".env"

    def held(self) -> dict[str, str]:
        return {key: value or "" for key, value in dotenv_values(self.env_file).items()}

    def changes(self) -> list[str]:
        """Give the calls of the CLI that change something, as text without the flags."""
        return [verb for verb in self.standin.verbs() if set(verb.split()) & set(CHANGING)]

    def secrets(self) -> list[str]:
        """Give every secret that was ever in this cloud's keys and is there now."""
        return [kept["secret"] for kept in self.standin.state()["api_keys"].values()]


@contextmanager
def opened(stack: Stack, admin: AdminClient, topic: str, folder: Path) -> Iterator[Cloud]:
    """Give a cloud whose only topics are the real Kafka's, with somebody logged in.

    Its keys are SCRAM users of the SASL_SSL listener, so the mechanism and the private authority
    come with the environment; in the cloud neither is needed.
    """
    standin = make(folder / "cloud", bootstrap=stack.bootstrap, endpoint=stack.sasl_bootstrap)
    with door(standin, stack.registry_url) as url:
        registry = standin.state()["registries"][ENVIRONMENT]
        standin.change(registries={ENVIRONMENT: {**registry, "endpoint_url": url}})
        standin.log_in()
        settings = {
            "TOPIC": topic,
            "SASL_MECHANISM": "SCRAM-SHA-512",
            "SSL_CA_LOCATION": stack.ca_path,
            "CONFLUENT_CLUSTER": CLUSTER,
            "CONFLUENT_ENVIRONMENT": ENVIRONMENT,
        }
        yield Cloud(standin, checkout(folder / "checkout"), settings)
        standin.clean_up()
        remove_acls(admin, [account["id"] for account in standin.state()["service_accounts"]])
