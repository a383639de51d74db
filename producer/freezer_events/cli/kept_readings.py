"""`--undelivered FILE`: the readings that did not arrive, as the input had them, in its order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.forms import to_json
from freezer_events.cli.kept_rows import KeptRows, refuse_to_overwrite
from freezer_events.kafka.codes import Outcome
from freezer_events.sources import ReadingPlace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from freezer_events.send.pipeline import Undelivered
    from freezer_events.sources import Source

_APART: Final = ".unconfirmed"
_NOWHERE: Final = ReadingPlace("", 0, 0, 0)


class KeptReadings:
    """Files that can be fed in again with the options of the run.

    What is certainly not on the topic, and what was not sent, goes to the file itself; what may be
    there goes beside it, to `NAME.unconfirmed.SUFFIX`.

    Args:
        path: the file, or a folder: see `KeptRows`.
        inputs: the names of the inputs; none for simulated readings.
        named: see `KeptRows`.

    Raises:
        UsageError: one of the files holds something already.

    """

    def __init__(self, path: str, inputs: Sequence[str] = (), *, named: bool = False) -> None:
        self._rows = KeptRows("--undelivered", path, inputs, named=named)
        self._order = _Order(inputs)
        for each in inputs or ("",):
            for apart in ("", _APART):
                refuse_to_overwrite("--undelivered", self._rows.path_of(each, apart), readings=True)

    def write(
        self, lost: Sequence[Undelivered], source: Source | None
    ) -> Iterator[tuple[Path, int]]:
        """Write the readings; yields each file with how many it holds.

        Raises:
            EventError: a file cannot be written.

        """
        counts: dict[Path, int] = {}
        written: set[tuple[str, int, str]] = set()  # a row may have given several readings
        for each in sorted(lost, key=self._order):
            apart = _APART if each.outcome is Outcome.UNCONFIRMED else ""
            place = each.place or _NOWHERE
            row = (place.input, place.begin, apart)
            path = self._rows.path_of(place.input, apart)
            if each.place is None or row not in written:
                written.add(row)
                heading = b"" if source is None else source.heading(place.input)
                path = self._rows.write(place, heading, reading_bytes(each), apart=apart)
            counts[path] = counts.get(path, 0) + 1
        self._rows.close()
        yield from counts.items()

    def another(self) -> str | None:
        """Return a path that a further run can be given; None where it needs no other one."""
        return self._rows.another(_APART)


def next_place(
    source: Source | None,
    lost: Sequence[Undelivered],
    inputs: Sequence[str] = (),
    *,
    kept: bool,
    ended: bool,
    refused: bool = False,
) -> tuple[str, int] | None:
    """Return the input and line from which to read again; None where there is no need.

    Args:
        source: the input.
        lost: what was not delivered of it.
        inputs: the names of the inputs, in their order.
        kept: it is in a file of its own, so that only what follows is to be read.
        ended: the input was read to its end.
        refused: its last row is no reading and ended the run, and is kept nowhere else.

    """
    if source is None:
        return None
    if lost and not kept:
        first = min(lost, key=_Order(inputs))
        return None if first.place is None else (first.place.input, first.place.line)
    last = source.last
    return None if ended else (last.input, max(1, last.line + (not refused)))


class _Order:
    """The order of readings: that of the inputs, and in each that of the bytes."""

    def __init__(self, inputs: Sequence[str]) -> None:
        self._numbers = {name: number for number, name in enumerate(inputs)}

    def __call__(self, each: Undelivered) -> tuple[int, int]:
        if each.place is None:
            return 0, 0
        return self._numbers.get(each.place.input, 0), each.place.begin


def reading_bytes(each: Undelivered) -> bytes:
    """Return a reading as the input had it; as a line of JSON where it has no place there."""
    if each.place is not None:
        return each.place.raw
    shown: Any = to_json(each.event)
    return (json.dumps(shown, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
