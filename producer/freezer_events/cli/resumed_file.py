"""One file of a run with a spool: how far it has been read, noted as it goes into the spool."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from freezer_events.cli.kept_file import KeptBefore
from freezer_events.errors import UsageError
from freezer_events.sources import bytes_at
from freezer_events.sources.stores import is_stored, look_at
from freezer_events.spool.file_place import FilePlace, Look, behind_row, go_on, is_read, look

if TYPE_CHECKING:
    from freezer_events.sources.text_source import TextSource
    from freezer_events.spool.durable_queue import Spool


class Mark(NamedTuple):
    """How far an input has been read, as it goes into the spool with a reading."""

    input: str
    line: int
    begin: int
    end: int
    of_row: int
    taken: int
    rejects: KeptBefore
    raw: bytes  # of the row


class ResumedFile:
    """What is remembered of one file.

    Args:
        spool: the spool.
        name: the input; of an archive, the file is what is looked at.
        purpose: event and topic: for another one it is read anew.
        restart: read it from its beginning, whatever is remembered.
        key: what it is remembered by, where that is another file's name.
        follow: it is followed: where its name is a link, that may lead elsewhere the next time.

    Attributes:
        before: how far a file was read under this name, None where none was.
        place: how far this one was.
        is_new: it is another one, or nothing was read of it.
        is_done: it has been read to its end.

    """

    def __init__(
        self,
        spool: Spool,
        name: str,
        purpose: str,
        *,
        restart: bool,
        key: str = "",
        follow: bool = False,
    ) -> None:
        path, _, member = name.partition("!")
        self.name = name
        self._path = Path(name if Path(name).exists() else path)
        self._is_stored = is_stored(name)
        known = name if self._is_stored else self._path.resolve()
        self.key = key or f"{known}{f'!{member}' if member else ''} {purpose}"
        self.before = FilePlace.from_text(spool.place(self.key))
        if follow and self._path.is_symlink():
            self.key = f"{self._path.absolute()} {purpose}"
            self.before = FilePlace.from_text(spool.place(self.key)) or self.before
        before = None if restart else self.before
        self._now = self._look(before)
        self.place = go_on(name, self._now, before, lambda at, count: bytes_at(name, at, count))
        self.is_new = self.place is not before
        self.is_done = is_read(self._now, self.place)

    def at_its_end(self, source: TextSource, taken: int, rejects: KeptBefore) -> FilePlace:
        """Return the place of the file whose source has just been read to its end.

        What is behind that now came later; a source that was left has no end yet.
        """
        last = source.last
        size_bytes = None if source.left else source.read_bytes or self._now.size_bytes
        if not self._now.is_text:
            size_bytes = self._now.size_bytes  # it is whole before it is read
        place = replace(
            self._behind(last.begin, last.end, last.raw),
            size_bytes=size_bytes,
            line=last.line,
            begin=max(last.end, self.place.begin),
            of_row=0,
            taken=taken,
        )
        return keeping(place, rejects._replace(is_all=not source.left))

    def after(self, mark: Mark) -> FilePlace:
        """Return the place behind a reading."""
        place = replace(
            self._behind(mark.begin, mark.end, mark.raw),
            size_bytes=None,
            line=mark.line,
            begin=mark.begin,
            of_row=mark.of_row,
            taken=mark.taken,
        )
        return keeping(place, mark.rejects)

    def _behind(self, begin: int, end: int, raw: bytes) -> FilePlace:
        return behind_row(self.place, begin, end, raw, is_text=self._now.is_text)

    def _look(self, before: FilePlace | None) -> Look:
        if self._is_stored:
            stored = look_at(self.name)
            written = f"written at {stored.mtime_ns} ns"
            return Look(self.name, stored.size_bytes, written, 0, is_text=False)
        try:
            found = look(self._path, before)
        except OSError as error:
            raise UsageError(f"read {self.name}", str(error.strerror)) from error
        if found is None and not self._path.exists():
            raise UsageError(f"read {self.name}", os.strerror(errno.ENOENT))
        if found is None:
            raise UsageError(
                f"read {self.name}",
                "is no file that can be read again, so a spool cannot tell how far it was read",
                "read it as a pipe: --from -",
            )
        return found


def kept_by(place: FilePlace) -> KeptBefore:
    """Return what a place says of the input's rejects."""
    return KeptBefore(
        place.rejects, place.rejects_bytes, place.rejects_digest, is_all=place.rejects_all
    )


def keeping(place: FilePlace, kept: KeptBefore) -> FilePlace:
    """Return a place that says what is kept of the input's rejects."""
    path, size_bytes, digest, is_all = kept
    return replace(
        place,
        rejects=path,
        rejects_bytes=size_bytes,
        rejects_digest=digest,
        rejects_all=is_all,
    )
