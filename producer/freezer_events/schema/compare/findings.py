"""What a comparison finds: kinds, stable codes, and the finding itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from freezer_events.schema.levels import Direction


class Kind(StrEnum):
    """How bad it is."""

    DECODE = "decode"
    """The reader fails on some or all data of the writer."""
    MEANING = "meaning"
    """The reader gets a value, and it means something else."""
    WARNING = "warning"
    """Legal, and known to surprise."""


class Code(StrEnum):
    """What it is. Names are stable; added, removed, narrowed and widened are from old to new."""

    FIELD_ADDED_WITHOUT_DEFAULT = "FIELD_ADDED_WITHOUT_DEFAULT"
    FIELD_REMOVED_WITHOUT_DEFAULT = "FIELD_REMOVED_WITHOUT_DEFAULT"
    FIELD_ALIAS_AMBIGUOUS = "FIELD_ALIAS_AMBIGUOUS"
    TYPE_NARROWED = "TYPE_NARROWED"
    TYPE_WIDENED = "TYPE_WIDENED"
    TYPE_CHANGED = "TYPE_CHANGED"
    NAME_CHANGED = "NAME_CHANGED"
    FIXED_SIZE_CHANGED = "FIXED_SIZE_CHANGED"
    ENUM_SYMBOL_REMOVED = "ENUM_SYMBOL_REMOVED"
    ENUM_SYMBOL_ADDED = "ENUM_SYMBOL_ADDED"
    UNION_BRANCH_REMOVED = "UNION_BRANCH_REMOVED"
    UNION_BRANCH_ADDED = "UNION_BRANCH_ADDED"
    FASTAVRO_CANNOT_RESOLVE = "FASTAVRO_CANNOT_RESOLVE"
    ALIAS_MAKES_NAME_TWICE = "ALIAS_MAKES_NAME_TWICE"
    ALIAS_SPOILS_DEFAULT = "ALIAS_SPOILS_DEFAULT"

    LOGICAL_TYPE_CHANGED = "LOGICAL_TYPE_CHANGED"
    DECIMAL_CHANGED = "DECIMAL_CHANGED"
    RULE_ADDED = "RULE_ADDED"
    RULE_CHANGED = "RULE_CHANGED"

    FIELD_ALIAS_READERS_DIFFER = "FIELD_ALIAS_READERS_DIFFER"
    DEFAULT_OF_LATER_BRANCH = "DEFAULT_OF_LATER_BRANCH"
    UNION_BRANCH_AMBIGUOUS = "UNION_BRANCH_AMBIGUOUS"
    NAMESPACE_CHANGED = "NAMESPACE_CHANGED"

    DEFAULT_CHANGED = "DEFAULT_CHANGED"
    DEFAULT_REMOVED = "DEFAULT_REMOVED"
    PROMOTION_LOSES_DIGITS = "PROMOTION_LOSES_DIGITS"
    FLOAT_READ_AS_DOUBLE = "FLOAT_READ_AS_DOUBLE"
    BYTES_READ_AS_STRING = "BYTES_READ_AS_STRING"
    ENUM_SYMBOL_READ_AS_DEFAULT = "ENUM_SYMBOL_READ_AS_DEFAULT"
    FIELD_RENAMED_WITHOUT_ALIAS = "FIELD_RENAMED_WITHOUT_ALIAS"
    UNIT_CHANGED = "UNIT_CHANGED"
    LOGICAL_TYPE_IGNORED = "LOGICAL_TYPE_IGNORED"
    ALIAS_OF_ITSELF = "ALIAS_OF_ITSELF"
    ALIAS_OF_WHAT_EXISTS = "ALIAS_OF_WHAT_EXISTS"
    ALIAS_SHARED = "ALIAS_SHARED"


ACCEPTABLE: Final = frozenset({Code.RULE_ADDED, Code.RULE_CHANGED})
"""Breaks that depend on the data that is there: `[suppress]` in event.toml may accept them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a change of schema breaks, or may.

    Attributes:
        kind: decode, meaning or warning.
        code: what it is.
        direction: who reads whose data when it bites; for a warning that concerns the change as
            such, new_reads_old.
        path: the field, as a person names it: `device.model`, `tags[]`, `limits{}`,
            `cause<Alarm>.code`; `(root)` for the schema itself.
        old_pointer: JSON pointer into the old file; to the nearest thing around where the thing
            itself is not there.
        new_pointer: the same for the new file.
        old_line: line of `old_pointer`, from 1.
        new_line: line of `new_pointer`, from 1.
        why: one sentence.
        fix: one sentence: what to write instead.

    """

    kind: Kind
    code: Code
    direction: Direction
    path: str
    old_pointer: str
    new_pointer: str
    old_line: int
    new_line: int
    why: str
    fix: str

    def as_json(self) -> dict[str, Any]:
        """Return the finding as values that JSON has."""
        return {
            name: str(value) if isinstance(value, StrEnum) else value
            for name, value in ((name, getattr(self, name)) for name in self.__slots__)
        }
