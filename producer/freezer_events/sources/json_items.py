"""JSON that is no lines: the objects of an array, or of a pretty-printed text, one by one.

Only brackets and strings are looked at, so that an object that is no JSON ends where it ends, and
the next one is read. One that is never closed ends where another begins at the same indentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freezer_events.sources.physical import TOO_LONG
from freezer_events.sources.reading import LONGEST_ROW_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from freezer_events.sources.inputs import InputBytes

_CHUNK_BYTES: Final = 1 << 16
_BLANKS: Final = re.compile(rb"[\s,]*+")
_TOKEN: Final = re.compile(rb'"(?:[^"\\\r\n]|\\[^\r\n])*+"|[{}\[\]]|"')
_SCALAR: Final = re.compile(rb"[^,\[\]{}\r\n]*+")
_BREAKS: Final = re.compile(rb"\s*[\r\n]+\s*")
NOT_CLOSED: Final = "is not closed"


@dataclass(frozen=True, slots=True)
class JsonItem:
    """One value of the text.

    Attributes:
        raw: its bytes, line breaks as blanks, so that it can be kept as a line.
        line: where it begins, from 1.
        begin: the offset of its first byte.
        end: the offset behind its last one.
        broken: why it cannot be read at all, or "".
        rest: what follows of one that is broken; to be taken before the next value.

    """

    raw: bytes
    line: int
    begin: int
    end: int
    broken: str = ""
    rest: Iterable[bytes] = ()


class JsonItems:
    """The values of a text in their order.

    Attributes:
        unclosed: the text ended inside of an array.

    """

    def __init__(self, stream: InputBytes) -> None:
        self.unclosed = False
        self._stream = stream
        self._data = b""
        self._at = 0  # in the data
        self._base = 0  # offset of the data
        self._line = 1  # of what is at `_at`
        self._ended = False

    def __iter__(self) -> Iterator[JsonItem]:
        """Yield the values."""
        while self._skip_blanks():
            first = self._data[self._at : self._at + 1]
            if first == b"[" and not self.unclosed:
                self.unclosed = True
                self._at += 1
            elif first == b"]" and self.unclosed:
                self.unclosed = False
                self._at += 1
            elif first in {b"{", b"["}:
                yield self._structure()
            else:
                yield self._scalar()
        if self._stream.error is not None:
            raise self._stream.error

    def _skip_blanks(self) -> bool:
        """Go to the beginning of the next value; False at the end."""
        if self._base == 0 and self._at == 0 and self._more():
            self._at = 3 if self._data.startswith(b"\xef\xbb\xbf") else 0
        while True:
            match = _BLANKS.match(self._data, self._at)
            assert match is not None  # noqa: S101 - it may be empty
            self._line += match[0].count(b"\n")
            self._at = match.end()
            if self._at < len(self._data):
                return True
            if not self._more():
                return False

    def _more(self) -> bool:
        """Read on; what has been dealt with goes."""
        if self._ended:
            return False
        data = self._stream.read1(_CHUNK_BYTES)
        self._ended = not data
        self._base += self._at
        self._data = self._data[self._at :] + data
        self._at = 0
        return not self._ended

    def _structure(self) -> JsonItem:
        """Take an object or array to the bracket that closes it."""
        depth, at = 0, self._at
        while True:
            token = _TOKEN.search(self._data, at)
            if token is None or token[0] == b'"':
                at = token.start() if token else len(self._data)
                if token and self._data.find(b"\n", at) >= 0:  # no string goes over a line's end
                    return self._broken(NOT_CLOSED)
                at -= self._at
                if len(self._data) - self._at > LONGEST_ROW_BYTES:
                    return self._broken(TOO_LONG)
                if not self._more():
                    return self._broken(NOT_CLOSED)
                continue
            at = token.end()
            if token[0] in {b"{", b"["}:
                depth += 1
            elif token[0] in {b"}", b"]"}:
                depth -= 1
                if not depth:
                    return self._item(at)
            if at - self._at > LONGEST_ROW_BYTES:
                return self._broken(TOO_LONG)

    def _scalar(self) -> JsonItem:
        """Take what is neither object nor array to the end of it."""
        at = self._at
        while True:
            match = _SCALAR.match(self._data, at)
            assert match is not None  # noqa: S101 - it may be empty
            at = match.end()
            if at - self._at > LONGEST_ROW_BYTES:
                return self._broken(TOO_LONG)
            if at < len(self._data):
                return self._item(max(at, self._at + 1))  # a bracket too many, on its own
            at -= self._at
            if not self._more():
                return self._item(len(self._data), NOT_CLOSED if self._stream.left else "")

    def _broken(self, why: str) -> JsonItem:
        """Take a value that never ends: up to where another begins as this one does."""
        before = self._data.rfind(b"\n", 0, self._at) + 1
        indent = self._data[before : self._at]
        begins = re.compile(
            rb"\n" + re.escape(indent if not indent.strip() else b"") + rb"(?=[{\[])"
        )
        found = begins.search(self._data, self._at)
        if found:
            return self._item(found.start() + 1, why)
        return self._item(len(self._data), why, self._rest(begins))

    def _rest(self, begins: re.Pattern[bytes]) -> Iterator[bytes]:
        """Yield what follows of a value that never ends."""
        while self._more():
            found = begins.search(self._data)
            end = found.start() + 1 if found else len(self._data)
            rest = self._data[:end]
            self._line += rest.count(b"\n")
            self._at = end
            yield rest
            if found:
                return

    def _item(self, end: int, broken: str = "", rest: Iterable[bytes] = ()) -> JsonItem:
        raw, begin, line = self._data[self._at : end], self._base + self._at, self._line
        self._line += raw.count(b"\n")
        self._at = end
        whole = begin + len(raw.rstrip())
        return JsonItem(_BREAKS.sub(b" ", raw.rstrip()), line, begin, whole, broken, rest)
