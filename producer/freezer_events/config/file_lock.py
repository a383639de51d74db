"""One at a time: locks on files, held between processes.

Every lock is the kernel's (flock): it is gone when its holder is, however that ended.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freezer_events.errors import EventError

WAIT_S: Final = 60.0
_POLL_S: Final = 0.1


@contextmanager
def held(
    name: str, tell: Callable[[], None], refusal: EventError, wait_s: float = WAIT_S
) -> Iterator[None]:
    """Hold this user's lock of that name on this machine while the block runs; else as `take`."""
    path = Path(tempfile.gettempdir()) / f"freezer-{name}-{os.getuid()}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        take(descriptor, tell, refusal, wait_s)
        yield
    finally:
        os.close(descriptor)


def take(
    descriptor: int, tell: Callable[[], None], refusal: EventError, wait_s: float = WAIT_S
) -> None:
    """Lock an open file; closing it lets go.

    Args:
        descriptor: the file.
        tell: called once, when somebody else holds it and it has to be waited for.
        refusal: raised when they still do after `wait_s` seconds.
        wait_s: how long to wait.

    """
    if _taken(descriptor):
        return
    tell()
    deadline = time.monotonic() + wait_s
    while not _taken(descriptor):
        if time.monotonic() > deadline:
            raise refusal
        time.sleep(_POLL_S)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
