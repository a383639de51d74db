"""What sources of text share: places, counts, rejects, and where reading begins."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from freezer_events.avro.expression.condition import condition_on_mapping
from freezer_events.sources.physical import PhysicalLines
from freezer_events.sources.reading import BadReading, ReadingPlace, Rejected, Rows, short_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from freezer_events.avro.bad_value import BadValue
    from freezer_events.event import EventType
    from freezer_events.sources.encodings import LineCode
    from freezer_events.sources.inputs import InputBytes
    from freezer_events.sources.profile import Profile
    from freezer_events.sources.reading import OnReject, Tell

_MOST_NAMED = 20


class TextSource:
    """One input, read line by line. Subclasses yield the events.

    Args:
        stream: its bytes.
        code: its encoding.
        event_type: what each reading is to be.
        profile: how they are written down.
        on_reject: told of each row that is no reading.
        tell: told in a sentence what is worth knowing, once.
        start: (line, byte): rows that begin before either are passed over.

    """

    wants_to_know = False

    def __init__(
        self,
        stream: InputBytes,
        code: LineCode,
        event_type: EventType,
        profile: Profile,
        on_reject: OnReject,
        tell: Tell,
        start: tuple[int, int] = (1, 0),
    ) -> None:
        self.name = stream.name
        self._bytes = stream
        self.rows = Rows()
        self._event_type = event_type
        self._profile = profile
        self._keep = condition_on_mapping(profile.where) if profile.where else None
        self._on_reject = on_reject
        self._tell = tell
        self._start = start
        self._lines = PhysicalLines(stream, code, self._broken, stream.name)
        self._place = self._lines.place
        self._heading = b""
        self._named: set[str] = set()
        self._places = {"name": PurePath(stream.name).name, "preamble": "", "header": ""}

    def __iter__(self) -> Iterator[Any]:
        """Yield the events."""
        raise NotImplementedError

    def in_runs(
        self,
        after: int,  # noqa: ARG002 - a table of text has none
        is_mine: Callable[[str], bool] | None = None,  # noqa: ARG002
    ) -> Iterator[Any]:
        """Yield the events, and in their place runs of encoded rows, as a columnar input can.

        Args:
            after: so many readings come as events first.
            is_mine: tells whether rows of a key are to be in runs at all.

        """
        return iter(self)

    @property
    def last(self) -> ReadingPlace:
        """The place of the last row."""
        return self._place()

    def safe(self, place: ReadingPlace) -> None:
        """Do nothing: a file keeps its rows."""

    def heading(self, name: str) -> bytes:  # noqa: ARG002 - it has one input
        """Return the bytes before the first row: preamble and header."""
        return self._heading

    @property
    def read_bytes(self) -> int:
        """How many bytes of the input, as it is stored, have been read."""
        return self._bytes.position

    @property
    def left(self) -> bool:
        """Tell whether it goes on, for another run."""
        return self._bytes.left

    @property
    def turned(self) -> bool:
        """Tell whether it ended because its name is another file's."""
        return self._bytes.turned

    def close(self) -> None:
        """Close the input."""
        self._lines.close()

    def _give_back(self, line: int, begin: int) -> None:
        """Have the last place be before a row that stands open, by its line and offset."""
        before = ReadingPlace(self.name, line - 1, begin, begin)
        self._place = lambda: before

    def _is_before_start(self) -> bool:
        line, byte = self._start
        return self._lines.number < line or self._lines.begin < byte

    def _each(self, events: list[Any]) -> Iterator[Any]:
        """Yield the events of one row; each is counted when it is handed on."""
        for number, event in enumerate(events):
            self.rows.more += bool(number)
            yield event

    def _reject(self, error: BadValue | str, fix: str = "", rest: Iterable[bytes] = ()) -> None:
        """Count the row that was read last as rejected, and tell of it."""
        self.rows.rejected += 1
        if isinstance(error, BadReading):
            fix = error.fix or fix
        self._on_reject(Rejected(self.last, str(error), self.last.raw, fix, rest))

    def _broken(self, raw: bytes, rest: Iterable[bytes], why: str) -> None:
        """Reject a line that is none."""
        if self._is_before_start():
            return
        self.rows.read += 1
        self.rows.rejected += 1
        lines = self._lines
        place = ReadingPlace(self.name, lines.number, lines.begin, lines.begin + len(raw), raw)
        self._on_reject(Rejected(place, why, raw, "", rest))

    def _name_unused(self, what: str, names: Iterable[str]) -> None:
        """Tell of columns or keys that no field takes, each once."""
        fresh = [each for each in names if each not in self._named]
        if fresh and len(self._named) < _MOST_NAMED:
            self._named.update(fresh)
            self._tell(f"unused {what}: {short_list(fresh)}")


class NothingYet(TextSource):
    """An input that is followed and held nothing when it was left, or turned over."""

    def __iter__(self) -> Iterator[Any]:
        """Yield nothing."""
        return iter(())
