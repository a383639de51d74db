"""A columnar input: rows as events, read as JSON is, or as runs that are encoded at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from freezer_events.avro.arrow import BatchEncoder, EncodedRun
from freezer_events.avro.forms import BadValue, field_names
from freezer_events.sources.arrow_rows import first_line
from freezer_events.sources.encodings import LineCode
from freezer_events.sources.json_file import JsonFile
from freezer_events.sources.reading import ReadingPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freezer_events.event import EventType
    from freezer_events.sources.arrow_rows import ArrowRows
    from freezer_events.sources.profile import Profile
    from freezer_events.sources.reading import OnReject, Tell


class ColumnarSource(JsonFile):
    """Events from batches of rows. A row's line is its number; its offset is that from 0.

    Args:
        rows: the batches.
        event_type: what each row is to be.
        profile: how they are written down.
        on_reject: told of each row that is no reading.
        tell: told in a sentence what is worth knowing, once.
        start: (line, offset): rows before either are passed over.

    """

    def __init__(
        self,
        rows: ArrowRows,
        event_type: EventType,
        profile: Profile,
        on_reject: OnReject,
        tell: Tell,
        start: tuple[int, int] = (1, 0),
    ) -> None:
        super().__init__(rows, LineCode("utf-8"), event_type, profile, on_reject, tell, start)
        self._input = rows
        self._place = self._row_place
        self._row = -1  # the number of the last row, from 0
        self._text = ""  # as JSON; "" where it was not asked for

    def __iter__(self) -> Iterator[Any]:
        """Yield the events."""
        for batch, first in self._from_start():
            yield from self._one_by_one(batch, first)

    def in_runs(
        self,
        after: int,
        is_mine: Callable[[str], bool] | None = None,
        *,
        compiled: bool = True,
    ) -> Iterator[Any]:
        """Yield the events, and in their place runs of encoded rows.

        A run is counted when it is handed on; its last row is then the last one.

        Args:
            after: so many readings come as events first. The first one does, too, where reading
                begins within the input: it may be known already.
            is_mine: tells whether rows of a key are to be in runs at all; each run tells how many
                were passed over.
            compiled: False for the encoder in Python even where there is a compiled one.

        """
        after = max(after, int(self._start != (1, 0)))
        if not (self._plainly and BatchEncoder.suits(self._event_type)):
            yield from self
            return
        encoder = BatchEncoder(self._event_type, self._is_key, is_mine, compiled=compiled)
        rows, fields = self.rows, {*field_names(self._event_type)}
        for whole, number in self._from_start():
            batch, first = whole, number
            while batch.num_rows and rows.readings < after:
                yield from self._one_by_one(batch.slice(0, 1), first)
                batch, first = batch.slice(1), first + 1
            for found in encoder.runs(batch, first, partial(self._place_in, batch, first)):
                if isinstance(found, EncodedRun):
                    unused = [name for name in batch.schema.names if name not in fields]
                    self._name_unused("keys", unused)
                    rows.read += len(found) + found.passed
                    rows.used += len(found) + found.passed
                    self._row, self._text = found.first + len(found) + found.passed - 1, ""
                    yield found
                else:
                    yield from self._one_by_one(batch.slice(found, 1), first + found)

    def _place_in(self, batch: Any, first: int, at: int) -> ReadingPlace:
        (text,) = self._input.texts(batch.slice(at, 1))
        return self._place_of(first + at, text)

    def _from_start(self) -> Iterator[tuple[Any, int]]:
        """Yield the batches from where reading begins, and the number of the first row in each.

        Raises:
            UsageError: there is no column that a condition asks for.
            EventError: the input ended before its end.

        """
        line, offset = self._start
        start, first = max(line - 1, offset), 0
        for batch in self._input:
            if not first:
                self._plan.refuse_unknown(batch.schema.names)
            skip = min(max(0, start - first), batch.num_rows)
            if skip < batch.num_rows:
                yield batch.slice(skip), first + skip
            first += batch.num_rows
        if self._input.error is not None:
            raise self._input.error

    def _one_by_one(self, batch: Any, first: int) -> Iterator[Any]:
        """Yield the events of rows, each read as JSON."""
        try:
            texts = self._input.texts(batch)
        except Exception as error:  # noqa: BLE001 - decoders raise errors of many kinds
            self._input.fail(f"failed behind row {first:,}: {first_line(error)}")
            raise self._input.error from None  # type: ignore[misc]  # it is one now
        rows, make = self.rows, self._maker()
        for number, text in enumerate(texts, first):
            self._row, self._text = number, text
            rows.read += 1
            found = self._counted(make, text)
            if type(found) is list:
                yield from self._each(found)
            elif found is not None:
                yield found

    def _row_place(self) -> ReadingPlace:
        return self._place_of(self._row, self._text)

    def _place_of(self, number: int, text: str) -> ReadingPlace:
        raw = text.encode() + b"\n" if text else b""
        return ReadingPlace(self.name, number + 1, number, number + 1, raw)

    def _is_key(self, text: str) -> bool:
        try:
            return bool(self._keys[text])
        except BadValue:
            return False
