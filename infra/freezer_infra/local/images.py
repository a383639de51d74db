"""Choose the images that compose.yaml runs: the official ones, or home-built where those fail."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from typing import TYPE_CHECKING

from freezer_infra.local import build
from freezer_infra.local.command import tail
from freezer_infra.local.engine import has_image

if TYPE_CHECKING:
    from collections.abc import Callable

# An image registry that is there names the image within a moment; the layers may take long.
_ANSWER_WITHIN_S = 20
_PULL_WITHIN_S = 900

_DEFAULT = re.compile(r"\$\{(\w+)_IMAGE:-([^}]+)\}")


def official(compose: str) -> dict[str, str]:
    """Read from a compose file which image each service runs unless `<SERVICE>_IMAGE` is set."""
    return {service.lower(): image for service, image in _DEFAULT.findall(compose)}


def choose(compose: str, say: Callable[[str], None]) -> dict[str, str]:
    """Make sure that there is an image for each service; return the variables that name them.

    In this order: what the user's own variable names, the official image if it is on this
    machine, the home-built one if it is, pulling the official one, building.

    Raises:
        UnreachableError: an image can be neither pulled nor built.

    """
    chosen: dict[str, str] = {}
    missing: dict[str, str] = {}
    for service, image in official(compose).items():
        variable = f"{service.upper()}_IMAGE"
        here = (name for name in (image, build.tag(service)) if has_image(name))
        found = os.environ.get(variable) or next(here, None)
        if found is None:
            missing[service] = image
        else:
            chosen[variable] = found
    return chosen | _get(missing, say)


def _get(missing: dict[str, str], say: Callable[[str], None]) -> dict[str, str]:
    """Pull each image; once one fails, build it and all that follow."""
    chosen: dict[str, str] = {}
    to_build = dict(missing)
    refusal = ""
    for service, image in missing.items():
        say(f"pulling {image}")
        refusal = pull(image) or ""
        if refusal:
            say(f"{image} cannot be pulled ({refusal.splitlines()[-1]})")
            break
        chosen[f"{service.upper()}_IMAGE"] = image
        del to_build[service]
    if to_build:
        built = build.build(tuple(to_build), refusal, say)
        chosen |= {f"{service.upper()}_IMAGE": tag for service, tag in built.items()}
    return chosen


def pull(image: str) -> str | None:
    """Pull `image`; return why that failed, or None.

    An image registry out of reach is given up after 20 s; one that answers gets 15 minutes.
    """
    argv = ["docker", "pull", image]
    said: list[str] = []
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        patience = _kill_after(process, _ANSWER_WITHIN_S)
        for line in process.stdout or ():
            said.append(line)
            if "Pulling from" in line:
                patience.cancel()
                patience = _kill_after(process, _PULL_WITHIN_S)
        code = process.wait()
        patience.cancel()
    if code == 0:
        return None
    return tail("".join(said)) or f"no answer within {_ANSWER_WITHIN_S} s"


def _kill_after(process: subprocess.Popen[str], seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    return timer
