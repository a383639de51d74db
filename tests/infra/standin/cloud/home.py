"""The CLI's own config: `$HOME/.confluent/config.json`, where the login lives.

Two runs at once in one home corrupt it, as they do with the real CLI.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import CliError

if TYPE_CHECKING:
    from collections.abc import Iterator

Config = dict[str, Any]


def path() -> Path:
    return Path(os.environ["HOME"]) / ".confluent" / "config.json"


def load() -> Config:
    if not path().exists():
        return {"current_context": "", "contexts": {}}
    try:
        config = json.loads(path().read_text())
    except ValueError as error:
        raise CliError(f'unable to read configuration file "{path()}": {error}') from error
    return config if isinstance(config, dict) else {}


def save(config: Config) -> None:
    path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path().write_text(json.dumps(config, indent=2))
    path().chmod(0o600)


def login(config: Config) -> dict[str, Any] | None:
    """Give the current context, or nothing when logged out."""
    found = config.get("contexts", {}).get(config.get("current_context", ""))
    return found if isinstance(found, dict) else None


@contextmanager
def running() -> Iterator[bool]:
    """Tell whether another run uses this home now; if so, spoil the config as the real one does."""
    folder = path().parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = folder / f"running.{os.getpid()}"
    mark.touch()
    try:
        together = any(other != mark and _alive(other) for other in folder.glob("running.*"))
        if together and path().exists():
            path().write_text(path().read_text()[:-2] + '"{')
        yield together
    finally:
        mark.unlink(missing_ok=True)


def _alive(mark: Path) -> bool:
    try:
        os.kill(int(mark.suffix[1:]), 0)
    except ProcessLookupError:
        mark.unlink(missing_ok=True)
        return False
    return True
