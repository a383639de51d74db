"""Which subject an event's versions belong to, and what is here and in the registry of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from freezer_events.cli import options
from freezer_events.errors import SchemaError
from freezer_events.registry.client import Registry, subject_name
from freezer_events.schema.lock import Lock
from freezer_events.schema.review import Severity, review

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from freezer_events.registry.client import Registered
    from freezer_events.schema.catalogue import Catalogue, EventSpec


@dataclass(frozen=True)
class SubjectOf:
    """One event, its subject, and both sides' versions.

    Attributes:
        event: the event.
        name: the subject.
        registry: where it is.
        local: the released versions here, number to text, each standing alone.
        held: the registry's versions.
        level: the level that is set there; None where there is none.

    """

    event: EventSpec
    name: str
    registry: Registry
    local: Mapping[int, str]
    held: list[Registered]
    level: str | None

    @property
    def unreleased(self) -> list[int]:
        """The versions here that can still be changed, and so are not for the registry yet."""
        return [number for number in self.event.versions if number not in self.local]


@contextmanager
def look(
    catalogue: Catalogue,
    event_name: str | None,
    env_file: Path | None,
    properties: tuple[str, ...],
    topic: str | None,
) -> Iterator[SubjectOf]:
    """Read what is here, ask the registry what it holds, and stay connected for the block.

    Raises:
        SchemaError: nothing is released here.

    """
    event = catalogue.event(event_name)
    settings = options.load_settings(env_file, properties, topic)
    name = subject_name(settings.topic_for(event, named=event_name))
    local = {number: event.schema(number).whole for number in released(event)}
    with Registry.connect(settings) as registry:
        held = registry.versions(name)
        yield SubjectOf(event, name, registry, local, held, registry.level(name))


def released(event: EventSpec) -> list[int]:
    """Return the released versions.

    Raises:
        SchemaError: there is none.

    """
    numbers = [each for each in Lock.read(event.folder).released if each in event.versions]
    if not numbers:
        raise SchemaError(
            f"event {event.name!r}", "has no released version", "release it: freezer schema release"
        )
    return numbers


def check(catalogue: Catalogue, event: EventSpec) -> None:
    """Refuse what the offline check calls a break.

    Raises:
        SchemaError: names the first break, and says how many there are.

    """
    found = review(catalogue, [event.name]).problems
    breaks = [each for each in found if each.severity is Severity.BREAK]
    if breaks:
        first = breaks[0]
        more = f" (and {len(breaks) - 1} more)" if len(breaks) > 1 else ""
        code = f"{first.code}: " if first.code else ""
        raise SchemaError(first.place, f"{code}{first.why}{more}", "see all: freezer schema check")
