r"""Regular expressions as CEL has them (RE2), for Python's `re`.

Only what both understand alike is taken, and where they differ in a detail it is written so that
they do not: `$` is the end and not the place before a last newline, `\d`, `\w`, `\b` are ASCII,
`\s` has no vertical tab. RE2 never backtracks: a repeated group in which Python could try a
number of ways that grows with the power of the text's length is refused.
https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from freezer_events.avro.expression.tree import BadExpression

_SPACE: Final = r"\t\n\f\r "
_CLASSES: Final = {"d": r"\d", "D": r"\D", "w": r"\w", "W": r"\W", "s": f"[{_SPACE}]"}
_CONTROLS: Final = frozenset("afnrtv")
_COUNT: Final = re.compile(r"\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\}")
_HEX: Final = re.compile(r"x([0-9a-fA-F]{2})|x\{([0-9a-fA-F]{1,6})\}")
_MARKS: Final = "a0A_- .:/é" + "".join(map(chr, range(33, 127)))
_MOST: Final = 1000
_MAX_CODE: Final = 0x10FFFF
_DEEPEST: Final = 20


def python_pattern(text: str, at: int) -> str:
    """Return the pattern for `re` with the flag ASCII that finds what RE2 finds.

    Args:
        text: the pattern as RE2 has it.
        at: where it is, for errors.

    Raises:
        BadExpression: it is no pattern, or has a part that Python's `re` lacks or takes otherwise.

    """
    made = _read(text, at)
    try:
        re.compile(made.text, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadExpression(at, f"the pattern {text!r} is none: {error}") from None
    return made.text


def pattern_example(text: str) -> str:
    """Return a text that a pattern finds, or that comes close.

    Raises:
        BadExpression: as for `python_pattern`.

    """
    return _read(text, 0).example


def _read(text: str, at: int) -> _Part:
    reader = _Reader(text, at)
    made = reader.alternatives(0)
    if reader.more():
        raise reader.error("a bracket is closed that was not opened")
    return made


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the pattern; whether it may be repeated, has ways to choose, and what it finds."""

    text: str
    repeatable: bool = True
    varies: bool = False
    example: str = ""


