"""Ctrl-C, SIGTERM and SIGHUP: the first ends what the main thread does, the second the process.

The first is an exception, `Interrupted`, wherever the main thread is; a loop that would rather be
asked has a `Stop`.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GRACE_S: Final = 2.0  # what the second signal leaves for the tally
_THIRD: Final = 3  # the signal that leaves no time
_SWALLOWED: Final = 0  # what the pipe of signals carries in place of a signal's number
_AGAIN_AFTER_S: Final = 0.05  # by then the main thread is out of what swallowed the exception


class Interrupted(BaseException):
    """A signal, where nobody asks a `Stop`: what is open is closed, what was done is told.

    Attributes:
        number: the signal's.

    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def exit_code(self) -> int:
        """The exit code that shells use for the signal: 129, 130 or 143."""
        return 128 + self.number

    @property
    def name(self) -> str:
        """What the signal is called, such as SIGINT."""
        return signal.Signals(self.number).name


class Heard:
    """What this run has heard.

    Attributes:
        at: when its first signal came, on the monotonic clock; None before.
        swallowed: that signal's exception got lost, so the signal will come once more.

    """

    at: float | None = None
    swallowed = False

    @classmethod
    def take_swallowed(cls) -> bool:
        """Tell whether the signal that has come is the one that got lost; it is found then."""
        found, cls.swallowed = cls.swallowed, False
        return found


def asked_for_s() -> float:
    """Return for how many seconds this process has been asked to end; 0 while it has not."""
    return 0.0 if Heard.at is None else time.monotonic() - Heard.at


@contextmanager
def signals_end_it() -> Iterator[None]:
    """Raise the first signal in this block as `Interrupted`; end the process at the second.

    The second ends it whatever the main thread waits for: a thread of its own hears of it. What is
    being told then has two seconds, or until a third signal.

    Raises:
        Interrupted: at any point of the block.

    """
    Heard.at, Heard.swallowed = None, False

    def heard(number: int, _frame: FrameType | None) -> None:
        again = Heard.take_swallowed()
        if Heard.at is None or again:  # a second one must not break off what the first cleans up
            Heard.at = time.monotonic()
            raise Interrupted(number)

    with _watched() as pipe, _telling_of_swallowed(pipe):
        before = handled_by(heard)
        try:
            yield
        finally:
            restore(before)


@contextmanager
def _watched() -> Iterator[int]:
    """Watch the numbers of signals, which Python writes to a pipe as they come; give the pipe.

    https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(reading,), daemon=True)
    watcher.start()
    try:
        yield writing
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)  # the end of what is to be read ends the thread
        watcher.join(1)


@contextmanager
def _telling_of_swallowed(pipe: int) -> Iterator[None]:
    """Have the watcher send a signal again whose exception Python let nobody see.

    That happens where the handler ran in a finalizer, in the callback of a weak reference (imports
    have some) or in one of C: https://docs.python.org/3/library/sys.html#sys.unraisablehook
    """
    before = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        if isinstance(unraisable.exc_value, Interrupted):
            Heard.swallowed = True
            os.write(pipe, bytes([_SWALLOWED]))  # starting a thread here could wait for ever
        else:
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _watch(reading: int) -> None:
    heard: list[int] = []
    own = 0  # how many of the signals to come are those sent here
    with contextlib.closing(os.fdopen(reading, "rb", buffering=0)) as pipe:
        while len(heard) < _THIRD:
            grace = _GRACE_S if len(heard) == _THIRD - 1 else None
            if not select.select([pipe], [], [], grace)[0]:
                break
            number = _next(pipe.read(1))
            if number is None:
                return
            if number == _SWALLOWED:
                own += 1
                time.sleep(_AGAIN_AFTER_S)
                signal.pthread_kill(threading.main_thread().ident or 0, heard[0])
            elif own:
                own -= 1
            else:
                heard.append(number)
        _say_last(b"ended by a second signal\n")
        os._exit(128 + heard[0])


def _next(read: bytes | None) -> int | None:
    return read[0] if read else None


def _say_last(line: bytes) -> None:
    """Write to standard error, unless that would block."""
    with contextlib.suppress(OSError):
        if select.select([], [2], [], 0)[1]:
            os.write(2, line)


def handled_by(handler: Any) -> dict[int, Any]:
    """Set a handler; return those before. `nohup` stays in force: an ignored SIGHUP is ignored."""
    return {
        number: signal.signal(number, handler)
        for number in _SIGNALS
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
    }


def restore(before: dict[int, Any]) -> None:
    """Set the handlers that `handled_by` returned."""
    for number, handler in before.items():
        signal.signal(number, handler)
