"""The containers of compose.yaml: start, stop, see which have died, read their logs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from freezer_events.errors import UnreachableError
from freezer_infra.local import files
from freezer_infra.local.command import run, tail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_infra.local.engine import Engine

PROJECT = "freezer"

_COMPOSE_WITHIN_S = 900  # it pulls what a user's own KAFKA_IMAGE names
_ASK_WITHIN_S = 15
_READY_WITHIN_S = 120
_POLL_S = 0.25


def start(engine: Engine, variables: Mapping[str, str], *options: str) -> None:
    """Start the containers that do not run, with `variables` filled into the compose file.

    Raises:
        UnreachableError: the engine refuses, say because a port is taken.

    """
    run(
        [*_compose(engine), "up", "-d", "--remove-orphans", *options],
        doing="start the containers of the local stack",
        within_s=_COMPOSE_WITHIN_S,
        env=variables,
        fix="if a port is taken (9092, 9094, 8081), stop what uses it and run this again",
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
        died = service in _died()
        if died or time.monotonic() > deadline:
            state = "its container has died" if died else f"not ready after {_READY_WITHIN_S} s"
            why = f"{state} ({reason}); the end of its log:\n{_log(engine, service)}"
            fix = "stop the local stack and start it again, which makes everything anew"
            raise UnreachableError(f"wait for {service}", why, fix)
        time.sleep(_POLL_S)


def _compose(engine: Engine) -> list[str]:
    return [*engine.compose, "-p", PROJECT, "-f", str(files.COMPOSE_FILE)]


def _died() -> set[str]:
    said = run(
        [
            "docker",
            "ps",
            "--all",
            "--filter",
            f"label=com.docker.compose.project={PROJECT}",
            "--filter",
            "status=exited",
            "--format",
            '{{.Label "com.docker.compose.service"}}',
        ],
        doing="see which containers run",
        within_s=_ASK_WITHIN_S,
    )
    return set(said.split())


def _log(engine: Engine, service: str) -> str:
    argv = [*_compose(engine), "logs", "--no-color", "--tail", "15", service]
    try:
        return tail(run(argv, doing="read the log", within_s=_ASK_WITHIN_S), lines=15)
    except UnreachableError as error:
        return f"(it cannot be read: {error.why})"
