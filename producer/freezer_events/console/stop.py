"""Ctrl-C, SIGTERM and SIGHUP: the first ends what runs in good order, the second the process.

A signal is one of two things. In the block of a `Stop` it is a question that loops ask. Elsewhere,
and in `Stop.interrupting`, it is an exception that ends whatever the main thread waits for.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_GRACE_S: Final = 2.0  # what the second signal leaves for the tally


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


class _Heard:
    """When the first signal of this run came, on the monotonic clock; None before."""

    at: float | None = None


def asked_for_s() -> float:
    """Return for how many seconds this process has been asked to end; 0 while it has not."""
    return 0.0 if _Heard.at is None else time.monotonic() - _Heard.at


class Stop:
    """Counts signals while its block runs. The first asks to finish, the second to end at once.

    Attributes:
        asked: take no more readings.
        signal: the number of the first signal, or None.
        at_once: a second signal has come.

    """

    def __init__(self) -> None:
        self.asked = False
        self.signal: int | None = None
        self.at_once = False
        self._interrupts = False
        self._before: dict[int, Any] = {}

    def __call__(self) -> bool:
        """Tell whether to take no more readings."""
        return self.asked

    def ask(self) -> None:
        """Ask to finish without a signal: something went wrong that the next reading meets too."""
        self.asked = True

    @property
    def exit_code(self) -> int | None:
        """The exit code that shells use for the signal: 129, 130 or 143; None without one."""
        return None if self.signal is None else 128 + self.signal

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Let a signal end this block as `Interrupted`: for waits in which nobody asks.

        Raises:
            Interrupted: a signal came, here or before.

        """
        self._interrupts = True
        try:
            if self.signal is not None:
                raise Interrupted(self.signal)
            yield
        finally:
            self._interrupts = False

    def __enter__(self) -> Self:
        self._before = _handled_by(self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        _restore(self._before)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is None:
            self.asked, self.signal = True, number
            _Heard.at = time.monotonic()
        else:
            self.at_once = True
        if self._interrupts:
            raise Interrupted(self.signal)


@contextmanager
def signals_end_it() -> Iterator[None]:
    """Raise the first signal in this block as `Interrupted`; end the process at the second.

    The second ends it whatever the main thread waits for: a thread of its own hears of it. What is
    being told then has two seconds, or until a third signal.

    Raises:
        Interrupted: at any point of the block.

    """
    _Heard.at = None

    def heard(number: int, _frame: FrameType | None) -> None:
        if _Heard.at is None:  # a second one must not break off what the first is cleaning up
            _Heard.at = time.monotonic()
            raise Interrupted(number)

    with _second_signal_ends_it():
        before = _handled_by(heard)
        try:
            yield
        finally:
            _restore(before)


@contextmanager
def _second_signal_ends_it() -> Iterator[None]:
    """Watch the numbers of signals, which Python writes to a pipe as they come.

    https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(reading,), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)  # the end of what is to be read ends the thread
        watcher.join(1)


def _watch(reading: int) -> None:
    with contextlib.closing(os.fdopen(reading, "rb", buffering=0)) as pipe:
        first = _next(pipe.read(1))
        if first is None or _next(pipe.read(1)) is None:
            return
        if select.select([pipe], [], [], _GRACE_S)[0] and _next(pipe.read(1)) is None:
            return
        _say_last(b"ended by a second signal\n")
        os._exit(128 + first)


def _next(read: bytes | None) -> int | None:
    return read[0] if read else None


def _say_last(line: bytes) -> None:
    """Write to standard error, unless that would block."""
    with contextlib.suppress(OSError):
        if select.select([], [2], [], 0)[1]:
            os.write(2, line)


def _handled_by(handler: Any) -> dict[int, Any]:
    """Set a handler; return those before. `nohup` stays in force: an ignored SIGHUP is ignored."""
    return {
        number: signal.signal(number, handler)
        for number in _SIGNALS
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
    }


def _restore(before: dict[int, Any]) -> None:
    for number, handler in before.items():
        signal.signal(number, handler)
