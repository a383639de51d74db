"""Where the local stack keeps its files, how one is replaced, and who may touch them now."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from freezer_events.config.file_lock import take
from freezer_events.errors import ConfigError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
COMPOSE_FILE = HERE / "compose.yaml"
IMAGES = HERE / "images"

STATE = HERE / ".state"  # git-ignored: secrets, build contexts, logs
SECRETS = STATE / "secrets"
STACK_FILE = STATE / "stack.json"
ENGINE_LOG = STATE / "dockerd.log"
ENV_FILE = ROOT / ".env.local"

_OTHERS_DONE_WITHIN_S = 1800  # building images on a slow machine


@contextmanager
def alone(say: Callable[[str], None]) -> Iterator[None]:
    """Hold the state folder, made if need be, so that two starts at once do not build twice.

    Raises:
        ConfigError: it belongs to another user.
        UnreachableError: another process has held it for half an hour.

    """
    why = "another process is still starting or stopping it"
    refusal = UnreachableError("start or stop the local stack", why)
    waiting = "waiting for another process that is starting or stopping the local stack"
    with _lock_file() as file:
        take(file.fileno(), lambda: say(waiting), refusal, _OTHERS_DONE_WITHIN_S)
        yield  # closing the file lets go of the lock


def _lock_file() -> TextIO:
    try:
        STATE.mkdir(mode=0o700, exist_ok=True)
        return (STATE / "lock").open("w")
    except PermissionError as error:
        fix = f"remove that folder as the user who made it: `sudo rm -r {STATE}`"
        raise ConfigError("start or stop the local stack", str(error), fix) from error


def replace(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write `text` to `path` so that a reader finds the old file or the new one, no half."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