class _Reader:
    """Reads a pattern from the left."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._at = at
        self._next = 0

    def more(self) -> bool:
        return self._next < len(self._text)

    def error(self, why: str, fix: str = "") -> BadExpression:
        return BadExpression(self._at, f"the pattern {self._text!r}: {why}", fix)

    def alternatives(self, depth: int) -> _Part:
        if depth > _DEEPEST:
            raise self.error(f"nested more than {_DEEPEST} levels deep")
        branches = [self._sequence(depth)]
        while self._sees("|"):
            self._next += 1
            branches.append(self._sequence(depth))
        varies = len(branches) > 1 or branches[0].varies
        text = "|".join(each.text for each in branches)
        return _Part(text, varies=varies, example=branches[0].example)

    def _sees(self, mark: str) -> bool:
        return self._text.startswith(mark, self._next)

    def _sequence(self, depth: int) -> _Part:
        parts: list[_Part] = []
        while self.more() and self._text[self._next] not in "|)":
            parts.append(self._repeated(self._atom(depth)))
        text, example = "".join(p.text for p in parts), "".join(p.example for p in parts)
        return _Part(text, varies=any(p.varies for p in parts), example=example)

    def _repeated(self, part: _Part) -> _Part:
        if not self.more():
            return part
        count = _COUNT.match(self._text, self._next)
        mark = count[0] if count else self._text[self._next]
        if not count and mark not in "*+?":
            return part
        self._next += len(mark)
        if not part.repeatable:
            raise self.error(f"{mark} repeats something that has no width")
        if count and max(int(count[1]), int(count[3] or 0)) > _MOST:
            raise self.error(f"repeats more than {_MOST} times")
        if part.varies and mark != "?":
            why = f"{mark} repeats a group that holds a choice or a repetition"
            raise self.error(why, "Python could take for ever; write it without one in the other")
        if self._sees("?"):
            self._next += 1
            mark += "?"
        if self.more() and self._text[self._next] in "*+?":
            raise self.error("repeats a repetition")
        fixed = count is not None and not count[2]
        times = int(count[1]) if count else mark[0] != "?"
        return _Part(
            part.text + mark, varies=part.varies or not fixed, example=part.example * times
        )

    def _atom(self, depth: int) -> _Part:
        mark = self._text[self._next]
        self._next += 1
        makers = {"(": lambda: self._group(depth), "[": self._set_part, "\\": self._escape}
        if mark in makers:
            return makers[mark]()
        if mark in "^$":
            return _Part(r"\A" if mark == "^" else r"\Z", repeatable=False)
        if mark in "*+?":
            raise self.error(f"{mark} has nothing to repeat")
        if mark in "{}]":
            raise self.error(f"{mark} stands alone", f"write \\{mark}")
        return _one(".") if mark == "." else _Part(re.escape(mark), example=mark)

    def _group(self, depth: int) -> _Part:
        if self._sees("?"):
            if not self._sees("?:"):
                head = self._text[self._next - 1 : self._next + 2]
                raise self.error(f"{head}… is not supported", "groups are ( … ) and (?: … )")
            self._next += 2
        inside = self.alternatives(depth + 1)
        if not self._sees(")"):
            raise self.error("a bracket is never closed")
        self._next += 1
        width = re.compile(inside.text, re.ASCII).fullmatch("") is None
        return _Part(f"(?:{inside.text})", width, inside.varies, inside.example)

    def _escape(self) -> _Part:
        if not self.more():
            raise self.error("ends in a backslash")
        letter = self._text[self._next]
        if letter in "bAz":
            self._next += 1
            return _Part({"b": r"\b", "A": r"\A", "z": r"\Z"}[letter], repeatable=False)
        if letter == "S":
            self._next += 1
            return _one(f"[^{_SPACE}]")
        if letter in _CLASSES:
            self._next += 1
            return _one(_CLASSES[letter])
        mark = self._character()
        return _Part(re.escape(mark), example=mark)

    def _character(self) -> str:
        """Return the character that an escape stands for."""
        letter = self._text[self._next]
        if letter == "x":
            found = _HEX.match(self._text, self._next)
            code = int(found[1] or found[2], 16) if found else _MAX_CODE + 1
            if found is None or code > _MAX_CODE:
                raise self.error(r"\x is followed by two hexadecimal digits")
            self._next = found.end()
            return chr(code)
        self._next += 1
        if letter in _CONTROLS:
            return {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}[letter]
        if not letter.isascii() or letter.isalnum() or letter in "_ \n":
            raise self.error(f"\\{letter} is not supported")
        return letter

    def _set_part(self) -> _Part:
        """Read a set of characters, its opening bracket already read."""
        made = "[^" if self._sees("^") else "["
        self._next += len(made) - 1
        first = True
        while first or not self._sees("]"):
            if not self.more() or self._sees("]"):
                raise self.error("a set [ … ] is empty, or never closed")
            first = False
            made += self._set_item()
        self._next += 1
        return _one(f"{made}]")

    def _set_item(self) -> str:
        low, low_text = self._set_character()
        inside = self._sees("-") and not self._sees("-]")
        if not inside:
            return low_text
        self._next += 1
        high, high_text = self._set_character()
        if low is None or high is None or high < low:
            raise self.error("a range in a set goes from one character to a later one")
        return f"{low_text}-{high_text}"

    def _set_character(self) -> tuple[str | None, str]:
        if not self.more():
            raise self.error("a set [ … ] is never closed")
        mark = self._text[self._next]
        self._next += 1
        if mark == "[":
            raise self.error("[ in a set", r"write \[")
        if mark != "\\":
            return mark, _in_set(mark)
        if not self.more():
            raise self.error("ends in a backslash")
        letter = self._text[self._next]
        if letter in "dDwWs":
            self._next += 1
            return None, _SPACE if letter == "s" else f"\\{letter}"
        mark = self._character()
        return mark, _in_set(mark)


def _one(text: str) -> _Part:
    """Return the part for one character of several."""
    found = re.compile(text, re.ASCII)
    return _Part(text, example=next((mark for mark in _MARKS if found.match(mark)), ""))


def _in_set(mark: str) -> str:
    return f"\\{mark}" if mark in r"\^-[]&~|" else mark
