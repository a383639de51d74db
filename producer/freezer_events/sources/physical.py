"""Physical lines of an input: their text, bytes and place, read as far as they are there.

The lines that are there at once are held in lists: to look at one, or at those behind it, costs
little. What is too long for a row, and half a line where the input was cut off, never gets there:
`on_broken` is told.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from freezer_events.sources.reading import LONGEST_ROW_BYTES, ReadingPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from freezer_events.sources.encodings import LineCode
    from freezer_events.sources.inputs import InputBytes

_CHUNK_BYTES: Final = 1 << 16
_made: Final = tuple.__new__  # in half the time of the constructor of a named tuple
TOO_LONG: Final = f"is longer than {LONGEST_ROW_BYTES:,} bytes"
CUT_OFF: Final = "the input was cut off in this line"


class PhysicalLines:
    """The lines of an input, one after the other; `more` looks ahead.

    Args:
        stream: the bytes.
        code: splits and decodes them.
        on_broken: told of a line that is none: how it begins, what follows, and why. `number`,
            `begin` and `end` are its place.
        name: the input's, for places.

    """

    def __init__(
        self,
        stream: InputBytes,
        code: LineCode,
        on_broken: Callable[[bytes, Iterable[bytes], str], None],
        name: str,
    ) -> None:
        self.code = code
        self._name = name
        self._stream = stream
        self._on_broken = on_broken
        self._texts: list[str] = []
        self._raws: list[bytes] = []
        self._edges = [0]  # offsets of their first bytes, and the one behind them all
        self._first = 1  # number of the first line in the lists
        self._from = 0  # index of the first line of the row that was taken last
        self._at = 0  # index behind its last one
        self._rest = b""
        self._ended = False
        self._is_first = True
        self._broken: _Broken | None = None  # comes next, before anything else
        self._held: tuple[list[bytes], list[str]] | None = None  # comes behind that

    def __iter__(self) -> Iterator[str]:
        """Yield each line's text, without its line end."""
        while True:
            texts = self._texts
            while (at := self._at) < len(texts):
                self._from = at
                self._at = at + 1
                yield texts[at]
            if not self._refill():
                return

    def more(self) -> str | None:
        """Take one further line into the row; None where there is no whole one."""
        if self._at >= len(self._texts) and not self._extend():
            return None
        self._at += 1
        return self._texts[self._at - 1]

    def peek(self) -> str | None:
        """Return the text of the line that is taken next."""
        if self._at >= len(self._texts) and not self._extend():
            return None
        return self._texts[self._at]

    def ready(self, ahead: int) -> str | None:
        """Return the text of a line that is still to be taken and has been read already."""
        at = self._at + ahead
        return self._texts[at] if at < len(self._texts) else None

    def back_to_first(self) -> None:
        """Give back all lines of the row but its first."""
        self._at = self._from + 1

    @property
    def number(self) -> int:
        """The number of the row's first line, from 1."""
        return self._first + self._from

    @property
    def begin(self) -> int:
        """The offset of the row's first byte."""
        return self._edges[self._from]

    @property
    def end(self) -> int:
        """The offset behind the row's last byte."""
        return self._edges[self._at]

    @property
    def raw(self) -> bytes:
        """The row's bytes."""
        return b"".join(self._raws[self._from : self._at])

    def place(self) -> ReadingPlace:
        """Return the place of the row; asked for every reading, so in one go.

        Before the first row it is line 0: who goes on behind it begins at line 1.
        """
        at, end, edges = self._from, self._at, self._edges
        if end == at:
            return ReadingPlace(self._name, self._first + at - 1, edges[at], edges[at])
        raw = self._raws[at] if end - at == 1 else self.raw
        return _made(ReadingPlace, (self._name, self._first + at, edges[at], edges[end], raw))

    @property
    def left(self) -> bool:
        """Whether the input was left, and has been read as far as it goes now."""
        return self._ended and self._stream.left

    def close(self) -> None:
        """Close the input."""
        self._stream.close()

    def _refill(self) -> bool:
        """Replace the lines that were taken by new ones; False at the end."""
        first, at = self._first, (self._from, self._at)
        lists = self._texts, self._raws, self._edges
        self._first += len(self._texts)
        self._texts, self._raws, self._edges = [], [], self._edges[-1:]
        self._from = self._at = 0
        while not self._extend():
            if self._broken is not None:
                self._tell_broken(self._broken)
            elif self._stream.error is not None:
                raise self._stream.error
            else:  # the last row is still to be found where it was
                self._first, (self._from, self._at) = first, at
                self._texts, self._raws, self._edges = lists
                return False
        return True

    def _extend(self) -> bool:
        """Add the lines that can be read next; False at the end, and before one that is broken."""
        if self._broken is not None:
            return False
        if self._held is not None:
            held, self._held = self._held, None
            return self._add(*held)
        while not self._ended:
            if len(self._rest) > LONGEST_ROW_BYTES:
                self._broken = _Broken(self._rest, TOO_LONG, goes_on=True)
                return False
            data = self._stream.read1(_CHUNK_BYTES)
            self._ended = not data
            if self._ended and self._stream.left:
                self._rest = b""  # half a line is for the next run
            if self._ended and self._stream.cut and self._rest:
                self._broken = _Broken(self._rest, CUT_OFF)
                return False
            raws, texts, self._rest = self.code.split(self._rest + data, last=self._ended)
            if raws:
                return self._add(raws, texts)
        return False

    def _add(self, raws: list[bytes], texts: list[str]) -> bool:
        if self._is_first and texts:
            self._is_first = False
            texts[0] = texts[0].removeprefix("\ufeff")
        if raws and len(raws[0]) > LONGEST_ROW_BYTES:  # none but the first can be
            self._broken = _Broken(raws[0], TOO_LONG)
            self._held = raws[1:], texts[1:]
            return False
        edges = accumulate(map(len, raws), initial=self._edges.pop())
        self._edges.extend(edges)
        self._raws.extend(raws)
        self._texts.extend(texts)
        return bool(raws)

    def _tell_broken(self, broken: _Broken) -> None:
        """Tell of a line that is none, and go on behind it."""
        size = len(broken.raw)

        def rest() -> Iterator[bytes]:
            nonlocal size
            while broken.goes_on and (data := self._stream.read1(_CHUNK_BYTES)):
                end = self.code.end_of_line(data, size)
                size += end or len(data)
                if end:
                    broken.goes_on, self._rest = False, data[end:]
                yield data[:end] if end else data
            self._ended = self._ended or broken.goes_on

        if broken.goes_on or broken.why == CUT_OFF:
            self._rest = b""
        following = rest()
        self._on_broken(broken.raw, following, broken.why)
        for _ in following:
            pass  # what nobody keeps
        self._first += 1
        self._edges = [self._edges[-1] + size]
        self._broken = None


class _Broken:
    """A line that is none: how it begins, why, and whether more of it is still to be read."""

    def __init__(self, raw: bytes, why: str, *, goes_on: bool = False) -> None:
        self.raw = raw
        self.why = why
        self.goes_on = goes_on
