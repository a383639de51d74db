"""Run `freezer` as a user does: a process of its own, its streams and its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

FREEZER = str(Path(sys.executable).parent / "freezer")
_OURS = ("BOOTSTRAP_", "SASL_", "SCHEMA_REGISTRY_", "SECURITY_", "SSL_CA", "KAFKA_CONFIG", "TOPIC")


@dataclass(frozen=True)
class Freezer:
    """Runs in a folder of its own, with these settings in the environment.

    A run that takes longer than `timeout_s` fails the test: promised bounds are asserted so.
    """

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    timeout_s: float = 60.0

    def __call__(self, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [FREEZER, *args],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=self.timeout_s,
            check=False,
        )

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start it with pipes, for tests that talk to it while it runs."""
        return subprocess.Popen(
            [FREEZER, *args],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def having(self, **settings: str) -> Freezer:
        """Return one with other or further settings."""
        return Freezer(self.folder, self.settings | settings, self.timeout_s)

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return clean | self.settings
