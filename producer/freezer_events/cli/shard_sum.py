"""The shards of one backfill, added up: is every row of the input in exactly one of them?"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from freezer_events.errors import UsageError
from freezer_events.send.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

_SAME: Final = ("of", "by", "event", "topic")
_COUNTS: Final = (
    "read", "rejected", "failed", "unconfirmed", "parked", "lost", "spooled", "unsent",
)  # fmt: skip
_HOW: Final = "freezer produce --shard 0/4 --output json --quiet >FILE"


@dataclass(frozen=True)
class ShardResult:
    """What one run of `freezer produce --shard` printed.

    Attributes:
        path: where that is kept.
        shard: what it said of its part.
        tally: its counts.

    """

    path: str
    shard: dict[str, Any]
    tally: Tally

    def earlier(self, outcome: str) -> int:
        """Return how many readings of earlier runs became "delivered", or "parked", in this one."""
        return int(self.shard.get("earlier", {}).get(outcome, 0))

    @classmethod
    def parse(cls, path: str, text: str) -> Self:
        """Find the line that ended the run: delivery reports and a log may be before it.

        Raises:
            UsageError: there is none, so the run was killed or was no shard.

        """
        for line in reversed(text.splitlines()):
            try:
                found = json.loads(line)
                counts, shard = found["tally"], found["shard"]
                tally = Tally(**{name: counts[name] for name in _COUNTS})
                tally.partitions.update({int(n): v for n, v in counts["partitions"].items()})
                tally.broken_rules.update(counts.get("broken_rules", {}))
                _ = shard["number"], shard["mine"], shard["rows"]["read"], shard["inputs"]
            except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
                continue
            return cls(path, shard, tally)
        why = "holds no result of a shard: it was killed, or is none"
        raise UsageError(f"tally {path}", why, f"run it again: {_HOW}")


def total(results: Sequence[ShardResult]) -> Tally:
    """Add the counts up; what a later run found in a spool and settled is in it no more."""
    found = Tally()
    for each in results:
        found.add(each.tally)
    parked = sum(each.earlier("parked") for each in results)
    found.spooled = max(0, found.spooled - parked - delivered_later(results))
    found.parked += parked
    return found


def delivered_later(results: Sequence[ShardResult]) -> int:
    """Return how many readings were delivered by a run that found them in its spool."""
    return sum(each.earlier("delivered") for each in results)


def problems(results: Sequence[ShardResult]) -> list[str]:
    """Return why the runs are not every row of one input, once each; nothing if they are."""
    differences = _differences(results)
    return differences or [*_missing(results), *_unended(results), *_rows(results)]


def _differences(results: Sequence[ShardResult]) -> list[str]:
    """Compare what has to be the same in all of them with the first."""
    first, *others = results
    found = []
    for each in others:
        for name in _SAME:
            one, other = first.shard.get(name), each.shard.get(name)
            if one != other:
                found.append(f"{each.path} has {name} {other}, {first.path} has {one}")
        sizes = {at["name"]: at["bytes"] for at in first.shard["inputs"]}
        theirs = {at["name"]: at["bytes"] for at in each.shard["inputs"]}
        found += [f"{each.path} has not read {name}" for name in sizes.keys() - theirs.keys()]
        found += [f"{first.path} has not read {name}" for name in theirs.keys() - sizes.keys()]
        found += [
            f"{name} has {sizes[name]:,} bytes in {first.path}, {theirs[name]:,} in {each.path}"
            for name in sizes.keys() & theirs.keys()
            if sizes[name] != theirs[name]
        ]
    return found


def _missing(results: Sequence[ShardResult]) -> list[str]:
    of = results[0].shard["of"]
    by_number = defaultdict(list)
    for each in results:
        by_number[each.shard["number"]].append(each)
    found = [f"shard {n}/{of} is missing" for n in range(of) if n not in by_number]
    for number, runs in sorted(by_number.items()):
        # A run that goes on where another ended is no second one: the spool keeps them apart.
        anew = [each.path for each in runs if not each.shard["resumed"]]
        if len(anew) > 1:
            found.append(f"shard {number}/{of} was run {len(anew)} times: {', '.join(anew)}")
    return found


def _unended(results: Sequence[ShardResult]) -> list[str]:
    ended = {each.shard["number"] for each in results if each.shard["ended"]}
    paths = {each.shard["number"]: each.path for each in results}
    return [
        f"shard {number}/{results[0].shard['of']} ended before its input did: {path}"
        for number, path in sorted(paths.items())
        if number not in ended
    ]


def _rows(results: Sequence[ShardResult]) -> list[str]:
    """Compare what the shards took with what was in the input."""
    if any(each.shard["resumed"] for each in results):
        return []  # what earlier runs have read is in their spools, and not in these counts
    found = []
    for each in results:
        rows, taken = each.shard["rows"], each.tally.read + each.shard["elsewhere"]
        if rows["rejected"] + rows["readings"] != taken:
            found.append(f"{each.path} does not add up: {taken:,} of {rows}")
    whole = [each for each in results if each.shard["ended"]]
    if results[0].shard["by"] == "file":
        dealt = Counter(name for each in results for name in each.shard["mine"])
        names = [at["name"] for at in results[0].shard["inputs"]]
        found += [f"{name} is in {dealt[name]} shards" for name in names if dealt[name] != 1]
    elif whole and len(whole) == len(results):
        seen = {tuple(each.shard["rows"].values()) for each in whole}
        rows = whole[0].shard["rows"]
        there, taken = rows["rejected"] + rows["readings"], sum(e.tally.read for e in whole)
        if len(seen) > 1:
            found.append("the shards did not find the same rows: were their options the same?")
        elif there != taken and len(whole) == whole[0].shard["of"]:
            found.append(f"{taken:,} readings taken by all shards, {there:,} are in the input")
    return found


def rows_of(results: Sequence[ShardResult]) -> int:
    """Return how many rows the input has, as far as these runs have read it."""
    each_read = [each.shard["rows"]["read"] for each in results]
    return sum(each_read) if results[0].shard["by"] == "file" else max(each_read)
