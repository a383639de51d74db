"""Names and numbers of files: contiguous versions, nothing that belongs to no version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freezer_events.errors import SchemaError
from freezer_events.schema import lock as locks
from freezer_events.schema.catalogue import LOCK, OLD_LOCK, PROFILES
from freezer_events.schema.review.problem import Aspect, Problem, Severity
from freezer_events.schema.shared_types import COMMON, VERSION_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from freezer_events.avro.parse import Schema
    from freezer_events.schema.catalogue import Catalogue, EventSpec
    from freezer_events.schema.lock import Lock

_GOLDEN: Final = "golden"
_RESTORE: Final = "restore its folder from version control: data of it may be read for years"


def problems(event: EventSpec, lock: Lock) -> Iterator[Problem]:
    """Yield what is wrong with the names in an event's folder."""
    released = set(lock.released)
    known = {*event.versions, *released}
    if not event.versions:
        yield _problem(event, event.folder, "holds no version", "begin with v1.avsc")
    for number in sorted(set(range(1, max(known, default=0))) - known):
        why = f"v{number}.avsc is missing: versions count from 1 without a gap"
        yield _problem(event, event.folder, why, f"call the next version v{number}.avsc")
    unreleased = sorted(set(event.versions) - released)
    for number in unreleased:
        path = event.path(number)
        if number < max(released, default=0):
            why = f"is not in the {LOCK} although v{max(released)} is"
            fix = f"restore {event.folder / LOCK} from version control"
            yield _problem(event, path, why, fix)
        elif released and number != unreleased[0]:  # a first release may take what is there
            why = f"a second version that is not released, beside v{unreleased[0]}"
            yield _problem(event, path, why, "release or remove the other one first")
    for path in _orphans(event, known):
        why = "belongs to no version: there are event.toml, lock, vN.avsc and golden/vN.json"
        yield _problem(event, path, why, "rename or remove it")


def repeated(event: EventSpec, schemas: Mapping[int, Schema]) -> Iterator[Problem]:
    """Yield versions that say the same as an older one; registries give those the older number."""
    for new, schema in schemas.items():
        same = [old for old in schemas if old < new and schemas[old].canonical == schema.canonical]
        if same:
            why = f"says the same as v{same[0]}: a registry would not number it"
            yield _problem(event, event.path(new), why, "edit it, or remove it")


def strays(catalogue: Catalogue) -> Iterator[Problem]:
    """Yield what lies in the folder of schemas and belongs to no event."""
    folders = [path.name for path in catalogue.folders]
    for path in _visible(catalogue.root):
        if path.name == COMMON and path.name not in folders:
            yield from _strays_in_common(path)
        elif path.is_dir() and path.name not in folders:
            released = (path / LOCK).exists()
            why = (
                "the event is released and its event.toml gone"
                if released
                else ("has no event.toml")
            )
            fix = _RESTORE if released else "add an event.toml or remove it"
            aspect = Aspect.LOCK if released else Aspect.NAMES
            yield Problem("", aspect, Severity.BREAK, path, why, fix)
        elif not path.is_dir() and path.name != OLD_LOCK:
            why = "belongs to no event: schemas stand in one folder per event"
            yield Problem("", Aspect.NAMES, Severity.BREAK, path, why, "move or remove it")
    yield from _old_lock(catalogue, folders)


def _strays_in_common(common: Path) -> Iterator[Problem]:
    for path in _visible(common):
        inside = list(_visible(path)) if path.is_dir() else [path]
        for each in inside:
            if not VERSION_FILE.fullmatch(each.name) and each.name != LOCK:
                why = "is no version of a shared type: common/<type>/vN.avsc"
                yield Problem("", Aspect.NAMES, Severity.BREAK, each, why, "move or remove it")


def _old_lock(catalogue: Catalogue, folders: list[str]) -> Iterator[Problem]:
    path = catalogue.root / OLD_LOCK
    if not path.exists():
        return
    try:
        names = list(locks.old_entries(catalogue.root))
    except SchemaError as error:
        yield Problem.of("", Aspect.LOCK, error, path)
        return
    for name in names:
        if name not in folders:
            why = f"the event is in {OLD_LOCK} and gone"
            gone = catalogue.root / name
            yield Problem(name, Aspect.LOCK, Severity.BREAK, gone, why, _RESTORE)
    why = "is the lock of all events; each has its own now"
    fix = "freezer schema release EVENT converts it"
    yield Problem("", Aspect.LOCK, Severity.WARNING, path, why, fix)


def _orphans(event: EventSpec, known: set[int]) -> Iterator[Path]:
    for path in _visible(event.folder):
        if path in (event.toml, event.folder / LOCK, *event.versions.values()):
            continue
        if path.name == PROFILES and path.is_dir():
            continue  # what is in there is no schema
        if path.name == _GOLDEN and path.is_dir():
            wanted = {f"v{number}.json" for number in known}
            yield from (each for each in _visible(path) if each.name not in wanted)
        else:
            yield path


def _visible(folder: Path) -> Iterator[Path]:
    """Yield what is in a folder, but for hidden files and notes."""
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and path.suffix != ".md":
            yield path


def _problem(event: EventSpec, path: Path, why: str, fix: str) -> Problem:
    return Problem(event.name, Aspect.NAMES, Severity.BREAK, path, why, fix)
