"""One at a time on this machine: one apply per target, one run of the Confluent CLI.

Every lock is the kernel's: it is gone when its holder is, however that ended.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.errors import EventError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT_S: Final = 60.0
_POLL_S: Final = 0.1


@contextmanager
def alone(target: str, say: Callable[[str], None], wait_s: float = WAIT_S) -> Iterator[None]:
    """Be the only apply to the target of that name; wait for another to end, then refuse.

    Raises:
        UnreachableError: another apply still runs after `wait_s` seconds.

    """
    waiting = f"another apply to {target} is running; waiting up to {wait_s:g} s for it to end"
    refusal = UnreachableError(
        f"apply to {target}",
        f"another apply has been running for {wait_s:g} s; nothing was changed here",
        "wait until it has ended (it may be asking its user), then apply again",
    )
    mark = hashlib.sha256(target.encode()).hexdigest()[:16]
    with _file(f"freezer-apply-{os.getuid()}-{mark}.lock") as descriptor:
        take(descriptor, lambda: say(waiting), refusal, wait_s)
        yield


@contextmanager
def only_cli(say: Callable[[str], None], wait_s: float = WAIT_S) -> Iterator[None]:
    """Be the only one to run the Confluent CLI: two runs at once damage its configuration.

    Raises:
        UnreachableError: another run still uses it after `wait_s` seconds.

    """
    refusal = UnreachableError(
        "use the Confluent CLI",
        f"another run of `freezer topics` has been using it for {wait_s:g} s",
        "wait until it has ended, then run the same command again",
    )
    waiting = "another run is using the Confluent CLI; waiting for it to end"
    with _file(f"freezer-infra-{os.getuid()}.lock") as descriptor:
        take(descriptor, lambda: say(waiting), refusal, wait_s)
        yield


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


@contextmanager
def _file(name: str) -> Iterator[int]:
    path = Path(tempfile.gettempdir()) / name
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
