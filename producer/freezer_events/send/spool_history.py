"""Whether a position on the topic was written by this spool, or by a copy that went another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.errors import ConfigError, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.kafka.positions import SpoolPosition
    from freezer_events.spool.durable_queue import Spool


def is_ours(spool: Spool, found: SpoolPosition | None) -> bool:
    """Tell whether a position that was found at the start is one that this spool has written."""
    if found is None:
        return True
    if found.position > spool.start:
        return False
    crc = spool.row_checksum(found.position - 1)
    return crc is None or crc == found.checksum


def another_history(path: Path) -> ConfigError:
    """Make the error for a position that another copy has written."""
    return ConfigError(
        f"deliver from the spool {path}",
        "another copy of it has delivered since: where the two part cannot be told",
        "deliver all that this one holds, some of it again: freezer spool new-identity",
    )


def another_process(path: Path) -> UnreachableError:
    """Make the error for a copy that another process delivers from at the same time."""
    return UnreachableError(
        f"deliver from the spool {path}",
        "another process delivers from a copy of it",
        "end the one or the other; a copy of its own: freezer spool new-identity",
    )
