"""Aliases of one schema that cannot do what they say, whatever was written before."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from freezer_events.avro.parse.types import RecordType, child
from freezer_events.schema.compare.findings import Code

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from freezer_events.avro.parse import Schema

_DROP = "take the alias away"


class IdleAlias(NamedTuple):
    """One such alias; `pointer` is to its list."""

    code: Code
    path: str
    pointer: str
    why: str
    fix: str = _DROP


class _Aliased(NamedTuple):
    """Something that has a name and aliases among others of its kind."""

    name: str
    aliases: tuple[str, ...]
    pointer: str


def idle(schema: Schema) -> Iterator[IdleAlias]:
    """Yield aliases of oneself, of what is still there, and of two things at once."""
    named = [
        _Aliased(each.name.full, each.name.aliases, each.pointer) for each in schema.names.values()
    ]
    yield from _among(named, "type", "")
    for record in schema.names.values():
        if isinstance(record, RecordType):
            fields = [_Aliased(each.name, each.aliases, each.pointer) for each in record.fields]
            top = record is schema.resolve(schema.root)
            yield from _among(fields, "field", "" if top else f"{record.name.simple}.")


def _among(things: list[_Aliased], what: str, prefix: str) -> Iterator[IdleAlias]:
    there = {each.name for each in things}
    claims = Counter(_each(things))
    for each in things:
        path, at = prefix + each.name, child(each.pointer, "aliases")
        for alias in dict.fromkeys(each.aliases):
            if alias == each.name:
                why = f"{alias!r} is its own alias, which says nothing"
                yield IdleAlias(Code.ALIAS_OF_ITSELF, path, at, why)
            elif alias in there:
                why = (
                    f"{alias!r} is an alias and still a {what}: Java reads old data of {alias!r} as"
                    f" {each.name!r}, fastavro as {alias!r}, and where both were written Java fails"
                )
                yield IdleAlias(Code.ALIAS_OF_WHAT_EXISTS, path, at, why)
            elif claims[alias] > 1:
                why = f"two {what}s have the alias {alias!r}: only one of them can get its data"
                yield IdleAlias(Code.ALIAS_SHARED, path, at, why, "leave it to one of them")


def _each(things: Iterable[_Aliased]) -> Iterator[str]:
    for each in things:
        yield from dict.fromkeys(each.aliases)
