"""`freezer spool status`: what waits, what is parked, what was lost, and what a commit costs."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from freezer_events.cli import options
from freezer_events.cli.output import Output
from freezer_events.cli.spool.place import folder, looking, spool_option
from freezer_events.console.escape import one_line
from freezer_events.console.words import counted
from freezer_events.spool.commit_time import commit_ms
from freezer_events.spool.folder import holder

if TYPE_CHECKING:
    from pathlib import Path

    from freezer_events.spool.store import Store


@click.command("status")
@spool_option
@options.output
def command(*, spool: Path | None, env_file: Path | None, output: str) -> int:
    """Show what waits in the spool, what is parked and what was lost; exit 1 on the last two.

    It may be used by another process meanwhile. The time of a commit is measured now, on the
    device that the spool is on: it is what `send` waits for.
    """
    path = folder(spool, env_file)
    with looking(path) as store:
        found = _found(path, store)
    if output == "json":
        Output().json(found)
    else:
        _print(found)
    return 1 if found["parked"] or found["losses"] else 0


def _found(path: Path, store: Store) -> dict[str, Any]:
    waiting, parked = store.waiting(), store.parked()
    age_s = None if waiting.oldest_ms is None else time.time() - waiting.oldest_ms / 1000
    time_of_commit = commit_ms(path)
    return {
        "spool": str(path),
        "identity": store.identity,
        "used_by": holder(path),
        "waiting": waiting.events,
        "waiting_bytes": waiting.size_bytes,
        "oldest": None if waiting.oldest_ms is None else _iso(waiting.oldest_ms),
        "oldest_s": None if age_s is None else round(max(0.0, age_s), 1),
        "file_bytes": store.path.stat().st_size,
        "parked": len(parked),
        "parked_for": dict(Counter(each.reason for each in parked)),
        "losses": sum(each.events for each in store.losses()),
        "lost_for": [
            {"at": _iso(each.at_ms), "events": each.events, "reason": each.reason}
            for each in store.losses()
        ],
        "commit_ms": None if time_of_commit is None else round(time_of_commit, 2),
    }


def _print(found: dict[str, Any]) -> None:
    out = Output()
    user = found["used_by"]
    out.line(f"spool     {found['spool']}")
    out.line(f"identity  {found['identity']}")
    out.line(f"used by   {'no process' if user is None else f'process {user}'}")
    out.line(f"waiting   {counted(found['waiting'], 'event')}, {found['waiting_bytes']:,} bytes")
    if found["oldest"] is not None:
        out.line(f"oldest    {found['oldest']}, {found['oldest_s']:,.0f} s ago")
    out.line(f"file      {found['file_bytes']:,} bytes")
    out.line(f"parked    {counted(found['parked'], 'event')}")
    for reason, count in found["parked_for"].items():
        out.line(f"          {count:,}: {one_line(reason)}")
    out.line(f"lost      {counted(found['losses'], 'event')}")
    for each in found["lost_for"]:
        out.line(f"          {each['at']}  {each['events']:,}: {one_line(each['reason'])}")
    took = "not possible now" if found["commit_ms"] is None else f"{found['commit_ms']:g} ms"
    out.line(f"a commit  {took}")


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
