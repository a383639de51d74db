"""`freezer schema list`: which events and versions there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output
from freezer_events.cli.table import table
from freezer_events.schema.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from freezer_events.schema.catalogue import Catalogue, EventSpec


@click.command("list")
@options.schemas
@options.output
def command(*, schemas: Path | None, output: str) -> None:
    """List events and versions: released or not, which one producers write, topic, level.

    The fingerprint is CRC-64-AVRO of the canonical form, in hex. It leaves out docs, defaults and
    logical types: two versions of one fingerprint are written the same, and may mean another thing.
    """
    catalogue = options.find_catalogue(schemas)
    out = Output()
    if output == "json":
        out.json({"schemas": str(catalogue.root), "events": list(_events(catalogue))})
        return
    heads = ["event", "version", "state", "written", "fingerprint"]
    rows, about = [], []
    for event in _events(catalogue):
        name = event["event"]
        key = event["key"] or "none"
        about.append([name, event["topic"], event["level"], key])
        for each in event["versions"]:
            written = "yes" if each["written"] else ""
            state = "released" if each["released"] else "not released"
            rows.append([name, f"v{each['version']}", state, written, each["fingerprint"]])
            name = ""
    for line in table(heads, rows):
        out.line(line)
    out.line("")
    for line in table(["event", "topic", "level", "key"], about):
        out.line(line)
    for spec in catalogue.events.values():
        for line in _answers(spec):
            out.line(line)


def _answers(event: EventSpec) -> Iterator[str]:
    """Yield who answers for an event, and what in it is about persons, where event.toml says so."""
    who = " ".join(filter(None, (event.owner, f"<{event.contact}>" if event.contact else "")))
    if who:
        yield f"{event.name}: owner {who}"
    if event.pii:
        yield f"{event.name}: personal data in {', '.join(event.pii)}"


def _events(catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    for event in catalogue.events.values():
        lock = Lock.read(event.folder)
        yield {
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
