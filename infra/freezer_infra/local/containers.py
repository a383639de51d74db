"""The containers of compose.yaml: start, resume, stop, see which there are, read their logs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from freezer_events.errors import UnreachableError
from freezer_infra.local import files
from freezer_infra.local.program import run, tail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_infra.local.engine import Engine

PROJECT = "freezer"

_COMPOSE_WITHIN_S = 900  # it pulls what a user's own KAFKA_IMAGE names
_ASK_WITHIN_S = 15
_START_WITHIN_S = 60
_READY_WITHIN_S = 120
_POLL_S = 0.25
_STARTING = "start the containers of the local stack"
_PORTS = "if a port is taken (9092, 9094, 8081), stop what uses it and run this again"


def existing(project: str = PROJECT) -> dict[str, str]:
    """Return the state of each container by service: "running", "exited", …; without any, {}.

    Raises:
        UnreachableError: the engine refuses.

    """
    return dict(line.split()[:2] for line in _listed("{{.State}}", project).splitlines())


def made_from() -> dict[str, str]:
    """Return the image of each container by service, as it was named when they were made.

    Raises:
        UnreachableError: the engine refuses.

    """
    return dict(line.split()[:2] for line in _listed("{{.Image}}").splitlines())


def resume() -> None:
    """Start the containers that are there; what they hold is as it was.

    Raises:
        UnreachableError: the engine refuses.

    """
    ids = [line.split()[1] for line in _listed("{{.ID}}").splitlines()]
    run(["docker", "start", *ids], doing=_STARTING, within_s=_START_WITHIN_S, fix=_PORTS)


def start(engine: Engine, variables: Mapping[str, str]) -> None:
    """Make the containers, with `variables` filled into the compose file.

    Raises:
        UnreachableError: the engine refuses, say because a port is taken.

    """
    run(
        [*_compose(engine), "up", "-d", "--remove-orphans"],
        doing=_STARTING,
        within_s=_COMPOSE_WITHIN_S,
        env=variables,
        fix=_PORTS,
    )


def stop(engine: Engine) -> None:
    """Stop and remove the containers with all that they hold.

    Raises:
        UnreachableError: the engine refuses.

    """
    run(
        [*_compose(engine), "down", "--volumes", "--remove-orphans", "--timeout", "5"],
        doing="stop the containers of the local stack",
        within_s=_COMPOSE_WITHIN_S,
    )


def wait(engine: Engine, service: str, why_not: Callable[[], str | None]) -> None:
    """Wait until `why_not` has no reason left why `service` does not answer.

    Raises:
        UnreachableError: its container has died, or it took longer than two minutes; with the
            last reason and the end of its log.

    """
    deadline = time.monotonic() + _READY_WITHIN_S
    while (reason := why_not()) is not None:
        died = existing().get(service) == "exited"
        if died or time.monotonic() > deadline:
            state = "its container has died" if died else f"not ready after {_READY_WITHIN_S} s"
            why = f"{state} ({reason}); the end of its log:\n{_log(engine, service)}"
            fix = "freezer local down, then freezer local up, which makes everything anew"
            raise UnreachableError(f"wait for {service}", why, fix)
        time.sleep(_POLL_S)


def _compose(engine: Engine) -> list[str]:
    """Give the compose command, with this version's file where no stack was started here."""
    here = files.folder() / files.COMPOSE
    file = here if here.exists() else files.PACKAGED / files.COMPOSE
    return [*engine.compose, "-p", PROJECT, "-f", str(file)]


def _listed(column: str, project: str = PROJECT) -> str:
    """List the containers: service and another column, a line each."""
    return run(
        [
            *("docker", "ps", "--all", "--filter", f"label=com.docker.compose.project={project}"),
            *("--format", f'{{{{.Label "com.docker.compose.service"}}}} {column}'),
        ],
        doing="see which containers there are",
        within_s=_ASK_WITHIN_S,
    )


def _log(engine: Engine, service: str) -> str:
    argv = [*_compose(engine), "logs", "--no-color", "--tail", "15", service]
    try:
        return tail(run(argv, doing="read the log", within_s=_ASK_WITHIN_S), lines=15)
    except UnreachableError as error:
        return f"(it cannot be read: {error.why})"
