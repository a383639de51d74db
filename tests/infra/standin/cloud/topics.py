"""`kafka topic`: list, describe, configuration list, create, update, delete."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from . import faults
from .broker import Broker, find
from .errors import BrokerRefused, CliError, unknown_topic
from .flags import Arguments, key_values
from .output import serialized, show_list, show_one

if TYPE_CHECKING:
    from .context import Context

NUM_PARTITIONS = "num.partitions"


def list_all(context: Context, arguments: Arguments) -> None:
    rows = [asdict(topic) for topic in context.broker(arguments).topics()]
    if context.login is None:  # the REST proxy's list has names only in some versions
        rows = [{"name": row["name"]} for row in rows]
    show_list(rows, arguments.text("output"))
    if faults.active("vanish") is not None:
        for row in rows:
            context.broker(arguments).delete(str(row["name"]))


def describe(context: Context, arguments: Arguments) -> None:
    topic = find(context.broker(arguments), arguments.words[0])
    show_one(asdict(topic), arguments.text("output"))


def configuration(context: Context, arguments: Arguments) -> None:
    broker, name = context.broker(arguments), arguments.words[0]
    topic = find(broker, name)
    rows = broker.configs(name)
    if context.login is None:
        rows = [{"name": row["name"], "value": row["value"]} for row in rows]
    else:
        partitions = {"name": NUM_PARTITIONS, "value": str(topic.partition_count)}
        rows = sorted([*rows, {**partitions, "read_only": False}], key=lambda row: str(row["name"]))
    show_list(rows, arguments.text("output"))


def create(context: Context, arguments: Arguments) -> None:
    name = arguments.words[0]
    broker = context.broker(arguments)
    only_try = arguments.on("dry-run")
    try:
        broker.create(
            name,
            arguments.number("partitions"),
            key_values(arguments.lists.get("config", [])),
            replicas=arguments.number("replication-factor") or -1,
            only_try=only_try,
        )
    except BrokerRefused as error:
        if "already exists" not in error.reason:
            raise _limit(error) from error
        if arguments.on("if-not-exists"):
            return
        raise _exists(context, arguments, name) from error
    faults.after_mutation()
    sys.stdout.write(f'Created topic "{name}".\n')


def _limit(error: BrokerRefused) -> CliError:
    if "partitions will exceed" not in error.reason:
        return error
    return CliError(
        error.reason,
        "The total partition limit for a dedicated cluster may be increased by expanding its CKU "
        "count using `confluent kafka cluster update <id> --cku <count>`.",
    )


def _exists(context: Context, arguments: Arguments, name: str) -> CliError:
    if context.login is None:
        return CliError(
            f'topic "{name}" already exists for the Kafka cluster',
            "To list topics for the cluster, use `confluent kafka topic list --url <url>`.",
        )
    cluster = context.cluster(arguments)["id"]
    return CliError(
        f'topic "{name}" already exists for Kafka cluster "{cluster}"',
        f'To list topics for the cluster "{cluster}", use '
        f"`confluent kafka topic list --cluster {cluster}`.",
    )


def update(context: Context, arguments: Arguments) -> None:
    name, form = arguments.words[0], arguments.text("output")
    wanted = key_values(arguments.lists["config"])
    broker = context.broker(arguments)
    partitions = wanted.pop(NUM_PARTITIONS, None) if context.login else None
    only_try = arguments.on("dry-run")
    _alter(broker, name, wanted, only_try=only_try)
    if only_try:
        sys.stdout.write(f'Updated topic "{name}".\n')
        return
    if partitions is not None:
        _raise_partitions(broker, name, int(partitions))
    faults.after_mutation()
    rows = _rows(broker, name, wanted, partitions)
    if not serialized(form):
        sys.stderr.write(f'Updated the following configuration values for topic "{name}":\n')
    show_list(rows, form)


def _alter(broker: Broker, name: str, configs: dict[str, str], *, only_try: bool) -> None:
    find(broker, name)
    try:
        if configs:
            broker.alter(name, configs, only_try=only_try)
    except CliError as error:
        if error.message == unknown_topic("").message:
            raise unknown_topic(name) from error
        raise


def _raise_partitions(broker: Broker, name: str, count: int) -> None:
    """Raise the count, which works even where the CLI then says that it timed out."""
    broker.set_partitions(name, count)
    if faults.active("timeout-lie") is not None:
        raise CliError("retry failed due to timeout of 1s")


def _rows(
    broker: Broker, name: str, wanted: dict[str, str], partitions: str | None
) -> list[dict[str, object]]:
    now = {str(row["name"]): row for row in broker.configs(name)}
    rows = [now[key] for key in wanted]
    if partitions is not None:
        count = find(broker, name).partition_count
        rows.append({"name": NUM_PARTITIONS, "value": str(count), "read_only": False})
    return rows


def delete(context: Context, arguments: Arguments) -> None:
    broker = context.broker(arguments)
    for name in arguments.words:
        find(broker, name)
        if not arguments.on("force") and not _sure(name):
            return
        broker.delete(name)
        sys.stdout.write(f'Deleted topic "{name}".\n')


def _sure(name: str) -> bool:
    sys.stdout.write(f'Are you sure you want to delete topic "{name}"? (y/n): ')
    sys.stdout.flush()
    answer = sys.stdin.readline()
    if not answer:
        raise CliError("failed to read input: EOF")
    return answer.strip().lower() in ("y", "yes")
