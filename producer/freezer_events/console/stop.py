"""Stop: Ctrl-C and SIGTERM as a question that loops ask, instead of an exception out of nowhere."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from types import FrameType

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


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
        self._before: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        """Tell whether to take no more readings."""
        return self.asked

    def ask(self) -> None:
        """Ask to finish without a signal: something went wrong that the next reading meets too."""
        self.asked = True

    @property
    def exit_code(self) -> int | None:
        """The exit code that shells use for the signal: 130 or 143; None without one."""
        return None if self.signal is None else 128 + self.signal

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._heard) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is None:
            self.asked, self.signal = True, number
        else:
            self.at_once = True
