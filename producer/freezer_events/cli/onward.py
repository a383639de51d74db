"""How a run goes on that did not come to its end: what is kept, and the next command to type."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from freezer_events.cli.kept_readings import next_place
from freezer_events.cli.output import note
from freezer_events.console.escape import one_line
from freezer_events.console.words import counted
from freezer_events.errors import InvalidEvent

if TYPE_CHECKING:
    from freezer_events.cli.intake import Intake
    from freezer_events.cli.kept_readings import KeptReadings
    from freezer_events.cli.rejects import Rejects
    from freezer_events.cli.shard import Shard
    from freezer_events.errors import EventError
    from freezer_events.send.pipeline import Pipeline


class Onward:
    """Tells, once a run is over, how to go on with its input.

    Args:
        pipeline: knows what was not delivered.
        intake: the input.
        kept: takes that; None: it is kept nowhere.
        rejects: what was no reading.
        shard: which part of the input the run was for, if not all of it.

    """

    def __init__(
        self,
        pipeline: Pipeline,
        intake: Intake,
        kept: KeptReadings | None,
        rejects: Rejects,
        shard: Shard | None,
    ) -> None:
        self._pipeline = pipeline
        self._intake = intake
        self._kept = kept
        self._rejects = rejects
        self._shard = shard

    def tell(self, noun: str, error: EventError | None) -> None:
        """Keep what was not delivered, and say where the input goes on.

        Args:
            noun: what an event is called.
            error: what ended the run.

        """
        if self._pipeline.spool is not None:
            self._tell_spooled(noun, error)
            return
        lost, source = self._pipeline.undelivered, self._intake.source
        if lost and self._kept is not None:
            for path, count in self._kept.write(lost, source):
                note(f"{counted(count, noun)} not delivered: kept in {path}")
        wrong = isinstance(error, InvalidEvent) and not self._rejects.keeps
        inputs = self._intake.inputs
        ahead = next_place(
            source,
            lost,
            inputs,
            kept=self._kept is not None,
            ended=self._pipeline.exhausted,
            refused=wrong or self._rejects.is_stuck,
        )
        if self._shard is not None:
            if ahead is not None or not self._pipeline.exhausted:
                same = f"the same command{self._but()}"
                note(f"to go on: {same}; with --spool DIR it goes on where it was")
        elif ahead is not None and ahead[0] != "-":
            name, line = ahead
            only = f"the inputs from {name} on, " if len(inputs) > 1 else ""
            first = f"correct line {line}, then " if wrong and not lost else ""
            note(f"to go on: {first}the same options{self._but()}, {only}--start-at {line}")

    def _tell_spooled(self, noun: str, error: EventError | None) -> None:
        """Say what came from the spool, and how the input goes on, if it can as it is."""
        if self._pipeline.earlier:
            earlier = counted(self._pipeline.earlier, noun)
            note(f"{earlier} of earlier runs delivered from the spool")
        goes_on = error is None or "--restart" not in error.fix
        cut = self._shard is not None and self._shard.cut
        if goes_on and self._intake.resume is not None and (cut or not self._pipeline.exhausted):
            note("to go on: the same command")

    def _but(self) -> str:
        """Return which files a further run must be given in place of those that hold something."""
        other = {
            "--rejects": self._rejects.another(),
            "--undelivered": None if self._kept is None else self._kept.another(),
        }
        said = [f"{option} {shlex.quote(path)}" for option, path in other.items() if path]
        return one_line(f", but {' '.join(said)}") if said else ""
