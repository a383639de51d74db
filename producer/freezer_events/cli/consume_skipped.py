"""Records that `freezer consume` passes over: counted by cause, with the first places of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freezer_events.console.escape import one_line
from freezer_events.console.words import counted
from freezer_events.console.wrap import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.read.record import Cause, Record

_PLACES: Final = 3


class Skipped:
    """Counts what is no event.

    Attributes:
        count: how many there were.

    """

    def __init__(self) -> None:
        self.count = 0
        self._counts: dict[tuple[Cause | None, int | None], int] = {}
        self._places: dict[tuple[Cause | None, int | None], list[str]] = {}

    def add(self, record: Record[Any]) -> str | None:
        """Count one; returns what to say at once of the first of its kind."""
        kind = record.cause, record.schema_id
        self.count += 1
        self._counts[kind] = number = self._counts.get(kind, 0) + 1
        if number <= _PLACES:
            self._places.setdefault(kind, []).append(f"[{record.partition}] offset {record.offset}")
        if number == 1:
            return one_line(f"skipped {record.place}: {record.problem}")
        return None

    def lines(self) -> Iterator[str]:
        """Yield what is to be said at the end: each cause that came more than once."""
        for (cause, schema_id), number in self._counts.items():
            if number > 1:
                by = "" if schema_id is None else f" (schema id {schema_id})"
                places = ", ".join(self._places[cause, schema_id])
                more = ", …" if number > _PLACES else ""
                text = f"{counted(number, 'record')} skipped: {cause}{by}: {places}{more}"
                yield from wrapped(text, rest="  ")

    def as_list(self) -> list[dict[str, Any]]:
        """Return the counts for machines."""
        return [
            {"cause": str(cause), "schema_id": schema_id, "count": number}
            for (cause, schema_id), number in self._counts.items()
        ]
