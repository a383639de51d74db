"""A schema's rules as functions, for explaining which one an event breaks, and for compiled nodes.

The generated encoder has the same Python in it (`rules.rule_source`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from freezer_events.avro.bad_value import shown
from freezer_events.avro.expression import operations
from freezer_events.avro.loaded_text import load_text
from freezer_events.avro.parse.types import ArrayType, MapType, RecordType, UnionType
from freezer_events.avro.rules import rule_source, rules_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from freezer_events.avro.model import Model
    from freezer_events.avro.parse.types import RecordField, Type
    from freezer_events.avro.rules import SchemaRule


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """One rule, and the function that tells whether a value obeys it.

    The function raises where the expression has no value, which is a violation, too.
    """

    rule: SchemaRule
    holds: Callable[[Any], bool]

    def obeyed(self, value: Any) -> bool:
        """Tell whether a value obeys the rule."""
        try:
            return self.holds(value)
        except operations.NO_VALUE:
            return False


@dataclass(frozen=True, slots=True)
class RecordChecks:
    """The checks of a record: its own, and those of its fields by name."""

    own: tuple[RuleCheck, ...]
    fields: Mapping[str, tuple[RuleCheck, ...]]


@dataclass(frozen=True, slots=True)
class Violation:
    """A value that breaks a rule."""

    path: str
    rule: SchemaRule
    value: Any

    @property
    def why(self) -> str:
        """The reason in words: the value and the rule."""
        return f"{shown(self.value)} breaks the {self.rule.words}"


@lru_cache(maxsize=256)
def rule_checks(model: Model) -> Mapping[str, RecordChecks]:
    """Return the checks of every record of a schema that has any, by full name.

    Raises:
        SchemaError: a rule cannot be used.

    """
    found = {}
    for record in model.records:
        own = _checks(model, record, record)
        fields = {each.name: _checks(model, each, each.type) for each in record.fields}
        fields = {name: checks for name, checks in fields.items() if checks}
        if own or fields:
            found[record.name.full] = RecordChecks(own, fields)
    return found


def violations(model: Model, types: Mapping[str, type], event: Any) -> Iterator[Violation]:
    """Yield what breaks a rule in an event whose values fit its types.

    In the order of Confluent's clients: a record's own rules, then field by field.
    """
    if rule_checks(model):
        yield from _Walk(model, types).value(model.root, event, "")


class _Walk:
    def __init__(self, model: Model, types: Mapping[str, type]) -> None:
        self._model = model
        self._types = types
        self._checks = rule_checks(model)

    def value(self, use: Type, value: Any, path: str) -> Iterator[Violation]:
        of = self._model.resolve(use)
        match of:
            case UnionType():
                for each in self._model.branches(of):
                    if _is_of(each, value, self._types):
                        yield from self.value(each, value, path)
            case ArrayType(items=items):
                for number, each in enumerate(value):
                    yield from self.value(items, each, f"{path}[{number}]")
            case MapType(values=values):
                for key, each in value.items():
                    yield from self.value(values, each, f"{path}[{key!r}]")
            case RecordType():
                yield from self._record(of, value, path)

    def _record(self, of: RecordType, value: Any, path: str) -> Iterator[Violation]:
        checks = self._checks.get(of.name.full, RecordChecks((), {}))
        yield from _broken(checks.own, value, path)
        names = self._model.attributes[of.name.full]
        for field in of.fields:
            inside = f"{path}.{field.name}" if path else field.name
            found = getattr(value, names[field.name])
            if found is not None:
                yield from _broken(checks.fields.get(field.name, ()), found, inside)
            yield from self.value(field.type, found, inside)


def _broken(checks: tuple[RuleCheck, ...], value: Any, path: str) -> Iterator[Violation]:
    yield from (Violation(path, each.rule, value) for each in checks if not each.obeyed(value))


def _is_of(of: Type, value: Any, types: Mapping[str, type]) -> bool:
    match of:
        case RecordType():
            return type(value) is types[of.name.full]
        case ArrayType():
            return isinstance(value, list)
        case MapType():
            return isinstance(value, dict)
    return False


def _checks(model: Model, holder: RecordType | RecordField, of: Type) -> tuple[RuleCheck, ...]:
    return tuple(
        RuleCheck(rule, _function(model, rule, of)) for rule in rules_at(model.schema, holder)
    )


def _function(model: Model, rule: SchemaRule, of: Type) -> Callable[[Any], bool]:
    constants: dict[str, Any] = {}

    def constant(maker: str, text: str) -> str:
        name = f"constant_{len(constants)}"
        constants[name] = getattr(operations, maker)(text)
        return name

    source = rule_source(model, rule, of, "this", str, constant)
    text = f"def holds(this):\n    return {source}\n"
    made: Callable[[Any], bool] = load_text(text, vars(operations) | constants).holds
    return made
