"""What the cloud remembers: one JSON file in the folder that STANDIN_STATE names, under a lock."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

State = dict[str, Any]


def folder() -> Path:
    return Path(os.environ["STANDIN_STATE"])


@contextmanager
def opened() -> Iterator[State]:
    """Hold the state; what the block leaves in it is written back, also when it fails."""
    with (folder() / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = folder() / "cloud.json"
        state = json.loads(path.read_text())
        try:
            yield state
        finally:
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps(state, indent=1))
            fresh.replace(path)


def read() -> State:
    with opened() as state:
        return state


def log_call(entry: dict[str, object]) -> None:
    """Append one line to `calls.jsonl`: what tests look at to see how the CLI was driven."""
    with (folder() / "calls.jsonl").open("a") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        log.write(json.dumps(entry) + "\n")
