"""Find what is wrong with an event: the first value that does not fit, its path and why, in words.

Slow and thorough, for explaining: the generated encoder refuses exactly the events in which this
finds a problem, and is what runs for every event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.bad_value import shown
from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import ArrayType, EnumType, MapType, RecordType, UnionType
from freezer_events.avro.rule_checks import violations
from freezer_events.avro.scalars import scalar
from freezer_events.avro.values import DEEPEST

if TYPE_CHECKING:
    from freezer_events.avro.parse.types import Resolved, Type
    from freezer_events.avro.rule_checks import Violation
    from freezer_events.event import Event, EventType

Problem = tuple[str, str]

_ABSENT: Final = object()
_STRING: Final = scalar("string")


def first_problem(event: Event) -> Problem | None:
    """Return path and reason of the first value that does not fit the event's schema, else None.

    The path names fields as the schema does: `device.battery_pct`, `readings[3]`, `labels['a']`.
    A value of the right type that breaks a rule of the schema does not fit, either.
    """
    problem = _misfit(event)
    if problem is None:
        violation = first_violation(event)
        problem = (violation.path, violation.why) if violation else None
    return (problem[0] or event.__event__.name, problem[1]) if problem else None


def first_violation(event: Event) -> Violation | None:
    """Return the first rule that an event breaks whose values are all of the right types."""
    event_type = event.__event__
    if _misfit(event) is not None:
        return None
    return next(violations(model_of(event_type), event_type.types, event), None)


def _misfit(event: Event) -> Problem | None:
    event_type = event.__event__
    try:
        return _Checker(event_type).value(model_of(event_type).root, event, "", 0)
    except RecursionError:
        return "", "is nested too deeply"


class _Checker:
    """Walks a value along its schema. Paths are built on the way out, where there is a problem."""

    def __init__(self, event_type: EventType) -> None:
        self._model = model_of(event_type)
        self._types = event_type.types

    def value(self, use: Type, value: Any, path: str, depth: int) -> Problem | None:
        of = self._model.resolve(use)
        if value is _ABSENT:
            return path, "has no value"
        match of:
            case UnionType():
                return self._union(of, value, path, depth)
            case RecordType():
                return self._record(of, value, path, depth + 1)
            case ArrayType():
                return self._array(of, value, path, depth + 1)
            case MapType():
                return self._map(of, value, path, depth + 1)
            case EnumType():
                why = self._enum(of, value)
            case _:
                found = scalar_of(of)
                why = found.problem(value) if found else None
        return (path, why) if why else None

    def _record(self, of: RecordType, value: Any, path: str, depth: int) -> Problem | None:
        made = self._types[of.name.full]
        if type(value) is not made:
            return path, f"{shown(value)} is not a {made.__name__}"
        if depth > DEEPEST:
            raise RecursionError
        inside = f"{path}." if path else ""
        names = self._model.attributes[of.name.full]
        for field in of.fields:
            found = getattr(value, names[field.name], _ABSENT)
            problem = self.value(field.type, found, f"{inside}{field.name}", depth)
            if problem:
                return problem
        return None

    def _array(self, of: ArrayType, value: Any, path: str, depth: int) -> Problem | None:
        if not isinstance(value, list):
            return path, f"{shown(value)} is not a list"
        if depth > DEEPEST:
            raise RecursionError
        for number, each in enumerate(value):
            problem = self.value(of.items, each, f"{path}[{number}]", depth)
            if problem:
                return problem
        return None

    def _map(self, of: MapType, value: Any, path: str, depth: int) -> Problem | None:
        if not isinstance(value, dict):
            return path, f"{shown(value)} is not a dict"
        if depth > DEEPEST:
            raise RecursionError
        for key, each in value.items():
            why = _STRING.problem(key)
            if why:
                return path, f"key {why}"
            problem = self.value(of.values, each, f"{path}[{key!r}]", depth)
            if problem:
                return problem
        return None

    def _union(self, of: UnionType, value: Any, path: str, depth: int) -> Problem | None:
        rest: list[tuple[Resolved, Problem]] = []
        for each in self._model.branches(of):
            problem = self.value(each, value, path, depth)
            if problem is None:
                return None
            rest.append((each, problem))
        meant = [problem for each, problem in rest if each.kind != "null"]
        # Of several types the one is meant whose parts are looked into, or whose kind it is.
        deeper = [problem for problem in meant if problem[0] != path] or meant
        if len(deeper) == 1:
            return deeper[0]
        reasons = "; ".join(dict.fromkeys(why for _, why in meant))
        return path, reasons or f"{shown(value)} is not null"

    def _enum(self, of: EnumType, value: Any) -> str | None:
        made = self._types[of.name.full]
        if type(value) is made:
            return None
        return f"{shown(value)} is not a {made.__name__} ({', '.join(of.symbols)})"
