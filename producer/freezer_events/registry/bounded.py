"""A call that must not take longer than it may: its time is for the whole answer.

HTTP clients count the time of each read, so a server that sends a byte a second is never late. And
while they read, signals wait. So the call runs in a thread of its own, and the caller waits in
slices, in which Ctrl-C is heard.
"""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_SLICE_S: Final = 0.1


class Interrupted(Exception):  # noqa: N818 - it names the state
    """`stop` ended the wait."""


def bounded(call: Callable[[], T], timeout_s: float, stop: Callable[[], bool]) -> T:
    """Return what a call returns, or raise what it raises.

    A call that is given up is left behind in its thread, which keeps no process alive.

    Args:
        call: what to do.
        timeout_s: how long it may take altogether, in seconds.
        stop: asked every 0.1 s; True ends the wait.

    Raises:
        TimeoutError: it took longer.
        Interrupted: `stop` said so.

    """
    ended: SimpleQueue[Callable[[], T]] = SimpleQueue()

    def run() -> None:
        try:
            value = call()
        except BaseException as error:  # noqa: BLE001 - raised again where the caller waits
            failure = error
            ended.put(lambda: _raise(failure))
        else:
            ended.put(lambda: value)

    threading.Thread(target=run, name="freezer-registry", daemon=True).start()
    deadline = time.monotonic() + timeout_s
    while True:
        left_s = deadline - time.monotonic()
        try:
            outcome = ended.get(timeout=max(min(_SLICE_S, left_s), 0))
        except Empty:
            if stop():
                raise Interrupted from None
            if left_s <= 0:
                raise TimeoutError from None
        else:
            return outcome()


def _raise(error: BaseException) -> NoReturn:
    raise error
