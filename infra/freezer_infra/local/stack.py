"""Start, look at and stop the local stack: Apache Kafka and a Schema Registry in containers.

There is one on a machine, whichever checkout started it. `up` does, in this order: find an engine,
start the containers that are there, or get an image for each service, make certificates and users
and start new ones; wait until both answer in their own protocols; save the addresses. A stack that
answers is left alone.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import requests

from freezer_events.errors import UsageError
from freezer_infra.local import certificates, containers, contents, engine, files, images, probe
from freezer_infra.local.state import Login, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Say = Callable[[str], None]
    Confirm = Callable[[str], bool]
    Provide = Callable[[Say], Mapping[str, str]]

__all__ = ["Login", "Stack", "answers", "down", "up"]

_REGISTRY: Final = "http://localhost:8081"
_SERVICES: Final = ("kafka", "registry")


def up(say: Say, confirm: Confirm, provide: Provide = images.provide) -> Stack:
    """Start what does not run yet and return the running stack.

    Args:
        say: gets one line per step that takes time, and the addresses at the end.
        confirm: given what somebody may miss before it is removed; False keeps it.
        provide: has an image for each service, and names them for the compose file.

    Raises:
        ConfigError: there is no container engine.
        UnreachableError: an image cannot be had, or a container does not come up; the message
            holds the end of its log.
        UsageError: the containers that are there would have to go, and `confirm` said no.

    """
    with files.alone(say):
        stack = Stack.load()
        if stack is None or answers(stack) is not None:
            stack = _start(stack, say, confirm, provide)
        stack.save()
    level = probe.compatibility(stack.registry_url)
    if files.installed_differs():
        say("it was started by another version of this program: freezer local down, then up again,")
        say("gives the one of this version (what it holds is gone then)")
    say(f"Kafka:    {stack.bootstrap} (PLAINTEXT), {stack.sasl_bootstrap} (SASL_SSL)")
    say(f"registry: {stack.registry_url} (compatibility where no subject sets its own: {level})")
    say(f"freezer reads these addresses from {files.env_file().name} when there is no .env")
    return stack


def down(say: Say, confirm: Confirm) -> bool:
    """Stop and remove the containers with all that they hold, and forget their addresses.

    Returns:
        whether they are gone: False where `confirm` said no.

    Raises:
        ConfigError: there is no container engine.
        UnreachableError: the engine does not answer, or does not stop them.

    """
    with files.alone(say):
        stack, found = Stack.load(), engine.find()
        if containers.existing():
            what = contents.held(stack)
            if what and not confirm(what):
                return False
            containers.stop(found)
            say("the local stack is stopped; its topics and schemas are gone")
        else:
            say("no local stack runs here")
        if stack is not None:
            stack.forget()
        shutil.rmtree(files.secrets(), ignore_errors=True)
    return True


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


def _start(known: Stack | None, say: Say, confirm: Confirm, provide: Provide) -> Stack:
    found = engine.find()
    there = containers.existing()
    if there and known is not None and files.secrets().is_dir() and set(there) >= set(_SERVICES):
        say("starting the containers that are there")
        containers.resume()
        stack = known
    else:
        if there:
            _make_room(found, known, confirm)
        variables = provide(say)
        stack = _new()
        say(f"starting {' and '.join(variables.values())}")
        containers.start(found, variables)
    containers.wait(found, "kafka", lambda: probe.broker(stack.plaintext()))
    containers.wait(found, "kafka", lambda: probe.broker(stack.sasl(stack.admin)))
    containers.wait(found, "registry", _registry_silence)
    return replace(stack, registry_url=probe.registry(_REGISTRY))


def _make_room(found: engine.Engine, known: Stack | None, confirm: Confirm) -> None:
    """Remove containers whose logins nobody knows any more, if that is agreed to."""
    what = contents.held(known)
    if not confirm(what):
        why = "containers of one whose logins are lost are in the way"
        raise UsageError("start the local stack", why, "freezer local up --yes")
    containers.stop(found)


def _new() -> Stack:
    """Make certificates and users, and put what the containers mount into its place."""
    files.install()
    stack = Stack(
        bootstrap="localhost:9092",
        registry_url=_REGISTRY,
        sasl_bootstrap="localhost:9094",
        ca_path=str(files.secrets() / "ca.pem"),
        admin_user="admin",
        admin_password=certificates.password(),
        freezer_user="freezer",
        freezer_password=certificates.password(),
    )
    users = {login.user: login.password for login in (stack.admin, stack.freezer)}
    certificates.write(files.secrets(), users)
    return stack


def _registry_silence() -> str | None:
    try:
        probe.registry(_REGISTRY)
    except requests.RequestException as error:
        return str(error)
    return None
