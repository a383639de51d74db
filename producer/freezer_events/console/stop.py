"""A stop that loops ask for: the first signal ends what runs in good order, the second at once.

Elsewhere, and in `Stop.interrupting`, a signal is the exception `Interrupted`.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from freezer_events.console.signals import Heard, Interrupted, handled_by, restore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


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
        self._before = handled_by(self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        restore(self._before)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        again = Heard.take_swallowed()
        if self.signal is None:
            self.asked, self.signal = True, number
            Heard.at = time.monotonic()
        elif not again:
            self.at_once = True
        if self._interrupts:
            raise Interrupted(self.signal)
