"""From the text of an expression to its tokens: names, signs, numbers and strings.

https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from freezer_events.avro.expression.tree import BadExpression

LONGEST: Final = 4096
"""Characters of an expression: more is nobody's rule."""

_TokenKind: TypeAlias = Literal["name", "sign", "number", "text", "end"]

_TOKEN: Final = re.compile(
    r"""(?P<blank>[ \t\n\f\r]+|//[^\n]*)
    |(?P<triple>[rRbB]{0,2}(?:'''|\"\"\"))
    |(?P<text>[rRbB]{0,2}(?:'(?:[^'\\\n\r]|\\.)*'|"(?:[^"\\\n\r]|\\.)*"))
    |(?P<number>0[xX][0-9a-fA-F]+[uU]?|[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?
        |[0-9]+(?:[eE][+-]?[0-9]+|[uU])?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||[<>=!]=|[-+*/%<>!?:.,()\[\]{}])
    """,
    re.VERBOSE,
)
_RAW_TEXT: Final = re.compile(r"[rRbB]*[rR][rRbB]*(?:'[^'\n\r]*'|\"[^\"\n\r]*\")")
_ESCAPE: Final = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))", re.DOTALL
)
_ESCAPED: Final = {
    **{each: each for each in "\\'\""},
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_HIGHEST: Final = 2**63
_MAX_CODE: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of an expression: its place, kind and text, and the value of a constant."""

    at: int
    kind: _TokenKind
    text: str
    value: float | str | bytes | None = None


def tokens(text: str) -> list[Token]:
    """Return the tokens of an expression, and one that says that it ends.

    Raises:
        BadExpression: something is no token, or a constant that CEL has and this does not.

    """
    if len(text) > LONGEST:
        raise BadExpression(LONGEST, f"is longer than {LONGEST} characters")
    half = re.search("[\ud800-\udfff]", text)
    if half:
        raise BadExpression(half.start(), f"{half[0]!r} is no character")
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _RAW_TEXT.match(text, at) or _TOKEN.match(text, at)
        if match is None:
            raise BadExpression(at, _unknown(text[at]))
        kind = match.lastgroup or "text"
        if kind == "triple":
            raise BadExpression(at, "triple quotes are not supported", "use single ones")
        if kind != "blank":
            found.append(_token(at, kind, match[0]))
        at = match.end()
    return [*found, Token(len(text), "end", "the end")]


def _unknown(mark: str) -> str:
    if mark in "'\"":
        return "the quote is never closed"
    hints = {"=": "; equality is ==", "&": "; and is &&", "|": "; or is ||"}
    return f"{mark!r} means nothing here{hints.get(mark, '')}"


def _token(at: int, kind: str, text: str) -> Token:
    if kind == "number":
        return Token(at, "number", text, _number(at, text))
    if kind == "text":
        return Token(at, "text", text, _text(at, text))
    return Token(at, "name" if kind == "name" else "sign", text)


def _number(at: int, text: str) -> float:
    """Return an int or a float; 2**63 as well, which is a number only behind a minus."""
    if text[-1] in "uU":
        raise BadExpression(at, f"unsigned numbers ({text}) are not supported", "leave the u out")
    if text[:2] in {"0x", "0X"}:
        number: float = int(text, 16)
    elif text.isdigit():
        number = int(text) if len(text) <= 40 else _HIGHEST + 1  # noqa: PLR2004 - far beyond it
    else:
        number = float(text)
    if isinstance(number, int) and number > _HIGHEST:
        raise BadExpression(at, f"{text[:40]} is no 64-bit number", "write a double: add .0")
    return number


def _text(at: int, text: str) -> str | bytes:
    quote = min(each for each in (text.find("'"), text.find('"')) if each >= 0)
    marks, inside = text[:quote].lower(), text[quote + 1 : -1]
    if len(marks) != len(set(marks)):
        raise BadExpression(at, f"{text[:quote]!r} before a string means nothing")
    if "b" in marks:
        return inside.encode() if "r" in marks else _bytes(at + quote + 1, inside)
    return inside if "r" in marks else _unescaped(at + quote + 1, inside)


def _unescaped(at: int, inside: str) -> str:
    def plain(match: re.Match[str]) -> str:
        byte, short, long, octal, single = match.groups()
        code = int(byte or short or long or "0", 16) or int(octal or "0", 8)
        if single is not None:
            return _single(at + match.start(), single)
        if code > _MAX_CODE or code in _SURROGATES:
            raise BadExpression(at + match.start(), f"{match[0]} is no character")
        return chr(code)

    return _ESCAPE.sub(plain, inside)


def _bytes(at: int, inside: str) -> bytes:
    out, end = bytearray(), 0
    for match in _ESCAPE.finditer(inside):
        byte, short, long, octal, single = match.groups()
        out += inside[end : match.start()].encode()
        if short or long:
            raise BadExpression(at + match.start(), f"{match[0]} has no meaning in bytes")
        if single is not None:
            out += _single(at + match.start(), single).encode()
        else:
            out.append(int(byte, 16) if byte else int(octal, 8))
        end = match.end()
    return bytes(out + inside[end:].encode())


def _single(at: int, letter: str) -> str:
    if letter not in _ESCAPED:
        raise BadExpression(at, f"'\\{letter}' is no escape of CEL", "a backslash is written \\\\")
    return _ESCAPED[letter]
