"""Where a spool is, as users of the library name it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from freezer_events.spool.durable_queue import DEFAULT_MAX_BYTES


@dataclass(frozen=True, slots=True)
class SpoolAt:
    """Where a spool is, and how much it may hold.

    Attributes:
        path: its folder, on a disk of this machine.
        max_bytes: how much may wait in it.
        drop_oldest: when it is full, drop the oldest events, on record, instead of waiting.

    """

    path: Path
    max_bytes: int = DEFAULT_MAX_BYTES
    drop_oldest: bool = False

    @classmethod
    def of(cls, given: SpoolAt | Path | str) -> SpoolAt:
        """Return what was given as one of these."""
        if isinstance(given, SpoolAt):
            return replace(given, path=Path(given.path))
        return SpoolAt(Path(given))
