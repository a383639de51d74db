"""`freezer_events.spark.produce` on a cluster of two workers, against the real Kafka."""

from __future__ import annotations

import base64
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import requests
from pyarrow import parquet
from pyspark.errors import PySparkException

from freezer_events import EventError, Settings, UsageError, spark
from freezer_events.events import FreezerReading
from tests.support.readme import programs
from tests.support.topic_rows import check_spooled, there

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyspark.sql import SparkSession

    from freezer_infra.local.stack import Stack
    from tests.support.cli import Freezer

pytestmark = pytest.mark.timeout(300)


def written(folder: Path, count: int, bad: Callable[[int], bool] = lambda _: False) -> str:
    """Write numbered readings of 20 sensors, some without a temperature; returns the file."""
    path = folder / "rows.parquet"
    rows = {
        "sensor_id": [f"key{n % 20}" for n in range(count)],
        "temperature": [None if bad(n) else float(n) for n in range(count)],
    }
    parquet.write_table(pa.table(rows), path, row_group_size=max(1, count // 7))
    return path.as_uri()


def test_a_worker_that_is_killed_loses_nothing_and_keeps_the_order(
    session: SparkSession,
    settings: Settings,
    freezer: Freezer,
    stack: Stack,
    topic: str,
    request: pytest.FixtureRequest,
) -> None:
    count = 400_000
    session.conf.set("spark.sql.adaptive.enabled", "false")  # it would leave one worker idle
    session.conf.set("spark.sql.shuffle.partitions", "2")
    request.addfinalizer(lambda: session.conf.unset("spark.sql.adaptive.enabled"))
    df = session.read.parquet(written(freezer.folder, count))
    done: list[Any] = []
    # Small requests, one after the other: no task ends before the other one has begun.
    slowly = {"max.in.flight.requests.per.connection": "1", "batch.num.messages": "20"}
    settings = replace(settings, properties={**settings.properties, **slowly})
    run = threading.Thread(
        target=lambda: done.extend(
            spark.produce(df, FreezerReading, settings, topic=topic).collect()
        )
    )
    run.start()
    while len({key for key, _ in there(stack.bootstrap, topic)}) < 20:  # both workers send
        assert run.is_alive()
    os.kill(executors(session)[0], signal.SIGKILL)
    run.join(timeout=200)
    again = check_spooled(there(stack.bootstrap, topic), count)
    assert sum(each["delivered"] for each in done) == count
    assert again
    assert max(each["attempt"] for each in done)


def executors(session: SparkSession) -> list[int]:
    """Return the processes of the executors that run for a session."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            line = (each / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        app = session.sparkContext.applicationId.encode()
        if any(part.endswith(b"CoarseGrainedExecutorBackend") for part in line) and app in line:
            found.append(int(each.name))
    return found


def test_what_is_no_event_is_kept_with_its_columns_and_its_reason(
    session: SparkSession, settings: Settings, freezer: Freezer, stack: Stack, topic: str
) -> None:
    df = session.read.parquet(written(freezer.folder, 1000, lambda n: n % 10 == 3))
    folder = (freezer.folder / "rejects").as_uri()
    found = spark.produce(df, FreezerReading, settings, topic=topic, rejects=folder)
    for _ in range(2):  # what is returned sends nothing
        tallies = found.collect()
    assert sum(each["read"] for each in tallies) == 1000
    assert sum(each["rejected"] for each in tallies) == 100
    assert sum(each["delivered"] for each in tallies) == 900
    assert len(there(stack.bootstrap, topic)) == 900
    kept = session.read.parquet(spark.rejected(folder)).collect()
    assert len(kept) == 100
    assert {(each["temperature"], each["freezer_why"]) for each in kept} == {
        (None, "temperature: None is not a number")
    }
    assert all(each["sensor_id"] in {"key3", "key13"} for each in kept)

    with pytest.raises(PySparkException, match="already exists"):  # and nothing is sent
        spark.produce(df, FreezerReading, settings, topic=topic, rejects=folder)
    assert len(there(stack.bootstrap, topic)) == 900
    with pytest.raises(EventError, match="100 rows are none, all others were sent; one of them"):
        spark.produce(df, FreezerReading, settings, topic=topic)
    assert len(there(stack.bootstrap, topic)) == 1800


def test_the_kinds_of_a_frame_become_values_and_nothing_is_filled_in_but_from_the_reading(
    session: SparkSession, settings: Settings, topic: str, freezer: Freezer
) -> None:
    df = session.sql(
        "select 'sensor0' as sensor_id, cast(-3.25 as float) as temperature, 7 as room"
        " union all select 'sensor1', cast(4 as float), 8"
    )
    spark.produce(df, FreezerReading, settings, topic=topic, keep_order=False)
    done = freezer("consume", "--from-beginning", "--until-end", "--output", "csv")
    assert sorted(done.stdout.splitlines()[1:]) == ["sensor0,-3.25", "sensor1,4.0"]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("select 1.5D as temperature", "no column holds sensor_id; the columns are: temperature"),
        ("select 'a' as sensor_id, 1D as temperature, 2D as temperature", "is there twice"),
        ("select 'a' as sensor_id, 1D as temperature, 'x' as freezer_tally", "has a name of ours"),
    ],
)
def test_columns_that_cannot_be_are_named_before_anything_is_sent(
    session: SparkSession, settings: Settings, topic: str, query: str, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        spark.produce(session.sql(query), FreezerReading, settings, topic=topic)


def test_what_a_worker_meets_is_said(
    session: SparkSession, settings: Settings, topic: str, freezer: Freezer
) -> None:
    df = session.read.parquet(written(freezer.folder, 10))
    nowhere = replace(settings, schema_registry_url="http://127.0.0.1:9/")
    with pytest.raises(EventError, match=r"127\.0\.0\.1:9"):
        spark.produce(df, FreezerReading, nowhere, topic=topic)


def test_no_secret_is_in_the_plan_the_pages_or_the_event_log(
    session: SparkSession,
    freezer: Freezer,
    secured: Stack,
    topic: str,
    event_log: Path,
) -> None:
    settings = Settings(
        bootstrap_servers=secured.sasl_bootstrap,
        sasl_username=secured.admin_user,
        sasl_password=secured.admin_password,
        ssl_ca_location=secured.ca_path,
        schema_registry_url=secured.registry_url,
        client_id="a-client-of-spark",
    )
    df = session.read.parquet(written(freezer.folder, 500))
    out = (freezer.folder / "rejects").as_uri()
    found = spark.produce(df, FreezerReading, settings, topic=topic, rejects=out)
    assert sum(each["delivered"] for each in found.collect()) == 500
    secret = secured.admin_password.encode()
    hidden = [secret, *(base64.b64encode(b"_" * n + secret)[4:-4] for n in range(3))]
    seen = b"".join(pages(session)) + b"".join(
        each.read_bytes() for each in event_log.rglob("*") if each.is_file()
    )
    assert seen.count(b"MapInArrow") > 4  # it is there where a secret would be
    assert not [each for each in hidden if each in seen]


def pages(session: SparkSession) -> list[bytes]:
    """Read what Spark shows of the last query."""
    url = session.sparkContext.uiWebUrl
    assert url is not None
    api = f"{url}/api/v1/applications/{session.sparkContext.applicationId}"
    listed = requests.get(f"{api}/sql?details=true&length=1000", timeout=20).json()
    last = max(each["id"] for each in listed)
    asked = [
        f"{url}/environment/",
        f"{url}/jobs/",
        f"{url}/stages/",
        f"{url}/executors/",
        f"{api}/environment",
        f"{api}/sql?details=true&length=1000",
        *(f"{url}/SQL/execution/?id={n}" for n in range(last + 1)),
    ]
    found = [requests.get(each, timeout=20) for each in asked]
    assert {each.status_code for each in found} == {200}
    return [each.content for each in found]


@pytest.mark.usefixtures("session")
def test_the_program_on_the_page_does_what_it_says(
    freezer: Freezer, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = programs("docs/backfill.md")["year_by_spark.py"]
    path = written(freezer.folder, 200, lambda n: n == 7)
    here = freezer.folder.as_uri()
    text = program.replace('"year.parquet"', repr(path)).replace('"rejects"', f"'{here}/rejects'")
    for name, value in freezer.settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(freezer.folder)
    exec(text, {})  # noqa: S102 - what readers type
    assert len(there(stack.bootstrap, freezer.settings["TOPIC"])) == 199
