"""librdkafka's properties for a producer of ours: our defaults under the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from freezer_events.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.config import Settings

# Longer than it takes to give up: what expires in librdkafka's queue expires one by one, and what
# is behind it could be delivered. It is for a partition that alone is out of reach.
_MARGIN_S: Final = 5.0
_LONGEST_MS: Final = 2**31 - 1
_QUEUE: Final = "queue.buffering.max.messages"
_QUEUE_DEFAULT: Final = 100_000  # librdkafka's own
_PLUGINS: Final = "plugin.library.paths"

DEFAULTS: Final[Mapping[str, Any]] = {
    "enable.idempotence": True,  # no duplicates and no reordering when librdkafka retries
    "acks": "all",
    "compression.type": "lz4",
    "linger.ms": 0,  # a single reading goes at once; under load the line makes the batches
    "partitioner": "murmur2_random",  # what Java clients use: streams join across languages
}


def producer_properties(settings: Settings, give_up_after_s: float | None) -> dict[str, Any]:
    """Return the properties of a producer; None: it never gives up on a message.

    Raises:
        ConfigError: the user's own would leave us without reports.

    """
    timeout_ms = 0  # for ever
    if give_up_after_s is not None:
        timeout_ms = int(min((give_up_after_s + _MARGIN_S) * 1000, _LONGEST_MS))
    found: dict[str, Any] = {
        **DEFAULTS,
        "message.timeout.ms": timeout_ms,
        **settings.kafka(),
    }
    if str(found.get("delivery.report.only.error")).lower() in {"true", "t", "1"}:
        raise ConfigError(
            "delivery.report.only.error",
            "would leave nothing to count: a message is delivered when its report says so",
            "leave that property out",
        )
    return found


def partitioner(settings: Settings) -> str:
    """Return the partitioner in force."""
    return str(settings.properties.get("partitioner", DEFAULTS["partitioner"]))


def queue_limit(settings: Settings) -> int:
    """Return how many messages the client's queue takes."""
    return int(settings.properties.get(_QUEUE, _QUEUE_DEFAULT))


def with_plugin(properties: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return properties with one more plugin of librdkafka: an extension module of ours."""
    own = properties.get(_PLUGINS)
    return {**properties, _PLUGINS: f"{own};{path}" if own else path}
