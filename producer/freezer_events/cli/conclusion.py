"""How a run of `freezer produce` ends: its counts, what is left over, its exit code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from freezer_events.cli.output import note, summary
from freezer_events.console.ending import Ending, tell
from freezer_events.console.words import counted, noun_of
from freezer_events.errors import (
    AccessError,
    EventError,
    SchemaError,
    UnreachableError,
    UsageError,
)
from freezer_events.send.tally import CountsDiffer, Tally

if TYPE_CHECKING:
    from freezer_events.cli.output import Output
    from freezer_events.cli.produce_options import ProduceOptions
    from freezer_events.console.stop import Stop
    from freezer_events.event import EventType
    from freezer_events.sources import Source

# Those whose own exit code says more than that something was not delivered.
_TELLING: Final = (AccessError, SchemaError, UnreachableError, UsageError)


def compare(tally: Tally, source: Source | None, skipped: int = 0) -> None:
    """Hold what the source counted against what was sent, and what was sent by an earlier run.

    Raises:
        CountsDiffer: a bug.

    """
    rows = None if source is None else source.rows
    if rows is not None and (rows.astray or tally.read + skipped != rows.rejected + rows.readings):
        raise CountsDiffer(f"{rows} and {tally}")


def tell_counts(
    out: Output,
    tally: Tally,
    event_type: EventType,
    output: str,
    shard: dict[str, Any] | None = None,
) -> None:
    """Print the line that ends a run; with the shard that it was, for machines."""
    if output == "json":
        out.conclude({"tally": tally.as_dict()} | ({"shard": shard} if shard else {}))
    else:
        out.conclude(summary(tally, event_type))


def exit_code(
    options: ProduceOptions,
    stop: Stop,
    tally: Tally,
    event_type: EventType,
    error: EventError | None,
    *,
    rejects_kept: bool,
) -> int:
    """Decide, and tell the error: a signal, else a refusal, else what the tally says."""
    lost = tally.undelivered if not options.dry_run else 0
    if lost:
        note(f"{counted(lost, noun_of(event_type.name))} not delivered")
    if tally.parked:
        note(
            f"{counted(tally.parked, noun_of(event_type.name))} parked: the topic does not take"
            " them; see: freezer spool status"
        )
        lost += tally.parked
    code = 1 if error or lost or (tally.rejected and not rejects_kept) else 0
    if code < SchemaError.exit_code and 0 < tally.rejected == tally.read:
        code = SchemaError.exit_code  # nothing of the input is a reading
    if stop.exit_code is not None:
        code = stop.exit_code
    elif error is not None and (tally.spooled or isinstance(error, _TELLING)):
        code = error.exit_code
    if error is not None:
        failure = replace(Ending.of(error), exit_code=code)
        tell(failure, as_json_to="err" if options.output == "json" else None)
    return code
