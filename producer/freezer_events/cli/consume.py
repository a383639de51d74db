"""`freezer consume`: typed events back from the topic, as text or as JSON lines."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from freezer_events.avro.forms import to_json
from freezer_events.cli import options
from freezer_events.cli.output import Output, note
from freezer_events.console.escape import one_line
from freezer_events.console.given import StreamCommand
from freezer_events.console.stop import Interrupted, Stop
from freezer_events.console.words import counted, noun_of
from freezer_events.errors import SchemaError
from freezer_events.read.consumer import EventConsumer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from freezer_events.read.consumer import Record


@click.command("consume", cls=StreamCommand)
@options.connection
@options.events
@click.option("--from-beginning", is_flag=True, help="Start with the oldest record.")
@click.option(
    "--max", "limit", type=click.IntRange(min=1), metavar="N", help="End after so many events."
)
@click.option("--until-end", is_flag=True, help="End where the topic ends now.")
@click.option(
    "--on-bad",
    type=click.Choice(["skip", "stop"]),
    default="skip",
    show_default=True,
    help="A record that is no event: name it and go on, or stop there.",
)
@options.output
def command(  # noqa: PLR0913 - one parameter per option
    *,
    env_file: Path | None,
    topic: str | None,
    properties: tuple[str, ...],
    event_name: str | None,
    schemas: Path | None,
    into: Path | None,
    from_beginning: bool,
    limit: int | None,
    until_end: bool,
    on_bad: str,
    output: str,
) -> int:
    """Read typed events back from the topic.

    Every record is read as the version that producers write, whatever version it was written in.
    JSON lines hold the event's own fields: `freezer produce --from -` takes them back.
    """
    event_type = options.find_event_type(event_name, schemas, into)
    settings = options.load_settings(env_file, properties, topic)
    out = Output()
    show = _shower(out, as_json=output == "json")
    read = skipped = 0
    with ExitStack() as opened:
        # Until the topic is open a signal simply ends the wait for it.
        consumer = opened.enter_context(
            EventConsumer(
                settings,
                event_type.record,
                topic=settings.topic_for(event_type, named=event_name),
                from_beginning=from_beginning,
            )
        )
        stop = opened.enter_context(Stop())
        records = consumer.records(until_end=until_end, stop=lambda: stop() or out.closed())
        for record in _interruptible(records, stop):
            if record.problem is None:
                show(record)
                read += 1
            elif on_bad == "stop":
                raise SchemaError(record.place, record.problem, "go past it: --on-bad skip")
            else:
                skipped += 1
                note(one_line(f"skipped {record.place}: {record.problem}"))
            if read == limit:
                break
    if skipped or output == "text" or not out.works:
        note(f"{counted(read, noun_of(event_type.name))} read, {skipped:,} skipped")
    return stop.exit_code or 0


def _interruptible(records: Iterator[Record[Any]], stop: Stop) -> Iterator[Record[Any]]:
    """Yield records until a signal comes: it ends the wait for the next one, whatever that is for.

    A schema may have to be fetched, from a registry that does not answer.
    """
    while True:
        try:
            with stop.interrupting():
                record = next(records, None)
        except Interrupted:
            return
        if record is None:
            return
        yield record


def _shower(out: Output, *, as_json: bool) -> Callable[[Record[Any]], None]:
    def show_json(record: Record[Any]) -> None:
        out.json(to_json(record.event))

    def show_text(record: Record[Any]) -> None:
        place = f"partition {record.partition} offset {record.offset} schema id {record.schema_id}"
        out.line(f"{place}  {_text(to_json(record.event))}")

    return show_json if as_json else show_text


def _text(values: dict[str, Any]) -> str:
    return "  ".join(
        f"{name}={one_line(value)}" for name, value in values.items() if value is not None
    )
