"""Install and start a container engine, where this process may; elsewhere freezer says how."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from freezer_events.errors import UnreachableError
from freezer_infra.local.engine import compose_command, why_not
from freezer_infra.local.program import run, tail
from tests.stack import debian

if TYPE_CHECKING:
    from collections.abc import Callable

_START_WITHIN_S = 60
_PID_FILES = ("/var/run/docker.pid", "/var/run/docker/containerd/containerd.pid")


def provide(say: Callable[[str], None], log: Path) -> None:
    """Have an engine that answers, with compose, if this process may see to it.

    Args:
        say: gets a line for everything that is installed or started.
        log: where the output of an engine started here goes.

    Raises:
        UnreachableError: it could not be installed or does not start.

    """
    if not debian.can_install():
        return  # freezer_infra.local.engine.find says what is missing
    if why_not() is not None and shutil.which("dockerd") is None:
        # ca-certificates: only recommended, but no image can be pulled without them.
        packages = ("docker.io", "docker-compose", "ca-certificates")
        debian.install(packages, "no container engine on this machine", say)
        if shutil.which("docker") is None:  # later releases have the client in its own package
            debian.install(("docker-cli",), "the engine came without its client", say)
    if why_not() is not None:
        _start(say, log)
    if compose_command() is None:
        debian.install(("docker-compose",), "this docker has no compose", say)


def _start(say: Callable[[str], None], log: Path) -> None:
    if Path("/run/systemd/system").is_dir():
        say("the container engine does not run: starting it with systemctl")
        run(["systemctl", "start", "docker"], doing="start docker", within_s=_START_WITHIN_S)
    else:
        say(f"the container engine does not run: starting dockerd in the background (log: {log})")
        _start_in_background(log)
    _wait(log)


def _start_in_background(log: Path) -> None:
    _forget_the_dead()
    # Through a shell that leaves at once and in a session of its own: the engine has to outlive
    # this process and its terminal.
    subprocess.run(
        ["sh", "-c", 'dockerd >>"$1" 2>&1 </dev/null &', "sh", str(log)],
        check=True,
        start_new_session=True,
        timeout=_START_WITHIN_S,
        env=os.environ,
    )


def _forget_the_dead() -> None:
    """Remove pid files of engines that were killed: a reused number keeps a new one from starting.

    A machine that was switched off, or started from an image of itself, has such files.
    """
    for file in map(Path, _PID_FILES):
        if file.exists() and not _runs(file.read_text().strip(), file.stem):
            file.unlink()


def _runs(pid: str, program: str) -> bool:
    try:
        return program.encode() in Path("/proc", pid, "cmdline").read_bytes()
    except OSError:
        return False


def _wait(log: Path) -> None:
    deadline = time.monotonic() + _START_WITHIN_S
    while (refusal := why_not()) is not None:
        if time.monotonic() > deadline:
            said = tail(log.read_text(errors="replace")) if log.exists() else ""
            raise UnreachableError("start the container engine", f"{refusal}\n{said}".strip())
        time.sleep(0.2)
