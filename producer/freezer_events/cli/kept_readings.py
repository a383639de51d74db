"""`--undelivered FILE`: the readings that did not arrive, as the input had them, in its order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from freezer_events.avro.forms import to_json
from freezer_events.errors import UsageError
from freezer_events.kafka.codes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from freezer_events.send.pipeline import Undelivered
    from freezer_events.sources import Source


class KeptReadings:
    """Two files that can be fed in again with the options of the run.

    What is certainly not on the topic, and what was not sent, goes to the file itself; what may be
    there goes beside it, to `NAME.unconfirmed.SUFFIX`.

    Args:
        path: the file; it must not hold anything yet.
        encoding: the input's.

    Raises:
        UsageError: one of the two holds something already.

    """

    def __init__(self, path: Path, encoding: str) -> None:
        self._path = path
        self._apart = path.with_name(f"{path.stem}.unconfirmed{path.suffix}")
        self._encoding = encoding
        for each in (self._path, self._apart):
            refuse_to_overwrite("--undelivered", each)

    def write(
        self, lost: Sequence[Undelivered], source: Source | None
    ) -> Iterator[tuple[Path, int]]:
        """Write the readings; yields each file with how many it holds.

        Raises:
            UsageError: a file cannot be written.

        """
        apart = [each for each in lost if each.outcome is Outcome.UNCONFIRMED]
        rest = [each for each in lost if each.outcome is not Outcome.UNCONFIRMED]
        for path, readings in ((self._path, rest), (self._apart, apart)):
            if readings:
                self._write(path, readings, source)
                yield path, len(readings)

    def _write(self, path: Path, readings: Sequence[Undelivered], source: Source | None) -> None:
        encoding = "utf-8" if source is None else self._encoding
        try:
            # Bytes that the encoding could not decode go back as they were.
            with path.open("w", encoding=encoding, errors="surrogateescape", newline="") as file:
                if source is not None and source.heading:
                    file.write(source.heading + "\n")
                for each in sorted(readings, key=_line):
                    file.write(reading_text(each, source) + "\n")
        except OSError as error:
            raise UsageError(
                f"--undelivered {path}", f"cannot be written: {error.strerror}"
            ) from error


def refuse_to_overwrite(option: str, path: Path) -> None:
    """Make sure that a file holds nothing.

    Raises:
        UsageError: it does, or cannot be looked at.

    """
    try:
        if path.is_file() and path.stat().st_size:
            raise UsageError(
                f"{option} {path}",
                "is there already, and may hold lines that are nowhere else",
                "feed it in with --from, then remove it; or name another file",
            )
    except OSError as error:
        raise UsageError(f"{option} {path}", f"cannot be read: {error.strerror}") from error


def next_line(
    source: Source | None, lost: Sequence[Undelivered], *, kept: bool, ended: bool
) -> int | None:
    """Return the line from which the input is to be read again; None where there is no need.

    Args:
        source: the input.
        lost: what was not delivered of it.
        kept: it is in a file of its own, so that only what follows is to be read.
        ended: the input was read to its end.

    """
    if source is None:
        return None
    if lost and not kept:
        return min(map(_line, lost))
    return None if ended else source.last.line + 1


def _line(each: Undelivered) -> int:
    return 0 if each.place is None else each.place.line


def reading_text(each: Undelivered, source: Source | None) -> str:
    """Return a reading as the input had it; as JSON where it has no place there."""
    if source is not None and each.place is not None:
        return source.written(each.place)
    shown: Any = to_json(each.event)
    return json.dumps(shown, ensure_ascii=False)
