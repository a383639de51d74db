"""One run of the Confluent CLI at a time on this machine: two at once damage its configuration."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from producer.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT_S = 60.0
_POLL_S = 0.1


@contextmanager
def one_at_a_time(say: Callable[[str], None], wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold this user's lock; wait for another run to end, then refuse.

    The lock is the kernel's: it is gone when its holder is, however that ended.

    Raises:
        UnreachableError: another run still holds it after `wait_s` seconds.

    """
    path = Path(tempfile.gettempdir()) / f"freezer-infra-{os.getuid()}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if not _taken(descriptor):
            say("another run is using the Confluent CLI; waiting for it to end")
            _wait(descriptor, wait_s)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(descriptor: int, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while not _taken(descriptor):
        if time.monotonic() > deadline:
            raise UnreachableError(
                "use the Confluent CLI",
                f"another run of `python -m infra` has been using it for {wait_s:g} s",
                "wait until it has ended, then run the same command again",
            )
        time.sleep(_POLL_S)
