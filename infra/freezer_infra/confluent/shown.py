"""Waiting for a change to be seen: the cloud and a platform show some only after a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from freezer_events.errors import EventError

if TYPE_CHECKING:
    from collections.abc import Callable

VISIBLE_WITHIN_S = 20.0
UNCLEAR_WITHIN_S = 5.0
_POLL_S = 0.5


def until_shown(doing: str, done: Callable[[], bool]) -> None:
    """Wait for a change that the CLI has reported.

    Raises:
        EventError: nothing shows it when the time is up.

    """
    if not _soon(done, VISIBLE_WITHIN_S):
        why = f"the CLI reported success, but {VISIBLE_WITHIN_S:g} s later nothing shows it"
        raise EventError(doing, why, "run plan to see what is there now")


def seen(done: Callable[[], bool]) -> bool:
    """Tell whether a change whose outcome is not known was made; a failure to read is a no."""
    try:
        return _soon(done, UNCLEAR_WITHIN_S)
    except EventError:
        return False


def _soon(done: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True
