"""`--on-bad` and `--rejects`: what becomes of rows that are no readings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from freezer_events.cli.kept_file import KeptBefore
from freezer_events.cli.kept_rows import KeptRows
from freezer_events.cli.output import note
from freezer_events.console.escape import one_line
from freezer_events.errors import EventError, InvalidEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from freezer_events.cli.dead_letters import DeadLetters
    from freezer_events.sources import Rejected, Source

_MOST_CAUSES: Final = 20
_FIRST_PLACES: Final = 3
# What differs from row to row in the same complaint: what is quoted, and numbers.
_PARTICULAR: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d+")
_NOTHING: Final = KeptBefore("", 0, "")
_OTHERS: Final = "other causes"


@dataclass(slots=True)
class _Cause:
    count: int = 0
    places: list[str] = field(default_factory=list)


class Rejects:
    """Keeps, names and counts on: or ends the run at the first.

    Args:
        path: the file or folder that keeps them; None for none.
        on_bad: "stop" or "skip".
        keeps: whether to write at all: a dry run does not.

    Attributes:
        letters: sends them to a topic, too; None for none.
        is_stuck: the last row could not be kept: it is where the run goes on.

    """

    def __init__(self, path: str | None, on_bad: str, *, writes: bool = True) -> None:
        self._path = path
        self.letters: DeadLetters | None = None
        self._stops = on_bad == "stop"
        self._writes = writes
        self._comes_again = False
        self.is_stuck = False
        self._kept: KeptRows | None = None
        self._causes: dict[str, _Cause] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._kept is not None:
            self._kept.close()

    @property
    def keeps(self) -> bool:
        """Whether a rejected reading can be found again after the run."""
        if self._path is not None:
            return True
        return self.letters is not None and self.letters.all_arrived()

    @property
    def is_open(self) -> bool:
        """Whether a row was rejected of which it is not known that it is kept anywhere."""
        return self.letters is not None and self.letters.is_open and self._path is None

    def settle(self, wait: Callable[[], bool]) -> None:
        """Wait until every row that was rejected is kept.

        Args:
            wait: asked every 0.1 s; False ends the wait.

        Raises:
            NotDelivered: one is not.

        """
        if self.letters is not None:
            self.letters.arrive(wait)

    def another(self) -> str | None:
        """Return a path that a further run can be given; None where it needs no other one."""
        return None if self._kept is None else self._kept.another()

    def kept_of(self, name: str) -> KeptBefore:
        """Return what has been kept of an input's rejects until now."""
        return _NOTHING if self._kept is None else self._kept.kept_of(name)

    def open(
        self,
        inputs: Sequence[str],
        known: Mapping[str, KeptBefore] | None = None,
        read: Sequence[str] | None = None,
        *,
        named: bool,
    ) -> None:
        """Get ready to write, once the source is known to be one.

        Args:
            inputs: the names of the inputs.
            known: what an earlier run has written of an input's rejects: go on behind it. With
                this, a run that is to stop at a row comes to that row again; None: it does not.
            read: those that will be read; None for all.
            named: something is read from them.

        Raises:
            UsageError: the file holds something already, or one cannot hold several inputs' rows.

        """
        self._comes_again = known is not None and self._stops
        if self._path is not None and self._writes:
            self._kept = KeptRows("--rejects", self._path, inputs, known or {}, read, named=named)

    def take(self, found: Rejected, source: Source | None) -> None:
        """Keep one rejected reading; the first of each cause is named at once.

        Raises:
            InvalidEvent: the run is to end here.
            EventError: it cannot be kept.

        """
        if self._comes_again:  # kept now, it would be there twice
            raise self._end_at(found)
        if self._kept is not None and source is not None:
            heading = source.heading(found.place.input)
            try:
                self._kept.write(found.place, heading, found.raw, found.rest)
            except EventError:
                self.is_stuck = True
                raise
        if self.letters is not None:
            self.letters.take_rejected(found, source)
        if self._stops:
            raise self._end_at(found)
        cause = _PARTICULAR.sub("…", found.why)
        if cause not in self._causes and len(self._causes) >= _MOST_CAUSES:
            cause = _OTHERS
        known = self._causes.setdefault(cause, _Cause())
        known.count += 1
        if len(known.places) < _FIRST_PLACES:
            known.places.append(found.place.shown)
        if known.count == 1:
            fix = f" ({found.fix})" if found.fix else ""
            note(one_line(f"skipped {found.place.shown}: {found.why}{fix}"))

    def _end_at(self, found: Rejected) -> InvalidEvent:
        onward = "go on past it: --on-bad skip"
        fix = f"{found.fix}; or {onward}" if found.fix else onward
        return InvalidEvent(found.place.shown, found.why, fix)

    def conclude(self) -> None:
        """Say how often each cause was met, unless once."""
        for why, cause in self._causes.items():
            if cause.count > 1:
                more = ", …" if cause.count > len(cause.places) else ""
                where = ", ".join(cause.places)
                note(one_line(f"skipped {cause.count:,} rows: {why} ({where}{more})"))
        self._causes.clear()
