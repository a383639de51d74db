"""What `freezer consume` shows of records: text, JSON or CSV; on standard output or in a file."""

from __future__ import annotations

import base64
import csv
import io
import sys
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from freezer_events.avro.forms import field_names, lost_in_cells, to_cells, to_json
from freezer_events.cli.kept_rows import refuse_to_overwrite
from freezer_events.console.escape import as_json, one_line
from freezer_events.console.wrap import columns
from freezer_events.errors import EventError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from freezer_events.cli.output import Output
    from freezer_events.event import EventType
    from freezer_events.read.record import Record

    Show = Callable[[Record[Any]], Any]

_FLUSH_EVERY_S: Final = 1.0
_INDENT: Final = "    "


class Sink(Protocol):
    """Where what is shown goes: lines of text, or events."""

    def put(self, shown: Any) -> None:
        """Write one line, or one event."""

    def closed(self) -> bool:
        """Tell whether nobody reads it any more."""

    def settle(self) -> bool:
        """Have all that was written arrive; tells whether it did."""

    def finish(self) -> None:
        """Have all that was written arrive: nothing follows."""


class Screen:
    """Standard output."""

    def __init__(self, out: Output) -> None:
        self._out = out

    def put(self, shown: str) -> None:
        """Write one line, at once."""
        self._out.line(shown)

    def closed(self) -> bool:
        """Tell whether nobody reads it any more."""
        return self._out.closed()

    def settle(self) -> bool:
        """Tell whether all that was printed could be written."""
        return self._out.works

    def finish(self) -> None:
        """Do nothing: each line was written at once."""


class Kept:
    """A file that held nothing before.

    Args:
        path: the file.

    Raises:
        UsageError: it holds something, or cannot be written.

    """

    def __init__(self, path: Path) -> None:
        refuse_to_overwrite("--to", path)
        self._path = path
        try:
            self._file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise UsageError(f"--to {path}", f"cannot be written: {error.strerror}") from error
        self._flushed_at = time.monotonic()

    def put(self, shown: str) -> None:
        """Write one line.

        Raises:
            EventError: the disk is full, or broken.

        """
        try:
            self._file.write(f"{shown}\n")
            if time.monotonic() - self._flushed_at > _FLUSH_EVERY_S:
                self._file.flush()
                self._flushed_at = time.monotonic()
        except OSError as error:
            raise self._broken(error) from error

    def closed(self) -> bool:
        """Go on: a file is never left."""
        return False

    def settle(self) -> bool:
        """Write what is held back.

        Raises:
            EventError: the disk is full, or broken.

        """
        try:
            self._file.flush()
        except OSError as error:
            raise self._broken(error) from error
        return True

    def finish(self) -> None:
        """Write what is held back.

        Raises:
            EventError: the disk is full, or broken.

        """
        self.settle()

    def close(self) -> None:
        """Close the file; what it holds was settled before, or given up."""
        try:
            self._file.close()
        except OSError:
            return

    def _broken(self, error: OSError) -> EventError:
        return EventError(f"write {self._path}", str(error.strerror), "make room, and start again")


def shower(event_type: EventType, form: str, *, envelope: bool, to_file: bool) -> Show:
    """Return what makes of a record that is an event what is shown: a line, several on a terminal.

    Parquet has events as they are.
    """
    if form == "parquet":
        return lambda record: record.event
    if form == "csv":
        return lambda record: csv_row(to_cells(record.event))
    if form == "json":
        plain = as_plain_json if to_file else as_json
        return lambda record: plain(enveloped(record) if envelope else to_json(record.event))
    wide = columns() if sys.stdout.isatty() and not to_file else 0
    del event_type
    return lambda record: _fitted(_parts(record), wide)


def heading(event_type: EventType) -> str:
    """Return the first line of a CSV file."""
    return csv_row(field_names(event_type))


def loses_a_value(record: Record[Any]) -> bool:
    """Tell whether CSV turns a text that is empty into no value."""
    return lost_in_cells(record.event)


def csv_row(cells: list[str]) -> str:
    """Return a row of CSV without its line end."""
    out = io.StringIO()
    # The writer puts quotes around a cell that holds a character of its line terminator.
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n")


def as_plain_json(value: Any) -> str:
    """Return a value as one line of JSON, for a file that no terminal reads."""
    import json  # noqa: PLC0415 - the help of a command has no need of it

    return json.dumps(value, ensure_ascii=False)


def enveloped(record: Record[Any]) -> dict[str, Any]:
    """Return all that a record carries, for machines; what is not UTF-8 is base64."""
    when = record.timestamp
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": None if when is None else when.isoformat(timespec="milliseconds"),
        "timestamp_ms": record.timestamp_ms,
        **_named("key", record.key),
        "headers": [{"name": name, **_named("value", value)} for name, value in record.headers],
        "schema_id": record.schema_id,
        "event": to_json(record.event),
    }


def _named(name: str, value: str | bytes | None) -> dict[str, str | None]:
    if not isinstance(value, bytes):
        return {name: value}
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(value).decode("ascii")}


def _parts(record: Record[Any]) -> list[str]:
    place = f"partition {record.partition} offset {record.offset} schema id {record.schema_id}"
    values = to_json(record.event).items()
    return [place, *(f"{name}={one_line(value)}" for name, value in values if value is not None)]


def _fitted(parts: list[str], wide: int) -> str:
    """Join parts by two spaces; on a terminal, lines are broken between parts to fit it."""
    lines = [parts[0]]
    for part in parts[1:]:
        if wide and len(lines[-1]) + 2 + len(part) > wide:
            lines.append(_INDENT + part)
        else:
            lines[-1] += "  " + part
    return "\n".join(lines)
