"""Let a new API key start to work some time after the CLI has gone, as in the cloud.

Run as a process of its own; what to do comes as JSON on standard input.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path


def add_user(bootstrap: str, name: str, secret: str, delay_s: int) -> None:
    """Start a process that makes the user after a while, and do not wait for it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cloud.later"],
        cwd=Path(__file__).resolve().parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    assert process.stdin is not None
    with process.stdin:
        json.dump([bootstrap, name, secret, delay_s], process.stdin)


if __name__ == "__main__":
    from .kafka import KafkaBroker

    wanted = json.load(sys.stdin)
    time.sleep(wanted[3])
    KafkaBroker(wanted[0]).add_user(wanted[1], wanted[2])
