"""`--shard I/N`: which part of the input is this process's.

Shards are numbered from 0, as Kubernetes numbers the pods of an indexed Job and Airflow its mapped
tasks. A tool that counts from 1 gets its last shard refused, so that the mistake is seen.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from freezer_events.avro.arrow import EncodedRun
from freezer_events.avro.keys import key_text
from freezer_events.errors import UsageError
from freezer_events.sources import size_of
from freezer_events.sources.stores import is_stored, look_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from freezer_events.event import EventType
    from freezer_events.sources import Source
    from freezer_events.sources.reading import ReadingPlace

_FORM: Final = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)
_ASK_EVERY: Final = 1000  # readings of other shards: a signal is to end a run in a stretch of them


@dataclass
class Shard:
    """A part of the input.

    Args:
        number: which one, from 0.
        of: how many there are.
        by: "key": readings are dealt out by their keys, and every shard reads all of the input;
            "file": whole files are dealt out, in turn.

    Attributes:
        elsewhere: readings and rejected rows that were read and belong to other shards.
        cut: reading ended before the input did, because the run is to end.
        inputs: all inputs, this shard's or not, and their sizes.
        mine: the inputs that this shard reads.

    """

    number: int
    of: int
    by: str = "key"
    elsewhere: int = 0
    cut: bool = False
    inputs: list[dict[str, Any]] = field(default_factory=list)
    mine: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Give it as it is typed."""
        return f"{self.number}/{self.of}"

    def take_inputs(self, names: Sequence[str]) -> list[str]:
        """Return which inputs this shard reads.

        Raises:
            UsageError: one of them is no file, so the other shards cannot read it, too.

        """
        if size_of([name for name in names if "!" not in name]) is None:
            raise UsageError(
                f"--shard {self}",
                "every shard has to read the input, and a pipe can be read once",
                "name files: --from FILE",
            )
        self.inputs = [{"name": name, "bytes": _bytes_of(name)} for name in names]
        mine = names if self.by == "key" else names[self.number :: self.of]
        self.mine = list(mine)
        return self.mine

    def purpose(self, of_run: str) -> str:
        """Return what a spool knows a run by: what one shard has read, another has not."""
        return f"{of_run} shard {self} by {self.by}"

    @property
    def is_mine(self) -> Callable[[str], bool] | None:
        """Tells whether the readings of a key are this shard's; None where all are."""
        return None if self.by == "file" or self.of == 1 else self._owns_key

    def of_source(
        self,
        readings: Iterable[Any],
        source: Source,
        event_type: EventType,
        wait: Callable[[], bool],
    ) -> Iterator[Any]:
        """Yield the readings that are this shard's; `wait` is asked whether to go on.

        Args:
            readings: events of the source, and runs in which there are only this shard's.
            source: knows their places.
            event_type: what the events are.
            wait: False ends it.

        """
        if self.is_mine is None:
            yield from readings
            return
        key_of = key_text(event_type)
        for event in readings:
            if type(event) is EncodedRun:
                self.elsewhere += event.passed
                if len(event):
                    yield event
                elif not wait():
                    self.cut = True
                    return
                continue
            key = key_of(event)
            owned = self.owns(source.last) if key is None else self._owns_key(str(key))
            if owned:
                yield event
                continue
            self.elsewhere += 1
            if not self.elsewhere % _ASK_EVERY and not wait():
                self.cut = True
                return

    def owns(self, place: ReadingPlace) -> bool:
        """Tell whether a row without a key that can be read is this shard's."""
        return self.by == "file" or self._owns_key(f"{place.input}:{place.line}")

    def own_path(self, path: str) -> str:
        """Return the file or folder of this shard that a path stands for."""
        mark = f"shard-{self.number}-of-{self.of}"
        found = Path(path)
        if path.endswith("/") or found.is_dir():
            return f"{found / mark}/"
        return str(found.with_name(f"{found.stem}.{mark}{found.suffix}"))

    def as_dict(self, source: Source | None, *, ended: bool, resumed: bool) -> dict[str, Any]:
        """Return what `freezer tally` compares."""
        rows = None if source is None else source.rows
        return {
            "number": self.number,
            "of": self.of,
            "by": self.by,
            "inputs": self.inputs,
            "mine": self.mine,
            "rows": {
                name: 0 if rows is None else getattr(rows, name)
                for name in ("read", "none", "rejected", "readings")
            },
            "elsewhere": self.elsewhere,
            "ended": ended and not self.cut,
            "resumed": resumed,
        }

    def _owns_key(self, key: str) -> bool:
        # Not Python's hash, which differs from process to process.
        return zlib.crc32(key.encode("utf-8", "surrogatepass")) % self.of == self.number


class ShardType(click.ParamType):  # type: ignore[type-arg]
    """`I/N` on the command line."""

    name = "I/N"

    def convert(
        self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None
    ) -> Shard:
        """Read it.

        Raises:
            UsageError: it is none, or there is no such shard.

        """
        if isinstance(value, Shard):
            return value
        found = _FORM.fullmatch(value)
        if found is None:
            raise UsageError(f"--shard {value}", "is not I/N", "the first of four: --shard 0/4")
        number, of = map(int, found.groups())
        if number >= of:
            why = f"there is no such shard: {of} of them are numbered 0 to {of - 1}"
            if not of:
                why = "there is at least one shard"
            raise UsageError(f"--shard {value}", why, "count from 0: --shard 0/4 to --shard 3/4")
        return Shard(number, of)


def _bytes_of(name: str) -> int:
    if is_stored(name):
        return look_at(name).size_bytes
    path = Path(name)
    return (path if path.exists() else Path(name.partition("!")[0])).stat().st_size
