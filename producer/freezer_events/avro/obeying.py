"""Values that obey a schema's rules, for examples and simulated events: tried, not solved."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.expression.grammar import parse_expression
from freezer_events.avro.expression.pattern import pattern_example
from freezer_events.avro.expression.tree import BadExpression, Binary, Call, Literal
from freezer_events.avro.expression.walk import parts
from freezer_events.avro.model import scalar_of
from freezer_events.avro.parse.types import RecordType, UnionType
from freezer_events.avro.rule_checks import rule_checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freezer_events.avro.model import Model
    from freezer_events.avro.parse.types import Type
    from freezer_events.avro.rule_checks import RuleCheck

_TRIES: Final = 200


def obeying(model: Model, record: RecordType, field: str, make: Callable[[], Any]) -> Any:
    """Return a value for a field that obeys the field's rules, if one is found.

    Args:
        model: the schema.
        record: the record.
        field: the name of the field.
        make: gives a value of the field's type; another one each time, or always the same.

    """
    found = make()
    checks = rule_checks(model).get(record.name.full)
    rules = checks.fields.get(field, ()) if checks else ()
    if found is None or _obeys(rules, found):
        return found
    of = next(each.type for each in record.fields if each.name == field)
    tried = [*_candidates(model, of, rules), *(make() for _ in range(_TRIES))]
    return next((each for each in tried if each is None or _obeys(rules, each)), found)


def obeying_record(model: Model, record: RecordType, make: Callable[[], Any]) -> Any:
    """Return a record that obeys the rules of the record itself, if one is found."""
    found = make()
    checks = rule_checks(model).get(record.name.full)
    rules = checks.own if checks else ()
    if _obeys(rules, found):
        return found
    return next((each for each in (make() for _ in range(_TRIES)) if _obeys(rules, each)), found)


def _obeys(rules: tuple[RuleCheck, ...], value: Any) -> bool:
    return all(each.obeyed(value) for each in rules)


def _candidates(model: Model, of: Type, rules: tuple[RuleCheck, ...]) -> Iterator[Any]:
    """Yield values that a rule speaks of, and some near them, of the field's type."""
    resolved = model.resolve(of)
    if isinstance(resolved, UnionType):
        for branch in model.branches(resolved):
            yield from _candidates(model, branch, rules)
        return
    if resolved.kind == "null":
        yield None
        return
    found = scalar_of(resolved)
    if found is None:
        return
    literals = [each for check in rules for each in _literals(check.rule.expr)]
    for each in [*_numbers(literals), *_texts(literals), True, False]:
        if found.problem(each) is None:
            yield each


def _numbers(literals: list[Any]) -> Iterator[float]:
    numbers = [e for e in literals if isinstance(e, int | float) and not isinstance(e, bool)]
    for each in [0, *numbers]:
        yield from (each, each + 1, each - 1)
    yield from ((one + other) / 2 for one in numbers for other in numbers)
    yield from (float(each) for each in numbers)


def _texts(literals: list[Any]) -> Iterator[str]:
    texts = [each for each in literals if isinstance(each, str)]
    yield from (*texts, "".join(texts), "".join(reversed(texts)))
    for each in literals:
        if isinstance(each, int) and 0 <= each < _TRIES:
            yield from ("a" * each, "a" * (each + 1), "a" * max(each - 1, 0))


def _literals(expr: str) -> Iterator[Any]:
    """Yield the constants of an expression; for a pattern, a text that it finds."""
    with suppress(BadExpression):
        for node in parts(parse_expression(expr)):
            if isinstance(node, Call) and node.function == "matches":
                regex = node.arguments[1]
                if isinstance(regex, Literal) and isinstance(regex.value, str):
                    yield pattern_example(regex.value)
            elif isinstance(node, Binary | Call):
                inside = (node.left, node.right) if isinstance(node, Binary) else node.arguments
                yield from (each.value for each in inside if isinstance(each, Literal))
