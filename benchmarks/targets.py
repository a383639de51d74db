"""Where rows deliver to: the mock cluster in another process, and the real Kafka in a container."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from confluent_kafka.schema_registry import SchemaRegistryClient

from benchmarks.mock_cluster import mock_cluster
from benchmarks.way import BenchTarget
from benchmarks.workload import SCHEMA
from freezer_events import Settings
from freezer_events.registry.client import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARTITIONS: Final = 3
_ANSWER_S: Final = 5.0  # what runs on this machine answers by then
_SILENT: Final = logging.getLogger("benchmarks.nothing")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


def _local_registry(topic: str) -> Registry:
    url = f"mock://{topic}"
    registry = Registry(SchemaRegistryClient.new_client({"url": url}), url)
    registry.register(f"{topic}-value", SCHEMA)
    return registry


@contextmanager
def mock() -> Iterator[BenchTarget]:
    """Give librdkafka's mock cluster."""
    with mock_cluster("bench", partitions=_PARTITIONS) as servers:
        yield BenchTarget(servers, "bench", _local_registry("bench"))


@contextmanager
def real() -> Iterator[BenchTarget | None]:
    """Give a topic of its own on the Kafka in the container; None where that does not run."""
    servers = Settings.load().bootstrap_servers or ""
    if not servers.startswith("localhost:"):
        yield None
        return
    admin = AdminClient({"bootstrap.servers": servers}, logger=_SILENT)
    topic = f"bench-{time.time_ns()}"
    try:
        admin.list_topics(timeout=_ANSWER_S)
    except KafkaException:
        yield None
        return
    for made in admin.create_topics([NewTopic(topic, _PARTITIONS)], request_timeout=15).values():
        made.result()
    try:
        yield BenchTarget(servers, topic, _local_registry(topic))
    finally:
        for gone in admin.delete_topics([topic], request_timeout=15).values():
            gone.result()
