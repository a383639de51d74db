"""Spark: the rows of a DataFrame become events, which its workers send (extra `[spark]`).

from freezer_events import Settings, spark

tallies = spark.produce(df, FreezerReading, Settings.load(), rejects="s3a://lake/rejected")
"""

from __future__ import annotations

import importlib
import json
import logging
from typing import TYPE_CHECKING, Any, Final

from freezer_events.avro.forms import field_names, required
from freezer_events.avro.model import model_of
from freezer_events.errors import EventError, UsageError
from freezer_events.send.delivery import DEFAULT_GIVE_UP_AFTER_S, DEFAULT_TIMEOUT_S
from freezer_events.send.producer import EventProducer
from freezer_events.spark.worker import COUNTS, KIND, REJECTED, TALLY, Task, added_columns

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from freezer_events.config import Settings
    from freezer_events.event import Event, EventType

__all__ = ["produce"]

_ORDER: Final = "freezer_order"
_LOG: Final = logging.getLogger("freezer.spark")


def produce(
    df: DataFrame,
    event: type[Event],
    settings: Settings,
    *,
    keep_order: bool = True,
    topic: str | None = None,
    rejects: str | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    give_up_after_s: float = DEFAULT_GIVE_UP_AFTER_S,
) -> DataFrame:
    """Send each row of a DataFrame as an event, in one action that runs here and now.

    A column holds the field of its name, a struct a record; a field without a column gets its
    default, and what `fill` makes of the reading. What is sent are the rows that fit, each once,
    unless a task is run again: Spark does so when a worker is lost, and in speculative execution.
    Readers that know events by `event_id` take no harm from that, if it is made of the reading
    (`fill = "uuid5:FIELD,FIELD"`); `attempt` in what is returned tells where it may have happened.

    Settings travel with the function, which no plan, page or event log of Spark shows; between the
    processes they are as safe as `spark.network.crypto.enabled` and `spark.io.encryption.enabled`
    make them. A file that they name (`ssl_ca_location`) must be on every worker.

    Args:
        df: the rows.
        event: the generated class; its module must be on the workers, too.
        settings: the cluster and the registry.
        keep_order: bring the rows of a key to one worker, in the order in which the DataFrame has
            them: `df.orderBy("recorded_at")` says which that is. False: as they are, which saves
            the exchange, where order matters to nobody or the partitions are by key already.
        topic: send every event here, instead of to the topic of its type.
        rejects: a new folder, as Spark names folders, for the rows that are no such event: as
            Parquet, with the columns they had and `freezer_why`. Without it such rows are counted,
            and raise once all others are delivered.
        timeout_s: seconds allowed for an answer of a broker or the registry.
        give_up_after_s: seconds without a delivery after which a task fails.

    Returns:
        A row for each task that sent: `partition`, `attempt` (0 if neither it nor its stage was
        run again), and counts of rows: `read`, `rejected`, `delivered`. They are known by then:
        to use it sends nothing.

    Raises:
        UsageError: a column is missing, is there twice, or has a name of ours.
        InvalidEvent, SchemaError, ConfigError, …: what `EventProducer.prepare` raises, before
            anything is sent.
        EventError: rows are no such event, and no folder for them was named.
        pyspark.errors.PySparkException: a task failed for good; what failed is in its text.

    """
    event_type = event.__event__
    _refuse_columns(df.columns, event_type, keeps=rejects is not None)
    with EventProducer(settings, topic=topic, timeout_s=timeout_s) as producer:
        producer.prepare(event)
    rows = _by_key(df, event_type) if keep_order and event_type.key else df
    task = Task(event, settings, topic, timeout_s, give_up_after_s, keeps=rejects is not None)
    added = ", ".join(f"{name} string" for name in added_columns(keeps=rejects is not None))
    if rejects is None:
        told = rows.mapInArrow(task, added).collect()
    else:
        schema = _schema(df, added)
        rows.mapInArrow(task, schema).write.partitionBy(KIND).parquet(rejects)
        told = df.sparkSession.read.parquet(f"{rejects}/{KIND}={TALLY}").select(TALLY).collect()
    tallies = [json.loads(each[TALLY]) for each in told]
    count = sum(each["rejected"] for each in tallies)
    if count and rejects is None:
        first = next(each["first"] for each in tallies if each["rejected"])
        raise EventError(
            f"produce {event_type.name}",
            f"{count:,} rows are none, all others were sent; one of them: {first}",
            "keep such rows to see them all: rejects=FOLDER",
        )
    columns = ", ".join(f"{name} {kind}" for name, kind in COUNTS.items())
    for each in tallies:
        each["attempt"] = max(each["attempt"], _stage_attempt(df.sparkSession, each["stage"]))
    listed = [tuple(each[name] for name in COUNTS) for each in tallies]
    return df.sparkSession.createDataFrame(sorted(listed), columns)


def rejected(folder: str) -> str:
    """Return the folder of the rejected rows in the one that `rejects` named."""
    return f"{folder}/{KIND}={REJECTED}"


def _stage_attempt(session: Any, stage: int) -> int:
    """Return how often a stage was run again, which a task cannot know; 0 where nobody tells."""
    errors: Any = importlib.import_module("pyspark.errors")
    try:
        info = session.sparkContext.statusTracker().getStageInfo(stage)
    except errors.PySparkException:  # Spark Connect has no context
        return 0
    return 0 if info is None else int(info.currentAttemptId)


def _by_key(df: DataFrame, event_type: EventType) -> DataFrame:
    """Bring the rows of a key together, in their order: an exchange alone does not keep it."""
    functions: Any = importlib.import_module("pyspark.sql.functions")
    key = model_of(event_type).fields[event_type.key or ""]
    numbered = df.withColumn(_ORDER, functions.monotonically_increasing_id())
    return numbered.repartition(f"`{key}`").sortWithinPartitions(_ORDER).drop(_ORDER)


def _schema(df: DataFrame, added: str) -> Any:
    types: Any = importlib.import_module("pyspark.sql.types")
    found = types.StructType([types.StructField(f.name, f.dataType, True) for f in df.schema])
    return types.StructType([*found, *types.StructType.fromDDL(added)])


def _refuse_columns(columns: list[str], event_type: EventType, *, keeps: bool) -> None:
    name = f"produce {event_type.name}"
    twice = next((each for each in columns if columns.count(each) > 1), None)
    if twice is not None:
        raise UsageError(name, f"column {twice!r} is there twice", "rename one")
    ours = {_ORDER, *(added_columns(keeps=keeps))} & {*columns}
    if ours:
        raise UsageError(name, f"column {min(ours)!r} has a name of ours", "rename it")
    fields = field_names(event_type)
    missing = [each for each in fields if each in required(event_type) and each not in columns]
    if missing:
        raise UsageError(
            name,
            f"no column holds {missing[0]}; the columns are: {', '.join(columns)}",
            f'name the one that does: df.withColumnRenamed("COLUMN", "{missing[0]}")',
        )
    unused = [each for each in columns if each not in fields]
    if unused:
        _LOG.warning("columns that %s has no field for: %s", event_type.name, ", ".join(unused))
