"""The image that `make image` builds, built of this checkout's wheels on the stack's own base."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from freezer_infra.local.engine import has_image
from tests.stack.build import OFFICIAL_BASE, OUR_BASE
from tests.support.readme import ROOT

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "freezer-test/freezer-events"
_WITHIN_S = 600


def build(wheel: Path, folder: Path) -> str:
    """Build the image of a wheel and what it needs; returns its name."""
    run(sys.executable, "-m", "pip", "wheel", "-q", "-w", str(folder), f"{wheel}[metrics]")
    containerfile = ROOT / "infra" / "deploy" / "Containerfile"
    run(
        "docker", "build", "-q", "-f", str(containerfile), "-t", IMAGE,
        "--build-arg", f"BASE={base()}", str(folder),
    )  # fmt: skip
    return IMAGE


def base() -> str:
    """Return a Debian to build on: the one that the stack's own images are built on."""
    return OFFICIAL_BASE if has_image(OFFICIAL_BASE) else OUR_BASE


def run(*command: str) -> str:
    """Run a command that has to succeed; returns what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN_S, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout
