"""Files and the spool: a run that was killed goes on where it was, each reading spooled once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from freezer_events.avro.arrow import EncodedRun
from freezer_events.cli.kept_rows import KeptBefore
from freezer_events.errors import UsageError
from freezer_events.sources.stores import is_stored, look_at
from freezer_events.spool.file_place import FilePlace, Look, finished, go_on, is_read, look, renamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from freezer_events.cli.produce_options import ProduceOptions
    from freezer_events.cli.rejects import Rejects
    from freezer_events.sources import Source
    from freezer_events.spool.durable_queue import Spool


class Mark(NamedTuple):
    """How far an input has been read, as it goes into the spool with a reading."""

    input: str
    line: int
    begin: int
    of_row: int
    taken: int
    rejects_bytes: int


class _File:
    """What is remembered of one file.

    Args:
        spool: the spool.
        name: the input; of an archive, the file is what is looked at.
        purpose: event and topic: for another one it is read anew.
        restart: read it from its beginning, whatever is remembered.
        known_as: the name under which it is remembered, where that is another one.

    """

    def __init__(
        self, spool: Spool, name: str, purpose: str, *, restart: bool, known_as: str = ""
    ) -> None:
        path, _, member = name.partition("!")
        self.name = name
        self._path = Path(name if Path(name).exists() else path)
        of = Path(known_as) if known_as else self._path
        self._is_stored = is_stored(name)
        known = name if self._is_stored else f"{of.resolve()}{f'!{member}' if member else ''}"
        self.key = f"{known} {purpose}"
        before = None if restart else FilePlace.from_text(spool.place(self.key))
        now = self._look(before)
        self.place = go_on(name, now, before)
        self.is_done = is_read(now, self.place)

    def read_to_its_end(self, mark: Mark | None, rejects_bytes: int) -> FilePlace:
        """Return the place of the file now that it has been read to its end.

        Args:
            mark: the last reading that was taken of it in this run.
            rejects_bytes: how long the file of its rejects is: some may have come behind that.

        """
        now = self._look(None)
        whole = True
        if not self._is_stored:
            with self._path.open("rb") as file:
                file.seek(max(0, now.size_bytes - 1))
                whole = file.read(1) in {b"\n", b""}
        last = self.after(mark) if mark else self.place
        return finished(replace(last, rejects_bytes=rejects_bytes), now, whole=whole)

    def after(self, mark: Mark) -> FilePlace:
        """Return the place behind a reading."""
        return replace(
            self.place,
            size_bytes=None,
            line=mark.line,
            begin=mark.begin,
            of_row=mark.of_row,
            taken=mark.taken,
            rejects_bytes=mark.rejects_bytes,
        )

    def _look(self, before: FilePlace | None) -> Look:
        if self._is_stored:
            stored = look_at(self.name)
            return Look(self.name, stored.size_bytes, f"written at {stored.mtime_ns} ns", 0)
        try:
            found = look(self._path, before)
        except OSError as error:
            raise UsageError(f"read {self.name}", str(error.strerror)) from error
        if found is None:
            raise UsageError(
                f"read {self.name}",
                "is no file that can be read again, so a spool cannot tell how far it was read",
                "read it as a pipe: --from -",
            )
        return found


class Resume:
    """Remembers in the spool how far each file of a run has been read.

    Args:
        spool: the spool.
        names: the inputs.
        purpose: event and topic.
        restart: read them from their beginning, whatever is remembered.
        follow: they are followed: what was read of a file that has another name now is read on.

    Attributes:
        skipped: readings of rows that were half in the spool, read again and passed over.

    Raises:
        UsageError: what was read of a file is not in it any more.

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
        self._files = {}
        for name in names:
            found = _File(spool, name, purpose, restart=restart)
            if follow and not restart and (old := renamed(Path(name), spool.place(found.key))):
                before = _File(spool, old, purpose, restart=False, known_as=name)
                self._files[old] = before
                kept = (before.place.rejects, before.place.rejects_bytes)
                found.place = replace(found.place, rejects=kept[0], rejects_bytes=kept[1])
            self._files[name] = found
        self._row: tuple[str, int] = ("", -1)
        self._of_row = 0
        self._taken: dict[str, int] = {name: file.place.taken for name, file in self._files.items()}
        self._marks: dict[str, Mark] = {}
        self._source: Source | None = None
        self._rejects: Rejects | None = None
        self.skipped = 0

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
        places = {name: file.place for name, file in self._files.items()}
        return {name: KeptBefore(each.rejects, each.rejects_bytes) for name, each in places.items()}

    def start_of(self, name: str, line: int) -> tuple[int, int]:
        """Return where an input is opened that would else begin at `line`: line and byte."""
        place = self._files[name].place
        return (1, place.begin) if place.line else (line, 0)

    def count(self, events: Iterable[Any], source: Source, rejects: Rejects) -> Iterator[Any]:
        """Yield the events of the source that are not in the spool yet, counted."""
        self._source, self._rejects = source, rejects
        self._spool.hooks.written_place = self._written
        self._note_rejects(rejects)
        for event in events:
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

    def _note_rejects(self, rejects: Rejects) -> None:
        """Remember where rejects go, before there is one: a run that is killed may leave some."""
        noted: dict[str, str | None] = {}
        for name in self.unread:
            file, path = self._files[name], rejects.path_of(name)
            if path != file.place.rejects:
                file.place = replace(file.place, rejects=path, rejects_bytes=0)
                noted[file.key] = file.place.text()
        if noted:
            self._spool.note_places(noted)

    def turn(self, name: str) -> None:
        """Take note that the name of an input is another file's now."""
        self._files[name] = file = _File(self._spool, name, self._purpose, restart=True)
        if self._rejects is not None:
            path, size = self._rejects.path_of(name), self._rejects.size_bytes(name)
            file.place = replace(file.place, rejects=path, rejects_bytes=size)
        self._taken[name] = 0
        self._row = ("", -1)

    def mark(self) -> Mark:
        """Return how far the input has been read with the last event."""
        assert self._source is not None  # noqa: S101 - `count` yields events
        assert self._rejects is not None  # noqa: S101
        place = self._source.last
        name = place.input
        kept = self._rejects.size_bytes(name)
        found = Mark(name, place.line, place.begin, self._of_row, self._taken[name], kept)
        self._marks[name] = found
        return found

    def finish(self) -> None:
        """Remember that the inputs have been read to their end."""
        if self._source is None or self._rejects is None:
            return
        self._spool.note_places(
            {
                file.key: file.read_to_its_end(
                    self._marks.get(name), self._rejects.size_bytes(name)
                ).text()
                for name, file in self._files.items()
                if not file.is_done
            }
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
