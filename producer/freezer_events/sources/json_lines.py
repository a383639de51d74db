"""Readings as JSON lines: one object a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.forms import BadValue, from_json
from freezer_events.sources.reading import ReadingPlace, Rejected, Rows

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

    from freezer_events.event import EventType
    from freezer_events.sources.reading import Format, OnReject


class JsonLines:
    """Events from JSON lines; empty lines are passed over.

    Args:
        text: the decoded input.
        name: how messages name it.
        event_type: what each line is to be.
        written: which key holds which field.
        on_reject: told of each line that is no event.

    """

    heading = ""
    ignored: tuple[str, ...] = ()

    def __init__(
        self,
        text: io.TextIOWrapper,
        name: str,
        event_type: EventType,
        written: Format,
        on_reject: OnReject,
    ) -> None:
        self._text = text
        self._name = name
        self._event = from_json(event_type)
        self._columns = written.columns
        self._on_reject = on_reject
        self._start_at = written.start_at
        self.rows = Rows()
        self._number = 0
        self._line = ""

    wants_to_know = False

    @property
    def last(self) -> ReadingPlace:
        """The place of the last line."""
        return ReadingPlace(self._number, self._line)

    def safe(self, place: ReadingPlace) -> None:
        """Do nothing: a file keeps its lines."""

    def written(self, place: ReadingPlace) -> str:
        """Return a line as it was."""
        return str(place.raw).rstrip("\r\n")

    @property
    def place(self) -> str:
        """File and line of the last event."""
        return f"{self._name}:{self._number}"

    @property
    def text(self) -> str:
        """The line of the last event."""
        return self._line.rstrip("\r\n")

    def __iter__(self) -> Iterator[Any]:
        """Yield the events."""
        rows = self.rows
        for number, line in enumerate(self._text, 1):
            self._number, self._line = number, line
            if number < self._start_at:
                continue
            rows.read += 1
            if line.isspace():
                rows.none += 1
                continue
            try:
                event = self._parse(line)
            except BadValue as error:
                rows.rejected += 1
                self._on_reject(Rejected(self.place, str(error), self.text))
            else:
                rows.used += 1
                yield event

    def close(self) -> None:
        """Close the input."""
        self._text.close()

    def _parse(self, line: str) -> Any:
        try:
            value, end = _raw_decode(line)
            alone = not line[end:].strip()
        except (ValueError, RecursionError):
            alone = False
        if not alone:
            value = _with_care(line)
        if isinstance(value, dict) and self._columns:
            value = {self._columns.get(key, key): each for key, each in value.items()}
        return self._event(value)


def _with_care(line: str) -> Any:
    """Parse a line that begins with blanks, or is no JSON.

    Raises:
        BadValue: it is none, for the reason given.

    """
    try:
        return json.loads(line.rstrip(), object_pairs_hook=_unique, parse_constant=_refuse)
    except BadValue:
        raise
    except json.JSONDecodeError as error:
        raise BadValue("", f"not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise BadValue("", "not JSON that anybody can read: nested too deeply") from None
    except ValueError as error:
        raise BadValue("", f"not JSON that anybody can read: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadValue(twice, "stands there twice")
    return found


def _refuse(literal: str) -> Any:
    raise BadValue("", f"{literal} is not a finite number")


# Made once: `json.loads` makes a decoder for every line when it is given such functions, and looks
# for blanks around what it reads.
_raw_decode: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse).raw_decode
