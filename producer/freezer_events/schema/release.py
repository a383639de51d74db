"""Release a version: lock entry, golden files and generated code, all at once or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freezer_events.config.atomic import replace_all
from freezer_events.errors import UsageError
from freezer_events.schema import generated, golden
from freezer_events.schema import lock as locks
from freezer_events.schema.lock import Entry, Lock

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.schema.catalogue import Catalogue, EventSpec


@dataclass(frozen=True, slots=True)
class Released:
    """What a release did.

    Attributes:
        versions: the versions that are new in the lock; none where all were released already.
        changed: the files that were written or removed, in order.

    """

    versions: tuple[int, ...]
    changed: tuple[Path, ...]


def release(catalogue: Catalogue, event: EventSpec) -> Released:
    """Write what belongs to the versions of an event; its problems have been looked at before.

    Doing it again changes nothing.

    Raises:
        UsageError: a file cannot be written, or the schemas are not the project's own; nothing has
            changed then.
        SchemaError: an event cannot be generated, or a golden file cannot be made.

    """
    if catalogue.borrowed:
        why = "there are none here, and those in the installed package are not yours to change"
        raise UsageError("release a schema", why, "begin your own: freezer schema new EVENT")
    lock = Lock.read(catalogue.root)
    unreleased = tuple(each for each in event.versions if (event.name, each) not in lock.entries)
    for version in unreleased:
        lock = lock.with_entry(event.name, version, Entry.of(event.schema(version)))
    texts = {
        golden.path(event, writer): golden.fresh(
            event, writer, event.level.readers(writer, event.versions)
        )
        for writer in event.versions
    }
    leftovers: list[Path] = []
    if catalogue.into is not None:
        code = generated.texts(catalogue)
        texts.update(code)
        leftovers = generated.leftovers(catalogue, code)
    # Last: a version is released when the lock says so, and everything else is there by then.
    texts[catalogue.root / locks.NAME] = lock.text()
    return Released(unreleased, tuple(replace_all(texts, leftovers)))
