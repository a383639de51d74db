"""Standard output and error that never end a run: closed, full, without a reader or stalled.

`guarded` puts them in place of Python's own. Whoever writes to them learns of no error; what could
not be written is on record in `lost`, and `console.command` decides what that means. They are also
the one place through which all text goes, so the last line of defence against foreign characters.
"""

from __future__ import annotations

import errno
import io
import os
import select
import shutil
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TextIO

from freezer_events.console.escape import as_json, escaped
from freezer_events.console.signals import asked_for_s

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import ReadableBuffer

_SLICE_MS: Final = 100
_CHUNK_BYTES: Final = select.PIPE_BUF  # what a pipe takes whole once it says that it takes anything
_STALLED_S: Final = 1.0  # how long a stream may take nothing once the run is to end


class _Descriptor(io.RawIOBase):
    """A file descriptor that is written to in pieces, so that nothing blocks for ever."""

    def __init__(self, descriptor: int, lost: str | None) -> None:
        super().__init__()
        self.lost = lost
        self.left = False
        self.used = False
        self._descriptor = descriptor
        self._lock = threading.RLock()
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self.lost is None and os.isatty(self._descriptor)

    def fileno(self) -> int:
        return self._descriptor

    def write(self, data: ReadableBuffer, /) -> int:
        rest = memoryview(data).cast("B")
        size = len(rest)
        with self._lock:
            self.used = True
            while rest and self.lost is None:
                try:
                    self._wait()
                    rest = rest[os.write(self._descriptor, rest[:_CHUNK_BYTES]) :]
                except BlockingIOError:
                    continue  # somebody made the descriptor non-blocking: wait once more
                except OSError as error:
                    self.left = isinstance(error, BrokenPipeError)
                    self.lost = error.strerror or str(error)
        return size

    def _wait(self) -> None:
        while not self._poll.poll(_SLICE_MS):
            if asked_for_s() > _STALLED_S:
                raise OSError(errno.ETIMEDOUT, "nobody reads it")


class SafeText(io.TextIOWrapper):
    """A standard stream that swallows what it cannot write, and shows control characters."""

    def __init__(self, descriptor: int, encoding: str, lost: str | None) -> None:
        self._raw = _Descriptor(descriptor, lost)
        super().__init__(
            self._raw,  # type: ignore[arg-type]  # any binary stream will do
            encoding=encoding,
            errors="backslashreplace",
            write_through=True,
        )

    def write(self, text: str, /) -> int:
        """Write at once; what a terminal would act upon is escaped."""
        super().write(escaped(text))
        return len(text)

    def write_status(self, text: str) -> None:
        """Write over the line where the cursor is; "" leaves it empty, to begin a line there."""
        width = shutil.get_terminal_size().columns - 1
        shown = escaped(text)[:width].ljust(width) + ("" if text else "\r")
        self._raw.write(f"\r{shown}".encode(self.encoding, "backslashreplace"))

    @property
    def lost(self) -> str | None:
        """Why something could not be written; None where all was."""
        return self._raw.lost if self._raw.used else None

    @property
    def reader_left(self) -> bool:
        """Tell whether the reader closed the pipe, having seen enough (`| head -1`)."""
        return self._raw.left

    @property
    def used(self) -> bool:
        """Tell whether anything was written, or tried."""
        return self._raw.used

    @property
    def works(self) -> bool:
        """Tell whether what is written next can be expected to arrive."""
        return self._raw.lost is None


@contextmanager
def guarded() -> Iterator[None]:
    """Replace the standard streams for this block; those that are no files stay as they are.

    A descriptor that is closed is opened on the null device first: otherwise the next file or
    socket would get its number, and what others write to it.
    """
    closed = _open_closed()
    before = sys.stdin, sys.stdout, sys.stderr
    if sys.stdin is None or 0 in closed:
        sys.stdin = (
            io.StringIO()
        )  # without a descriptor, so that whoever wants to read learns of it
    sys.stdout = _safe(sys.stdout, 1, closed)
    sys.stderr = _safe(sys.stderr, 2, closed)
    try:
        yield
    finally:
        _Notes.to = None
        for made in (sys.stdout, sys.stderr):
            if isinstance(made, SafeText):
                made.detach()
        sys.stdin, sys.stdout, sys.stderr = before


def _open_closed() -> set[int]:
    closed = set()
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            closed.add(number)
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    return closed


def _safe(stream: TextIO | None, number: int, closed: set[int]) -> Any:
    if stream is None or number in closed:
        return SafeText(number, "utf-8", "it is closed")
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return stream  # a test's, or a notebook's
    stream.flush()
    return SafeText(descriptor, stream.encoding or "utf-8", None)


def lost(stream: Any) -> str | None:
    """Return why something could not be written to a stream; None where all was."""
    return stream.lost if isinstance(stream, SafeText) else None


def used(stream: Any) -> bool:
    """Tell whether anything was written to a stream."""
    return isinstance(stream, SafeText) and stream.used


def reader_left(stream: Any) -> bool:
    """Tell whether whoever read a stream has gone, having seen enough."""
    return isinstance(stream, SafeText) and stream.reader_left


def line(text: str) -> None:
    """Write one line of data to standard output, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def json_line(value: Any) -> None:
    """Write a value as one line of JSON to standard output."""
    line(as_json(value))


class _Notes:
    """Who takes what is no data, instead of standard error."""

    to: Callable[[str], None] | None = None


def notes_to(take: Callable[[str], None]) -> None:
    """Have `note` hand over what it is told, for a log with a form of its own; while `guarded`."""
    _Notes.to = take


def note(text: str) -> None:
    """Tell something that is no data: on standard error."""
    if _Notes.to is not None:
        _Notes.to(text)
    else:
        write_error(text)


def write_error(text: str) -> None:
    """Write one line to standard error, at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def tell_surely(text: str) -> None:
    """Tell what must not go unsaid: on standard error, where that is lost on standard output."""
    works = not isinstance(sys.stderr, SafeText) or sys.stderr.works
    (note if works else line)(text)
    if works and lost(sys.stderr) is not None:
        line(text)


def conclude(text: str) -> None:
    """Write the line that ends a run: on standard output, where that is lost on standard error."""
    line(text)
    if lost(sys.stdout) is not None:
        note(text)


def reader_is_gone() -> bool:
    """Tell whether nobody reads standard output any more, be there something to write or not."""
    if lost(sys.stdout) is not None:
        return True
    try:
        watch = select.poll()
        watch.register(sys.stdout.fileno(), 0)  # no event is asked for: an error always comes
    except (ValueError, OSError):
        return False  # no file descriptor at all: a test's, or a notebook's
    return any(event & select.POLLERR for _, event in watch.poll(0))
