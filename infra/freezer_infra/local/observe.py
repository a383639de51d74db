"""Prometheus and Grafana beside the local stack, with the project's rules and dashboard.

Their compose file is `infra/observe/compose.yaml`, which an installed wheel brings along. Each is
started where its image can be had; they keep nothing that cannot be made anew.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import requests

from freezer_events.errors import UnreachableError
from freezer_infra.local import containers, engine, files, images
from freezer_infra.local.program import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PROJECT: Final = "freezer-observe"
_PATHS: Final = {
    "prometheus": "http://localhost:9090/-/ready",
    "grafana": "http://localhost:3000/api/health",
}
_SHOWN: Final = {
    "prometheus": "http://localhost:9090/alerts",
    "grafana": "http://localhost:3000/d/freezer-events",
}
_COMPOSE_WITHIN_S: Final = 900
_READY_WITHIN_S: Final = 60
_POLL_S: Final = 0.25
_PORTS: Final = "if a port is taken (9090, 3000), stop what uses it and run this again"


def up(say: Callable[[str], None]) -> None:
    """Start what can be had of both, wait until it answers, and say where.

    Raises:
        ConfigError: there is no container engine.
        UnreachableError: neither image can be had, or what was started does not answer.

    """
    found, services, refused = engine.find(), [], []
    for variable, image in images.official(compose_file()).items():
        service = variable.removesuffix("_IMAGE").lower()
        try:
            images.have(variable, image, say)
        except UnreachableError as error:
            refused.append(error)
            say(f"{service} is left out: {error.why}")
        else:
            services.append(service)
    if not services:
        raise refused[0]
    run(
        [*found.compose, "-p", PROJECT, "-f", str(compose_file()), "up", "-d", *services],
        doing=f"start {' and '.join(services)}",
        within_s=_COMPOSE_WITHIN_S,
        fix=_PORTS,
    )
    for service in services:
        _wait(service)
        say(f"{service + ':':<11} {_SHOWN[service]}")
    say("they look at producers on this machine: freezer produce --metrics 127.0.0.1:9400")


def down(say: Callable[[str], None]) -> None:
    """Stop and remove what runs of them.

    Raises:
        UnreachableError: the engine does not stop them.

    """
    if there := containers.existing(PROJECT):
        run(
            [*engine.find().compose, "-p", PROJECT, "-f", str(compose_file()), "down"],
            doing=f"stop {' and '.join(there)}",
            within_s=_COMPOSE_WITHIN_S,
        )
        say(f"stopped: {', '.join(there)}")


def compose_file() -> Path:
    """Return the compose file: the installed one, else the checkout's."""
    installed = files.PACKAGED.parent / "_observe"
    folder = installed if installed.is_dir() else files.PACKAGED.parents[1] / "observe"
    return folder / files.COMPOSE


def _wait(service: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while (reason := _silence(_PATHS[service])) is not None:
        if time.monotonic() > deadline:
            why = f"not ready after {_READY_WITHIN_S} s: {reason}"
            raise UnreachableError(f"wait for {service}", why, f"docker logs, and: {_PORTS}")
        time.sleep(_POLL_S)


def _silence(url: str) -> str | None:
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy does not reach this machine
            session.get(url, timeout=5).raise_for_status()
    except requests.RequestException as error:
        return str(error)
    return None
