"""Compare two schemas offline: what breaks, in which direction, where, why, and what to do.

A reader with one schema can read what was written with the other if and only if there is no
`decode` finding in that direction. A `meaning` finding is a break too: the reader gets a value that
is not what was meant. A `warning` breaks nothing.

A reader counts as able to read only if both of those that matter do, and read the same: fastavro,
which reads in Python, and Java's. They differ in corners only; see `java` and `fastavro_reader`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freezer_events.schema.compare import aliases, decode, meaning, readers, rule_change
from freezer_events.schema.compare.findings import ACCEPTABLE, Code, Finding, Kind
from freezer_events.schema.compare.resolve import resolve
from freezer_events.schema.levels import Direction, Level

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from freezer_events.avro.parse import Schema
    from freezer_events.schema.compare.decode import Draft

__all__ = ["ACCEPTABLE", "Code", "Direction", "Finding", "Kind", "Level", "compare", "judge"]

_KINDS: Final = list(Kind)
_DIRECTIONS: Final = list(Direction)


def compare(old: Schema, new: Schema) -> tuple[Finding, ...]:
    """Return every finding, in both directions.

    In order of kind, direction, and place in the new file; the same schemas always give the same.
    """
    # fastavro reads without resolution where the two are equal, and so does everyone else.
    if old.parsed == new.parsed:
        return ()
    found = dict.fromkeys(
        [
            *_one_direction(old, new, Direction.NEW_READS_OLD),
            *_one_direction(old, new, Direction.OLD_READS_NEW),
            *_of_new(old, new),
        ]
    )
    return tuple(sorted(found, key=lambda finding: _rank(finding, old, new)))


def judge(
    findings: Iterable[Finding], level: Level, accepted: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Return the findings that are breaks under a level: of either kind, in its directions.

    Args:
        findings: what comparison found.
        level: the level.
        accepted: codes that event.toml accepts with a reason, where they can be (`ACCEPTABLE`).

    """
    breaks = (Kind.DECODE, Kind.MEANING)
    passed = ACCEPTABLE & set(accepted)
    return tuple(
        each
        for each in findings
        if each.kind in breaks and each.direction in level.directions and each.code not in passed
    )


def _one_direction(old: Schema, new: Schema, direction: Direction) -> Iterator[Finding]:
    backward = direction is Direction.NEW_READS_OLD
    writer, reader = (old, new) if backward else (new, old)
    resolution = resolve(writer, reader)
    drafts = [
        *decode.drafts(resolution, reader, direction),
        *readers.drafts(resolution, reader),
        *meaning.drafts(resolution, direction),
        *(rule_change.drafts(resolution, old, new) if backward else ()),
    ]
    for draft in drafts:
        at = (draft.w_at, draft.r_at) if backward else (draft.r_at, draft.w_at)
        yield _placed(draft, direction, (old, at[0]), (new, at[1]))


def _of_new(old: Schema, new: Schema) -> Iterator[Finding]:
    """Yield warnings of aliases in the new schema that are not in the old one already."""
    before = {each[:2] for each in aliases.idle(old)}
    for code, path, at, why, fix in aliases.idle(new):
        if (code, path) not in before:
            draft = decode.Draft(Kind.WARNING, code, path, at, at, why, fix)
            yield _placed(draft, Direction.NEW_READS_OLD, (old, at), (new, at))


def _placed(
    draft: Draft, direction: Direction, old: tuple[Schema, str], new: tuple[Schema, str]
) -> Finding:
    old_at, new_at = (schema.document.nearest(pointer) for schema, pointer in (old, new))
    return Finding(
        draft.kind,
        draft.code,
        direction,
        draft.path,
        old_at,
        new_at,
        old[0].position(old_at)[0],
        new[0].position(new_at)[0],
        draft.why,
        draft.fix,
    )


def _rank(finding: Finding, old: Schema, new: Schema) -> tuple[object, ...]:
    return (
        _KINDS.index(finding.kind),
        _DIRECTIONS.index(finding.direction),
        new.position(finding.new_pointer),
        old.position(finding.old_pointer),
        finding.code,
        finding.path,
        finding.why,
    )
