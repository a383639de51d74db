"""The pump: a daemon thread that serves reports when no sender does, and sends what has waited.

A thread that served all reports would cost a third of the throughput: it and the sender would take
the interpreter from each other. So it polls only when no batch has been pushed for _QUIET_S; who
sends one message and waits for its report is served at once.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Final

from freezer_events.send.outbox import AGE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.send.line import Line

_QUIET_S: Final = 0.02
_IDLE_S: Final = 0.05  # how long a poll takes while nothing is in flight; a report ends it

_log = logging.getLogger("freezer_events.send")


class Pump:
    """Drives one line until it is stopped; starts with the first message.

    Args:
        line: pushed by age and polled.
        is_busy: tells whether something is in flight.
        look: called every few milliseconds, between two polls.

    Attributes:
        moved_at: when it last went round, by `time.monotonic`; None before the first message.

    """

    def __init__(self, line: Line, is_busy: Callable[[], bool], look: Callable[[], None]) -> None:
        self._line = line
        self._is_busy = is_busy
        self._look = look
        self.moved_at: float | None = None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread unless it runs."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="freezer-pump", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread, and wait for that; from within a callback it ends by itself."""
        self._stopped.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        pushed_at = -_QUIET_S
        while not self._stopped.is_set():
            self.moved_at = time.monotonic()
            try:
                if self._line.push_aged():
                    pushed_at = time.monotonic()
                if time.monotonic() - pushed_at < _QUIET_S:
                    time.sleep(AGE_S)
                else:
                    self._line.serve(AGE_S if self._is_busy() else _IDLE_S)
                self._look()
            except Exception:  # noqa: BLE001 - a thread that ends serves nobody
                _log.exception("while serving delivery reports")
                time.sleep(AGE_S)
