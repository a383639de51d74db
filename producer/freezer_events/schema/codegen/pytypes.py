"""Python types of Avro types: what an attribute of a generated class is annotated with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.model import scalar_of
from freezer_events.avro.parse.types import ArrayType, EnumType, MapType, RecordType, UnionType

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freezer_events.avro.model import Model
    from freezer_events.avro.parse.types import Type
    from freezer_events.avro.scalars import Scalar


def names(model: Model, use: Type) -> Iterator[str]:
    """Yield every name that the annotation of a type mentions."""
    of = model.resolve(use)
    match of:
        case RecordType() | EnumType():
            yield model.classes[of.name.full]
        case ArrayType():
            yield "list"
            yield from names(model, of.items)
        case MapType():
            yield from ("dict", "str")
            yield from names(model, of.values)
        case UnionType():
            for each in of.branches:
                yield from names(model, each)
        case _:
            yield _scalar(model, of).python


def annotation(model: Model, use: Type, aliases: Mapping[str, str]) -> str:
    """Return the annotation of a type; `aliases` replace names that a class hides inside."""

    def alias(name: str) -> str:
        return aliases.get(name, name)

    of = model.resolve(use)
    match of:
        case RecordType() | EnumType():
            return alias(model.classes[of.name.full])
        case ArrayType():
            return f"{alias('list')}[{annotation(model, of.items, aliases)}]"
        case MapType():
            inside = annotation(model, of.values, aliases)
            return f"{alias('dict')}[{alias('str')}, {inside}]"
        case UnionType():
            parts = [annotation(model, each, aliases) for each in of.branches]
            optional = ["None"] if "None" in parts else []
            return " | ".join(dict.fromkeys([p for p in parts if p != "None"] + optional))
        case _:
            return alias(_scalar(model, of).python)


def homes(model: Model) -> Mapping[str, str]:
    """Return the Python types of a module that are imported, and where each comes from."""
    found = {}
    for record in model.records:
        for field in record.fields:
            for each in _scalars(model, field.type):
                if each.home:
                    found[each.python] = each.home
    return found


def _scalars(model: Model, use: Type) -> Iterator[Scalar]:
    of = model.resolve(use)
    match of:
        case RecordType() | EnumType():
            return  # a record's own fields are looked at by themselves
        case ArrayType():
            yield from _scalars(model, of.items)
        case MapType():
            yield from _scalars(model, of.values)
        case UnionType():
            for each in of.branches:
                yield from _scalars(model, each)
        case _:
            yield _scalar(model, of)


def _scalar(model: Model, of: Type) -> Scalar:
    found = scalar_of(model.resolve(of))
    assert found is not None  # noqa: S101 - nothing else is left
    return found
