"""How long a commit takes on a device: what a lone reading costs with a spool there."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from freezer_events.errors import EventError
from freezer_events.spool.records import Commit
from freezer_events.spool.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

_TRIES: Final = 9


def commit_ms(folder: Path) -> float | None:
    """Return the median time of a commit in a folder, in ms; None where nothing can be written."""
    try:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            store = Store(Path(place))
            try:
                return median(_times(store))
            finally:
                store.close()
    except (EventError, OSError):
        return None


def _times(store: Store) -> Iterator[float]:
    for _ in range(_TRIES):
        begun = time.perf_counter()
        store.commit(Commit(rows=[(1, bytes(64))]))
        yield (time.perf_counter() - begun) * 1000
