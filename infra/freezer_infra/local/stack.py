"""Start and stop the local stack: Apache Kafka and a Schema Registry in containers.

`up` does, in this order: find an engine (install and start one where it may), find an image for
each service (pull or build), make certificates and users, start the containers, wait until both
answer in their own protocols, save the addresses. Each step is skipped when it is done already.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import requests

from freezer_infra.local import certificates, containers, engine, files, images, probe
from freezer_infra.local.state import Login, Stack

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Login", "Stack", "answers", "down", "up"]

_REGISTRY = "http://localhost:8081"


def up(say: Callable[[str], None]) -> Stack:
    """Start what does not run yet and return the running stack.

    Args:
        say: gets one line per step that takes time, and the addresses at the end.

    Raises:
        ConfigError: there is no container engine, and this process may not install one.
        UnreachableError: an image cannot be had, or a container does not come up; the message
            holds the end of its log.

    """
    with files.alone(say):
        stack = Stack.load()
        if stack is None or answers(stack) is not None:
            stack = _start(stack, say)
        stack.save()
    level = probe.compatibility(stack.registry_url)
    say(f"Kafka:    {stack.bootstrap} (PLAINTEXT), {stack.sasl_bootstrap} (SASL_SSL)")
    say(f"registry: {stack.registry_url} (compatibility where no subject sets its own: {level})")
    say(f"freezer reads these addresses from {files.ENV_FILE.name} when there is no .env")
    return stack


def down(say: Callable[[str], None]) -> None:
    """Stop and remove the containers with all that they hold, and forget their addresses.

    Raises:
        UnreachableError: the engine answers but does not stop them.

    """
    with files.alone(say):
        Stack.forget()
        if engine.why_not() is None:
            containers.stop(engine.ready(say, files.ENGINE_LOG))
            say("the local stack is stopped; its topics and schemas are gone")
        else:
            say("no container engine answers here, so nothing is running")
        shutil.rmtree(files.SECRETS, ignore_errors=True)


def answers(stack: Stack) -> str | None:
    """Return why `stack` is not up with these very addresses and logins, or None when it is."""
    listeners = [stack.plaintext()]
    if stack.sasl_bootstrap:
        listeners.append(stack.sasl(stack.admin))
    for properties in listeners:
        if (reason := probe.broker(properties)) is not None:
            return reason
    try:
        probe.compatibility(stack.registry_url)
    except requests.RequestException as error:
        return str(error)
    return None


def _start(known: Stack | None, say: Callable[[str], None]) -> Stack:
    found = engine.ready(say, files.ENGINE_LOG)
    variables = images.choose(files.COMPOSE_FILE.read_text(encoding="utf-8"), say)
    if known is not None and files.SECRETS.is_dir():
        stack, options = known, list[str]()
    else:  # a container that runs with other secrets than the new ones has to go
        stack, options = _new(), ["--force-recreate"]
    say(f"starting {' and '.join(variables.values())}")
    containers.start(found, variables, *options)
    containers.wait(found, "kafka", lambda: probe.broker(stack.plaintext()))
    containers.wait(found, "kafka", lambda: probe.broker(stack.sasl(stack.admin)))
    containers.wait(found, "registry", _registry_silence)
    return replace(stack, registry_url=probe.registry(_REGISTRY))


def _new() -> Stack:
    stack = Stack(
        bootstrap="localhost:9092",
        registry_url=_REGISTRY,
        sasl_bootstrap="localhost:9094",
        ca_path=str(files.SECRETS / "ca.pem"),
        admin_user="admin",
        admin_password=certificates.password(),
        freezer_user="freezer",
        freezer_password=certificates.password(),
    )
    users = {login.user: login.password for login in (stack.admin, stack.freezer)}
    certificates.write(files.SECRETS, users)
    return stack


def _registry_silence() -> str | None:
    try:
        probe.registry(_REGISTRY)
    except requests.RequestException as error:
        return str(error)
    return None
