"""`freezer produce --dry-run`: read, fill and encode every reading; send nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from freezer_events.avro.wire import encode
from freezer_events.cli.conclusion import compare, exit_code, tell_counts
from freezer_events.cli.intake import Intake
from freezer_events.console.words import counted, noun_of
from freezer_events.errors import EventError, InvalidEvent, UsageError
from freezer_events.send.fill import Filler
from freezer_events.send.tally import Tally

if TYPE_CHECKING:
    from freezer_events.cli.output import Output
    from freezer_events.cli.produce_options import ProduceOptions
    from freezer_events.cli.rejects import Rejects
    from freezer_events.console.stop import Stop
    from freezer_events.event import EventType
    from freezer_events.sources import Profile


def dry_run(
    options: ProduceOptions,
    event_type: EventType,
    profile: Profile,
    rejects: Rejects,
    stop: Stop,
    out: Output,
) -> int:
    """Check all readings; returns the exit code.

    Raises:
        UsageError: there is no end to them, or the source cannot be opened.

    """
    if not options.sources and not options.simulated:
        raise UsageError("--dry-run with --count 0", "would never end", "say how many: --count")
    tally = Tally()
    with stop.interrupting():
        intake = Intake(options, event_type, profile, rejects, tally, lambda: not stop())
    with intake:
        error = _read(intake, Filler(event_type, live=options.is_live), tally, stop)
    rejects.conclude()
    if error is None:
        compare(tally, intake.source, intake.skipped)
    if options.output == "json":
        shard = intake.shard_as_dict(None, ended=error is None and not stop.asked)
        tell_counts(out, tally, event_type, options.output, shard)
    else:
        read = counted(tally.read, noun_of(event_type.name))
        counts = f"{read} read, {tally.rejected:,} rejected, {tally.unsent:,} good"
        out.conclude(f"dry run: {counts}; nothing was sent")
    kept = rejects.keeps
    return exit_code(options, stop, tally, event_type, error, rejects_kept=kept)


def _read(intake: Intake, fill: Filler, tally: Tally, stop: Stop) -> EventError | None:
    """Encode every event; returns what ended that early."""
    try:
        for event in intake.events:
            if stop():
                break
            tally.read += 1
            try:
                encode(fill(event))
            except InvalidEvent as raised:
                tally.reject(raised.rule)
                intake.reject(event, raised, intake.place)
            else:
                tally.unsent += 1
    except EventError as raised:
        return raised
    return None
