"""`freezer schema new`: the next version of an event, or a new event."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output, note
from freezer_events.config.atomic import replace_all
from freezer_events.console.next_step import next_step
from freezer_events.errors import UsageError
from freezer_events.schema.catalogue import Catalogue
from freezer_events.schema.field_spec import FieldSpec
from freezer_events.schema.next_version import next_version
from freezer_events.schema.start import starter

if TYPE_CHECKING:
    from freezer_events.schema.catalogue import EventSpec


@click.command("new")
@click.argument("event", required=False, metavar="[EVENT]", shell_complete=options.complete_event)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="'NAME: TYPE?'",
    help="Add a field; may be given again.",
)
@click.option("--key", metavar="FIELD", help="The message key, of a new event.")
@options.schemas
def command(
    *, event: str | None, fields: tuple[str, ...], key: str | None, schemas: Path | None
) -> None:
    """Copy the latest version of EVENT to the next number, ready to edit.

    \b
    --field 'humidity_pct: double?'          null where there is no value
    --field 'state: string = "ok"'           a default where there is no value
    --field 'opened_at: timestamp-millis?  # When the door was opened.'

    Types are Avro's, logical types by their names (uuid, date, timestamp-millis, decimal(9, 2)),
    and types that the schema defines; [] after one makes an array, {} a map. Text and order of
    what is there already stay as they are.

    An EVENT that does not exist is begun: its folder, event.toml and a first version.
    """  # noqa: D301 - \b is click's own mark for lines that it must not wrap
    specs = [FieldSpec.parse(each) for each in fields]
    catalogue = _catalogue(schemas)
    if event is None or event in {each.name for each in catalogue.folders}:
        _version(catalogue.event(event), specs, key)
    else:
        _event(catalogue, event, specs, key)


def _catalogue(schemas: Path | None) -> Catalogue:
    """Find the project's schemas; where there are none yet, say where they will be."""
    found = Catalogue.at(schemas)
    return Catalogue(Path("schemas"), found.into) if found.borrowed else found


def _version(event: EventSpec, specs: list[FieldSpec], key: str | None) -> None:
    if key is not None:
        why = "the key of an event that exists is not changed: messages of one key stay in order"
        raise UsageError(f"--key {key}", why, f"it stands in {event.toml}")
    path, text = next_version(event, specs)
    replace_all({path: text})
    out = Output()
    added = f" with {', '.join(each.name for each in specs)}" if specs else ""
    out.line(f"wrote {path}: a copy of v{event.latest}{added}")
    silent = ", ".join(each.name for each in specs if not each.doc)
    _steps(
        f"say in {path} what this is, in a doc: {silent}" if silent else "",
        "" if specs else f"edit {path}",
        "freezer schema check",
        f"freezer schema release {event.name}",
    )


def _event(catalogue: Catalogue, name: str, specs: list[FieldSpec], key: str | None) -> None:
    out = Output()
    there = ", ".join(each.name for each in catalogue.folders)
    out.line(f"{name} is a new event; existing events: {there or 'none'}")
    for path in replace_all(starter(catalogue, name, key, specs)):
        out.line(f"wrote {path}")
    _steps(
        f"edit both; the topic is named in {catalogue.root / name / 'event.toml'}",
        "freezer schema check",
        f"freezer schema release {name}",
        ""
        if catalogue.into
        else "freezer schema generate --into PACKAGE_DIR  (to import its classes)",
    )


def _steps(*steps: str) -> None:
    note("next:")
    for step in filter(None, steps):
        note(f"  {next_step(step)}")
