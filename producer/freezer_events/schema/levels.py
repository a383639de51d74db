"""Compatibility levels: which way each one promises reading, how far back, and who upgrades first.

The names and their meaning are Schema Registry's: BACKWARD says that the new schema reads what the
last one wrote, FORWARD that the last one reads what the new one writes, FULL both; the transitive
forms say so of every older version.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


class Direction(StrEnum):
    """Who reads whose data."""

    NEW_READS_OLD = "new_reads_old"
    OLD_READS_NEW = "old_reads_new"


class Level(StrEnum):
    """A compatibility level, by the registry's own name for it."""

    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FORWARD = "FORWARD"
    FORWARD_TRANSITIVE = "FORWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"
    NONE = "NONE"

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The ways of reading that the level promises."""
        return _DIRECTIONS[self.value.removesuffix("_TRANSITIVE")]

    @property
    def transitive(self) -> bool:
        """Whether the promise is about every older version, or about the last one only."""
        return self.value.endswith("_TRANSITIVE")

    def against(self, version: int, versions: Iterable[int]) -> tuple[int, ...]:
        """Return the older versions that `version` is to be compared with, ascending."""
        older = sorted(each for each in versions if each < version)
        if not self.directions:
            return ()
        return tuple(older if self.transitive else older[-1:])

    def readers(self, writer: int, versions: Iterable[int]) -> tuple[int, ...]:
        """Return the versions promised to read what `writer` wrote, itself included, ascending."""
        known = sorted(versions)
        return tuple(r for r in known if r == writer or self._promises(r, writer, known))

    def _promises(self, reader: int, writer: int, versions: list[int]) -> bool:
        newer, older = max(reader, writer), min(reader, writer)
        way = Direction.NEW_READS_OLD if reader > writer else Direction.OLD_READS_NEW
        return way in self.directions and older in self.against(newer, versions)


_BOTH: Final = (Direction.NEW_READS_OLD, Direction.OLD_READS_NEW)
_DIRECTIONS: Final = {"BACKWARD": _BOTH[:1], "FORWARD": _BOTH[1:], "FULL": _BOTH, "NONE": ()}

_LAST: Final = "the last version"
_EVERY: Final = "every older version"


def rollout(level: Level) -> str:
    """Say in plain words who upgrades first under a level, and why."""
    whom = _EVERY if level.transitive else _LAST
    match level.directions:
        case (Direction.NEW_READS_OLD,):
            return (
                "upgrade consumers first, then producers: "
                f"the new schema reads what {whom} wrote, but not the other way round"
            )
        case (Direction.OLD_READS_NEW,):
            return (
                "upgrade producers first, then consumers: consumers on "
                f"{whom} read what the new schema writes, but not the other way round"
            )
        case ():
            return "upgrade consumers and producers together: nothing is promised between versions"
        case _:
            return (
                "upgrade consumers and producers in any order: "
                f"the new schema and {whom} read each other's data"
            )
