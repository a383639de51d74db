"""Sources of readings: files and pipes in JSON lines or CSV; the simulator is next door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from freezer_events.avro.forms import field_names
from freezer_events.errors import UsageError
from freezer_events.sources.csv_file import CsvFile
from freezer_events.sources.json_lines import JsonLines
from freezer_events.sources.lines import as_text, open_bytes, shown_name
from freezer_events.sources.reading import Format, OnReject, ReadingPlace, Rejected, Rows, Source

if TYPE_CHECKING:
    import io
    from collections.abc import Callable

    from freezer_events.event import EventType

__all__ = [
    "Format",
    "OnReject",
    "ReadingPlace",
    "Rejected",
    "Rows",
    "Source",
    "column_options",
    "open_source",
]

_JSON_SUFFIXES: Final = {".jsonl", ".ndjson", ".json"}
_CSV_SUFFIXES: Final = {".csv", ".tsv", ".txt"}


def open_source(
    name: str,
    event_type: EventType,
    on_reject: OnReject,
    *,
    wait: Callable[[], bool],
    written: Format,
) -> Source:
    """Open a file, or standard input for "-", as a source of events.

    Args:
        name: the file, or "-".
        event_type: what the readings are to be.
        on_reject: told of each reading that is no event; may raise to end there.
        wait: called every 0.1 s while a pipe is silent; False ends the input.
        written: how the readings are written down.

    Raises:
        UsageError: the file cannot be opened, or its header does not fit the options.
        InvalidEvent: a CSV file has no header.

    """
    stream = open_bytes(name, wait)
    try:
        form = _form(name, stream) if written.form == "auto" else written.form
        text = as_text(stream, written.encoding)
        kind = JsonLines if form == "jsonl" else CsvFile
        return kind(text, shown_name(name), event_type, written, on_reject)
    except BaseException:
        stream.close()
        raise


def column_options(pairs: tuple[str, ...], event_type: EventType) -> dict[str, str]:
    """Turn `--column FROM=TO` options into a mapping.

    Raises:
        UsageError: a pair has no `=`, or names a field that the event does not have.

    """
    known = field_names(event_type)
    found = {}
    for pair in pairs:
        column, _, field = pair.rpartition("=")
        if not column:
            raise UsageError(f"--column {pair}", "is not of the form FROM=TO")
        if field not in known:
            listed = ", ".join(known)
            raise UsageError(f"--column {pair}", f"{event_type.name} has no such field: {listed}")
        found[column] = field
    return found


def _form(name: str, stream: io.BufferedReader) -> str:
    suffix = Path(name).suffix.lower()
    if suffix in _JSON_SUFFIXES:
        return "jsonl"
    if suffix in _CSV_SUFFIXES:
        return "csv"
    first = stream.peek(64).lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1]
    return "jsonl" if first in {b"{", b""} else "csv"  # what is empty holds no lines
