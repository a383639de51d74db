"""One apply at a time on one target, as far as this machine can tell."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from producer.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT_S: Final = 60.0
_POLL_S: Final = 0.1


@contextmanager
def alone(target: str, say: Callable[[str], None], wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the lock of the target of that name; wait for another apply to end, then refuse.

    The lock is the kernel's: it is gone when its holder is, however that ended.

    Raises:
        UnreachableError: another apply still holds it after `wait_s` seconds.

    """
    mark = hashlib.sha256(target.encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"freezer-apply-{os.getuid()}-{mark}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if not _taken(descriptor):
            say(f"another apply to {target} is running; waiting up to {wait_s:g} s for it to end")
            _wait(descriptor, target, wait_s)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(descriptor: int, target: str, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while not _taken(descriptor):
        if time.monotonic() > deadline:
            raise UnreachableError(
                f"apply to {target}",
                f"another apply has been running for {wait_s:g} s; nothing was changed here",
                "wait until it has ended (it may be asking its user), then apply again",
            )
        time.sleep(_POLL_S)
