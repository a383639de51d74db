"""One run of `freezer produce`: stages put together, progress shown."""

from __future__ import annotations

import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final

from freezer_events.avro.model import model_of, scalar_of
from freezer_events.avro.parse.types import UnionType
from freezer_events.cli import conclusion, options
from freezer_events.cli.dead_letters import DeadLetters
from freezer_events.cli.dry_run import dry_run
from freezer_events.cli.intake import Intake
from freezer_events.cli.kept_readings import KeptReadings
from freezer_events.cli.onward import Onward
from freezer_events.cli.output import Deliveries, Output, note, partition_lines
from freezer_events.cli.profile_files import find_profile
from freezer_events.cli.progress import Progress
from freezer_events.cli.rejects import Rejects
from freezer_events.cli.resume import resume_of
from freezer_events.console.signals import Interrupted
from freezer_events.console.stop import Stop
from freezer_events.console.words import counted, noun_of
from freezer_events.console.wrap import wrapped
from freezer_events.errors import EventError, NotDelivered, UsageError
from freezer_events.observe.logs import log_to_standard_error
from freezer_events.observe.server import serve_metrics
from freezer_events.observe.supervisor import supervised
from freezer_events.send.pipeline import Pipeline
from freezer_events.send.producer import EventProducer

if TYPE_CHECKING:
    from freezer_events.cli.produce_options import ProduceOptions
    from freezer_events.config import Settings
    from freezer_events.event import EventType
    from freezer_events.sources import Profile


_TIMES: Final = ("timestamp-millis", "timestamp-micros")


