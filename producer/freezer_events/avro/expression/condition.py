"""Conditions on events and on mappings of names, such as `--where` takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freezer_events.avro.expression import operations
from freezer_events.avro.expression.grammar import parse_expression
from freezer_events.avro.expression.kinds import ANY, members
from freezer_events.avro.expression.piece import ExpressionScope
from freezer_events.avro.expression.to_python import Translator
from freezer_events.avro.expression.tree import BadExpression
from freezer_events.avro.loaded_text import load_text
from freezer_events.avro.model import model_of
from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.avro.expression.kinds import Member
    from freezer_events.event import EventType


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, asked of one value after another.

    Attributes:
        text: the expression.
        evaluate: gives True or False, or raises where there is no value.

    """

    text: str
    evaluate: Callable[[Any], bool]

    def __call__(self, value: Any) -> bool | None:
        """Tell whether a value meets it; None where there is no answer.

        There is none where null or values of two kinds are compared, or a number overflows.
        """
        try:
            return self.evaluate(value)
        except operations.NO_VALUE:
            return None


def condition_on_event(text: str, event_type: EventType, option: str = "--where") -> Condition:
    """Return a condition on events, whose top-level names are the fields, as the schema has them.

    Args:
        text: the expression: `temperature > -15 && sensor_id != "x"`.
        event_type: what the events are; names and types are checked against its schema.
        option: where the expression was given, for errors.

    Raises:
        UsageError: it is none, or does not fit the event.

    """
    model = model_of(event_type)
    names = {
        name: (f"value{step}", kind) for name, (step, kind) in members(model, model.root).items()
    }
    return _condition(text, names, None, option)


def condition_on_mapping(text: str, option: str = "--where") -> Condition:
    """Return a condition on mappings from names to values, of which nothing is known before.

    Raises:
        UsageError: it is none.

    """
    return _condition(text, {}, lambda name: (f"value[{name!r}]", ANY), option)


def _condition(
    text: str,
    names: Mapping[str, Member],
    unknown: Callable[[str], Member] | None,
    option: str,
) -> Condition:
    constants: dict[str, Any] = {}

    def constant(maker: str, of: str) -> str:
        name = f"constant_{len(constants)}"
        constants[name] = getattr(operations, maker)(of)
        return name

    scope = ExpressionScope(names, lambda piece: piece, constant, unknown, mixed=True)
    try:
        made = Translator(scope).condition(parse_expression(text))
    except BadExpression as error:
        where = f"{option} {text!r}"
        raise UsageError(where, str(error), error.fix) from None
    source = f"def evaluate(value):\n    return {made.source}\n"
    return Condition(text, load_text(source, vars(operations) | constants).evaluate)
