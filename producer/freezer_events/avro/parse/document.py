"""Strict JSON that knows the line and column of every value in it."""

from __future__ import annotations

import bisect
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NoReturn

from freezer_events.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 1_048_576
"""A registry keeps a schema in one Kafka message, whose default limit this is."""

_MAX_DIGITS: Final = 1000
MAX_DEPTH: Final = 128
"""Deeper nesting than this is nobody's schema, and would exhaust the stack of any reader of it."""

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True)
class Document:
    """The text of one JSON file, where it comes from, and its value."""

    text: str
    where: str

    def position(self, pointer: str) -> tuple[int, int]:
        """Return line and column, both from 1, of the value at a JSON pointer.

        A pointer to nothing gives the position of the nearest value around it.
        """
        return self._place(self._offsets[self.nearest(pointer)])

    def span(self, pointer: str) -> tuple[int, int]:
        """Return where in the text the value at a JSON pointer begins, and where it has ended."""
        start, depth = self._offsets[pointer], 0
        for token in _TOKEN.finditer(self.text, start):
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
            if depth == 0:
                return start, token.end()
        raise AssertionError("the text is well-formed JSON")

    def quoted(self, pointer: str) -> str:
        """Return the value at a JSON pointer that is there as JSON on one line."""
        return json.dumps(self.at(pointer), ensure_ascii=False)

    def nearest(self, pointer: str) -> str:
        """Return the pointer itself, or to the nearest value around it that is there."""
        while pointer not in self._offsets:
            pointer = pointer.rpartition("/")[0]
        return pointer

    def at(self, pointer: str) -> Any:
        """Return the value at a JSON pointer that is there."""
        value = self.value
        for step in pointer.split("/")[1:]:
            value = value[int(step) if isinstance(value, list) else _plain(step)]
        return value

    def error(self, pointer: str, why: str, fix: str = "") -> SchemaError:
        """Make the error that names file, line and column of the value at a pointer."""
        return self._error_at(self._place(self._offsets.get(pointer, 0)), why, fix)

    @cached_property
    def value(self) -> Any:
        """The JSON as Python values.

        Raises:
            SchemaError: it is no JSON, or JSON that only some parsers take: a repeated key, NaN,
                half of a surrogate pair; or it is too large or too deep.

        """
        self._refuse_extremes()
        try:
            value = json.loads(
                self.text,
                parse_constant=_refuse,
                parse_int=_integer,
                object_pairs_hook=_members,
            )
        except json.JSONDecodeError as error:
            raise self._error_at((error.lineno, error.colno), f"not JSON: {error.msg}") from None
        except _RepeatedKeyError as error:
            raise self._error_at(self._place(self._repeated(error.key)), str(error)) from None
        except (ValueError, RecursionError) as error:
            raise self._error_at((1, 1), f"not JSON: {error}") from None
        self._refuse_surrogates(value)
        return value

    def _refuse_extremes(self) -> None:
        size = len(self.text.encode("utf-8", "surrogatepass"))
        if size > MAX_BYTES:
            raise too_large(self.where)
        if self.text.startswith("\ufeff"):
            raise self._error_at((1, 1), "begins with a byte order mark", "save it as plain UTF-8")
        if self.text.count("{") + self.text.count("[") <= MAX_DEPTH:
            return
        depth = 0
        for token in _TOKEN.finditer(self.text):
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
            if depth > MAX_DEPTH:
                raise self._error_at(
                    self._place(token.start()), f"nested more than {MAX_DEPTH} levels deep"
                )

    def _refuse_surrogates(self, value: Any) -> None:
        if not _SURROGATE.search(self.text):
            return
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            match = _SURROGATE.search(self.text)
            place = self._place(match.start() if match else 0)
            raise self._error_at(place, "half of a surrogate pair is no character") from None

    def _repeated(self, key: str) -> int:
        """Return where a key stands for the second time in one object."""
        seen: set[str] = set()
        for pointer, offset in _values(self.text):
            if pointer in seen and pointer.endswith("/" + _escaped(key)):
                return offset
            seen.add(pointer)
        return 0

    @cached_property
    def _offsets(self) -> dict[str, int]:
        return dict(_values(self.text))

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def _error_at(self, place: tuple[int, int], why: str, fix: str = "") -> SchemaError:
        return SchemaError(f"{self.where}:{place[0]}:{place[1]}", why, fix)


class _RepeatedKeyError(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(f"the key {key!r} is given twice in one object")
        self.key = key


def too_large(where: str) -> SchemaError:
    """Make the error for a schema above the size limit."""
    return SchemaError(
        where,
        f"is larger than {MAX_BYTES:,} bytes, which is what a registry can store",
        "is this the right file?",
    )


def indented(text: str) -> str:
    """Return a JSON text with a line for each value; as it is where it is no strict JSON."""
    try:
        return json.dumps(Document(text, "").value, indent=2)
    except SchemaError:
        return text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError(f"a number of {len(text)} digits, more than Java's parser takes")
    return int(text)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _RepeatedKeyError(key)
            seen.add(key)
    return made


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _plain(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def _values(text: str) -> Iterator[tuple[str, int]]:
    """Yield pointer and offset of every value of a JSON text that is known to be well-formed.

    Not recursive. A container is on the stack with its pointer and, for an array, the index that
    comes next; for an object the key that was read last.
    """
    stack: list[tuple[str, int | None]] = []
    key: str | None = None
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in ":,":
            continue
        if mark in "}]":
            stack.pop()
            continue
        if stack and stack[-1][1] is None and key is None:
            key = _escaped(json.loads(mark))
            continue
        pointer = ""
        if stack:
            parent, index = stack[-1]
            pointer = f"{parent}/{key if index is None else index}"
            if index is not None:
                stack[-1] = (parent, index + 1)
        key = None
        yield pointer, token.start()
        if mark in "{[":
            stack.append((pointer, 0 if mark == "[" else None))
