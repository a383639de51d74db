"""The Parquet file that `freezer consume --output parquet` writes."""

from __future__ import annotations

import importlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.arrow.to_arrow import ArrowForm, NoColumn
from freezer_events.cli.kept_rows import refuse_to_overwrite
from freezer_events.errors import EventError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.event import EventType

_ROWS: Final = 50_000  # in a row group, which is held in memory until it is full


class ParquetSink:
    """A file that has its name once it is whole: until then it is beside it, with ".part".

    Args:
        path: the file.
        event_type: the events.

    Raises:
        UsageError: it holds something, or cannot be written; or Parquet has no type for a field.

    """

    def __init__(self, path: Path, event_type: EventType) -> None:
        refuse_to_overwrite("--to", path)
        try:
            parquet: Any = importlib.import_module("pyarrow.parquet")
        except ImportError as error:
            fix = "pip install 'freezer-events[arrow]'"
            raise UsageError("--output parquet", "needs pyarrow", fix) from error
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        try:
            self._form = ArrowForm(event_type)
        except NoColumn as error:
            raise UsageError("--output parquet", str(error), "use --output json") from error
        self._events: list[Any] = []
        self._is_whole = self._has_rows = False
        try:
            self._writer: Any = parquet.ParquetWriter(
                self._part, self._form.schema, compression="zstd"
            )
        except OSError as error:
            raise UsageError(f"--to {path}", f"cannot be written: {_reason(error)}") from error

    def put(self, event: Any) -> None:
        """Take an event.

        Raises:
            EventError: the disk is full, or broken.

        """
        self._events.append(event)
        if len(self._events) >= _ROWS:
            self._write()

    def closed(self) -> bool:
        """Go on: a file is never left."""
        return False

    def settle(self) -> bool:
        """Tell whether the file is whole: nobody can read it before."""
        return self._is_whole

    def finish(self) -> None:
        """Write the rest, and give the file its name.

        Raises:
            EventError: the disk is full, or broken.

        """
        if self._is_whole:
            return
        self._write()
        try:
            self._writer.close()
            with self._part.open("rb") as file:
                os.fsync(file.fileno())
            self._part.replace(self._path)
        except OSError as error:
            raise self._broken(error) from error
        self._is_whole = True

    def close(self) -> None:
        """Make the file whole with what was read, if possible; without events leave none."""
        if not (self._is_whole or self._events or self._has_rows):
            with suppress(OSError):
                self._writer.close()
                self._part.unlink(missing_ok=True)
            return
        with suppress(EventError):
            self.finish()

    def _write(self) -> None:
        events, self._events = self._events, []
        if not events:
            return
        try:
            self._writer.write_batch(self._form.batch(events), row_group_size=_ROWS)
            self._has_rows = True
        except OSError as error:
            raise self._broken(error) from error

    def _broken(self, error: OSError) -> EventError:
        return EventError(f"write {self._part}", _reason(error), "make room, and start again")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
