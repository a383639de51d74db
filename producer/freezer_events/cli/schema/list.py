"""`freezer schema list`: which events and versions there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output, note
from freezer_events.cli.table import table
from freezer_events.errors import SchemaError
from freezer_events.schema.lock import Lock
from freezer_events.schema.shared_types import shared_types

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events.errors import EventError
    from freezer_events.schema.catalogue import Catalogue, EventSpec


@click.command("list")
@options.schemas
@options.output
def command(*, schemas: Path | None, output: str) -> None:
    """List events and shared types with their versions.

    Of each version: whether it is released, and whether producers write it.

    The fingerprint is CRC-64-AVRO of the canonical form, in hex. It leaves out docs, defaults and
    logical types: two versions with the same fingerprint are written alike and may mean
    different things. What is wrong with one event hides no other; the exit code is 3 or 5 then.
    """
    catalogue = options.find_catalogue(schemas)
    out = Output()
    told, failed = _events(catalogue)
    if output == "json":
        out.json(
            {
                "schemas": str(catalogue.root),
                "events": told,
                "shared_types": list(_shared(catalogue)),
            }
        )
    else:
        _show(catalogue, told, out)
    for error in failed[1:]:
        note(str(error))
    if failed:
        raise failed[0]


def _show(catalogue: Catalogue, told: list[dict[str, Any]], out: Output) -> None:
    heads = ["event", "version", "state", "written", "fingerprint"]
    rows, about = [], []
    for event in told:
        name = event["event"]
        key = event["key"] or "none"
        about.append([name, event["topic"], event["level"], key])
        for each in event["versions"]:
            written = "yes" if each["written"] else ""
            rows.append([name, f"v{each['version']}", _state(each), written, each["fingerprint"]])
            name = ""
    for line in table(heads, rows):
        out.line(line)
    out.line("")
    for line in table(["event", "topic", "level", "key"], about):
        out.line(line)
    if rows := [
        [each["name"], f"v{version['version']}", _state(version), version["path"]]
        for each in _shared(catalogue)
        for version in each["versions"]
    ]:
        out.line("")
        for line in table(["shared type", "version", "state", "file"], rows):
            out.line(line)
    for spec in catalogue.readable.values():
        for line in _answers(spec):
            out.line(line)


def _answers(event: EventSpec) -> Iterator[str]:
    """Yield who answers for an event, and what in it is about persons, where event.toml says so."""
    who = " ".join(filter(None, (event.owner, f"<{event.contact}>" if event.contact else "")))
    if who:
        yield f"{event.name}: owner {who}"
    if event.pii:
        yield f"{event.name}: personal data in {', '.join(event.pii)}"


def _events(catalogue: Catalogue) -> tuple[list[dict[str, Any]], list[EventError]]:
    """Return what there is to say of each event, and what is wrong with the others."""
    told: list[dict[str, Any]] = []
    failed: list[EventError] = list(catalogue.broken.values())
    for event in catalogue.readable.values():
        try:
            told.append(_event(event))
        except SchemaError as error:
            failed.append(error)
    return told, failed


def _state(version: dict[str, Any]) -> str:
    return "released" if version["released"] else "not released"


def _shared(catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    for full, shared in shared_types(catalogue.root).items():
        released = Lock.read(shared.folder).entries
        yield {
            "name": full,
            "versions": [
                {"version": version, "released": version in released, "path": str(path)}
                for version, path in shared.versions.items()
            ],
        }


def _event(event: EventSpec) -> dict[str, Any]:
    lock = Lock.read(event.folder)
    return {
        "event": event.name,
        "topic": event.topic,
        "partitions": event.partitions,
        "key": event.key,
        "level": event.level.value,
        "owner": event.owner,
        "contact": event.contact,
        "pii": list(event.pii),
        "versions": [
            {
                "version": version,
                "released": version in lock.entries,
                "written": version == event.version,
                "fingerprint": lock.entries[version].fingerprint
                if version in lock.entries
                else event.schema(version).fingerprint,
                "path": str(path),
            }
            for version, path in event.versions.items()
        ],
    }
