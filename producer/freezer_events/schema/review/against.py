"""Whether what was released in an earlier commit is still as it was there.

The lock alone cannot say so: who edits a released file and the lock together, or deletes the
lock, leaves both in agreement.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from freezer_events.avro.parse import parse
from freezer_events.config.atomic import read_or_none
from freezer_events.errors import SchemaError
from freezer_events.schema import golden
from freezer_events.schema import lock as locks
from freezer_events.schema.catalogue import LOCK, OLD_LOCK
from freezer_events.schema.compare import compare, judge
from freezer_events.schema.golden_file import GoldenFile
from freezer_events.schema.lock import Lock
from freezer_events.schema.review.problem import Aspect, Problem, Severity
from freezer_events.schema.shared_types import COMMON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from freezer_events.schema.catalogue import Catalogue, EventSpec
    from freezer_events.schema.history import Committed
    from freezer_events.schema.lock import Entry


def problems(catalogue: Catalogue, then: Committed) -> Iterator[Problem]:
    """Yield what was released in a commit and is not as it was, and what breaks against it."""
    for name, released in _released(then).items():
        folder = catalogue.root / name
        restore = f"git checkout {then.ref} -- {folder}"
        event = catalogue.readable.get(name)
        is_shared = name.startswith(f"{COMMON}/") and folder.is_dir()
        if event is None and name not in catalogue.broken and not is_shared:
            why = f"is gone: {name!r} has released versions in {then.ref}"
            yield Problem(name, Aspect.LOCK, Severity.BREAK, folder, why, restore)
        yield from _locked(name, folder, released, then.ref)
        for version in released:
            yield from _file(name, folder / f"v{version}.avsc", then)
            if event is not None:
                yield from _golden(event, version, then)
        if event is not None:
            yield from _judged(event, released, then)


def _released(then: Committed) -> Mapping[str, Mapping[int, Entry]]:
    """Return the released versions by event or shared type, as findings name it.

    A lock that was damaged already says nothing.
    """
    found: dict[str, Mapping[int, Entry]] = {}
    old = then.files.get(PurePosixPath(OLD_LOCK))
    with suppress(SchemaError):
        found |= locks.parse_old(old, OLD_LOCK) if old else {}
    for path, text in then.files.items():
        *folder, file = path.parts
        is_shared = len(folder) > 1 and folder[0] == COMMON
        if file == LOCK and len(folder) == 1 + is_shared:
            try:
                found["/".join(folder)] = Lock.parse(text, str(path)).entries
            except SchemaError:
                continue
    return found


def _locked(name: str, folder: Path, released: Mapping[int, Entry], ref: str) -> Iterator[Problem]:
    path = folder / LOCK
    try:
        now = Lock.read(folder).entries
    except SchemaError:
        return  # found by the check of the event itself
    for version, entry in released.items():
        if now.get(version) != entry:
            how = "has changed" if version in now else "is gone"
            why = f"the entry of v{version} {how}: it was released in {ref}"
            fix = f"git checkout {ref} -- {path}, and make the change in a new version"
            yield Problem(name, Aspect.LOCK, Severity.BREAK, path, why, fix)


def _file(name: str, path: Path, then: Committed) -> Iterator[Problem]:
    was = then.files.get(PurePosixPath(name, path.name))
    if was is None:
        return
    now = read_or_none(path)
    if now is None or now.replace("\r\n", "\n") != was:
        how = "is gone" if now is None else "has changed"
        shown = f":\n{locks.diff(was, now, path.name)}" if now is not None else ""
        why = f"{how}: it was released in {then.ref}{shown}"
        fix = f"git checkout {then.ref} -- {path}, and make the change in a new version"
        yield Problem(name, Aspect.LOCK, Severity.BREAK, path, why, fix)


def _golden(event: EventSpec, version: int, then: Committed) -> Iterator[Problem]:
    path = golden.path(event, version)
    text = then.files.get(PurePosixPath(event.name, "golden", path.name))
    try:
        was = None if text is None else GoldenFile.parse(path, text)
    except SchemaError:
        return  # it was damaged already
    if was is None:
        return
    try:
        numbers = list(golden.changed(event, version, was))
    except SchemaError:
        numbers = list(range(1, len(was.examples) + 1))
    for number in numbers:
        why = f"example {number} is not what it was in {then.ref}: released bytes and readings"
        fix = f"git checkout {then.ref} -- {path}, then: freezer schema release {event.name}"
        yield Problem(event.name, Aspect.GOLDEN, Severity.BREAK, path, why, fix)


def _judged(event: EventSpec, released: Mapping[int, Entry], then: Committed) -> Iterator[Problem]:
    """Yield breaks of versions that are new since, against what was released under other text.

    Where a released file is as it was, the check of the level has judged against it already.
    """
    for new in (each for each in event.versions if each not in released):
        for old in event.level.against(new, [*released, new]):
            text = then.files.get(PurePosixPath(event.name, f"v{old}.avsc"))
            now = read_or_none(event.folder / f"v{old}.avsc")
            if text is None or text == now:
                continue
            try:
                was, schema = parse(text, f"{then.ref}:v{old}.avsc"), event.schema(new)
            except SchemaError:
                continue
            for each in judge(compare(was, schema), event.level, event.accepted):
                line, column = schema.position(each.new_pointer)
                why = f"{each.path}: against v{old} as released in {then.ref}: {each.why}"
                yield Problem(
                    event.name,
                    Aspect.LEVEL,
                    Severity.BREAK,
                    event.path(new),
                    why,
                    each.fix,
                    line,
                    column,
                    each.code.value,
                )
