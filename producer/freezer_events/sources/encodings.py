"""Bytes to lines of text, whatever the encoding, so that each line's own bytes are still known."""

from __future__ import annotations

import codecs
from typing import Final

from freezer_events.errors import UsageError

_PLAIN: Final = 'abcXYZ019 ,;:\t|"{}[]-+./_\r\n'
_WIDE: Final = {"utf-16": 2, "utf-16-le": 2, "utf-16-be": 2, "utf-32": 4, "utf-32-le": 4}
_WIDE_BE: Final = {**_WIDE, "utf-32-be": 4}
_ENDS: Final = "\r\n"


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Put half a surrogate pair in place of what is not in the encoding: no field takes it."""
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101 - it is for decoding alone
    return "\udcff", error.end


codecs.register_error("freezer.marked", _mark)


class LineCode:
    """Splits bytes into lines and decodes them.

    What is not in the encoding ends no run: it comes out as a lone surrogate, which no field takes,
    so that the reading it is in is rejected.

    Args:
        encoding: a codec of Python's; "utf-8" takes a byte order mark and needs none.

    Raises:
        UsageError: there is no such codec, or lines cannot be told apart in it.

    """

    def __init__(self, encoding: str) -> None:
        self._codec = _named(encoding)
        self._width = _WIDE_BE.get(self._codec, 1)
        self._begun = False

    @property
    def is_wide(self) -> bool:
        """Tell whether every character takes several bytes, brackets and line ends too."""
        return self._width > 1

    def split(self, data: bytes, *, last: bool) -> tuple[list[bytes], list[str], bytes]:
        """Split what has been read.

        Args:
            data: bytes from the beginning of a line.
            last: nothing follows.

        Returns:
            The whole lines as bytes, line ends included; the same as text, without them; what
            remains. The remainder of the last data is a line too, unless it is empty.

        """
        if not self._begun and (len(data) >= 4 or last):  # noqa: PLR2004 - the longest mark
            self._begun = True
            self._find_order(data)
        cut = len(data) if last else self._cut(data)
        whole, rest = data[:cut], data[cut:]
        if not whole:
            return [], [], rest
        return *(self._wide(whole) if self._width > 1 else self._narrow(whole)), rest

    def decoded(self, raw: bytes) -> str:
        """Decode some bytes, whatever they are."""
        try:
            return raw.decode(
                self._codec, "surrogateescape" if self._width == 1 else "surrogatepass"
            )
        except (UnicodeError, ValueError, LookupError):
            return raw.decode("ascii" if self._width == 1 else self._codec, "freezer.marked")

    def is_whole(self, raw: bytes) -> bool:
        """Tell whether some bytes are all in the encoding."""
        try:
            raw.decode(self._codec)
        except (UnicodeError, ValueError):
            return False
        return True

    def end_of_line(self, data: bytes, before: int) -> int:
        """Return the index behind the first line end, 0 without one; `before` bytes came before."""
        if self._width == 1:
            found = [at for at in (data.find(b"\n"), data.find(b"\r")) if at >= 0]
            return min(found) + 1 if found else 0
        end = "\n".encode(self._codec)
        at = data.find(end)
        while at >= 0 and (before + at) % self._width:
            at = data.find(end, at + 1)
        return at + self._width if at >= 0 else 0

    def _find_order(self, data: bytes) -> None:
        """Settle the order of bytes: as the mark says, else the machine's, as Python does."""
        if self._codec == "utf-16":
            self._codec = "utf-16-be" if data.startswith(codecs.BOM_UTF16_BE) else "utf-16-le"
        elif self._codec == "utf-32":
            self._codec = "utf-32-be" if data.startswith(codecs.BOM_UTF32_BE) else "utf-32-le"

    def _cut(self, data: bytes) -> int:
        """Return where the last whole line ends; a CR at the very end may be half of a CR LF."""
        if self._width == 1:
            return max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        end = "\n".encode(self._codec)
        at = data.rfind(end)
        while at >= 0 and at % self._width:
            at = data.rfind(end, 0, at + self._width - 1)
        return at + self._width if at >= 0 else 0

    def _narrow(self, whole: bytes) -> tuple[list[bytes], list[str]]:
        raws = whole.splitlines(keepends=True)
        texts = self.decoded(whole).splitlines()
        if len(texts) != len(raws):  # other characters than CR and LF end lines to `str`
            texts = [self.decoded(raw).rstrip(_ENDS) for raw in raws]
        return raws, texts

    def _wide(self, whole: bytes) -> tuple[list[bytes], list[str]]:
        odd = len(whole) % self._width
        text = self.decoded(whole[: len(whole) - odd])
        raws, texts, at, end = [], [], 0, len(whole) - odd
        for line in text.split("\n"):
            size = len(f"{line}\n".encode(self._codec, "surrogatepass"))
            if at < end:
                raws.append(whole[at : min(at + size, end)])
                texts.append(line.removesuffix("\r"))
            at += size
        if odd:
            raws[-1:] = [b"".join(raws[-1:]) + whole[-odd:]]
            texts[-1:] = ["".join(texts[-1:]) + "\udcff"]
        return raws, texts


def _named(encoding: str) -> str:
    try:
        found = codecs.lookup(encoding)
        name = found.name
        if name in {"utf-8", "utf-8-sig"}:
            return "utf-8"
        if name in _WIDE_BE:
            return name
        fits = _PLAIN.encode(name) == _PLAIN.encode() and _PLAIN.encode().decode(name) == _PLAIN
    except (LookupError, UnicodeError, ValueError, TypeError):
        fits = False
        name = ""
    if fits:
        return name
    if not name:
        raise UsageError(
            f"--encoding {encoding}",
            "is no text encoding that Python knows",
            "name the one the file is in: utf-8, cp1252, utf-16, …",
        )
    raise UsageError(
        f"--encoding {encoding}",
        "lines cannot be told apart in it",
        f"convert it first: iconv -f {encoding} -t utf-8 FILE | freezer produce --from -",
    )
