"""Schemas in the plan: subject, level and versions of an event, compared with a registry. Pure.

The rules are those of `freezer schema register`: released versions only, in order, and the level
before anything that it is to judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from freezer_events.registry.standing import clashes, missing, standings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from freezer_events.registry.registered import Reference, Registered
    from freezer_events.registry.registering import MadeOf
    from freezer_events.schema.levels import Level


class SubjectStore(Protocol):
    """A Schema Registry, as far as a plan needs one; `registry.client.Registry` is one."""

    def level(self, subject: str) -> str | None:
        """Read the level set on the subject."""
        ...

    def versions(self, subject: str) -> list[Registered]:
        """Read all its versions."""
        ...

    def set_level(self, subject: str, level: Level) -> None:
        """Set its level."""
        ...

    def register(
        self, subject: str, text: str, references: tuple[Reference, ...] = ()
    ) -> Registered:
        """Register a version."""
        ...


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject as it is wanted.

    Attributes:
        name: the subject.
        topic: the topic whose events it is about.
        level: the compatibility level it is to have.
        versions: the released versions, number to text.
        accepted: codes of breaks that event.toml accepts with a reason.
        composed: what versions are made of that use shared types.

    """

    name: str
    topic: str
    level: Level
    versions: Mapping[int, str]
    accepted: tuple[str, ...] = ()
    composed: Mapping[int, MadeOf] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeldSubject:
    """A subject as a registry has it; a subject that is not there has neither."""

    level: str | None
    versions: Sequence[Registered]


@dataclass(frozen=True, slots=True)
class SetLevel:
    """Set a subject's compatibility level; `old` is None where it had none of its own."""

    subject: str
    level: Level
    old: str | None

    @property
    def title(self) -> str:
        """The step on one line, as a verb phrase."""
        return f"set level {self.level} of subject {self.subject}"

    def fields(self) -> dict[str, Any]:
        """Give the step as JSON values."""
        change = {"from": self.old, "to": str(self.level)}
        return {"kind": "set_level", "subject": self.subject, "level": change}


@dataclass(frozen=True, slots=True)
class RegisterSchema:
    """Register one released version."""

    subject: str
    version: int
    text: str
    made_of: MadeOf | None = None

    @property
    def title(self) -> str:
        """The step on one line, as a verb phrase."""
        return f"register v{self.version} in subject {self.subject}"

    def fields(self) -> dict[str, Any]:
        """Give the step as JSON values."""
        return {"kind": "register_schema", "subject": self.subject, "version": self.version}


def look(store: SubjectStore, subjects: Sequence[Subject]) -> dict[str, HeldSubject]:
    """Read what a registry has of these subjects.

    Raises:
        EventError: it cannot be read.

    """
    return {
        each.name: HeldSubject(store.level(each.name), tuple(store.versions(each.name)))
        for each in subjects
    }


def steps(wanted: Subject, held: HeldSubject) -> Iterator[SetLevel | RegisterSchema]:
    """Give what it takes to bring a subject to what is declared."""
    needed = list(missing(wanted.versions, held.versions))
    registrations = [
        RegisterSchema(wanted.name, each, wanted.versions[each], wanted.composed.get(each))
        for each in needed
    ]
    # Apicurio sets no level NONE for a subject that is not there yet, and nothing judges the first.
    before = 0 if held.versions else 1
    yield from registrations[:before]
    if held.level != wanted.level:
        old = held.level if held.versions else None  # some registries name a level for any subject
        yield SetLevel(wanted.name, wanted.level, old)
    yield from registrations[before:]


def objections(wanted: Subject, held: HeldSubject) -> Iterator[str]:
    """Say which versions break what the registry holds."""
    found = clashes(wanted.versions, held.versions, wanted.level, wanted.accepted)
    for number in dict.fromkeys(clash.version for clash in found):
        yield f"v{number} breaks what subject {wanted.name} holds under {wanted.level}"


def notes(wanted: Subject, held: HeldSubject) -> Iterator[str]:
    """Say what is beside us in the registry, which no run changes."""
    for each in standings(wanted.versions, held.versions):
        if each.version is None:
            yield f"{wanted.name}: the registry has version {each.held}, and it is not here"
