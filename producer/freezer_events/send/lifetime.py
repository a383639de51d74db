"""The end that a producer may come to without being closed: a fork, or the end of the program."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Forkable(Protocol):
    """What has to know that this process is a fork's child."""

    def _was_forked(self) -> None:
        """Never use what the parent's threads work with."""


_open: weakref.WeakSet[Forkable] = weakref.WeakSet()
_finalizers: weakref.WeakKeyDictionary[Forkable, weakref.finalize[..., Forkable]]
_finalizers = weakref.WeakKeyDictionary()


def watch(producer: Forkable, at_exit: Callable[[], None]) -> None:
    """Tell a producer of a fork, and call `at_exit` when it is forgotten or the program ends."""
    _open.add(producer)
    _finalizers[producer] = weakref.finalize(producer, at_exit)


def forget(producer: Forkable) -> None:
    """Stop watching: it was closed."""
    _open.discard(producer)
    finalizer = _finalizers.pop(producer, None)
    if finalizer is not None:
        finalizer.detach()


def _in_child() -> None:
    for producer in list(_open):
        forget(producer)
        producer._was_forked()  # noqa: SLF001 - the one call that this module is for


os.register_at_fork(after_in_child=_in_child)
