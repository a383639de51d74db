"""Release a version: lock entry, golden files and generated code, all at once or not at all."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from freezer_events.config import file_lock
from freezer_events.config.atomic import replace_all
from freezer_events.errors import SchemaError, UsageError
from freezer_events.schema import generated, golden
from freezer_events.schema import lock as locks
from freezer_events.schema.catalogue import LOCK, OLD_LOCK
from freezer_events.schema.lock import Entry, Lock
from freezer_events.schema.shared_types import shared_types

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events.schema.catalogue import Catalogue, EventSpec

_TEMPORARY: Final = re.compile(r"\..+\.[0-9a-f]{16}")
"""What `config.atomic` calls a file that is still to take another's place."""


@dataclass(frozen=True, slots=True)
class Released:
    """What a release did.

    Attributes:
        versions: the versions that are new in the lock; none where all were released already.
        changed: the files that were written or removed, in order.

    """

    versions: tuple[int, ...]
    changed: tuple[Path, ...]


def release(catalogue: Catalogue, event: EventSpec, *, renew_golden: bool = False) -> Released:
    """Write what belongs to the versions of an event; its problems have been looked at before.

    Running it again changes nothing. One at a time in a schemas folder. A lock of all events, as
    projects had it before, becomes one per event; what a crash left behind is removed.

    Args:
        catalogue: where the event is.
        event: the event.
        renew_golden: make the golden files of unreleased versions anew, whatever is there, and see
            that those of released versions still read as they did.

    Raises:
        UsageError: a file cannot be written, or the schemas are not the project's own; nothing has
            changed then.
        SchemaError: the event cannot be generated, or a golden file cannot be made or reads
            otherwise than it did.

    """
    if catalogue.borrowed:
        why = "there are none here, and those in the installed package are not yours to change"
        raise UsageError("release a schema", why, "begin your own: freezer schema new EVENT")
    name = hashlib.sha256(str(catalogue.root.resolve()).encode()).hexdigest()[:16]
    busy = UsageError(str(catalogue.root), "another release here is not done", "try again")
    with file_lock.held(f"schemas-{name}", lambda: None, busy):
        return _release(catalogue, event, renew_golden=renew_golden)


def _release(catalogue: Catalogue, event: EventSpec, *, renew_golden: bool) -> Released:
    lock = Lock.read(event.folder)
    unreleased = tuple(each for each in event.versions if each not in lock.entries)
    for version in unreleased:
        lock = lock.with_entry(version, Entry.of(event.schema(version), event.uses_of(version)))
    shared = _shared(event)
    texts = dict(_golden(event, unreleased if renew_golden else (), verify=renew_golden))
    leftovers = list(_temporary(catalogue, event))
    if catalogue.into is not None:
        code = generated.generation(catalogue)
        if event.name in code.failed:
            raise code.failed[event.name]
        texts.update(code.files)
        leftovers += generated.leftovers(catalogue, code.files)
    others, old = _converted(catalogue)
    texts.update(others)
    texts.update(shared)
    # Last: a version is released when the lock says so, and everything else is there by then.
    texts[event.folder / LOCK] = lock.text()
    return Released(unreleased, tuple(replace_all(texts, [*leftovers, *old])))


def _shared(event: EventSpec) -> dict[Path, str]:
    """Return the locks of the shared types that the event uses, with the versions that it uses."""
    known = shared_types(event.folder.parent)
    texts: dict[Path, str] = {}
    for version in event.versions:
        for full, number in event.uses_of(version).items():
            path = known[full].folder / LOCK
            lock = Lock.parse(texts[path], str(path)) if path in texts else Lock.read(path.parent)
            if number not in lock.entries:
                lock = lock.with_entry(number, Entry.of(known[full].schema(number)))
                texts[path] = lock.text()
    return texts


def _golden(
    event: EventSpec, renew: tuple[int, ...], *, verify: bool
) -> Iterator[tuple[Path, str]]:
    for writer in event.versions:
        readers = event.level.readers(writer, event.versions)
        make = golden.renewed if writer in renew else golden.fresh
        if verify and writer not in renew:
            for why in golden.mismatches(event, writer, readers):
                raise SchemaError(str(golden.path(event, writer)), why)
        yield golden.path(event, writer), make(event, writer, readers)


def _converted(catalogue: Catalogue) -> tuple[dict[Path, str], list[Path]]:
    """Return a lock for each event of the old lock of all, and that one, to be removed.

    It stays while it speaks of an event that is gone: nothing else remembers that.
    """
    old = locks.old_entries(catalogue.root)
    folders = {folder.name: folder for folder in catalogue.folders}
    texts = {
        folders[name] / LOCK: Lock(entries).text()
        for name, entries in old.items()
        if name in folders and not (folders[name] / LOCK).exists()
    }
    whole = bool(old) and set(old) <= set(folders)
    return texts, [catalogue.root / OLD_LOCK] if whole else []


def _temporary(catalogue: Catalogue, event: EventSpec) -> Iterator[Path]:
    """Yield what writes that a crash cut short have left behind."""
    for folder in (event.folder, event.folder / "golden", catalogue.into):
        if folder is not None and folder.is_dir():
            found = (path for path in sorted(folder.iterdir()) if path.is_file())
            yield from (path for path in found if _TEMPORARY.fullmatch(path.name))
