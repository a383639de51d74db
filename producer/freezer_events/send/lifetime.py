"""The life of a producer: open, ended, closed; and the ends it may come to without being closed."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import warnings
import weakref
from typing import TYPE_CHECKING, Final

from freezer_events.console.words import counted
from freezer_events.errors import EventError, UsageError
from freezer_events.send.closing import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.send.delivery import Delivery
    from freezer_events.send.spooled_delivery import SpooledDelivery

_AT_EXIT_S: Final = 10.0  # the longest that a producer that nobody closed holds up the exit

_log = logging.getLogger("freezer_events.send")


class Lifetime:
    """Whether a producer takes events, and if not, why.

    It holds on to nothing of the producer itself, so that one that is forgotten can be noticed.

    Attributes:
        on_end: called when no event is to be taken any more.
        is_closed: it was closed, or belongs to the parent of this process.
        stop: asked while the producer waits; True ends the wait.
        over: set once a producer that was closed has nothing open any more.

    """

    def __init__(self) -> None:
        self.on_end: Callable[[], None] = lambda: None
        self.is_closed = False
        self.stop: Callable[[], bool] = lambda: False
        self.over = threading.Event()
        self._closing_in = 0
        self._ended: EventError | None = None

    def end(self, why: EventError) -> None:
        """Take no event any more: the first reason given is the one that `send` raises."""
        self._ended = self._ended or why
        self.on_end()

    def close(self) -> None:
        """Take no event any more: the producer is closed."""
        self._closing_in = threading.get_ident()
        self._close_for(UsageError("send", "the producer is closed", "make another one"))

    def wait_until_over(self) -> None:
        """Wait until another thread, which closes the producer, has done so."""
        if self._closing_in not in {0, threading.get_ident()}:
            self.over.wait()

    def refuse_if_ended(self) -> None:
        """Raise the reason for which no event is taken any more, if there is one."""
        if self._ended is not None:
            raise self._ended.with_traceback(None)  # it is the same one each time

    def was_forked(self) -> None:
        """Never use, in the child, what the parent's threads work with."""
        self._close_for(
            UsageError(
                "send",
                "the producer was made before this process was forked",
                "make one in this process",
            )
        )

    def _close_for(self, why: EventError) -> None:
        self.is_closed, self._ended = True, why
        self.on_end()


# Open producers' lives; the value ends the delivery of one that nobody closed.
_open: weakref.WeakKeyDictionary[Lifetime, weakref.finalize[..., object]]
_open = weakref.WeakKeyDictionary()


def watch(producer: object, lifetime: Lifetime, delivery: Delivery | SpooledDelivery) -> None:
    """Tell a producer of a fork, and end it in good order when it is forgotten or at the exit."""
    _open[lifetime] = weakref.finalize(producer, _forgotten, delivery)
    _open[lifetime].atexit = False  # `_at_exit` does that, and waits


def forget(lifetime: Lifetime) -> None:
    """Stop watching: it was closed."""
    finalizer = _open.pop(lifetime, None)
    if finalizer is not None:
        finalizer.detach()


def leave(lifetime: Lifetime, delivery: Delivery | SpooledDelivery) -> bool:
    """Close a producer for further events; False where it was closed, and nothing is to be done.

    Raises:
        UsageError: this is within a delivery callback.

    """
    delivery.outside_callbacks("close the producer")
    if lifetime.is_closed:
        return False
    forget(lifetime)
    lifetime.close()
    return True


def _forgotten(delivery: Delivery | SpooledDelivery) -> None:
    """End a producer that nobody closed and nobody holds on to any more.

    Garbage is collected anywhere, within a callback or while a lock is held: so a thread of its own
    waits, which the end of the program waits for in its turn.
    """
    waiting = delivery.in_flight
    threading.Thread(target=_give_up, args=(delivery,), name="freezer-closing").start()
    if delivery.tally.accepted:  # delivered or not: that it arrived in time was luck
        _warn(waiting)


def _at_exit() -> None:
    for lifetime, finalizer in list(_open.items()):
        lifetime.close()
        found = finalizer.detach()
        if found is not None:
            delivery = found[2][0]
            waiting = delivery.in_flight
            _give_up(delivery)
            if delivery.tally.accepted:
                _warn(waiting)


def _give_up(delivery: Delivery | SpooledDelivery) -> None:
    settle(delivery, _AT_EXIT_S)
    tally = delivery.tally
    if tally.failed or tally.unconfirmed:
        _log.error("an EventProducer was never closed: events %s", tally)


def _warn(waiting: int) -> None:
    still = counted(waiting, "event")
    warnings.warn(
        f"an EventProducer was never closed: {still} still open, given {_AT_EXIT_S:g} s",
        ResourceWarning,
        stacklevel=2,
    )


def _in_child() -> None:
    for lifetime in list(_open):
        forget(lifetime)
        lifetime.was_forked()


atexit.register(_at_exit)
os.register_at_fork(after_in_child=_in_child)
