"""Who is to hear, in the end, what became of messages that are on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from freezer_events.spool.hooks import SpoolHooks
    from freezer_events.spool.put import Put
    from freezer_events.spool.records import StoredBatch

_MOST: Final = 100_000  # messages at most of which somebody wants to hear in the end


class Listeners:
    """Keeps them in memory, by the position of their message.

    Args:
        hooks: what is told of those that are not kept.

    """

    def __init__(self, hooks: SpoolHooks) -> None:
        self._hooks = hooks
        self._told: dict[int, Any] = {}

    def keep(self, position: int, row: Sequence[Put]) -> None:
        """Keep those of messages that were committed from a position on."""
        for number, each in enumerate(row, position):
            if each.told is not None and self._hooks.keeps(each.told):
                if len(self._told) < _MOST:
                    self._told[number] = each.told
                else:
                    self._hooks.on_forgotten(each.told)

    def of(self, batch: StoredBatch) -> dict[int, Any]:
        """Return, once, whoever is to hear what became of a message, by its index in the batch."""
        if not self._told:
            return {}
        found = ((n, self._told.pop(batch.position + n, None)) for n in range(batch.length))
        return {number: who for number, who in found if who is not None}

    def lose(self, rows: Sequence[tuple[int, int]], reason: str) -> None:
        """Tell those whose message is lost, by position and length of its row."""
        if self._told:
            found = (self._told.pop(p, None) for at, count in rows for p in range(at, at + count))
            for who in found:
                if who is not None:
                    self._hooks.on_told_lost(who, reason)

    def untold(self) -> Iterator[Any]:
        """Give those that have not heard yet what became of their message, each once."""
        while self._told:
            yield self._told.pop(next(iter(self._told)))
