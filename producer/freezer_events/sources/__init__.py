"""Sources of readings: files and pipes of tables or JSON, columnar files, the simulator."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.forms import field_names
from freezer_events.errors import UsageError
from freezer_events.sources.arrow_file import ArrowFile, is_columnar
from freezer_events.sources.arrow_rows import ArrowRows
from freezer_events.sources.columnar import ColumnarSource
from freezer_events.sources.csv_file import CsvFile
from freezer_events.sources.encodings import LineCode
from freezer_events.sources.input_names import expanded, size_of
from freezer_events.sources.inputs import InputBytes, bytes_at
from freezer_events.sources.json_file import JsonFile
from freezer_events.sources.many import Inputs
from freezer_events.sources.profile import FieldFrom, Profile, Wide, refuse_unknown
from freezer_events.sources.profile_file import read_profile
from freezer_events.sources.reading import (
    HoldsNothing,
    OnReject,
    ReadingPlace,
    Rejected,
    Rows,
    Source,
    StandsOpen,
    Tell,
    shown_name,
)
from freezer_events.sources.stores import is_stored
from freezer_events.sources.text_source import NothingYet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from freezer_events.event import EventType
    from freezer_events.sources.text_source import TextSource

__all__ = [
    "FieldFrom",
    "Inputs",
    "OnReject",
    "Profile",
    "ReadingPlace",
    "Rejected",
    "Rows",
    "Source",
    "Wide",
    "bytes_at",
    "expanded",
    "of_batches",
    "open_source",
    "read_profile",
    "size_of",
]

_JSON_SUFFIXES: Final = {".jsonl", ".ndjson", ".json"}
_CSV_SUFFIXES: Final = {".csv", ".tsv"}
_PACKED: Final = {".gz", ".zst"}


def open_source(
    name: str,
    event_type: EventType,
    on_reject: OnReject,
    *,
    wait: Callable[[], bool],
    profile: Profile = Profile(),  # noqa: B008 - it cannot be changed
    tell: Tell = lambda _: None,
    start: tuple[int, int] = (1, 0),
    follow: bool = False,
) -> TextSource:
    """Open one input as a source of events.

    Args:
        name: the file, "-" for standard input, or "archive.zip!member".
        event_type: what the readings are to be.
        on_reject: told of each row that is no reading; may raise to end there.
        wait: called every 0.1 s while a pipe is silent; False ends the input.
        profile: how the readings are written down.
        tell: told in a sentence what is worth knowing: columns that no field takes, say.
        start: (line, byte): rows that begin before either are passed over. To go on behind a
            place: (1, place.end).
        follow: wait at the end of the file for what is appended, until it is another file.

    Raises:
        UsageError: the input cannot be opened, or its header does not fit the options.
        InvalidEvent: a table has no header; HoldsNothing, if it has no rows either.

    """
    refuse_unknown(profile, field_names(event_type), event_type.name, event_type.version)
    if is_columnar(name):
        if follow:
            why = "is columnar: nothing is appended to it that could be followed"
            raise UsageError(f"follow {shown_name(name)}", why, "leave out --follow")
        rows = ArrowFile(name, event_type, profile)
        return ColumnarSource(rows, event_type, profile, on_reject, tell, start)
    if is_stored(name):
        why = "is in a store, from which Parquet, Arrow and Feather files are read"
        raise UsageError(f"read {name}", why, "copy it here, or pipe it: --from -")
    stream = InputBytes(name, wait, follow=follow)
    try:
        first = stream.peek()
        code = LineCode(profile.encoding or _encoding(name, first))
        kind = JsonFile if _is_json(name, first, profile) else CsvFile
        try:
            return kind(stream, code, event_type, profile, on_reject, tell, start)
        except StandsOpen:
            return NothingYet(stream, code, event_type, profile, on_reject, tell, start)
        except HoldsNothing:
            if not (stream.left or stream.turned):
                raise
            return NothingYet(stream, code, event_type, profile, on_reject, tell, start)
    except BaseException:
        stream.close()
        raise


def of_batches(
    batches: Iterable[Any], event_type: EventType, on_reject: OnReject, name: str
) -> TextSource:
    """Return the rows of Arrow batches as a source of events; a row's line is its number.

    Args:
        batches: RecordBatches, whose columns hold the fields of their names.
        event_type: what the rows are to be.
        on_reject: told of each row that is no reading; may raise to end there.
        name: what the rows are called.

    """
    profile = Profile()
    rows = ArrowRows(name, batches, event_type, profile)
    return ColumnarSource(rows, event_type, profile, on_reject, lambda _: None, (1, 0))


def _encoding(name: str, first: bytes) -> str:
    """Return the encoding that the first bytes show: a mark says it, and else it is UTF-8.

    Raises:
        UsageError: it is none that holds text, or text of another encoding.

    """
    if first.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    sample = first[:200]
    if sample.count(b"\0") * 3 > len(sample) > 1:
        order = "utf-16-le" if sample[1:2] == b"\0" else "utf-16-be"
        why = "is UTF-16 without a byte order mark, it seems"
        raise UsageError(f"read {shown_name(name)}", why, f"say so: --encoding {order}")
    return "utf-8"


def _is_json(name: str, first: bytes, profile: Profile) -> bool:
    if profile.form != "auto":
        return profile.form == "json"
    path = PurePath(name)
    suffix = (path.with_suffix("") if path.suffix.lower() in _PACKED else path).suffix.lower()
    if suffix in _JSON_SUFFIXES:
        return True
    if suffix in _CSV_SUFFIXES:
        return False
    begin = first.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1]
    return begin in {b"{", b"[", b""}  # what is empty holds no lines
