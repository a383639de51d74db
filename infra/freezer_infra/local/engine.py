"""Find the container engine and its compose command; install and start them where root may.

Nothing here knows which containers will run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from freezer_events.errors import ConfigError, UnreachableError
from freezer_infra.local import debian
from freezer_infra.local.command import run, tail

if TYPE_CHECKING:
    from collections.abc import Callable

_DOING = "find a container engine"
_ANSWER_WITHIN_S = 15
_START_WITHIN_S = 60
_INSTALL = (
    "install Docker with compose (Debian, Ubuntu: `sudo apt-get install docker.io docker-compose`;"
    " macOS, Windows: Docker Desktop), start it, and run this again"
)


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answers, and the command that runs compose files on it."""

    compose: tuple[str, ...]


def ready(say: Callable[[str], None], log: Path) -> Engine:
    """Return an engine that answers, installing and starting one where this process may.

    Args:
        say: gets a line for everything that is installed or started.
        log: where the output of an engine started here goes.

    Raises:
        ConfigError: there is none, or this user may not use it; the message says what to install.
        UnreachableError: it could not be installed or does not start.

    """
    if (refusal := why_not()) is not None:
        _provide(refusal, say, log)
    return Engine(compose=compose_command() or _install_compose(say))


def why_not() -> str | None:
    """Return why no engine answers, or None when one does."""
    try:
        run(["docker", "info"], doing=_DOING, within_s=_ANSWER_WITHIN_S)
    except UnreachableError as error:
        return error.why
    return None


def compose_command() -> tuple[str, ...] | None:
    """Return what runs compose files: the plugin of today's docker, or the older program."""
    for candidate in (("docker", "compose"), ("docker-compose",)):
        try:
            run([*candidate, "version"], doing=_DOING, within_s=_ANSWER_WITHIN_S)
        except UnreachableError:
            continue
        return candidate
    return None


def has_image(image: str) -> bool:
    """Tell whether the engine has `image` already."""
    try:
        run(
            ["docker", "image", "inspect", "--format", "{{.Id}}", image],
            doing=f"look for the image {image}",
            within_s=_ANSWER_WITHIN_S,
        )
    except UnreachableError:
        return False
    return True


def _provide(refusal: str, say: Callable[[str], None], log: Path) -> None:
    if "permission denied" in refusal.lower():
        fix = (
            "add yourself to the group `docker` (`sudo usermod -aG docker $USER`) and log in again"
        )
        raise ConfigError(_DOING, refusal, fix)
    if shutil.which("dockerd") is None:
        if not debian.can_install():
            raise ConfigError(_DOING, refusal, _INSTALL)
        _install(say)
    if why_not() is not None:
        _start(say, log)


def _install(say: Callable[[str], None]) -> None:
    # ca-certificates: only recommended, but no image can be pulled without them.
    packages = ("docker.io", "docker-compose", "ca-certificates")
    debian.install(packages, "no container engine on this machine", say)
    if shutil.which("docker") is None:  # later releases have the client in a package of its own
        debian.install(("docker-cli",), "the engine came without its client", say)


def _install_compose(say: Callable[[str], None]) -> tuple[str, ...]:
    if debian.can_install():
        debian.install(("docker-compose",), "this docker has no compose", say)
    command = compose_command()
    if command is None:
        raise ConfigError(
            _DOING, "docker is here but neither `docker compose` nor `docker-compose`", _INSTALL
        )
    return command


def _start(say: Callable[[str], None], log: Path) -> None:
    if os.geteuid() != 0:
        fix = "start it (`sudo systemctl start docker`, or open Docker Desktop) and run this again"
        raise UnreachableError(_DOING, "docker is installed but does not run", fix)
    if Path("/run/systemd/system").is_dir():
        say("the container engine does not run: starting it with systemctl")
        run(["systemctl", "start", "docker"], doing="start docker", within_s=_START_WITHIN_S)
    else:
        say(f"the container engine does not run: starting dockerd in the background (log: {log})")
        _start_in_background(log)
    _wait(log)


def _start_in_background(log: Path) -> None:
    # Through a shell that leaves at once and in a session of its own: the engine has to outlive
    # this process and its terminal.
    subprocess.run(
        ["sh", "-c", 'dockerd >>"$1" 2>&1 </dev/null &', "sh", str(log)],
        check=True,
        start_new_session=True,
        timeout=_ANSWER_WITHIN_S,
    )


def _wait(log: Path) -> None:
    deadline = time.monotonic() + _START_WITHIN_S
    while (refusal := why_not()) is not None:
        if time.monotonic() > deadline:
            said = tail(log.read_text(errors="replace")) if log.exists() else ""
            raise UnreachableError(
                "start the container engine", f"{refusal}\n{said}".strip(), _INSTALL
            )
        time.sleep(0.2)
