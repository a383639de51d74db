"""Rules that a schema has for its values: Confluent's property `confluent:rules`, in CEL.

`[{"name": "plausible", "doc": "…", "expr": "this > -100.0"}]` on a record or a field; `this` is the
value, and null is skipped. The expression gives true, or an empty string, where all is well.
Confluent's clients evaluate them when `validation.rules.execution` says so (the Python client from
2.16.1); here they are compiled into the encoder, and always hold.
https://docs.confluent.io/platform/current/schema-registry/fundamentals/data-contracts.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.expression.grammar import parse_expression
from freezer_events.avro.expression.kinds import kind_of
from freezer_events.avro.expression.piece import COMPARED, ExpressionScope
from freezer_events.avro.expression.to_python import Translator
from freezer_events.avro.expression.tree import BadExpression
from freezer_events.avro.parse.types import MISSING, RecordType, child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from freezer_events.avro.model import Model
    from freezer_events.avro.parse import Schema
    from freezer_events.avro.parse.types import RecordField, Type
    from freezer_events.errors import SchemaError

RULES: Final = "confluent:rules"
_KEYS: Final = frozenset({"name", "doc", "expr"})


@dataclass(frozen=True, slots=True)
class SchemaRule:
    """One rule of a record or a field.

    Attributes:
        name: what it is called.
        doc: what it demands, in words; may be empty.
        expr: the expression.
        pointer: where it is in the schema.

    """

    name: str
    doc: str
    expr: str
    pointer: str

    @property
    def words(self) -> str:
        """What a violation says: the name, and what it demands."""
        return f"rule {self.name!r}: {self.doc or self.expr}"


def rules_at(schema: Schema, holder: RecordType | RecordField) -> tuple[SchemaRule, ...]:
    """Return the rules of a record, or of a field.

    Raises:
        SchemaError: they are not written as rules are.

    """
    at, rules = child(holder.pointer, RULES), schema.attribute(holder.pointer, RULES)
    if rules is MISSING:
        return ()
    if not isinstance(rules, list):
        raise schema.error(at, f"{RULES} is no list", 'write [{"name": …, "doc": …, "expr": …}]')
    found = tuple(_rule(schema, each, child(at, number)) for number, each in enumerate(rules))
    names = [each.name for each in found]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise schema.error(child(at, number), f"the rule {name!r} is there twice")
    return found


def all_rules(model: Model) -> Iterator[tuple[RecordType, RecordField | None, SchemaRule]]:
    """Yield every rule, with its record, and the field where it is a field's.

    Raises:
        SchemaError: one is not written as rules are.

    """
    for record in model.records:
        yield from ((record, None, rule) for rule in rules_at(model.schema, record))
        for field in record.fields:
            yield from ((record, field, rule) for rule in rules_at(model.schema, field))


def rule_source(
    model: Model,
    rule: SchemaRule,
    of: Type,
    this: str,
    use: Callable[[str], str],
    constant: Callable[[str, str], str],
) -> str:
    """Return the Python that tells whether a rule holds, as an operand of `not`.

    Args:
        model: the schema.
        rule: the rule.
        of: the type of the value; where null is one of its branches, the value is not null.
        this: the Python that gives the value.
        use: gives the name under which a piece of `expression.operations` is called.
        constant: gives the name of what a piece of `expression.operations` makes of a text.

    Raises:
        SchemaError: the expression is none, is beyond what is supported, or does not fit the type;
            names the column in it.

    """
    kind = replace(kind_of(model, of), nullable=False)
    source = f"str({this})" if kind.uuid else this
    scope = ExpressionScope({"this": (source, replace(kind, uuid=False))}, use, constant)
    try:
        tree = parse_expression(rule.expr)
        found = Translator(scope).piece(tree)
        if found.kind.name == "string" and not found.kind.nullable:
            return f'{found.within(COMPARED + 1)} == ""'
        return Translator(scope).condition(tree).source
    except BadExpression as error:
        why = f"the rule {rule.name!r} has an expression that cannot be used: {error}"
        raise model.schema.error(child(rule.pointer, "expr"), why, error.fix) from None


def rule_problems(model: Model) -> Iterator[SchemaError]:
    """Yield what is wrong with each rule of a schema."""
    from freezer_events.errors import SchemaError  # noqa: PLC0415 - for types alone elsewhere

    for record in model.records:
        holders: list[RecordType | RecordField] = [record, *record.fields]
        for holder in holders:
            of: Type = holder if isinstance(holder, RecordType) else holder.type
            try:
                for rule in rules_at(model.schema, holder):
                    rule_source(model, rule, of, "this", str, lambda piece, _: piece)
            except SchemaError as error:
                yield error


def _rule(schema: Schema, value: Any, at: str) -> SchemaRule:
    form = 'write {"name": …, "doc": …, "expr": …}'
    if not isinstance(value, dict):
        raise schema.error(at, "a rule is an object", form)
    for key in value:
        if key not in _KEYS:
            raise schema.error(child(at, key), f"{key!r} in a rule is not supported", form)
    for key in ("name", "expr"):
        if not isinstance(value.get(key), str) or not value[key].strip():
            raise schema.error(at, f"a rule needs the key {key!r}, which is text", form)
    if not value["name"].isprintable():
        raise schema.error(child(at, "name"), "the name of a rule is text on one line")
    doc = value.get("doc", "")
    if not isinstance(doc, str):
        raise schema.error(child(at, "doc"), "doc is no string")
    return SchemaRule(value["name"], doc, value["expr"], at)
