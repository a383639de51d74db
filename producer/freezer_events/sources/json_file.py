"""Readings as JSON: an object a line, or the objects of an array or a pretty-printed text."""

from __future__ import annotations

import json
import re
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.forms import BadValue, from_json
from freezer_events.errors import UsageError
from freezer_events.sources.field_rules import FieldRules, Keys
from freezer_events.sources.json_fields import JsonPlan
from freezer_events.sources.json_items import JsonItem, JsonItems
from freezer_events.sources.reading import BadReading, NoReading, ReadingPlace, shown_name
from freezer_events.sources.text_source import TextSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLANKS: Final = b" \t\r\n"


class JsonFile(TextSource):
    """Events from JSON; empty lines are passed over.

    Keys that no field takes are named once, unless the profile is strict.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._code = args[1]
        self._item: JsonItem | None = None
        self._line = re.compile(self._profile.line) if self._profile.line else None
        decimal = self._profile.decimal or "."
        rules = FieldRules(self._event_type, self._profile, self._places, decimal)
        self._plan = JsonPlan(
            self._event_type,
            self._profile,
            rules,
            self._places,
            self._keep,
            lambda names: self._name_unused("keys", names),
        )
        self._event = from_json(self._event_type)
        self._plainly = self._plan.is_plain and self._line is None
        key = self._event_type.key
        fields = {value: name for name, value in rules.attributes.items()}
        self._key = key if key and rules[fields[key]].is_text else None
        self._key_field = fields.get(key or "", "")
        self._keys = Keys()

    def _item_place(self) -> ReadingPlace:
        """Return the place of the value that was taken last."""
        item = self._item
        if item is None:  # there was none: an empty array, say
            return ReadingPlace(self.name, 0, 0, 0)
        return ReadingPlace(self.name, item.line, item.begin, item.end, item.raw + b"\n")

    def __iter__(self) -> Iterator[Any]:
        """Yield the events."""
        if self._line is None and _is_document(self._bytes.peek()):
            if self._code.is_wide:
                why, fix = "is JSON in an encoding of wide characters", "iconv -t utf-8"
                raise UsageError(f"read {shown_name(self.name)}", why, f"convert it first: {fix}")
            return self._of_document()
        return self._of_lines()

    def _of_lines(self) -> Iterator[Any]:
        skipping = self._start != (1, 0)
        rows, make = self.rows, self._maker()
        for text in self._lines:
            if skipping:
                skipping = self._is_before_start()
                if skipping:
                    continue
            rows.read += 1
            if not text or text.isspace():
                rows.none += 1
                continue
            found = self._counted(make, text)
            if type(found) is list:
                yield from self._each(found)
            elif found is not None:
                yield found

    def _counted(self, make: Callable[[Any], Any], row: str | bytes) -> Any:
        """Return the event of a row, several in a list, or None; count what became of the row."""
        try:
            found = make(row)
        except BadValue as error:
            self._reject(error)
        except NoReading as why:
            self.rows.hold_none(why)
        else:
            self.rows.used += 1
            return found
        return None

    def _maker(self) -> Callable[[str], Any]:
        """Return what makes the event of a text, or several in a list."""
        return self._plainly_made if self._plainly else self._made

    def _of_document(self) -> Iterator[Any]:
        line, byte = self._start
        items, rows = JsonItems(self._bytes), self.rows
        self._place = self._item_place
        for item in items:
            self._item = item
            if item.line < line or item.begin < byte:
                deque(item.rest, maxlen=0)
                continue
            if item.broken and self._bytes.left:  # it stands open
                self._give_back(item.line, item.begin)
                return
            rows.read += 1
            if item.broken:
                self._reject(item.broken, rest=item.rest)
                deque(item.rest, maxlen=0)
                continue
            found = self._counted(lambda raw: self._made(self._code.decoded(raw)), item.raw)
            if found is not None:
                yield from self._each(found if type(found) is list else [found])
        if items.unclosed and not self._bytes.left:
            self._tell(f"{shown_name(self.name)}: its array is not closed: is the file whole?")

    def _plainly_made(self, text: str) -> Any:
        """Return the event of a text that is as it should be; what is not is looked at again."""
        try:
            value, end = _raw_decode(text)
            if end == len(text):
                event = self._event(value)
                if self._key is None or self._keys[getattr(event, self._key)]:
                    return event
        except (ValueError, RecursionError):
            pass
        return self._made(text)

    def _made(self, text: str) -> Any:
        """Return the event of a text, or several in a list; raises BadValue, NoReading."""
        value = _parsed(text) if self._line is None else self._of_parts(text, self._line)
        made = [self._with_key(self._event(each)) for each in self._plan.objects(value)]
        return made[0] if len(made) == 1 else made

    def _with_key(self, event: Any) -> Any:
        """Refuse a key that nobody could find again."""
        if self._key is not None:
            try:
                self._keys[getattr(event, self._key)]
            except BadValue as error:
                raise error.under(self._key_field) from None
        return event

    def _of_parts(self, text: str, line: re.Pattern[str]) -> Any:
        """Return the object in a line that is JSON in part, with what else the line says."""
        match = line.search(text)
        if match is None:
            raise BadReading("", f"{text[:60]!r} does not match {line.pattern!r}")
        groups = match.groupdict()
        value = _parsed(groups.pop("json", None) or "{}")
        if isinstance(value, dict):
            for name, found in groups.items():
                if name in value:
                    raise BadReading(name, "is in the line twice: beside the object and in it")
                value[name] = found
        return value


def _is_document(first: bytes) -> bool:
    """Tell by the first bytes whether values are not one to a line."""
    data = first.removeprefix(b"\xef\xbb\xbf").replace(b"\0", b"").lstrip(_BLANKS)
    if data[:1] != b"{":
        return data[:1] == b"["
    line, ended, _ = data.partition(b"\n")
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return bool(ended) and line.rstrip(_BLANKS)[-1:] in {b"{", b"[", b","}
    return False


def _parsed(text: str) -> Any:
    """Parse a text that is one JSON value.

    Raises:
        BadReading: it is none, for the reason given.

    """
    try:
        value, end = _raw_decode(text)
        if end == len(text) or not text[end:].strip():
            return value
    except (ValueError, RecursionError):
        pass
    return _with_care(text)


def _with_care(text: str) -> Any:
    """Parse a text that begins with blanks, or is no JSON."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except BadValue:
        raise
    except json.JSONDecodeError as error:
        raise BadReading("", f"invalid JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise BadReading("", "invalid JSON: nested too deeply") from None
    except ValueError as error:
        raise BadReading("", f"JSON that cannot be read: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise BadReading(name[:60], "appears twice")
            seen.add(name)
    return found


# Made once: `json.loads` makes a decoder for every line when it is given such a function, and looks
# for blanks around what it reads.
_raw_decode: Final = json.JSONDecoder(object_pairs_hook=_unique).raw_decode
