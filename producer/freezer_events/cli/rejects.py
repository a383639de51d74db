"""`--on-bad` and `--rejects`: what becomes of readings that are no events."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from freezer_events.cli.kept_readings import refuse_to_overwrite
from freezer_events.cli.output import note
from freezer_events.console.escape import one_line
from freezer_events.errors import InvalidEvent, UsageError

if TYPE_CHECKING:
    from freezer_events.cli.dead_letters import DeadLetters
    from freezer_events.sources import Rejected, Source


class Rejects:
    """Keeps, names and counts on: or ends the run at the first.

    Args:
        path: the file that keeps them; None for none.
        on_bad: "stop" or "skip".

    Attributes:
        letters: sends them to a topic, too; None for none.

    """

    def __init__(self, path: str | None, on_bad: str) -> None:
        self.letters: DeadLetters | None = None
        self._path = None if path is None else Path(path)
        self._stops = on_bad == "stop"
        self._file: IO[str] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def keeps(self) -> bool:
        """Whether a rejected reading can be found again after the run."""
        if self._file is not None:
            return True
        return self.letters is not None and self.letters.all_arrived()

    def open(self) -> None:
        """Open the file, once the source is known to be one.

        Raises:
            UsageError: it holds something already, or cannot be written.

        """
        if self._path is not None:
            self._file = self._stack.enter_context(_created(self._path))

    def take(self, found: Rejected, source: Source | None) -> None:
        """Keep one rejected reading.

        Raises:
            InvalidEvent: the run is to end here.

        """
        if self._file is not None and source is not None:
            if self._file.tell() == 0 and source.heading:
                self._file.write(source.heading + "\n")
            self._file.write(found.text + "\n")
            self._file.flush()
        if self.letters is not None:
            self.letters.take_rejected(found, source)
        if self._stops:
            raise InvalidEvent(found.place, found.why, "go on past it: --on-bad skip")
        note(one_line(f"skipped {found.place}: {found.why}"))


def _created(path: Path) -> IO[str]:
    refuse_to_overwrite("--rejects", path)
    try:
        # Readings may hold bytes that their encoding could not decode: they go back as they were.
        return path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
    except OSError as error:
        raise UsageError(f"--rejects {path}", f"cannot be written: {error.strerror}") from error
