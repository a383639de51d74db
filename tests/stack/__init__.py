"""The local stack for the tests, on a machine that may have nothing: engine, images, containers.

The product starts official images, or those that KAFKA_IMAGE and REGISTRY_IMAGE name. Here an
engine is installed where that is missing and allowed, and substitutes of the images are built
where the official ones cannot be pulled, under names of their own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from freezer_infra.local import containers, files, images, stack
from freezer_infra.local.engine import has_image
from tests.stack import build, engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_infra.local.stack import Stack


def up(say: Callable[[str], None]) -> Stack:
    """Return the machine's running stack, started with whatever that takes.

    Raises:
        EventError: what this machine lacks, and cannot be given.

    """
    with files.alone(say):
        engine.provide(say, files.folder() / "dockerd.log")
    if _stopped_and_outdated():
        say("what is there was made from substitutes of another build: making it anew")
        stack.down(say, lambda _: True)
    return stack.up(say, _keep, provide)


def provide(say: Callable[[str], None]) -> dict[str, str]:
    """Have an image for each service, substitutes built if need be; return their variables.

    In this order: what a variable names, the official image if it is on this machine, the
    substitute if it is, pulling the official one, building.
    """
    official = images.official()
    chosen = {}
    for variable, image in official.items():
        here = (name for name in (image, _substitute(variable)) if has_image(name))
        chosen[variable] = os.environ.get(variable) or next(here, "")
    missing = [variable for variable, image in chosen.items() if not image]
    refusal = None
    for variable in missing:
        if refusal is None:
            say(f"pulling {official[variable]}")
            refusal = images.pull(official[variable])
        chosen[variable] = official[variable] if refusal is None else _substitute(variable)
    to_build = [variable for variable in missing if not has_image(chosen[variable])]
    if to_build:
        say(f"it cannot be pulled ({(refusal or '').splitlines()[-1]})")
        build.build(tuple(map(_service, to_build)), refusal or "", say)
    return chosen


def _stopped_and_outdated() -> bool:
    """Tell whether there are stopped containers of a substitute that is built otherwise by now.

    They may be of a build that cannot be started again. Running ones are somebody's work.
    """
    states = containers.existing()
    if not states or "running" in states.values():
        return False
    current = {_substitute(variable) for variable in images.official()}
    return any(
        image.startswith(build.PREFIX) and image not in current
        for image in containers.made_from().values()
    )


def _service(variable: str) -> str:
    return variable.removesuffix("_IMAGE").lower()


def _substitute(variable: str) -> str:
    return build.tag(_service(variable))


def _keep(what: str) -> bool:
    """Remove nothing that somebody may miss for the sake of a test."""
    del what
    return False
