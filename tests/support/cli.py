"""Run `freezer` as a user does: a process of its own, its streams and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FREEZER = str(Path(sys.executable).parent / "freezer")
_OURS = (
    "BOOTSTRAP_",
    "SASL_",
    "SCHEMA_REGISTRY_",
    "SECURITY_",
    "SSL_CA",
    "KAFKA_CONFIG",
    "SPOOL_DIR",
    "TOPIC",
)


@dataclass(frozen=True)
class Running:
    """A `freezer` that runs: write lines to it, read lines from it, send it signals."""

    process: subprocess.Popen[str]
    timeout_s: float

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        self._stdin.write(line + "\n")
        self._stdin.flush()

    def hear(self) -> str:
        """Wait for a line of its standard output."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        return line

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def rest(self) -> tuple[list[str], str]:
        """Wait until it ends; give the further lines of its output, and its standard error."""
        out, err = self.process.communicate(timeout=self.timeout_s)
        return out.splitlines(), err

    @property
    def code(self) -> int:
        """Its exit code."""
        assert self.process.returncode is not None
        return self.process.returncode

    @property
    def _stdin(self) -> IO[str]:
        assert self.process.stdin is not None
        return self.process.stdin


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

    @contextmanager
    def start(self, *args: str) -> Iterator[Running]:
        """Start it with pipes, for tests that talk to it while it runs; ended with the block."""
        with subprocess.Popen(
            [FREEZER, *args],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield Running(process, self.timeout_s)
            finally:
                process.kill()

    def within(self, timeout_s: float) -> Freezer:
        """Return one whose runs may take no longer than this."""
        return replace(self, timeout_s=timeout_s)

    def having(self, **settings: str) -> Freezer:
        """Return one with other or further settings."""
        return replace(self, settings=self.settings | settings)

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return clean | self.settings


def tally_of(lines: list[str]) -> dict[str, int]:
    """Return the tally that ends the JSON lines of `freezer produce`, having added it up."""
    tally: dict[str, int] = json.loads(lines[-1])["tally"]
    apart = {"read", "partitions", "broken_rules"}
    parts = [name for name in tally if name not in apart]
    assert tally["read"] == sum(tally[part] for part in parts)
    return tally
