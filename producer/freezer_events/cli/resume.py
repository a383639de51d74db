"""Files and the spool: a run that was killed goes on where it was, each reading spooled once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from freezer_events.avro.arrow import EncodedRun
from freezer_events.cli.resumed_file import Mark, ResumedFile, keeping, kept_by
from freezer_events.errors import NotDelivered, UsageError
from freezer_events.spool.turned_files import turned_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from freezer_events.cli.kept_file import KeptBefore
    from freezer_events.cli.produce_options import ProduceOptions
    from freezer_events.cli.rejects import Rejects
    from freezer_events.sources import Source
    from freezer_events.sources.text_source import TextSource
    from freezer_events.spool.durable_queue import Spool
    from freezer_events.spool.file_place import FilePlace


class Resume:
    """Remembers in the spool how far each file of a run has been read.

    Args:
        spool: the spool.
        names: the inputs.
        purpose: event and topic.
        restart: read them from their beginning, whatever is remembered.
        follow: they are followed: what was read of a file that has another name now is read on.

    Attributes:
        skipped: readings that were read and passed over: of rows that were half in the spool, or
            behind a rejected row that could not be kept.
        told: what a user is to know of files that were turned over, in sentences.

    Raises:
        UsageError: what was read of a file is not in it any more, or one is named twice.

    """

    def __init__(
        self,
        spool: Spool,
        names: Sequence[str],
        purpose: str,
        *,
        restart: bool,
        follow: bool = False,
    ) -> None:
        self._spool = spool
        self._purpose = purpose
        self._files: dict[str, ResumedFile] = {}
        self.told: list[str] = []
        for name in names:
            found = ResumedFile(spool, name, purpose, restart=restart, follow=follow)
            for other in self._files.values():
                if other.key == found.key:
                    why = f"is the same file as {other.name}"
                    raise UsageError(f"read {name}", why, "name it once")
            before = found.before
            if follow and not restart and before and before.inode != found.place.inode:
                self._add_turned(found, before)
            self._files[name] = found
        self._row: tuple[str, int] = ("", -1)
        self._of_row = 0
        self._taken: dict[str, int] = {name: file.place.taken for name, file in self._files.items()}
        self._ends: dict[str, FilePlace] = {}
        self._source: Source | None = None
        self._rejects: Rejects | None = None
        self._wait: Callable[[], bool] = lambda: True
        self.skipped = 0

    def _add_turned(self, now: ResumedFile, before: FilePlace) -> None:
        """Add the files that were followed before one, under the names that they have now."""
        old, between = turned_over(Path(now.name), before)
        if old is None:
            self.told.append(
                f"the file that was {now.name} is not in its folder any more: what came behind its "
                f"line {before.line:,} has not been read"
            )
            return
        for name in (old, *between):
            self._files[name] = ResumedFile(
                self._spool, name, self._purpose, restart=False, key=now.key
            )
        now.place = keeping(now.place, kept_by(before))

    @property
    def unread(self) -> list[str]:
        """The inputs that have not been read to their end."""
        return [name for name, file in self._files.items() if not file.is_done]

    @property
    def is_later(self) -> bool:
        """Whether an earlier run has read any of the inputs."""
        return any(file.place.line or file.is_done for file in self._files.values())

    @property
    def taken(self) -> int:
        """How many readings earlier runs have taken of the inputs."""
        return sum(file.place.taken for file in self._files.values())

    @property
    def kept(self) -> Mapping[str, KeptBefore]:
        """What earlier runs have kept of the inputs' rejects."""
        return {name: kept_by(file.place) for name, file in self._files.items()}

    def start_of(self, name: str, line: int) -> tuple[int, int]:
        """Return where an input is opened that would else begin at `line`: line and byte."""
        place = self._files[name].place
        return (1, place.begin) if place.line else (line, 0)

    def count(
        self, events: Iterable[Any], source: Source, rejects: Rejects, wait: Callable[[], bool]
    ) -> Iterator[Any]:
        """Yield the events of the source that are not in the spool yet, counted.

        The place in the spool does not pass a rejected row before that is kept.

        Args:
            events: those of the source.
            source: knows their places.
            rejects: keeps what is no event.
            wait: asked while a rejected row is on its way; False ends that.

        Raises:
            NotDelivered: a rejected row could not be kept.

        """
        self._source, self._rejects, self._wait = source, rejects, wait
        self._spool.hooks.written_place = self._written
        self._note_files(rejects)
        for event in events:
            if rejects.is_open:
                try:
                    rejects.settle(wait)
                except NotDelivered:  # a later run comes to this event again
                    self.skipped += len(event) if type(event) is EncodedRun else 1
                    raise
            place = source.last
            if type(event) is EncodedRun:  # a row gives one reading
                self._row, self._of_row = (place.input, place.begin), 1
                self._taken[place.input] += len(event)
                yield event
                continue
            row = (place.input, place.begin)
            self._of_row = self._of_row + 1 if row == self._row else 1
            self._row = row
            before = self._files[place.input].place
            if before.line and place.begin == before.begin and self._of_row <= before.of_row:
                self.skipped += 1
                continue
            self._taken[place.input] += 1
            yield event
        if rejects.is_open:
            rejects.settle(wait)

    def _note_files(self, rejects: Rejects) -> None:
        """Remember which files are read and where their rejects go, before there is a reading.

        A run that is killed may leave rejects, and a file that was turned over is found by what is
        noted of it. Of several that were known by one name the first is: the others follow.
        """
        noted: dict[str, str | None] = {}
        seen: set[str] = set()
        for name in self.unread:
            file = self._files[name]
            place = keeping(file.place, rejects.kept_of(name))
            is_known = not file.is_new and place == file.place
            file.place = place
            if file.key not in seen and not is_known:
                noted[file.key] = file.place.text()
            seen.add(file.key)
        if noted:
            self._spool.note_places(noted)

    def ended(self, name: str, source: TextSource) -> None:
        """Take note that an input has been read to its end, or as far as it goes now."""
        if self._rejects is None:
            return
        file = self._files[name]
        kept = self._rejects.kept_of(name)
        self._ends[name] = file.at_its_end(source, self._taken[name], kept)
        names = list(self._files)
        for other in names[names.index(name) + 1 :]:
            if self._files[other].key == file.key:  # it was turned over: that one is read now
                self._begin(other)
                del self._ends[name]
                return

    def _begin(self, name: str) -> None:
        """Remember that a file is read now which has taken the place of another one."""
        file = self._files[name]
        if self._rejects is not None:
            if self._rejects.is_open:
                self._rejects.settle(self._wait)
            file.place = keeping(file.place, self._rejects.kept_of(name))
        self._spool.note_places({file.key: file.place.text()})

    def turn(self, name: str) -> list[str]:
        """Take note that the name of an input is another file's now.

        Returns the names of files that had it in between, and have not been read.
        """
        old = self._files[name]
        _, between = turned_over(Path(name), old.place)
        self._files[name] = ResumedFile(self._spool, name, self._purpose, restart=True, key=old.key)
        self._begin(name)
        self._ends.pop(name, None)
        self._taken[name] = 0
        self._row = ("", -1)
        return between

    def mark(self) -> Mark:
        """Return how far the input has been read with the last event."""
        assert self._source is not None  # noqa: S101 - `count` yields events
        assert self._rejects is not None  # noqa: S101
        place = self._source.last
        name = place.input
        kept = self._rejects.kept_of(name)
        return Mark(
            name,
            place.line,
            place.begin,
            place.end,
            self._of_row,
            self._taken[name],
            kept,
            place.raw,
        )

    def finish(self) -> None:
        """Remember how far the inputs have been read that have been read to their end."""
        if self._ends:
            self._spool.note_places(
                {self._files[name].key: place.text() for name, place in self._ends.items()}
            )

    def _written(self, mark: Mark) -> tuple[str, str]:
        file = self._files[mark.input]
        return file.key, file.after(mark).text()


def resume_of(
    spool: Spool | None, options: ProduceOptions, names: Sequence[str], purpose: str
) -> Resume | None:
    """Return what remembers how far a run's files have been read; None where nothing does.

    Raises:
        UsageError: what was read of one is not in it any more.

    """
    if spool is None or not names or "-" in names:
        return None
    return Resume(spool, names, purpose, restart=options.restart, follow=options.follow)
