"""From a writer's bytes to typed values of the reader's schema: Avro's schema resolution.

The writer and reader of each pair of types become one function, once. A branch of a union is
taken by its own type first, and promoted only where the reader has none such.
https://avro.apache.org/docs/1.12.0/specification/#schema-resolution
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from freezer_events.avro import binary
from freezer_events.avro.bad_value import BadValue
from freezer_events.avro.default_values import Defaults, MismatchError
from freezer_events.avro.model import branch_name, model_of, scalar_of
from freezer_events.avro.parse.types import (
    MISSING,
    ArrayType,
    EnumType,
    Fixed,
    MapType,
    RecordType,
    UnionType,
)
from freezer_events.avro.promotion import promotable
from freezer_events.avro.scalar_reading import reader_of
from freezer_events.avro.skipping import Skipper, array_of, map_of
from freezer_events.event import twin

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.avro.binary import Cursor, Read
    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import RecordField, Resolved, Type
    from freezer_events.event import EventType


def decoder(writer: Schema, event_type: EventType) -> Callable[[bytes], Any]:
    """Return the function from a body to an event.

    It raises some exception, which names what is wrong, for bytes that hold no such event.

    Raises:
        MismatchError: the two schemas do not resolve.

    """
    model = model_of(event_type)
    read = _Resolver(writer, event_type).of(writer.root, model.root)

    def decode(body: bytes) -> Any:
        cursor = binary.Cursor(body)
        event = read(cursor)
        if rest := len(body) - cursor.at:
            raise binary.DamagedError(f"has {rest} bytes left over after a {event_type.name}")
        return event

    return decode


class _Resolver:
    """Makes the functions for one pair of schemas."""

    def __init__(self, writer: Schema, event_type: EventType) -> None:
        self._writer = writer
        self._model = model_of(event_type)
        self._types = event_type.types
        self._defaults = Defaults(event_type)
        self._skipper = Skipper(writer)
        self._records: dict[tuple[str, str], Read] = {}

    def of(self, writer: Type, reader: Type) -> Read:  # noqa: PLR0911 - one return per kind
        w, r = self._writer.resolve(writer), self._model.resolve(reader)
        if isinstance(w, UnionType):
            return self._written_union(w, r)
        if isinstance(r, UnionType):
            return self.of(w, self._branch(w, r))
        match w, r:
            case ArrayType(), ArrayType():
                return array_of(self.of(w.items, r.items))
            case MapType(), MapType():
                return map_of(self.of(w.values, r.values))
            case RecordType(), RecordType() if _same_name(w, r):
                return self._record(w, r)
            case EnumType(), EnumType() if _same_name(w, r):
                return self._enum(w, r)
            case Fixed(), Fixed() if not (_same_name(w, r) and w.size == r.size):
                raise _mismatch(w, r)
        from_, to = scalar_of(w), scalar_of(r)
        if from_ is None or to is None:
            raise _mismatch(w, r)
        return reader_of(from_, to)

    def _written_union(self, w: UnionType, r: Resolved) -> Read:
        readers = tuple(self._or_refusal(each, r) for each in w.branches)
        count = len(readers)

        def read(cursor: Cursor) -> Any:
            index = binary.read_long(cursor)
            if not 0 <= index < count:
                raise binary.DamagedError(f"has branch {index} of a union of {count}")
            return readers[index](cursor)

        return read

    def _or_refusal(self, w: Type, r: Resolved) -> Read:
        """Return the reader of a branch; one that the reader lacks is refused once it is met."""
        try:
            return self.of(w, r)
        except MismatchError as error:
            path, why = error.path, error.why

            def refuse(_: Cursor) -> Any:
                raise MismatchError(path, why)

            return refuse

    def _branch(self, w: Resolved, r: UnionType) -> Resolved:
        branches = self._model.branches(r)
        for test in (_identical, _alike, _promotable):
            for each in branches:
                if test(w, each):
                    return each
        raise MismatchError("", f"{branch_name(w)} is in no branch of the reader's union")

    def _enum(self, w: EnumType, r: EnumType) -> Read:
        made = self._types[r.name.full]
        members = [
            made(each) if each in r.symbols else made(r.default) if r.default is not None else None
            for each in w.symbols
        ]

        def read(cursor: Cursor) -> Any:
            index = binary.read_long(cursor)
            if not 0 <= index < len(members):
                raise binary.DamagedError(f"has symbol {index} of an enum of {len(members)}")
            found = members[index]
            if found is None:
                raise MismatchError(
                    "", f"the symbol {w.symbols[index]} of {w.name.full} is not known"
                )
            return found

        return read

    def _record(self, w: RecordType, r: RecordType) -> Read:
        pair = w.name.full, r.name.full
        if pair in self._records:
            return lambda cursor: self._records[pair](cursor)  # noqa: PLW0108 - not ready
        self._records[pair] = _unready
        try:
            self._records[pair] = self._pair(w, r)
        except MismatchError:
            del self._records[pair]  # another branch of a union may come here again
            raise
        return self._records[pair]

    def _pair(self, w: RecordType, r: RecordType) -> Read:
        places = {field.name: at for at, field in enumerate(r.fields)}
        steps: list[tuple[int, Read]] = []
        seen: set[int] = set()
        for field in w.fields:
            at = places.get(field.name)
            at = next(_aliased(field.name, r), None) if at is None else at
            if at is None or at in seen:
                steps.append((-1, self._skipped(field.type)))
            else:
                seen.add(at)
                steps.append((at, self._field(field, r.fields[at])))
        absent = [at for at in range(len(r.fields)) if at not in seen]
        for at in absent:
            if r.fields[at].default is MISSING:
                name = f"{r.fields[at].name} of {r.name.full}"
                raise MismatchError("", f"the writer has no field {name}, which has no default")
        fill = [(at, self._defaults.maker(r.fields[at])) for at in absent]
        return self._reading(r, tuple(steps), fill)

    def _field(self, w: RecordField, r: RecordField) -> Read:
        try:
            return self.of(w.type, r.type)
        except MismatchError as error:
            raise error.under(r.name) from None

    def _reading(self, r: RecordType, steps: tuple[tuple[int, Read], ...], fill: list[Any]) -> Read:
        made = self._types[r.name.full]
        make = twin(made, list(self._model.attributes[r.name.full].values()))
        blank = [None] * len(r.fields)
        names = [field.name for field in r.fields]

        def read(cursor: Cursor) -> Any:
            cursor.enter()
            values: list[Any] = blank.copy()
            at = -1
            try:
                for at, step in steps:
                    if at < 0:
                        step(cursor)
                    else:
                        values[at] = step(cursor)
            except (ValueError, OverflowError) as error:
                raise _under(names[at], error) if at >= 0 else error from None
            for place, default in fill:
                values[place] = default()
            cursor.depth -= 1
            found = make(*values)
            found.__class__ = made
            return found

        return read

    def _skipped(self, w: Type) -> Read:
        """Return the function that passes over a value that the reader does not want."""
        return self._skipper.of(w)


def _identical(w: Resolved, r: Resolved) -> bool:
    """Tell whether a branch is of the writer's own type, logical type and full name."""
    if w.kind != r.kind:
        return False
    if isinstance(w, RecordType | EnumType | Fixed):
        return isinstance(r, RecordType | EnumType | Fixed) and w.name.full == r.name.full
    return True


def _alike(w: Resolved, r: Resolved) -> bool:
    return w.kind == r.kind and _same_name(w, r)


def _promotable(w: Resolved, r: Resolved) -> bool:
    return promotable(w.kind, r.kind)


def _same_name(w: Any, r: Any) -> bool:
    """Tell whether named types match: by the unqualified name, or by an alias of the reader."""
    aliases = {*r.name.aliases, *r.name.written}
    return w.name.simple == r.name.simple or bool({w.name.full, w.name.simple} & aliases)


def _aliased(name: str, r: RecordType) -> Any:
    return (at for at, field in enumerate(r.fields) if name in field.aliases)


def _mismatch(w: Resolved, r: Resolved) -> MismatchError:
    return MismatchError("", f"the writer's {branch_name(w)} is no {branch_name(r)}")


def _under(name: str, error: Exception) -> Exception:
    if isinstance(error, BadValue):
        return error.under(name)
    return BadValue(name, " ".join(str(error).split()))


def _unready(_: Cursor) -> Any:
    raise AssertionError("a record is read before its reader is made")
