"""infra/topics.toml as it would declare what is there: `freezer topics import`. Pure.

Which configs were set is known where the target says so (the Admin API). The Confluent CLI does
not, so through it only a few that people set are taken, where they differ from Kafka's defaults.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freezer_infra.planner.target import Shape, Value

# https://kafka.apache.org/documentation/#topicconfigs
_DEFAULTS: Final = {
    "cleanup.policy": "delete",
    "compression.type": "producer",
    "delete.retention.ms": "86400000",
    "max.compaction.lag.ms": "9223372036854775807",
    "message.timestamp.type": "CreateTime",
    "min.compaction.lag.ms": "0",
    "retention.bytes": "-1",
    "retention.ms": "604800000",
}


def toml(
    target: str,
    topics: Mapping[str, Shape],
    configs: Mapping[str, Mapping[str, Value]],
    events: Mapping[str, tuple[str, int]],
    *,
    with_replication: bool,
) -> str:
    """Write the text of a topics.toml.

    Args:
        target: where it was read, for the first line.
        topics: what is there, without internal topics.
        configs: their configs.
        events: topic to event and the partitions that its event.toml declares.
        with_replication: whether the target does as it is told about copies.

    """
    lines = [f"# What {target} has. Who may use it is not read back: add [[access]] by hand."]
    for name, shape in sorted(topics.items()):
        event, partitions = events.get(name, ("", shape.partitions))
        lines += ["", f"[events.{event}]" if event else f"[topics.{json.dumps(name)}]"]
        if event and partitions != shape.partitions:
            lines.append(f"# it has {shape.partitions} partitions, event.toml says {partitions}")
        if not event:
            lines.append(f"partitions = {shape.partitions}")
        if with_replication:
            lines.append(f"replication = {shape.replication}")
        lines += [
            f"configs.{json.dumps(key)} = {json.dumps(value)}" for key, value in _set(configs[name])
        ]
    return "\n".join(lines) + "\n"


def _set(configs: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    for key, value in sorted(configs.items()):
        usual = value.is_default
        if usual is None:
            usual = value.value == _DEFAULTS.get(key, value.value)
        if not usual and not value.read_only:
            yield key, value.value
