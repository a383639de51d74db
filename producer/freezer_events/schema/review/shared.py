"""Shared types: valid, as they were released, numbered without a gap, one name for one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.parse.types import EnumType, Fixed, RecordType
from freezer_events.errors import SchemaError
from freezer_events.schema.catalogue import LOCK
from freezer_events.schema.lock import Entry, Lock
from freezer_events.schema.review.problem import Aspect, Problem, Severity
from freezer_events.schema.shared_types import SharedType, shared_folders, version_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events.avro.parse import Schema
    from freezer_events.schema.catalogue import Catalogue

_RESTORE = "restore it from version control, and make the change in a new version"


def problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Yield what is wrong with the shared types, whoever uses them."""
    owners: dict[str, Path] = {}
    for folder in shared_folders(catalogue.root):
        shared = SharedType(folder, folder.name, version_files(folder))
        schemas, found = _parsed(shared)
        yield from found
        yield from _numbered(shared)
        yield from _locked(shared, schemas)
        for name in sorted({_name(each) for each in schemas.values()}):
            if owners.setdefault(name, folder) != folder:
                why = f"{name} is also the name of the type in {owners[name]}"
                yield _problem(shared, Aspect.NAMES, folder, why, "give one of them another name")
        if len({_name(each) for each in schemas.values()}) > 1:
            why = "its versions have several names: events use a type by its name"
            yield _problem(shared, Aspect.NAMES, folder, why, "make a folder for each")


def _parsed(shared: SharedType) -> tuple[dict[int, Schema], list[Problem]]:
    schemas, found = {}, []
    for version, path in shared.versions.items():
        try:
            schema = shared.schema(version)
            if not isinstance(schema.root, RecordType | EnumType | Fixed):
                raise schema.error("", "a shared type must be a record, an enum or a fixed")
            schemas[version] = schema
        except SchemaError as error:
            found.append(Problem.of(shared.name, Aspect.SCHEMAS, error, path))
    return schemas, found


def _numbered(shared: SharedType) -> Iterator[Problem]:
    if not shared.versions:
        why = "holds no version of a type"
        yield _problem(shared, Aspect.NAMES, shared.folder, why, "write v1.avsc, or remove it")
    for number in range(1, max(shared.versions, default=0)):
        if number not in shared.versions:
            path, why = shared.folder / f"v{number}.avsc", "is missing: versions have no gaps"
            yield _problem(shared, Aspect.NAMES, path, why, _RESTORE)


def _locked(shared: SharedType, schemas: dict[int, Schema]) -> Iterator[Problem]:
    path = shared.folder / LOCK
    try:
        lock = Lock.read(shared.folder)
    except SchemaError as error:
        yield Problem.of(shared.name, Aspect.LOCK, error, path)
        return
    changed = lock.violations(shared)
    for version, why in changed:
        file = shared.folder / f"v{version}.avsc"
        yield _problem(shared, Aspect.LOCK, file, why, _RESTORE)
    for version in set(lock.entries) & set(schemas) - {each for each, _ in changed}:
        if lock.entries[version] != Entry.of(schemas[version]):
            why = f"is damaged: the entry of v{version} contradicts itself"
            yield _problem(shared, Aspect.LOCK, path, why, "restore it from version control")


def _name(schema: Schema) -> str:
    root = schema.root
    return root.name.full if isinstance(root, RecordType | EnumType | Fixed) else ""


def _problem(shared: SharedType, aspect: Aspect, path: Path, why: str, fix: str) -> Problem:
    return Problem(shared.name, aspect, Severity.BREAK, path, why, fix)
