"""How the findings of a comparison are shown to people: grouped by who reads whose data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from freezer_events.console.wrap import wrapped
from freezer_events.schema.compare import Direction, Kind, Level, judge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from freezer_events.schema.compare import Finding

_GROUPS: Final = {
    Direction.NEW_READS_OLD: ("New readers of old data", "BACKWARD"),
    Direction.OLD_READS_NEW: ("Old readers of new data", "FORWARD"),
}


def report(findings: Sequence[Finding], old: str, new: str, level: Level | None) -> Iterator[str]:
    """Yield all findings in groups; `old` and `new` are what the files are called."""
    for direction, (title, name) in _GROUPS.items():
        breaks = [f for f in findings if f.kind is not Kind.WARNING and f.direction is direction]
        allowed = breaks and level is not None and direction not in level.directions
        yield f"{title} ({name}): {counted(breaks, 'break')}{_pardon(level) if allowed else ''}"
        for each in breaks:
            yield from lines(each, old, new)
    warnings = [each for each in findings if each.kind is Kind.WARNING]
    if warnings:
        yield f"{counted(warnings, 'warning').capitalize()}"
        for each in warnings:
            yield from lines(each, old, new)


def verdict(findings: Sequence[Finding], level: Level | None) -> str:
    """Return what it comes to: under a level, or which levels hold."""
    if level is not None:
        breaks = judge(findings, level)
        if breaks:
            return f"incompatible under {level}: {counted(breaks, 'break')}"
        return f"compatible under {level}"
    holds = [name for name in ("BACKWARD", "FORWARD", "FULL") if not judge(findings, Level[name])]
    if "FULL" in holds:
        return "compatible both ways (FULL)"
    return f"incompatible; holds {holds[0] if holds else 'neither BACKWARD nor FORWARD'}" + (
        " only" if holds else ""
    )


def lines(finding: Finding, old: str, new: str) -> Iterator[str]:
    """Yield one finding: what and where, why, and what to do."""
    yield f"  {finding.kind}  {finding.code}  {finding.path}"
    yield f"    new  {new}:{finding.new_line}  {finding.new_pointer or '/'}"
    yield f"    old  {old}:{finding.old_line}  {finding.old_pointer or '/'}"
    yield from wrapped(finding.why, "    why  ")
    yield from wrapped(finding.fix, "    do   ")


def counted(things: Sequence[object], name: str) -> str:
    """Return "no break", "1 break", "2 breaks"."""
    return f"{len(things) or 'no'} {name}{'s' if len(things) > 1 else ''}"


def _pardon(level: Level | None) -> str:
    return f", which {level} allows"
