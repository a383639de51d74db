"""Install Debian packages, where this process may."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from freezer_infra.local.program import run

if TYPE_CHECKING:
    from collections.abc import Callable

_LISTS_WITHIN_S = 180
_PACKAGES_WITHIN_S = 900


def can_install() -> bool:
    """Tell whether this is root on Debian or a child of it; nothing else is installed for."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: tuple[str, ...], why: str, say: Callable[[str], None]) -> None:
    """Install `packages` from where this machine's apt gets them, and say so first.

    Raises:
        UnreachableError: apt-get failed or took too long.

    """
    names = " ".join(packages)
    say(f"{why}: installing {names} with apt-get")
    # Another apt-get may be at work on a machine that has just started.
    apt = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    doing = f"install {names}"
    run([*apt, "update"], doing=doing, within_s=_LISTS_WITHIN_S, env=env)
    run(
        [*apt, "install", "-y", "--no-install-recommends", *packages],
        doing=doing,
        within_s=_PACKAGES_WITHIN_S,
        env=env,
    )
