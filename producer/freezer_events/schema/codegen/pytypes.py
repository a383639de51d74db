"""Python types of Avro types: what an attribute of a generated class is annotated with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freezer_events.avro.model import NULL, ArrayNode, MapNode, Named, Scalar, UnionNode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freezer_events.avro.model import Node

TYPES: Final = {
    "null": "None",
    "boolean": "bool",
    "int": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "bytes": "bytes",
    "fixed": "bytes",
    "string": "str",
    "uuid": "UUID",
    "decimal": "Decimal",
    "date": "date",
    "time-millis": "time",
    "time-micros": "time",
    "timestamp-millis": "datetime",
    "timestamp-micros": "datetime",
    "local-timestamp-millis": "datetime",
    "local-timestamp-micros": "datetime",
}

_HOMES: Final = {
    "UUID": "uuid",
    "Decimal": "decimal",
    "date": "datetime",
    "time": "datetime",
    "datetime": "datetime",
}


def names(node: Node, classes: Mapping[str, str]) -> Iterator[str]:
    """Yield every name that the annotation of a node mentions."""
    match node:
        case Scalar():
            yield TYPES[node.kind]
        case Named():
            yield classes[node.full]
        case ArrayNode():
            yield "list"
            yield from names(node.items, classes)
        case MapNode():
            yield from ("dict", "str")
            yield from names(node.values, classes)
        case UnionNode():
            for each in node.branches:
                yield from names(each, classes)


def annotation(node: Node, classes: Mapping[str, str], aliases: Mapping[str, str]) -> str:
    """Return the annotation of a node; `aliases` replace names that a class hides inside."""

    def alias(name: str) -> str:
        return aliases.get(name, name)

    match node:
        case Scalar():
            return alias(TYPES[node.kind])
        case Named():
            return alias(classes[node.full])
        case ArrayNode():
            return f"{alias('list')}[{annotation(node.items, classes, aliases)}]"
        case MapNode():
            inside = annotation(node.values, classes, aliases)
            return f"{alias('dict')}[{alias('str')}, {inside}]"
        case UnionNode():
            parts = [annotation(each, classes, aliases) for each in node.branches if each != NULL]
            optional = ["None"] if NULL in node.branches else []
            return " | ".join(dict.fromkeys([*parts, *optional])) or "None"


def imports(used: set[str]) -> set[tuple[str, str]]:
    """Return the (module, name) pairs that these names need."""
    return {(_HOMES[name], name) for name in used if name in _HOMES}
