"""What resolving a writer's schema against a reader's comes to: a value, made by `resolve`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum as PythonEnum
from enum import auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from freezer_events.avro.parse.types import (
        RecordField,
        RecordType,
        Resolved,
        Type,
        UnionType,
    )

ROOT = "(root)"


class Rule(PythonEnum):
    """Why a reader fails."""

    NO_DEFAULT = auto()
    CLAIMED_TWICE = auto()
    NOT_PROMOTABLE = auto()
    OTHER_KIND = auto()
    OTHER_NAME = auto()
    OTHER_SIZE = auto()
    UNKNOWN_SYMBOL = auto()
    UNKNOWN_BRANCH = auto()
    OTHER_NAMESPACE = auto()
    JAVA_NAME_TWICE = auto()
    JAVA_DEFAULT_SPOILT = auto()
    FASTAVRO_LOOKUP = auto()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One reason why a reader fails.

    Attributes:
        rule: the reason.
        path: the field, with the reader's names.
        writer: what was written.
        reader: what the reader expects instead.
        w_at: pointer into the writer's schema.
        r_at: pointer into the reader's schema.
        name: the symbol or field that it is about.
        field: the reader's field that has no default, or that two fields claim.

    """

    rule: Rule
    path: str
    writer: Type
    reader: Type
    w_at: str
    r_at: str
    name: str = ""
    field: RecordField | None = None


@dataclass(frozen=True, slots=True)
class TypesMet:
    """A written type that is read as another, or as itself."""

    path: str
    writer: Resolved
    reader: Resolved


@dataclass(frozen=True, slots=True)
class FieldsMet:
    """A written field that is read as a field."""

    path: str
    writer: RecordField
    reader: RecordField


@dataclass(frozen=True, slots=True)
class BranchesMet:
    """A written type for which fastavro and Java take different branches of a union."""

    path: str
    writer: Type
    union: UnionType
    fastavro: Type
    java: Type


@dataclass(frozen=True, slots=True)
class PlacesDiffer:
    """A reader's field for which Java and fastavro read different written fields, None for none."""

    path: str
    record: RecordType
    field: RecordField
    java: RecordField | None
    fastavro: RecordField | None


@dataclass(frozen=True, slots=True)
class DefaultRead:
    """A reader's field that the writer lacks, so that its default is read."""

    path: str
    record: RecordType
    field: RecordField


@dataclass(frozen=True, slots=True)
class Resolution:
    """What reading with one schema makes of what was written with another.

    Attributes:
        mismatches: why some reader fails, on some or all data.
        types: the types that met.
        fields: the fields that met.
        branches: where readers take different branches of the reader's union.
        places: where readers read different written fields.
        defaults: where a default is read.

    """

    mismatches: tuple[Mismatch, ...]
    types: tuple[TypesMet, ...]
    fields: tuple[FieldsMet, ...]
    branches: tuple[BranchesMet, ...]
    places: tuple[PlacesDiffer, ...]
    defaults: tuple[DefaultRead, ...]
