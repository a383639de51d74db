"""What is remembered: the cloud, in `$STANDIN_STATE`, and the login, in `$HOME/.confluent`."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import CliError

if TYPE_CHECKING:
    from collections.abc import Iterator

State = dict[str, Any]
_TOKEN = "token-of-"


def folder() -> Path:
    return Path(os.environ["STANDIN_STATE"])


@contextmanager
def opened() -> Iterator[State]:
    """Hold the cloud; what the block leaves in it is written back, also when it fails."""
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


def _config() -> Path:
    return Path(os.environ["HOME"]) / ".confluent" / "config.json"


def login() -> str:
    """Give the e-mail address of who is logged in; nothing for nobody."""
    if not _config().exists():
        return ""
    try:
        config = json.loads(_config().read_text())
    except ValueError as error:
        raise CliError(f'unable to read configuration file "{_config()}": {error}') from error
    if config["email"] and config["auth_token"] != _TOKEN + config["email"]:
        raise CliError("config.json is corrupted: cipher: message authentication failed")
    return str(config["email"])


def save_login(email: str) -> None:
    _config().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    token = _TOKEN + email
    _config().write_text(
        json.dumps({"email": email, "auth_token": token, "api_keys": {}}, indent=2)
    )
    _config().chmod(0o600)


def remember_key(key: str, secret: str) -> None:
    """Store a secret in the CLI's own config, as the real one does for Kafka keys."""
    config = json.loads(_config().read_text())
    config["api_keys"][key] = "encrypted:" + secret[::-1]
    _config().write_text(json.dumps(config, indent=2))


@contextmanager
def running() -> Iterator[bool]:
    """Tell whether another run uses this home now; if so, spoil the config as the real one does."""
    _config().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = _config().parent / f"running.{os.getpid()}"
    mark.touch()
    try:
        others = [other for other in mark.parent.glob("running.*") if other != mark]
        together = any(map(_alive, others))
        if together and _config().exists():
            _config().write_text(_config().read_text()[:-2] + '"{')
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
