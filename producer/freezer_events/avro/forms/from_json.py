"""From JSON to typed values: parsing functions built once per schema."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.bad_value import BadValue, shown
from freezer_events.avro.forms.branches import Branches
from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import ArrayType, EnumType, MapType, RecordType, UnionType
from freezer_events.avro.values import DEEPEST
from freezer_events.event import twin

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events.avro.parse.types import Resolved, Type
    from freezer_events.event import EventType

    Parse = Callable[[Any], Any]

_DEEP: Final = f"is nested too deeply: more than {DEEPEST} levels"


def from_json(event_type: EventType) -> Callable[[dict[str, Any]], Any]:
    """Return the function that makes an event of a JSON object.

    It raises BadValue for a value that does not fit, an unknown or a missing field.
    """
    parse = Forms(event_type).of(model_of(event_type).root)

    def whole(value: Any) -> Any:
        try:
            return parse(value)
        except RecursionError:
            raise BadValue("", _DEEP) from None

    return whole


class Forms:
    """Builds a parsing function for every type of one schema."""

    def __init__(self, event_type: EventType) -> None:
        self._model = model_of(event_type)
        self._types = event_type.types
        self._records: dict[str, Parse] = {}

    def of(self, use: Type) -> Parse:  # noqa: PLR0911 - one return per kind
        """Return the function for a value in JSON."""
        of = self._model.resolve(use)
        match of:
            case RecordType():
                full = of.name.full
                if full in self._records:  # looked up when called: the type may contain itself
                    return lambda value: self._records[full](value)  # noqa: PLW0108 - not ready
                return self._record(of)
            case EnumType():
                return self._enum(of)
            case ArrayType():
                return _array(self.of(of.items))
            case MapType():
                return _map(self.of(of.values))
            case UnionType():
                return self._union(of)
        found = scalar_of(of)
        assert found is not None  # noqa: S101 - nothing else is left
        return found.from_json

    def _record(self, of: RecordType) -> Parse:
        self._records[of.name.full] = _unready
        made = self._types[of.name.full]
        own = fields(made)  # in the schema's order
        make = twin(made, [each.name for each in own])
        defaults = [each.default for each in own]
        factories = [
            (at, each.default_factory)
            for at, each in enumerate(own)
            if each.default_factory is not MISSING
        ]
        members = {each.name: (at, self.of(each.type)) for at, each in enumerate(of.fields)}

        def refuse(_: Any) -> Any:
            raise BadValue("", f"no such field; there are: {', '.join(members)}")

        unknown = (0, refuse)

        def parse(value: Any) -> Any:
            if not isinstance(value, dict):
                raise BadValue("", f"{shown(value)} is not an object")
            values = defaults.copy()
            for place, factory in factories:
                values[place] = factory()
            name = ""
            try:
                for name, item in value.items():
                    at, convert = members.get(name) or unknown
                    values[at] = convert(item)
            except BadValue as error:
                raise error.under(name) from None
            if len(value) < len(members):
                for name, (at, _) in members.items():
                    if values[at] is MISSING:
                        raise BadValue(name, "is missing")
            found = make(*values)
            found.__class__ = made
            return found

        self._records[of.name.full] = parse
        return parse

    def _enum(self, of: EnumType) -> Parse:
        made = self._types[of.name.full]
        symbols = {each: made(each) for each in of.symbols}

        def parse(value: Any) -> Any:
            if isinstance(value, str) and (found := symbols.get(value)) is not None:
                return found
            raise BadValue("", f"{shown(value)} is none of {', '.join(symbols)}")

        return parse

    def _union(self, of: UnionType) -> Parse:
        nullable = self._model.optional(of)
        branches = Branches(self._model, of, self._types)
        parsers = [self.of(each) for each in of.branches]
        if nullable is not None and not _is_object(nullable[1]):
            only = parsers[nullable[0]]
            return lambda value: None if value is None else only(_bare(value, branches))
        return _union(branches, parsers, self._model.branches(of))


def _bare(value: Any, branches: Branches) -> Any:
    """Return the value inside of an object whose one key names a branch."""
    if type(value) is dict and len(value) == 1:
        ((name, inside),) = value.items()
        if name in branches.named:
            return inside
    return value


def _is_object(of: Resolved) -> bool:
    return isinstance(of, RecordType | MapType)


def _union(branches: Branches, parsers: list[Parse], kinds: list[Resolved]) -> Parse:
    nulls = [at for at, each in enumerate(kinds) if each.kind == "null"]

    def parse(value: Any) -> Any:
        if value is None and nulls:
            return None
        named: BadValue | None = None
        if type(value) is dict and len(value) == 1:
            ((name, inside),) = value.items()
            at = branches.named.get(name)
            if at is not None:
                try:
                    return parsers[at](inside)
                except BadValue as error:
                    named = error.under(name)
        found: dict[int, Any] = {}
        complaints: list[BadValue] = []
        for at, each in enumerate(parsers):
            if at in nulls:
                continue
            try:
                found[at] = each(value)
            except BadValue as error:
                complaints.append(error)
        if not found:
            raise named or _worst(complaints) or BadValue("", f"{shown(value)} is not null")
        return _only(value, found, branches)

    return parse


def _only(value: Any, found: dict[int, Any], branches: Branches) -> Any:
    """Return the one value that branches made of a plain form.

    Raises:
        BadValue: they made several.

    """
    if type(value) is int:  # a whole number is a float only where nothing else takes it
        found = {at: each for at, each in found.items() if type(each) is int} or found
    first = next(iter(found.values()))
    if all(type(each) is type(first) and each == first for each in found.values()):
        return first
    names = [branches.names[at] for at in found]
    how = f'say which: {{"{names[-1]}": …}}'
    raise BadValue("", f"{shown(value)} may be {' or '.join(names)}: {how}")


def _worst(complaints: list[BadValue]) -> BadValue | None:
    """Return the complaint that was made deepest inside: it is about what was meant."""
    deep = [each for each in complaints if each.path]
    return next(iter(deep or complaints), None)


def _array(item: Parse) -> Parse:
    def parse(value: Any) -> Any:
        if not isinstance(value, list):
            raise BadValue("", f"{shown(value)} is not an array")
        found: list[Any] = []
        try:
            found.extend(map(item, value))
        except BadValue as error:
            raise error.under(f"[{len(found)}]") from None
        return found

    return parse


def _map(item: Parse) -> Parse:
    def parse(value: Any) -> Any:
        if not isinstance(value, dict):
            raise BadValue("", f"{shown(value)} is not an object")
        found = {}
        key = ""
        try:
            for key, each in value.items():
                found[key] = item(each)
        except BadValue as error:
            raise error.under(f"[{key!r}]") from None
        return found

    return parse


def _unready(_: Any) -> Any:
    raise AssertionError("a record is parsed before its parser is made")
