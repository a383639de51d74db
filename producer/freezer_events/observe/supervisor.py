"""What systemd is told of a service of `Type=notify`: ready, alive, stopping.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from freezer_events.observe.health import is_alive

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOCKET: Final = "NOTIFY_SOCKET"
_WATCHDOG: Final = "WATCHDOG_USEC"
_US: Final = 1e6


def notify(state: str) -> bool:
    """Tell the supervisor, if there is one that asked to be told; tells whether it was.

    Args:
        state: such as "READY=1".

    """
    address = os.environ.get(_SOCKET, "")
    if not address.startswith(("/", "@")):
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as one:
            one.settimeout(1)
            one.sendto(state.encode(), address.replace("@", "\0", 1))
    except OSError:
        return False
    return True


@contextmanager
def supervised() -> Iterator[None]:
    """Say that the service is ready, that it moves while it does, and that it stops after this."""
    stopped = threading.Event()
    if notify("READY=1") and (every_us := os.environ.get(_WATCHDOG, "")).isdecimal():
        every_s = int(every_us) / _US / 3
        threading.Thread(
            target=_watch, args=(stopped, every_s), name="freezer-watchdog", daemon=True
        ).start()
    try:
        yield
    finally:
        stopped.set()
        notify("STOPPING=1")


def _watch(stopped: threading.Event, every_s: float) -> None:
    while not stopped.wait(every_s):
        health = is_alive()
        notify("WATCHDOG=1" if health.ok else f"STATUS={health.why}")
