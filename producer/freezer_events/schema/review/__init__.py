"""Review all events offline: what a person or CI wants to know before anything is released.

Nothing is written, and no network is asked. A check that cannot be made because an earlier one
failed is left out, and its cell says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from freezer_events.config.toml_table import Table
from freezer_events.errors import EventError, SchemaError
from freezer_events.schema import event_toml
from freezer_events.schema.catalogue import LOCK, OLD_LOCK
from freezer_events.schema.lock import Lock
from freezer_events.schema.review import against, layout, lint, shared, versions
from freezer_events.schema.review.problem import Aspect, Problem, Severity
from freezer_events.schema.shared_types import shared_types

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from freezer_events.avro.parse import Schema
    from freezer_events.schema.catalogue import Catalogue, EventSpec
    from freezer_events.schema.history import Committed

__all__ = ["UNREADABLE", "Aspect", "Problem", "Review", "Row", "Severity", "review"]

UNREADABLE: Final = "EVENT_TOML_UNREADABLE"
"""The code of an event of which nothing can be said, as its event.toml is wrong."""


@dataclass(frozen=True, slots=True)
class Row:
    """One event, and which of its checks were made."""

    event: EventSpec
    released: tuple[int, ...]
    made: frozenset[Aspect]

    @property
    def unreleased(self) -> tuple[int, ...]:
        """Versions that can still be changed."""
        return tuple(each for each in self.event.versions if each not in self.released)


@dataclass(frozen=True, slots=True)
class Review:
    """What was looked at, and what was found, in the order of events and checks.

    Attributes:
        rows: one for each event.
        problems: what was found.
        code_named: a package of generated code is named; without one no code can be looked at.

    """

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    code_named: bool

    def count(self, severity: Severity) -> int:
        """Return how many findings there are of one severity."""
        return sum(each.severity is severity for each in self.problems)

    def verdict(self, row: Row, check: Aspect) -> str:
        """Return a cell of the table: ok, the worst that was found, or - for not looked at."""
        mine = {p.severity for p in self.problems if (p.event, p.check) == (row.event.name, check)}
        worst = next((each for each in Severity if each in mine), None)
        return worst.value if worst else "ok" if check in row.made else "-"

    def as_json(self) -> dict[str, Any]:
        """Return everything as values that JSON has."""
        return {
            "events": [
                {
                    "event": row.event.name,
                    "versions": list(row.event.versions),
                    "released": list(row.released),
                    "writes": row.event.version,
                    "level": row.event.level.value,
                    "checks": {each.value: self.verdict(row, each) for each in Aspect},
                }
                for row in self.rows
            ],
            "not_checked": [] if self.code_named else [Aspect.CODE.value],
            "findings": [each.as_json() for each in self.problems],
        }


def review(catalogue: Catalogue, only: Sequence[str] = (), then: Committed | None = None) -> Review:
    """Look at every event, or at those named; what is wrong with one does not hide another.

    Args:
        catalogue: the events.
        only: names of events; all without any.
        then: an earlier commit; what was released there has to be as it was.

    """
    rows: list[Row] = []
    found: list[Problem] = []
    for name, error in catalogue.broken.items():
        if not only or name in only:
            toml = catalogue.root / name / "event.toml"
            problem = Problem.of(name, Aspect.DECLARED, error, toml, catalogue.root / name)
            found.append(replace(problem, code=UNREADABLE))
    for event in catalogue.readable.values():
        if not only or event.name in only:
            row, problems = _event(catalogue, event)
            rows.append(row)
            found += problems
    if not only:
        found += layout.strays(catalogue)
        found += shared.problems(catalogue)
        found += _package(catalogue, rows, found)
    if then is not None:
        found += against.problems(catalogue, then)
    return Review(tuple(rows), tuple(found), code_named=catalogue.into is not None)


def _event(catalogue: Catalogue, event: EventSpec) -> tuple[Row, list[Problem]]:
    schemas, problems = versions.parsed(event)
    try:
        lock = Lock.read(event.folder)
    except SchemaError as error:  # what is released is not known, so that little else can be said
        files = (event.folder / LOCK, event.folder.parent / OLD_LOCK)
        damaged = Problem.of(event.name, Aspect.LOCK, error, *files)
        return Row(event, (), frozenset({Aspect.SCHEMAS})), [*problems, damaged]
    found = [*layout.problems(event, lock), *layout.repeated(event, schemas), *problems]
    found += versions.locked(event, lock, event.folder / LOCK, schemas)
    found += versions.levelled(event, lock, schemas)
    found += versions.golden_matrix(event, lock, schemas)
    found += _declared(event, schemas)
    found += lint.problems(event, lock, schemas)
    made = set(Aspect) - {Aspect.CODE}
    if catalogue.into is not None and not _broken(found, Aspect.SCHEMAS, Aspect.DECLARED):
        code = _code(catalogue, event)
        found += code
        made.add(Aspect.CODE)
    return Row(event, tuple(lock.released), frozenset(made)), found


def _declared(event: EventSpec, schemas: Mapping[int, Schema]) -> Iterator[Problem]:
    toml = Table.read(event.toml)
    found = [*event_toml.missing(event, schemas), *event_toml.misfits(event, schemas)]
    if schemas.keys() >= event.versions.keys():  # else what a version lacks is said of it already
        found += event_toml.unknown_types(event, shared_types(event.folder.parent))
    for each in found:
        why, line = f"{each.key}: {each.why}", toml.line(*each.path)
        yield Problem(event.name, Aspect.DECLARED, Severity.BREAK, event.toml, why, each.fix, line)


def _code(catalogue: Catalogue, event: EventSpec) -> list[Problem]:
    from freezer_events.schema import generated  # noqa: PLC0415 - most of the time goes into this

    path = generated.module_path(catalogue, event)
    try:
        text = generated.module_text(event, default=event.name == catalogue.default)
    except EventError as error:
        return [Problem.of(event.name, Aspect.CODE, error, path, event.path(event.version))]
    return [_stale(event.name, path)] if generated.differs(path, text) else []


def _package(catalogue: Catalogue, rows: Sequence[Row], found: Sequence[Problem]) -> list[Problem]:
    """Look at what all events share: the package's `__init__`, and modules of events now gone."""
    from freezer_events.schema import generated  # noqa: PLC0415 - as above

    unknown = catalogue.broken or any(Aspect.CODE not in row.made for row in rows)
    if catalogue.into is None or unknown or _broken(found, Aspect.CODE):
        return []
    try:
        changed, _ = generated.stale(catalogue)
    except EventError as error:
        files = (generated.module_path(catalogue, row.event) for row in rows)
        return [Problem.of("", Aspect.CODE, error, catalogue.into / "__init__.py", *files)]
    known = {each.path for each in found}
    return [_stale("", path) for path in changed if path not in known]


def _stale(event: str, path: Path) -> Problem:
    why = "differs from what generation gives" if path.exists() else "is missing"
    return Problem(event, Aspect.CODE, Severity.STALE, path, why, "freezer schema generate")


def _broken(found: Sequence[Problem], *checks: Aspect) -> bool:
    return any(each.severity is Severity.BREAK and each.check in checks for each in found)
