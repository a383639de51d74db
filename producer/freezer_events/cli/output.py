"""What commands print: data on standard output, everything else on standard error."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.forms import attributes, to_json
from freezer_events.avro.keys import key_text
from freezer_events.console import streams
from freezer_events.console.escape import as_json, one_line
from freezer_events.console.streams import note
from freezer_events.console.words import counted, noun_of, plural
from freezer_events.console.wrap import wrapped

if TYPE_CHECKING:
    from freezer_events.event import EventType
    from freezer_events.send.report import Report
    from freezer_events.send.tally import Tally

LINES: Final = 1000  # deliveries that get a line of their own unless asked otherwise


__all__ = ["Deliveries", "Output", "event_text", "note", "partition_lines", "summary"]

# Those of librdkafka that send one key to one partition.
_BY_KEY: Final = frozenset(
    ("consistent", "consistent_random", "murmur2", "murmur2_random", "fnv1a", "fnv1a_random")
)


class Output:
    """What a command prints on standard output, which may be lost without ending it."""

    def closed(self) -> bool:
        """Tell whether nobody reads it any more, be there something to write or not."""
        return streams.reader_is_gone()

    @property
    def works(self) -> bool:
        """Tell whether all that was printed could be written."""
        return streams.lost(sys.stdout) is None

    def line(self, text: str) -> None:
        """Write one line, at once."""
        streams.line(text)

    def json(self, value: Any) -> None:
        """Write one JSON object as a line."""
        streams.json_line(value)

    def conclude(self, result: str | dict[str, Any]) -> None:
        """Write the line that ends a run; on standard error where standard output is lost."""
        streams.conclude(result if isinstance(result, str) else as_json(result))


class Deliveries:
    """Prints delivery reports, a line each.

    Args:
        output: where the lines go.
        event_type: whose key and fields the lines show.
        as_json: one JSON object per report instead of text.
        every: True for a line per report however many, False for none, None for up to LINES.

    Attributes:
        limit: how many deliveries get a line, None for all. What is not delivered always does.

    """

    def __init__(
        self, output: Output, event_type: EventType, *, as_json: bool, every: bool | None
    ) -> None:
        self.limit = LINES if every is None else (None if every else 0)
        self._output = output
        self._as_json = as_json
        self._event_type = event_type

    def __call__(self, event: Any, report: Report) -> None:
        """Print one report."""
        if self._as_json:
            self._output.json(self._object(event, report))
        else:
            self._output.line(self._text(event, report))

    def _text(self, event: Any, report: Report) -> str:
        text = event_text(event, self._event_type)
        if report.error is not None:
            return f"{text}  {report.outcome}: {one_line(report.error)}"
        return f"{text}  -> {report.topic} partition {report.partition} offset {report.offset}"

    def _object(self, event: Any, report: Report) -> dict[str, Any]:
        return {
            "key": _key(event, self._event_type),
            **{name: to_json(event)[name] for name in shown_fields(self._event_type)},
            "outcome": report.outcome.value,
            "topic": report.topic,
            "partition": report.partition,
            "offset": report.offset,
            "error": report.error,
        }


def event_text(event: Any, event_type: EventType) -> str:
    """Return key and value of an event as they begin a line."""
    key = _key(event, event_type)
    names = attributes(event_type)
    values = (f"{name} {_short(getattr(event, names[name]))}" for name in shown_fields(event_type))
    return "  ".join([f"{'-' if key is None else one_line(key):<8}", *values])


def _key(event: Any, event_type: EventType) -> Any:
    return key_text(event_type)(event)


def shown_fields(event_type: EventType) -> tuple[str, ...]:
    """Return the few fields that stand for an event on a line: no key, nothing filled in."""
    names = attributes(event_type).items()
    apart = {event_type.key, *event_type.fill}
    return tuple(name for name, attribute in names if attribute not in apart)[:1]


def summary(tally: Tally, event_type: EventType) -> str:
    """Return the tally as the line that ends a run: "10 readings read, 10 delivered"."""
    counts = str(tally).removeprefix(f"{tally.read:,} ")
    return f"{counted(tally.read, noun_of(event_type.name))} {counts}"


def partition_lines(
    tally: Tally, partitions: int, now: int, partitioner: str, event_type: EventType
) -> list[str]:
    """Say how many events each partition got, and who decided.

    Args:
        tally: the counts.
        partitions: how many the topic had at the start.
        now: how many it had when it was last looked at.
        partitioner: librdkafka's name of it.
        event_type: what was sent.

    """
    used = max([partitions, now, *(number + 1 for number in tally.partitions)])
    counts = ", ".join(f"{tally.partitions[n]:,} on {n}" for n in range(used))
    text = f"{plural(noun_of(event_type.name))} per partition: {counts}"
    if used > partitions:
        why = (
            f"the topic had {partitions} partitions at the start and has {used} now: the same"
            f" {event_type.key or 'key'} may be on two of them, and its order is not kept"
        )
    elif event_type.key and partitioner not in _BY_KEY:
        why = f"partitioner {partitioner}: it does not go by the key, and keeps no order"
    elif event_type.key:
        why = (
            f"partitioner {partitioner}: same {event_type.model.fields[event_type.key]},"
            " same partition, in order;"
            " with few keys some partitions stay empty"
        )
    else:
        why = f"partitioner {partitioner}: events have no key, so they are spread"
    return [*wrapped(text), *wrapped(why)]


def _short(value: Any) -> str:
    return f"{value:6.2f}" if isinstance(value, float) else one_line(value)
