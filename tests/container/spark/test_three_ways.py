"""A year of Parquet through one process, four shards and Spark: the same topic, the same counts."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from freezer_events import spark
from freezer_events.events import FreezerReading
from freezer_events.registry.client import Registry
from tests.support.cli import Freezer, tally_of
from tests.support.topic_rows import there

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pyspark.sql import SparkSession

    from freezer_events import Settings
    from freezer_infra.local.stack import Stack

ROWS, SENSORS, SHARDS = 1_000_000, 23, 4
BAD = ROWS // 100
SKIP = ("--on-bad", "skip", "--rejects", "bad.jsonl", "--output", "json", "--quiet")
PRODUCE = ("produce", "--from", "year.parquet", *SKIP)


def sensor(number: int) -> str:
    return f"sensor{number * 7 % SENSORS}"


def write_year(path: Path) -> None:
    """Write numbered readings, one in a hundred without a temperature."""
    table = pa.table(
        {
            "sensor_id": [sensor(n) for n in range(ROWS)],
            "temperature": [None if n % 100 == 3 else float(n) for n in range(ROWS)],
        }
    )
    parquet.write_table(table, path, row_group_size=ROWS // 7)


def by_key(stack: Stack, topic: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for key, number in there(stack.bootstrap, topic):
        found[key].append(number)
    return found


def in_four(freezer: Freezer) -> dict[str, Any]:
    with ExitStack() as runs:
        running = [
            runs.enter_context(freezer.start(*PRODUCE, "--shard", f"{n}/{SHARDS}"))
            for n in range(SHARDS)
        ]
        for number, each in enumerate(running):
            lines, errors = each.rest()
            assert each.code == 0, errors
            (freezer.folder / f"{number}.json").write_text("\n".join(lines))
    done = freezer("tally", *(f"{n}.json" for n in range(SHARDS)), "--output", "json")
    assert done.returncode == 0, done.stdout
    said: dict[str, Any] = json.loads(done.stdout)
    assert (said["whole"], said["counted"], said["rows"]) == (True, True, ROWS)
    tally: dict[str, Any] = said["tally"]
    return tally


@pytest.mark.timeout(600)
def test_one_process_four_shards_and_spark_do_the_same(
    session: SparkSession,
    settings: Settings,
    freezer: Freezer,
    stack: Stack,
    make_topic: Callable[..., str],
    forget_subject: Callable[[str], None],
) -> None:
    write_year(freezer.folder / "year.parquet")
    topics = [freezer.settings["TOPIC"], make_topic(), make_topic()]
    with Registry.connect(settings) as registry:
        for each in topics[1:]:
            forget_subject(f"{each}-value")
            registry.register(f"{each}-value", FreezerReading.__event__.schema)

    done = freezer.within(300)(*PRODUCE)
    assert done.returncode == 0, done.stderr
    one = tally_of(done.stdout.splitlines())
    four = in_four(freezer.within(300).having(TOPIC=topics[1]))
    rejects = (freezer.folder / "rejects").as_uri()
    df = session.read.parquet((freezer.folder / "year.parquet").as_uri())
    tallies = spark.produce(
        df, FreezerReading, settings, topic=topics[2], rejects=rejects
    ).collect()

    assert one == four
    counts = {
        name: sum(each[name] for each in tallies) for name in ("read", "rejected", "delivered")
    }
    assert counts == {name: one[name] for name in counts}
    assert counts == {"read": ROWS, "rejected": BAD, "delivered": ROWS - BAD}
    kept = (freezer.folder / "bad.jsonl").read_text().splitlines()
    shards = [
        line
        for path in freezer.folder.glob("bad.shard-*-of-4.jsonl")
        for line in path.read_text().splitlines()
    ]
    frame = session.read.parquet(spark.rejected(rejects)).select("sensor_id", "temperature")
    assert sorted(kept) == sorted(shards)
    assert sorted(kept) == sorted(json.dumps(each.asDict()) for each in frame.collect())

    first, second, third = (by_key(stack, each) for each in topics)
    assert first == second == third
    assert first == {
        key: [n for n in range(ROWS) if sensor(n) == key and n % 100 != 3]
        for key in map(sensor, range(SENSORS))
    }
