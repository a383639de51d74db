"""Read a topic with none of our code: the plain consumer, fastavro, one call to the registry."""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any

import fastavro
import requests
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

if TYPE_CHECKING:
    from freezer_infra.local.stack import Stack


def read(stack: Stack, topic: str, count: int) -> list[Any]:
    """Return the first `count` values on a topic with three partitions, decoded."""
    consumer = Consumer({**stack.plaintext(), "group.id": "independent"})
    consumer.assign([TopicPartition(topic, n, OFFSET_BEGINNING) for n in range(3)])
    found: list[Any] = []
    schemas: dict[int, Any] = {}
    deadline = time.monotonic() + 30
    while len(found) < count and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        value = message.value() or b""
        assert value[0] == 0
        number = int.from_bytes(value[1:5], "big")
        if number not in schemas:
            answer = requests.get(f"{stack.registry_url}/schemas/ids/{number}", timeout=10).json()
            schemas[number] = fastavro.parse_schema(json.loads(answer["schema"]))
        found.append(fastavro.schemaless_reader(io.BytesIO(value[5:]), schemas[number], None))
    consumer.close()
    return found
