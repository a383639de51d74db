"""`kafka topic` and `kafka broker list`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from . import faults
from .errors import LIMIT, CliError, NotModelled, no_topic
from .flags import key_values

if TYPE_CHECKING:
    from .call import Answer, Call, Row

NUM_PARTITIONS = "num.partitions"
DEFAULT_PARTITIONS = 6


def brokers(call: Call) -> Answer:
    return [
        {"cluster_id": "c", "broker_id": number, "host": "localhost", "port": 9092}
        for number in range(call.broker().brokers())
    ]


def list_all(call: Call) -> Answer:
    rows = call.broker().topics()
    if faults.active("vanish") is not None:
        for row in rows:
            call.broker().delete(row["name"])
    # A REST proxy's list has names only in some versions.
    return [{"name": row["name"]} for row in rows] if call.on_platform else rows


def _topic(call: Call, name: str) -> Row:
    rows = {row["name"]: row for row in call.broker().topics()}
    if name not in rows or faults.hides("topic"):
        raise no_topic(name, on_platform=call.on_platform)
    return rows[name]


def describe(call: Call) -> Answer:
    return _topic(call, call.said.words[0])


def configs(call: Call) -> Answer:
    return _config_rows(call)


def _config_rows(call: Call) -> list[Row]:
    topic = _topic(call, call.said.words[0])
    rows = call.broker().configs(call.said.words[0])
    if call.on_platform:
        return [{"name": row["name"], "value": row["value"]} for row in rows]
    count = {"name": NUM_PARTITIONS, "value": str(topic["partition_count"]), "read_only": False}
    return sorted([*rows, count], key=lambda row: str(row["name"]))


def create(call: Call) -> Answer:
    name, count = call.said.words[0], call.said.number("partitions")
    wanted = key_values(call.said.lists.get("config", []))
    copies = call.said.number("replication-factor") or (1 if call.on_platform else 3)
    broker = call.broker()
    if name in [row["name"] for row in broker.topics()]:
        raise _exists(call, name)
    try:
        broker.create(name, DEFAULT_PARTITIONS if count is None else count, copies, wanted)
    except CliError as error:
        if LIMIT in error.message:
            raise CliError(LIMIT, "The total partition limit may be increased by …") from error
        raise
    return f'Created topic "{name}".\n'


def _exists(call: Call, name: str) -> CliError:
    where = "the Kafka cluster" if call.on_platform else f'Kafka cluster "{call.text("cluster")}"'
    return CliError(f'topic "{name}" already exists for {where}', "To list topics, use …")


def update(call: Call) -> Answer:
    """Change configs, then partitions: not atomic."""
    name, broker = call.said.words[0], call.broker()
    wanted = key_values(call.said.lists["config"])
    asked = list(wanted)
    count = None if call.on_platform else wanted.pop(NUM_PARTITIONS, None)
    _topic(call, name)
    if wanted:
        broker.alter(name, wanted)
    if count is not None:
        broker.set_partitions(name, int(count))
        if faults.active("timeout-lie") is not None:
            raise CliError("retry failed due to timeout of 1s")
    if call.text("output") != "json":
        sys.stderr.write(f'Updated the following configuration values for topic "{name}":\n')
    return [row for row in _config_rows(call) if row["name"] in asked]


def delete(call: Call) -> Answer:
    if call.text("force") != "true":
        raise NotModelled("a prompt: use --force")
    for name in call.said.words:
        _topic(call, name)
        call.broker().delete(name)
    return "".join(f'Deleted topic "{name}".\n' for name in call.said.words)
