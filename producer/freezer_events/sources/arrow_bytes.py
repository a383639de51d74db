"""Parquet, Feather and Arrow files as JSON lines: the row-wise way of a columnar source.

A row is one line, whose number is the row's. So all that holds for JSON lines holds here: options,
profiles, rejects that can be corrected and fed in again, and going on after a crash.
"""

from __future__ import annotations

import importlib
import json
import os
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import UnionType
from freezer_events.avro.scalars.textual import StringScalar, UuidScalar
from freezer_events.errors import EventError, UsageError
from freezer_events.sources.arrow_values import column_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.event import EventType
    from freezer_events.sources.profile import Profile

_ROWS: Final = 4096
_PARQUET: Final = b"PAR1"
_ARROW: Final = b"ARROW1"  # Feather of version 2, too
_FEATHER_1: Final = b"FEA1"
_PARTITION: Final = re.compile(r"([^=]+)=(.*)")
_NO_PARTITION: Final = "__HIVE_DEFAULT_PARTITION__"


def is_columnar(name: str) -> bool:
    """Tell by the first bytes of a file whether it is Parquet, Feather or Arrow."""
    try:
        if not os.path.isfile(name):  # noqa: PTH113 - a pipe is not opened: that would wait
            return False
        with open(name, "rb") as file:  # noqa: PTH123 - a name as it was typed
            return file.read(6).startswith((_PARQUET, _ARROW, _FEATHER_1))
    except (OSError, ValueError):
        return False  # told by whoever opens it


class ArrowBytes:
    """The rows of one file as JSON lines; stands in for `InputBytes`.

    Folders named `column=value` on the way to the file give its rows another column.

    Args:
        name: the file.
        event_type: what the rows are to be.
        profile: says which column holds which field.

    Attributes:
        error: why it could not be read to its end, told once what came before has been read.
        position: how many bytes have been read, estimated by the share of the rows.

    Raises:
        UsageError: pyarrow is not installed, the file cannot be read, or a column is there twice.

    """

    left = turned = False  # it is whole before it is read

    def __init__(self, name: str, event_type: EventType, profile: Profile) -> None:
        self.name = name
        self.error: EventError | None = None
        self.position = 0
        self._arrow = _pyarrow(name)
        self._head = b""
        try:
            self._file = open(name, "rb")  # noqa: PTH123, SIM115 - closed by `close`
        except OSError as error:
            raise UsageError(f"read {name}", str(error.strerror)) from error
        try:
            self._before = self._stat()
            self._batches, names, self._count = self._opened()
            _refuse_twice(name, names)
        except BaseException:
            self._file.close()
            raise
        self._constants = {
            key: value for key, value in _partitions(name).items() if key not in names
        }
        self._texts = _columns_of(event_type, profile, StringScalar)
        self._uuids = _columns_of(event_type, profile, UuidScalar)
        self._chunks = self._lines()

    @property
    def cut(self) -> bool:
        """Tell whether it ended before its end."""
        return self.error is not None

    def peek(self) -> bytes:
        """Return the first bytes, and keep them for `read1`."""
        self._head = self._head or next(self._chunks, b"")
        return self._head

    def read1(self, size: int) -> bytes:
        """Return what is there, at most so many bytes; nothing at the end."""
        data = self._head or next(self._chunks, b"")
        self._head = data[size:]
        return data[:size]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _opened(self) -> tuple[Iterator[Any], list[str], int]:
        """Return the batches of the file, its columns, and how many rows it holds."""
        first = self._file.read(6)
        self._file.seek(0)
        if first.startswith(_FEATHER_1):
            why, fix = "is Feather of version 1", "write it anew: pyarrow.feather.write_feather"
            raise UsageError(f"read {self.name}", why, fix)
        try:
            if first.startswith(_PARQUET):
                parquet: Any = importlib.import_module("pyarrow.parquet")
                opened = parquet.ParquetFile(self._file, page_checksum_verification=True)
                batches = opened.iter_batches(batch_size=_ROWS)
                return batches, opened.schema_arrow.names, opened.metadata.num_rows
            ipc: Any = importlib.import_module("pyarrow.ipc")
            opened = ipc.open_file(self._file)
            return _sliced(opened), opened.schema.names, 0
        except (self._arrow.ArrowException, OSError, ValueError) as error:
            fix = "get the file whole: it may be cut off, or still being written"
            raise UsageError(f"read {self.name}", _first_line(error), fix) from error

    def _lines(self) -> Iterator[bytes]:
        """Yield the rows, many lines at a time."""
        size, done = self._before[1], 0
        try:
            for batch in self._batches:
                yield self._of_batch(batch)
                done += batch.num_rows
                self.position = size * done // self._count if self._count else self._file.tell()
            self.position = size
        except Exception as error:  # noqa: BLE001 - decoders raise errors of many kinds
            self._fail(f"failed behind row {done:,}: {_first_line(error)}")
            return
        if self._stat() != self._before:
            self._fail("was changed while it was read")

    def _of_batch(self, batch: Any) -> bytes:
        names = [*batch.schema.names, *self._constants]
        columns = [
            column_values(column, is_text=name in self._texts, is_uuid=name in self._uuids)
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        ]
        columns += [[value] * batch.num_rows for value in self._constants.values()]
        rows = zip(*columns, strict=True) if columns else [()] * batch.num_rows
        return "".join(
            [json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows]
        ).encode("ascii")

    def _fail(self, why: str) -> None:
        fix = "what came before has been taken; get the file whole and go on with --start-at"
        self.error = EventError(f"read {self.name}", why, fix)

    def _stat(self) -> tuple[int, int]:
        found = os.fstat(self._file.fileno())
        return found.st_mtime_ns, found.st_size


def _pyarrow(name: str) -> Any:
    try:
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise UsageError(
            f"read {name}",
            "is a Parquet, Feather or Arrow file, which needs pyarrow",
            "pip install 'freezer-events[arrow]'",
        ) from error


def _refuse_twice(name: str, columns: list[str]) -> None:
    twice = next((each for each in columns if columns.count(each) > 1), None)
    if twice is not None:
        raise UsageError(f"read {name}", f"column {twice!r} is there twice", "rename one")


def _sliced(opened: Any) -> Iterator[Any]:
    """Yield the batches of an Arrow file in parts that memory holds."""
    for number in range(opened.num_record_batches):
        batch = opened.get_batch(number)
        for at in range(0, batch.num_rows, _ROWS):
            yield batch.slice(at, _ROWS)


def _partitions(name: str) -> dict[str, str | None]:
    """Return what the folders on the way to a file say of its rows."""
    matches = filter(None, map(_PARTITION.fullmatch, PurePath(name).parts[:-1]))
    return {each[1]: None if each[2] == _NO_PARTITION else unquote(each[2]) for each in matches}


def _columns_of(event_type: EventType, profile: Profile, kind: type) -> frozenset[str]:
    """Return the columns that fields of a kind take their values from."""
    model = model_of(event_type)
    found: set[str] = set()
    for each in model.root.fields:
        of = model.resolve(each.type)
        optional = model.optional(of) if isinstance(of, UnionType) else None
        if isinstance(scalar_of(optional[1] if optional else of), kind):
            source = profile.fields.get(each.name)
            found.update(source.columns if source and source.columns else (each.name,))
    return frozenset(found)


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
