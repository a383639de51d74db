"""What a registry lacks, and what it has beside us; and what registering would do.

Decisions only: they take what is here and what the registry holds as values. Versions are matched
by what they say: their numbers are the registry's, and shift when somebody else registers one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from freezer_events.avro.parse import parse
from freezer_events.errors import SchemaError
from freezer_events.registry.registered import same_schema
from freezer_events.schema.compare import Finding, Kind, compare, judge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from freezer_events.registry.registered import Registered
    from freezer_events.schema.levels import Level


class State(StrEnum):
    """How one version stands to the other side."""

    SAME = "same"
    """It is here and there, under whatever number."""
    AHEAD = "ahead"
    """It is here, and the registry lacks it."""
    BEHIND = "behind"
    """The registry has it, newer than all of ours, and it is not here."""
    FOREIGN = "foreign"
    """The registry has it, between ours, and it is not here: it shifts the numbers of ours."""


IN_STEP: Final = frozenset({State.SAME, State.FOREIGN})
"""The states in which nothing is to be done on either side."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One version, here or in the registry, or both.

    Attributes:
        state: how it stands.
        version: its number here, None where it is not here.
        held: the registry's number of it, None where it is not there.
        schema_id: the registry's id of it.

    """

    state: State
    version: int | None = None
    held: int | None = None
    schema_id: int | None = None

    @property
    def note(self) -> str:
        """What is to be said of it; empty where its state says it all."""
        if self.version is None:
            return f"the registry's version {self.held}, which is not here"
        if self.held is not None and self.held != self.version:
            return f"the registry's version {self.held}"
        return ""


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
    """Say of every version how it stands, each once: first ours, then what is only there.

    Args:
        local: the versions here, number to text.
        held: the registry's, ascending.

    """
    ours = [(number, holder(text, held)) for number, text in sorted(local.items())]
    found = {each.version for _, each in ours if each is not None}
    last = max(found, default=0)
    return (
        *(
            Standing(State.AHEAD, number)
            if each is None
            else Standing(State.SAME, number, each.version, each.schema_id)
            for number, each in ours
        ),
        *(
            Standing(
                State.FOREIGN if each.version < last else State.BEHIND,
                held=each.version,
                schema_id=each.schema_id,
            )
            for each in held
            if each.version not in found
        ),
    )


def holder(text: str, held: Sequence[Registered]) -> Registered | None:
    """Return the registry's version that is this schema, or None."""
    return next((each for each in held if same_schema(each.text, text)), None)


def missing(local: Mapping[int, str], held: Sequence[Registered]) -> list[int]:
    """Return the versions to be registered, in order."""
    return [number for number, text in sorted(local.items()) if holder(text, held) is None]


def clashes(
    local: Mapping[int, str],
    held: Sequence[Registered],
    level: Level,
    accepted: Collection[str] = (),
) -> Iterator[Clash]:
    """Compare what the registry lacks with what it holds, as the level says.

    A version of the registry that is no schema by our strict reading is left to the registry.
    `accepted` are codes of breaks that event.toml accepts.
    """
    for number in missing(local, held):
        against = held if level.transitive else held[-1:]
        for each in against:
            try:
                old = parse(each.text, f"{each.subject} version {each.version}")
            except SchemaError:
                continue
            new = parse(local[number], f"v{number}.avsc")
            findings = judge(compare(old, new), level, accepted)
            if findings:
                yield Clash(each, number, findings)


def unseen(found: Sequence[Clash]) -> list[Clash]:
    """Return the clashes that no registry sees: all that breaks is the meaning."""
    return [
        each for each in found if all(finding.kind is Kind.MEANING for finding in each.findings)
    ]
