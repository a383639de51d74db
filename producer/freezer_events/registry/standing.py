"""What a registry lacks, has beside us, or holds differently; and what registering would do.

Decisions only: they take what is here and what the registry holds as values. Schemas are compared
as parsed JSON, since registries reorder keys and drop white space.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from freezer_events.avro.parse import parse
from freezer_events.errors import SchemaError
from freezer_events.registry.client import same_schema
from freezer_events.schema.compare import Finding, Kind, compare, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from freezer_events.registry.client import Registered
    from freezer_events.schema.levels import Level


class State(StrEnum):
    """How one version here stands to the registry."""

    SAME = "same"
    AHEAD = "ahead"
    """It is here, and the registry lacks it."""
    BEHIND = "behind"
    """The registry has it, and it is not here."""
    DIFFERENT = "different"
    """The registry has another schema under this number, or this one under another number."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One version number, here and in the registry.

    Attributes:
        version: the number.
        state: how it stands.
        schema_id: the registry's id of the schema that is here, where it has one; of its own
            schema where there is none here.
        why: what is different, in words; empty where `state` says it all.

    """

    version: int
    state: State
    schema_id: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Clash:
    """What comparison finds between a version that the registry holds and one that it is to take.

    Attributes:
        held: the version in the registry.
        version: the version here.
        findings: the breaks that the level forbids; pointers and lines of the old schema are into
            the registry's text.

    """

    held: Registered
    version: int
    findings: tuple[Finding, ...]


def standings(local: Mapping[int, str], held: Sequence[Registered]) -> tuple[Standing, ...]:
    """Say of every version number, ascending, how it stands; `local` is number to text."""
    numbers = sorted({*local, *(each.version for each in held)})
    return tuple(_standing(number, local, held) for number in numbers)


def holder(text: str, held: Sequence[Registered]) -> Registered | None:
    """Return the registry's version that is this schema, or None."""
    return next((each for each in held if same_schema(each.text, text)), None)


def missing(local: Mapping[int, str], held: Sequence[Registered]) -> list[int]:
    """Return the versions to be registered, in order."""
    return [number for number, text in sorted(local.items()) if holder(text, held) is None]


def clashes(local: Mapping[int, str], held: Sequence[Registered], level: Level) -> Iterator[Clash]:
    """Compare what the registry lacks with what it holds, as the level says.

    A version of the registry that is no schema by our strict reading is left to the registry.
    """
    for number in missing(local, held):
        against = held if level.transitive else held[-1:]
        for each in against:
            try:
                old = parse(each.text, f"{each.subject} version {each.version}")
            except SchemaError:
                continue
            new = parse(local[number], f"v{number}.avsc")
            findings = judge(compare(old, new), level)
            if findings:
                yield Clash(each, number, findings)


def unseen(found: Sequence[Clash]) -> list[Clash]:
    """Return the clashes that no registry sees: all that breaks is the meaning."""
    return [
        each for each in found if all(finding.kind is Kind.MEANING for finding in each.findings)
    ]


def _standing(number: int, local: Mapping[int, str], held: Sequence[Registered]) -> Standing:
    there = next((each for each in held if each.version == number), None)
    if number not in local:
        return Standing(number, State.BEHIND, there.schema_id if there else None)
    if there is not None and same_schema(there.text, local[number]):
        return Standing(number, State.SAME, there.schema_id)
    elsewhere = holder(local[number], held)
    if elsewhere is not None:
        why = f"the registry has it as version {elsewhere.version}"
        return Standing(number, State.DIFFERENT, elsewhere.schema_id, why)
    if there is not None:
        why = f"the registry's version {number} is another schema"
        return Standing(number, State.DIFFERENT, None, why)
    return Standing(number, State.AHEAD)
