"""What is said of an outage while a spool holds what cannot be delivered."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from freezer_events.console.words import counted
from freezer_events.errors import (
    AccessError,
    ConfigError,
    EventError,
    SchemaError,
    UnreachableError,
)
from freezer_events.kafka import codes
from freezer_events.send import watching
from freezer_events.send.outage import STATUS_EVERY_S, Outage

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.send.drain import Drain
    from freezer_events.spool.durable_queue import Spool

_DEFINITE: Final = (AccessError, ConfigError, SchemaError)  # waiting does not mend them


class SpoolOutage:
    """Watches a drain, and tells when it delivers nothing, and when it does again.

    Args:
        spool: what is drained.
        servers: what it is delivered to.
        give_up_after_s: how long a wait goes on without a delivery, in seconds.
        on_notice: told that an outage lasts, and that it is over.
        is_over: tells whether nobody wants to hear any more.

    Attributes:
        on_status: told every second instead, where it is set.

    """

    def __init__(
        self,
        spool: Spool,
        servers: str | None,
        give_up_after_s: float,
        on_notice: Callable[[str], None],
        is_over: Callable[[], bool],
    ) -> None:
        self._spool = spool
        self._servers = servers
        self._on_notice = on_notice
        self._is_over = is_over
        self.on_status: Callable[[str], None] | None = None
        self._outage = Outage(give_up_after_s)
        self._drain: Drain | None = None
        self._was_told = False

    def watch(self, drain: Drain) -> None:
        """Watch this drain from now on."""
        self._drain = drain

    def show(self, status: Callable[[str], None]) -> None:
        """Tell of an outage every second, on a line that is written over."""
        self._outage.every_s = STATUS_EVERY_S
        self.on_status = status

    def is_worth_waiting(self) -> bool:
        """Tell whether to go on waiting may help."""
        trouble = None if self._drain is None else self._drain.trouble
        return not isinstance(trouble, _DEFINITE) and not self._outage.is_too_long()

    def look(self) -> None:
        """Look once, and tell of what has changed."""
        drain = self._drain
        if drain is None:
            return
        self._outage.look(time.monotonic(), self._spool.waiting, drain.settled)
        if self._outage.is_to_be_told() and not self._is_over():
            self._was_told = True
            (self.on_status or self._on_notice)(self._state())
            watching.happened(
                "outage",
                logging.WARNING,
                lasted_s=round(self._outage.lasted_s, 1),
                waiting=self._spool.waiting,
                cause=self._cause(),
            )
        elif self._was_told and not self._outage.lasted_s:
            self._was_told = False
            self._on_notice("delivering again")
            watching.happened("recovered", waiting=self._spool.waiting)

    def _state(self) -> str:
        return (
            f"nothing delivered for {self._outage.lasted_s:.0f} s ({self._cause()});"
            f" {self._spool.waiting:,} wait on disk; still trying"
        )

    def _cause(self) -> str:
        trouble = None if self._drain is None else self._drain.trouble
        if trouble is not None:
            return trouble.why
        heard = None if self._drain is None else self._drain.heard
        return "no answer" if heard is None else codes.words(heard)

    def given_up(self) -> EventError:
        """Say why something is left in the spool, and how it is delivered."""
        waiting = f"{counted(self._spool.waiting, 'event')} wait in the spool"
        go_on = f"nothing is lost; deliver them: freezer spool drain --spool {self._spool.path}"
        trouble = None if self._drain is None else self._drain.trouble
        if isinstance(trouble, _DEFINITE):
            return type(trouble)(trouble.doing, f"{trouble.why}; {waiting}", trouble.fix)
        return UnreachableError(f"deliver to {self._servers}", f"{self._cause()}; {waiting}", go_on)
