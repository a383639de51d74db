"""The versions of one event: valid, as released, compatible, and read as ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freezer_events.avro.model import read_model
from freezer_events.avro.parse.types import RecordType
from freezer_events.avro.rules import rule_problems
from freezer_events.errors import SchemaError
from freezer_events.schema import golden
from freezer_events.schema.compare import Kind, compare, judge
from freezer_events.schema.levels import Direction
from freezer_events.schema.lock import Entry
from freezer_events.schema.review.problem import Aspect, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from freezer_events.avro.parse import Schema
    from freezer_events.schema.catalogue import EventSpec
    from freezer_events.schema.compare import Finding
    from freezer_events.schema.lock import Lock

_RELEASE: Final = "freezer schema release"


def parsed(event: EventSpec) -> tuple[dict[int, Schema], list[Problem]]:
    """Return the versions that are valid schemas of an event, and what is wrong with the others."""
    schemas, problems = {}, []
    for version in event.versions:
        try:
            schema = event.schema(version)
            if not isinstance(schema.root, RecordType):
                raise schema.error("", "the schema of an event must be a record")
            schemas[version] = schema
            found = rule_problems(read_model(schema))
            problems += [
                Problem.of(event.name, Aspect.SCHEMAS, each, event.path(version)) for each in found
            ]
        except SchemaError as error:
            problems.append(Problem.of(event.name, Aspect.SCHEMAS, error, event.path(version)))
    return schemas, problems


def locked(
    event: EventSpec, lock: Lock, path: Path, schemas: Mapping[int, Schema]
) -> Iterator[Problem]:
    """Yield released versions that are not as they were, and what the lock should say."""
    changed = lock.violations(event)
    for version, why in changed:
        file = event.folder / f"v{version}.avsc"
        fix = "restore it from version control, and make the change in a new version"
        yield Problem(event.name, Aspect.LOCK, Severity.BREAK, file, why, fix)
    for version in set(lock.released) & set(schemas) - {each for each, _ in changed}:
        if lock.entries[version] != Entry.of(schemas[version], event.uses_of(version)):
            why = f"is damaged: the entry of {event.name} v{version} contradicts itself"
            fix = "restore it from version control"
            yield Problem(event.name, Aspect.LOCK, Severity.BREAK, path, why, fix)
    if event.version in event.versions and event.version not in lock.entries:
        why = f"producers write v{event.version}, which is not released"
        fix = f"{_RELEASE} {event.name}"
        path = event.path(event.version)
        yield Problem(event.name, Aspect.LOCK, Severity.STALE, path, why, fix)


def levelled(event: EventSpec, lock: Lock, schemas: Mapping[int, Schema]) -> Iterator[Problem]:
    """Yield where a version does not keep what the level promises, against each older one.

    Warnings are given while the version can still be changed.
    """
    for new in schemas:
        released = new in lock.entries
        for old in event.level.against(new, schemas):
            findings = compare(schemas[old], schemas[new])
            breaks = judge(findings, event.level, event.accepted)
            for each in findings:
                if each in breaks:
                    yield _incompatible(event, old, new, each, Severity.BREAK)
                elif each.kind is Kind.WARNING and not released:
                    yield _incompatible(event, old, new, each, Severity.WARNING)


def golden_matrix(event: EventSpec, lock: Lock, schemas: Mapping[int, Schema]) -> Iterator[Problem]:
    """Yield committed bytes that a promised reader reads otherwise than it did.

    A version that is not released has no such bytes yet; its examples have to be readable.
    """
    released = lock.released
    for writer in schemas:
        known = sorted({*released, writer} & set(schemas))
        readers = event.level.readers(writer, known)
        path = golden.path(event, writer)
        try:
            if writer not in released:
                for why in golden.trial(event, writer, readers):
                    file = event.path(writer)
                    yield Problem(event.name, Aspect.GOLDEN, Severity.BREAK, file, why)
                continue
            wrong = list(golden.mismatches(event, writer, readers))
            for why in wrong:
                fix = "restore schema and golden file from version control"
                yield Problem(event.name, Aspect.GOLDEN, Severity.BREAK, path, why, fix)
            if not wrong and golden.is_earlier(event, writer):
                why = "is of an earlier form, which the next release converts"
                fix = f"{_RELEASE} {event.name}"
                yield Problem(event.name, Aspect.GOLDEN, Severity.WARNING, path, why, fix)
            for why in golden.lacks(event, writer, readers):
                fix = f"{_RELEASE} {event.name}"
                yield Problem(event.name, Aspect.GOLDEN, Severity.STALE, path, why, fix)
        except SchemaError as error:
            files = (path, event.path(writer), *(event.path(each) for each in readers))
            yield Problem.of(event.name, Aspect.GOLDEN, error, *files)


def _incompatible(
    event: EventSpec, old: int, new: int, finding: Finding, severity: Severity
) -> Problem:
    backward = finding.direction is Direction.NEW_READS_OLD
    reader, writer = (new, old) if backward else (old, new)
    how = "" if severity is Severity.WARNING else f"v{reader} cannot read v{writer}: "
    if finding.kind is Kind.MEANING:
        how = f"v{reader} misreads v{writer}: "
    line, column = event.schema(new).position(finding.new_pointer)
    return Problem(
        event.name,
        Aspect.LEVEL,
        severity,
        event.path(new),
        f"{finding.path}: {how}{finding.why}",
        finding.fix,
        line,
        column,
        finding.code.value,
    )
