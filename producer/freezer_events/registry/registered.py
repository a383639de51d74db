"""What a registry holds: versions with the types they refer to, and the rules that go with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.parse.foreign import parse_foreign
from freezer_events.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping

_WRITING: Final = frozenset({"WRITE", "WRITEREAD"})
_READING: Final = frozenset({"READ", "WRITEREAD"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A type that a schema uses and another subject holds.

    Attributes:
        name: the type's full name.
        subject: where it is registered.
        version: the registry's number of it there.

    """

    name: str
    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class RegistryRule:
    """A rule of a version's ruleSet, which Confluent's clients run when they write or read.

    Attributes:
        name: the rule's name.
        kind: what runs it ("ENCRYPT", "CEL", …).
        writes: whether a writer has to run it.
        reads: whether a reader has to.

    """

    name: str
    kind: str
    writes: bool
    reads: bool

    def __str__(self) -> str:
        return f"{self.name!r} ({self.kind})"


@dataclass(frozen=True, slots=True)
class Registered:
    """One schema version as the registry holds it.

    Attributes:
        subject: where it is registered.
        version: the registry's number of it.
        schema_id: its id.
        text: the schema, with the types that it refers to written out in it.
        references: those types.

    """

    subject: str
    version: int
    schema_id: int
    text: str
    references: tuple[Reference, ...] = ()


class RuledSchema(SchemaError):  # noqa: N818 - it names the thing
    """A version has rules that whoever writes or reads it must run, and this package runs none."""


@lru_cache(maxsize=1024)
def canonical(text: str) -> str:
    """Return what a schema says, however a person or a registry has written it.

    Text that is no schema by our reading stands for itself.
    """
    try:
        return parse_foreign(text, "a schema").canonical
    except SchemaError:
        return text


def same_schema(one: str, other: str) -> bool:
    """Tell whether two texts say the same; registries give back what they have parsed."""
    return one == other or canonical(one) == canonical(other)


def whole(text: str, others: Mapping[str, str]) -> str:
    """Return a schema with the types of other texts, by full name, written out in it."""
    if not others:
        return text
    return parse_foreign(text, "a schema with references", others).whole


def references_of(schema: Any) -> tuple[Reference, ...]:
    """Return the references of a schema of Confluent's client."""
    return tuple(
        Reference(str(each.name), str(each.subject), int(each.version))
        for each in getattr(schema, "references", None) or ()
    )


def rules_of(schema: Any) -> tuple[RegistryRule, ...]:
    """Return the rules of a schema of Confluent's client that are not switched off."""
    found = getattr(schema, "rule_set", None)
    kinds = ("domain_rules", "encoding_rules", "migration_rules")
    every = [
        (kind, each)
        for kind in kinds
        for each in (getattr(found, kind, None) or ())
        if not getattr(each, "disabled", False)
    ]
    return tuple(_rule(each, migration=kind == "migration_rules") for kind, each in every)


def _rule(rule: Any, *, migration: bool) -> RegistryRule:
    mode = str(getattr(rule.mode, "value", rule.mode) or "WRITEREAD")
    return RegistryRule(
        str(rule.name),
        str(rule.type),
        writes=mode in _WRITING and not migration,
        reads=mode in _READING or migration,
    )
