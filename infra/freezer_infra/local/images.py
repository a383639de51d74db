"""Have the images that compose.yaml runs: the official ones, or those that variables name."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from typing import TYPE_CHECKING, Final

from freezer_events.errors import UnreachableError
from freezer_infra.local import files
from freezer_infra.local.engine import has_image
from freezer_infra.local.program import tail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

# An image registry that is there names the image within a moment; the layers may take long.
_ANSWER_WITHIN_S: Final = 20
_PULL_WITHIN_S: Final = 900

_DEFAULT: Final = re.compile(r"\$\{(\w+_IMAGE):-([^}]+)\}")


def official(compose: Path = files.PACKAGED / files.COMPOSE) -> dict[str, str]:
    """Return the variables that name images in a compose file, with their default images."""
    return dict(_DEFAULT.findall(compose.read_text(encoding="utf-8")))


def provide(say: Callable[[str], None]) -> Mapping[str, str]:
    """Make sure that there is an image for each service; return the variables that name them.

    An image that a variable names is taken as it is: compose pulls it where it is missing.

    Raises:
        UnreachableError: an official image is not here and cannot be pulled.

    """
    return {variable: have(variable, image, say) for variable, image in official().items()}


def have(variable: str, image: str, say: Callable[[str], None]) -> str:
    """Make sure that there is one image, unless its variable names another; return which.

    Raises:
        UnreachableError: it is not here and cannot be pulled.

    """
    named = os.environ.get(variable)
    if not named and not has_image(image):
        say(f"pulling {image}")
        if (refusal := pull(image)) is not None:
            raise _missing(image, refusal, variable)
    return named or image


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


def _missing(image: str, refusal: str, variable: str) -> UnreachableError:
    fix = (
        f"docker pull {image} where its registry can be reached (docker save and docker load carry"
        f" it over), or name another image that keeps its contract: {variable}=…"
    )
    return UnreachableError(f"get the image {image}", refusal.splitlines()[-1], fix)


def _kill_after(process: subprocess.Popen[str], seconds: float) -> threading.Timer:
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    return timer
