"""What a spool asks and tells those who use it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from freezer_events.errors import EventError
    from freezer_events.spool.put import PackedRow, Put

_log = logging.getLogger("freezer_events.spool")


@dataclass(slots=True)
class SpoolHooks:
    """Functions that are called from whatever thread has something to say.

    Attributes:
        on_notice: told in a sentence of a full disk and of losses; by default a line in the log.
        on_committed: called with the number of messages of each commit.
        on_refused: called with messages that were put and could not be committed.
        on_lost: called with how many messages of this process were lost from it.
        on_told_lost: called with somebody who was to hear of one of them, and the reason.
        on_forgotten: called with somebody who was to hear of a message, where too many are.
        keeps: tells whether somebody who is to hear of a message wants to after it is on disk.
        written_place: gives the name of a source and, as text, how far it has been read.

    """

    on_notice: Callable[[str], None] = _log.warning
    on_committed: Callable[[int], None] = lambda _: None
    on_refused: Callable[[Sequence[Put | PackedRow], EventError], None] = lambda *_: None
    on_lost: Callable[[int], None] = lambda _: None
    on_told_lost: Callable[[Any, str], None] = lambda *_: None
    on_forgotten: Callable[[Any], None] = lambda _: None
    keeps: Callable[[Any], bool] = lambda _: True
    written_place: Callable[[Any], tuple[str, str]] = lambda place: place