class ProduceRun:
    """Produce events, or only check them."""

    def __init__(self, given: ProduceOptions) -> None:
        self._given = given
        self._out = Output()

    def run(self) -> int:
        """Do it; returns the exit code."""
        given = self._given
        with ExitStack() as stack, Stop() as stop:
            if given.log_format is not None:
                debug = any(each.startswith("debug=") for each in given.properties)
                log_to_standard_error(given.log_format, given.log_level, debug=debug)
            catalogue = options.find_catalogue(given.schemas, given.into)
            event_type = options.event_type_in(catalogue, given.event_name)
            found = find_profile(given.mapping.profile, catalogue.event(given.event_name))
            profile = given.mapping.over(found, event_type)
            if given.metrics is not None:
                stack.enter_context(serve_metrics(given.metrics))
            writes = not given.dry_run
            rejects = stack.enter_context(Rejects(given.rejects, given.on_bad, writes=writes))
            if given.dry_run:
                timestamp_attribute(given.timestamp, event_type)  # or refuse it, as the run would
                return dry_run(given, event_type, profile, rejects, stop, self._out)
            return self._produce(event_type, profile, rejects, stop, stack)

    def _produce(
        self,
        event_type: EventType,
        profile: Profile,
        rejects: Rejects,
        stop: Stop,
        stack: ExitStack,
    ) -> int:
        given = self._given
        settings = options.load_settings(given.env_file, given.properties, given.topic)
        topic = settings.topic_for(event_type, named=given.event_name)
        producer = EventProducer(
            settings,
            topic=topic,
            timeout_s=given.timeout,
            give_up_after_s=given.give_up_after,
            spool=given.spool_at(settings),
            exactly_once=given.exactly_once,
        )
        stack.callback(_close, producer)
        rejects.letters = self._letters("--rejects-topic", settings, event_type, topic, stack)
        refused = self._letters("--undelivered-topic", settings, event_type, topic, stack)
        show = Deliveries(
            self._out, event_type, as_json=given.output == "json", every=given.every_delivery
        )
        progress = Progress(event_type.name, show.limit, quiet=given.quiet)
        pipeline = Pipeline(
            producer,
            stop,
            interval_s=given.interval_s,
            flush_s=given.timeout,
            on_report=show,
            reports=show.limit,
            on_progress=progress,
            on_notice=progress.notice,
        )
        pipeline.timestamp = timestamp_attribute(given.timestamp, event_type)
        if not given.is_live:
            pipeline.not_live = event_type
        if sys.stderr.isatty():
            pipeline.show_outage(progress.outage)
        tally = pipeline.tally
        with stop.interrupting():  # a pipe may have nobody at its other end
            intake = Intake(
                given,
                event_type,
                profile,
                rejects,
                tally,
                pipeline.wait,
                lambda names: resume_of(
                    pipeline.spool, given, names, self._purpose(event_type, topic)
                ),
                None if given.interval_s or pipeline.timestamp else show.limit,
            )
        stack.enter_context(intake)
        progress.share = intake.share_of(tally)
        kept = self._kept(intake, profile)
        try:
            with stop.interrupting():
                partitions = producer.prepare(event_type.record)
                for letters in filter(None, (rejects.letters, refused)):
                    letters.prepare()
        except (EventError, Interrupted):
            note(f"nothing was sent: {self._expected(event_type)}0 delivered")
            raise
        error: EventError | None = None
        try:
            with supervised():
                pipeline.run(
                    intake.events,
                    intake.reject,
                    given.expected,
                    intake.source,
                    mark=intake.mark,
                    on_end=intake.finish,
                    on_refused=None
                    if refused is None
                    else refused.keeper(intake.source, pipeline.undelivered),
                )
        except EventError as raised:
            error = raised
        except Exception:  # nobody foresaw it: the tally is told all the same
            conclusion.tell_counts(self._out, tally, event_type, given.output)
            raise
        progress.done()
        rejects.conclude()
        if refused is not None:
            refused.all_arrived()
        conclusion.compare(tally, intake.source, intake.skipped)
        shard = intake.shard_as_dict(
            topic,
            ended=pipeline.exhausted,
            earlier={"delivered": pipeline.earlier, "parked": pipeline.earlier_parked},
        )
        conclusion.tell_counts(self._out, tally, event_type, given.output, shard)
        onward = Onward(pipeline, intake, kept, rejects, given.shard)
        onward.tell(noun_of(event_type.name), error)
        if given.output == "text" and tally.delivered:
            self._shares(pipeline, partitions, topic, event_type)
        return conclusion.exit_code(
            given,
            stop,
            tally,
            event_type,
            error or pipeline.trouble or pipeline.why_left,
            rejects_kept=rejects.keeps,
        )

    def _purpose(self, event_type: EventType, topic: str) -> str:
        """Return what a spool remembers the run's files by."""
        of_run, shard = f"{event_type.name} {topic}", self._given.shard
        return of_run if shard is None else shard.purpose(of_run)

    def _shares(
        self, pipeline: Pipeline, partitions: int, topic: str, event_type: EventType
    ) -> None:
        """Say what each partition got, and what happened to the topic under way."""
        now, by = pipeline.partitions(topic), pipeline.partitioner
        for line in partition_lines(pipeline.tally, partitions or now, now, by, event_type):
            self._out.line(line)
        for each in pipeline.changes:
            for line in wrapped(f"under way: {each}"):
                self._out.line(line)

    def _letters(
        self, option: str, settings: Settings, event_type: EventType, topic: str, stack: ExitStack
    ) -> DeadLetters | None:
        """Open the topic for what is refused that an option names."""
        given = self._given
        to = given.rejects_topic if option == "--rejects-topic" else given.undelivered_topic
        if to is None:
            return None
        return stack.enter_context(
            DeadLetters(
                settings,
                option,
                to,
                meant=(event_type.name, topic),
                timeout_s=given.timeout,
                give_up_after_s=given.give_up_after,
            )
        )

    def _kept(self, intake: Intake, profile: Profile) -> KeptReadings | None:
        """Get ready to keep what is not delivered."""
        path = self._given.undelivered
        return KeptReadings(path, intake.inputs, named=profile.reads_name) if path else None

    def _expected(self, event_type: EventType) -> str:
        number = self._given.expected
        return f"{counted(number, noun_of(event_type.name))} not delivered, " if number else ""


def _close(producer: EventProducer) -> None:
    with suppress(NotDelivered):  # the tally has told it
        producer.close()


def timestamp_attribute(field: str | None, event_type: EventType) -> str | None:
    """Return the attribute of the field that `--timestamp` names.

    Raises:
        UsageError: the event has no such field, or it holds no time with a zone.

    """
    if field is None:
        return None
    model = model_of(event_type)
    found = next((each for each in model.root.fields if each.name == field), None)
    if found is None:
        listed = ", ".join(each.name for each in model.root.fields)
        why = f"version {event_type.version} of {event_type.name} has no such field: {listed}"
        raise UsageError(f"--timestamp {field}", why)
    of = model.resolve(found.type)
    kinds = model.branches(of) if isinstance(of, UnionType) else [of]
    names = {entry.name for entry in map(scalar_of, kinds) if entry is not None}
    if not names & {*_TIMES}:
        why = f"is no timestamp: a record's timestamp is a {' or '.join(_TIMES)}"
        raise UsageError(f"--timestamp {field}", why)
    return model.attribute(field)
