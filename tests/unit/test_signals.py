"""A signal that comes where Python throws exceptions away ends the command all the same."""

from __future__ import annotations

import gc
import os
import signal
import time
import weakref
from typing import TYPE_CHECKING

import pytest

from freezer_events.console.signals import Interrupted, signals_end_it
from freezer_events.console.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Callable


class Thing:
    """What a weak reference may point to."""


class Finalized:
    """Is interrupted in its finalizer."""

    def __del__(self) -> None:
        interrupt()


def interrupt() -> None:
    """Send this process a signal, whose handler runs before this returns."""
    os.kill(os.getpid(), signal.SIGTERM)


def in_a_finalizer() -> None:
    Finalized()


def in_the_callback_of_a_weak_reference() -> None:
    thing = Thing()
    kept = weakref.ref(thing, lambda _: interrupt())
    del thing
    assert kept() is None


def in_a_collection_of_garbage() -> None:
    def once(*_: object) -> None:
        gc.callbacks.remove(once)
        interrupt()

    gc.callbacks.append(once)
    gc.collect()


SWALLOWS = (in_a_finalizer, in_the_callback_of_a_weak_reference, in_a_collection_of_garbage)


def wait_after(swallows: Callable[[], None]) -> None:
    """Wait as for an answer that does not come, until the signal ends it."""
    swallows()
    time.sleep(20)


@pytest.mark.parametrize("swallows", SWALLOWS)
def test_it_comes_again_as_an_exception(swallows: Callable[[], None]) -> None:
    with pytest.raises(Interrupted) as ended, signals_end_it():
        wait_after(swallows)
    assert ended.value.exit_code == 143


@pytest.mark.parametrize("swallows", SWALLOWS)
def test_it_ends_a_wait_within_a_stop_as_the_first(swallows: Callable[[], None]) -> None:
    with signals_end_it(), Stop() as stop:
        with pytest.raises(Interrupted), stop.interrupting():
            wait_after(swallows)
        assert (stop.asked, stop.at_once) == (True, False)


def test_the_second_still_counts(capfd: pytest.CaptureFixture[str]) -> None:
    with signals_end_it(), Stop() as stop:
        with pytest.raises(Interrupted), stop.interrupting():
            wait_after(in_a_finalizer)
        interrupt()
        assert stop.at_once
    assert capfd.readouterr().err == ""
