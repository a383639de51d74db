"""Register a version: the shared types that it uses first, each under its own name, then itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from freezer_events.errors import SchemaError
from freezer_events.registry.answers import Incompatible
from freezer_events.registry.registered import Reference
from freezer_events.schema.shared_types import shared_types

if TYPE_CHECKING:
    from freezer_events.registry.registered import Registered
    from freezer_events.schema.catalogue import EventSpec


class TakesSchemas(Protocol):
    """A registry, as far as this needs one."""

    def register(
        self, subject: str, text: str, references: tuple[Reference, ...] = ()
    ) -> Registered:
        """Register a version."""
        ...


@dataclass(frozen=True, slots=True)
class SharedVersion:
    """A shared type in the version that an event uses.

    Attributes:
        name: its full name, which is its subject too.
        version: the version here.
        text: its schema.

    """

    name: str
    version: int
    text: str


@dataclass(frozen=True, slots=True)
class MadeOf:
    """A version of an event that uses shared types.

    Attributes:
        text: its schema without theirs.
        uses: the shared types.

    """

    text: str
    uses: tuple[SharedVersion, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a version.

    Attributes:
        itself: as the registry has it.
        shared: what it uses, likewise.
        refused: why it was sent as one schema after all; "" where it was not.

    """

    itself: Registered
    shared: tuple[tuple[SharedVersion, Registered], ...] = ()
    refused: str = ""

    def lines(self, version: int) -> list[str]:
        """Return what there is to tell besides the registry's number and id of a version."""
        told = [
            f"{each.name} v{each.version}: version {held.version} of subject {each.name},"
            f" schema id {held.schema_id}"
            for each, held in self.shared
        ]
        if self.refused:
            told.append(f"v{version}: sent as one schema, as with references {self.refused}")
        return told


def composed(event: EventSpec, version: int) -> MadeOf | None:
    """Return what a version is made of; None where it uses no shared type.

    Raises:
        SchemaError: it is no valid schema, or a shared type is not there.

    """
    uses = event.uses_of(version)
    if not uses:
        return None
    known = shared_types(event.folder.parent)
    those = (SharedVersion(name, each, known[name].text(each)) for name, each in uses.items())
    return MadeOf(event.text(version), tuple(those))


def register(store: TakesSchemas, subject: str, whole: str, made_of: MadeOf | None) -> Made:
    """Register a version of an event.

    Args:
        store: the registry.
        subject: the event's.
        whole: the version as one schema that stands alone.
        made_of: what it is made of; None sends `whole`.

    Raises:
        Incompatible: the subject's level forbids it.
        SchemaError: the registry takes it in neither form.

    """
    if made_of is None:
        return Made(store.register(subject, whole))
    shared = tuple((each, store.register(each.name, each.text)) for each in made_of.uses)
    references = tuple(Reference(each.name, each.name, held.version) for each, held in shared)
    try:
        return Made(store.register(subject, made_of.text, references), shared)
    except Incompatible:
        raise
    except SchemaError as error:
        # Apicurio 3 judges older versions, which define the type themselves, with the reference.
        return Made(store.register(subject, whole), shared, error.why)
