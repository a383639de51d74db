"""Find the container engine and its compose command, or say what to install or start.

Nothing here knows which containers will run.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from freezer_events.errors import ConfigError, UnreachableError
from freezer_infra.local.program import run

DOING: Final = "find a container engine"
INSTALL: Final = (
    "install Docker with compose (Debian, Ubuntu: `sudo apt-get install docker.io docker-compose`;"
    " macOS, Windows: Docker Desktop), start it, and run this again"
)
_ANSWER_WITHIN_S: Final = 15


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answers, and the command that runs compose files on it."""

    compose: tuple[str, ...]


def find() -> Engine:
    """Return an engine that answers.

    Raises:
        ConfigError: there is none, it lacks compose, or this user may not use it.
        UnreachableError: it is installed and does not run.

    """
    if (refusal := why_not()) is not None:
        raise _refused(refusal)
    compose = compose_command()
    if compose is None:
        why = "docker is here but neither `docker compose` nor `docker-compose`"
        raise ConfigError(DOING, why, INSTALL)
    return Engine(compose)


def why_not() -> str | None:
    """Return why no engine answers, or None when one does."""
    try:
        run(["docker", "info"], doing=DOING, within_s=_ANSWER_WITHIN_S)
    except UnreachableError as error:
        return error.why
    return None


def compose_command() -> tuple[str, ...] | None:
    """Return what runs compose files: the plugin of today's docker, or the older program."""
    for candidate in (("docker", "compose"), ("docker-compose",)):
        try:
            run([*candidate, "version"], doing=DOING, within_s=_ANSWER_WITHIN_S)
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


def _refused(refusal: str) -> ConfigError | UnreachableError:
    if "permission denied" in refusal.lower():
        fix = "add yourself to the group `docker` (`sudo usermod -aG docker $USER`), log in again"
        return ConfigError(DOING, refusal, fix)
    if shutil.which("docker") is None or not _has_daemon():
        return ConfigError(DOING, refusal, INSTALL)
    fix = "start it (`sudo systemctl start docker`, or open Docker Desktop) and run this again"
    return UnreachableError(DOING, "docker is installed but does not run", fix)


def _has_daemon() -> bool:
    """Tell whether an engine is on this machine, or named by DOCKER_HOST; else it is a client."""
    named = os.environ.get("DOCKER_HOST") or Path("/var/run/docker.sock").exists()
    return bool(named) or shutil.which("dockerd") is not None
