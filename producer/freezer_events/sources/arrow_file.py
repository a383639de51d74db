"""Parquet, Feather and Arrow files: told by their first bytes, read in batches, row by row."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from freezer_events.errors import UsageError
from freezer_events.sources import stores
from freezer_events.sources.arrow_rows import ArrowRows, first_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from freezer_events.event import EventType
    from freezer_events.sources.profile import Profile

_ROWS: Final = 4096
_PARQUET: Final = b"PAR1"
_ARROW: Final = b"ARROW1"  # Feather of version 2, too
_FEATHER_1: Final = b"FEA1"
_STREAM: Final = b"\xff\xff\xff\xff"  # Arrow's format for streams, without an index at the end
_BEGINNINGS: Final = (_PARQUET, _ARROW, _FEATHER_1, _STREAM)
_PARTITION: Final = re.compile(r"([^=]+)=(.*)")
_NO_PARTITION: Final = "__HIVE_DEFAULT_PARTITION__"


def is_columnar(name: str) -> bool:
    """Tell by the first bytes of a file whether it is Parquet, Feather or Arrow."""
    if stores.is_stored(name):
        with stores.opened(name) as file:
            return bytes(file.read(6)).startswith(_BEGINNINGS)
    try:
        if not os.path.isfile(name):  # noqa: PTH113 - a pipe is not opened: that would wait
            return False
        with open(name, "rb") as file:  # noqa: PTH123 - a name as it was typed
            return file.read(6).startswith(_BEGINNINGS)
    except (OSError, ValueError):
        return False  # told by whoever opens it


class ArrowFile(ArrowRows):
    """The rows of one file.

    Folders named `column=value` on the way to the file give its rows another column.

    Args:
        name: the file.
        event_type: what the rows are to be.
        profile: says which column holds which field.

    Raises:
        UsageError: pyarrow is not installed, the file cannot be read, or a column is there twice.

    """

    def __init__(self, name: str, event_type: EventType, profile: Profile) -> None:
        self.name = name
        self._arrow = _pyarrow(name)
        self._file = _opened(name)
        try:
            self._before = self._stat()
            batches, names, self._count = self._opened()
            _refuse_twice(name, names)
        except BaseException:
            self._file.close()
            raise
        constants = {key: value for key, value in _partitions(name).items() if key not in names}
        super().__init__(name, batches, event_type, profile, constants)

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
                opened = parquet.ParquetFile(
                    self._file,
                    pre_buffer=stores.is_stored(self.name),  # a request for each column, otherwise
                    page_checksum_verification=True,
                )
                return _by_row_groups(opened), opened.schema_arrow.names, opened.metadata.num_rows
            ipc: Any = importlib.import_module("pyarrow.ipc")
            if first.startswith(_STREAM):
                opened = ipc.open_stream(self._file)
                return _sliced(self._of_stream(opened)), opened.schema.names, 0
            opened = ipc.open_file(self._file)
            batches = map(opened.get_batch, range(opened.num_record_batches))
            return _sliced(batches), opened.schema.names, 0
        except (self._arrow.ArrowException, OSError, ValueError) as error:
            fix = "get the file whole: it may be cut off, or still being written"
            raise UsageError(f"read {self.name}", first_line(error), fix) from error

    def _of_stream(self, opened: Any) -> Iterator[Any]:
        """Yield the batches of a stream; raises ValueError where it is cut off, or one of several.

        A stream ends with a mark, and Arrow's reader takes the end of its file for one as well:
        https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format
        """
        while True:
            before = self._file.tell()
            try:
                batch = opened.read_next_batch()
            except StopIteration:
                break
            yield batch
        if self._file.tell() == before:
            raise ValueError("it is cut off: the mark that ends a stream is missing")
        if self._file.read(1):
            raise ValueError("something follows the end of its stream, maybe another stream")

    def _passed(self, rows: int) -> None:
        size = self._before[1]
        self.position = size * rows // self._count if self._count else self._file.tell()

    def _ended(self) -> None:
        self.position = self._before[1]
        if self._stat() != self._before:
            self.fail("was changed while it was read")

    def _stat(self) -> tuple[int, int]:
        if stores.is_stored(self.name):
            stored = stores.look_at(self.name)
            return stored.mtime_ns, stored.size_bytes
        found = os.fstat(self._file.fileno())
        return found.st_mtime_ns, found.st_size


def _opened(name: str) -> Any:
    if stores.is_stored(name):
        return stores.opened(name)
    try:
        return open(name, "rb")  # noqa: PTH123 - closed by `close`
    except OSError as error:
        raise UsageError(f"read {name}", str(error.strerror)) from error


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


def _by_row_groups(opened: Any) -> Iterator[Any]:
    """Yield the batches of a Parquet file.

    What was read of a file in advance is held until its reader is done, so a reader does one group.
    https://arrow.apache.org/docs/python/generated/pyarrow.parquet.ParquetFile.html
    """
    for number in range(opened.num_row_groups):
        yield from opened.iter_batches(batch_size=_ROWS, row_groups=[number])


def _sliced(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield batches in parts that memory holds."""
    for batch in batches:
        for at in range(0, batch.num_rows, _ROWS):
            yield batch.slice(at, _ROWS)


def _partitions(name: str) -> dict[str, str | None]:
    """Return what the folders on the way to a file say of its rows."""
    path = unquote(name) if stores.is_stored(name) else name
    matches = filter(None, map(_PARTITION.fullmatch, PurePath(path).parts[:-1]))
    return {each[1]: None if each[2] == _NO_PARTITION else unquote(each[2]) for each in matches}
