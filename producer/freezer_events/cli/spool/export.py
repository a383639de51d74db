"""`freezer spool export`: what is in the spool as JSON lines, which `freezer produce` reads."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import click

from freezer_events.avro.forms import to_json
from freezer_events.avro.wire import decode
from freezer_events.cli import options
from freezer_events.cli.output import Output
from freezer_events.cli.spool.place import folder, looking, spool_option
from freezer_events.console.given import StreamCommand

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events.event import EventType
    from freezer_events.spool.store import Store


@click.command("export", cls=StreamCommand)
@spool_option
@click.option("--parked", is_flag=True, help="Only what is parked.")
@options.events
def command(
    *,
    spool: Path | None,
    env_file: Path | None,
    parked: bool,
    event_name: str | None,
    schemas: Path | None,
    into: Path | None,
) -> int:
    """Print the events in the spool as JSON lines: first what waits, in order, then the parked.

    Nothing is taken out. With --event, only events of that name.
    """

    @cache
    def type_of(name: str) -> EventType:
        return options.find_event_type(name, schemas, into)

    out = Output()
    with looking(folder(spool, env_file)) as store:
        kinds = store.kinds()
        for number, body in _bodies(store, only_parked=parked):
            kind = kinds[number]
            if event_name in {None, kind.event}:
                event: Any = decode(body, kind.schema, type_of(kind.event))
                out.line(json.dumps(to_json(event), ensure_ascii=False))
    return 0


def _bodies(store: Store, *, only_parked: bool) -> Iterator[tuple[int, bytes]]:
    parked = store.parked()
    apart = {each.position for each in parked}
    position = store.oldest()
    while not only_parked and (batch := store.read(position)) is not None:
        for number in range(batch.length):
            if batch.position + number not in apart:
                yield batch.columns.kinds[number], batch.columns.bodies[number]
        position = batch.end
    for one in parked:
        yield one.message.kind, one.message.body
