r"""Foreign text made visible: what would move a cursor, hide or reorder text is shown as `\x1b`.

Events, file names, keys, headers and answers of a registry hold whatever somebody put there. Every
character that a terminal acts upon instead of showing it is written as Python writes it.
"""

from __future__ import annotations

import re
from typing import Any, Final

# C0 and C1 controls and DEL; Unicode's line ends and marks of direction, which reorder a line (see
# Unicode TR 36); lone surrogates, which no encoding takes; tags, which nobody sees.
_UNSEEN: Final = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
_IN_LINES: Final = re.compile(f"[{_UNSEEN}]")
_IN_A_VALUE: Final = re.compile(f"[{_UNSEEN}\t\n]")


def escaped(text: str) -> str:
    """Escape what a terminal would act upon; tabs and line ends stay, for text of several lines."""
    return text if text.isascii() and text.isprintable() else _IN_LINES.sub(_shown, text)


def one_line(value: object) -> str:
    """Return a foreign value as part of a line: line ends and tabs are escaped too."""
    text = str(value)
    return text if text.isascii() and text.isprintable() else _IN_A_VALUE.sub(_shown, text)


def as_json(value: Any) -> str:
    """Return a value as one line of JSON that is safe to show and can always be encoded."""
    import json  # noqa: PLC0415 - the help of a command has no need of it

    return _IN_LINES.sub(_in_json, json.dumps(value, ensure_ascii=False))


def _shown(match: re.Match[str]) -> str:
    return _NAMED.get(match[0]) or _numbered(match[0])


_NAMED: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def _numbered(letter: str) -> str:
    code = ord(letter)
    if code < 0x100:  # noqa: PLR2004 - two digits
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - four digits


def _in_json(match: re.Match[str]) -> str:
    """JSON knows four digits only: what lies beyond U+FFFF is two surrogates."""
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[n : n + 4]}" for n in range(0, len(units), 4))
