"""A Schema Registry inside this process, for the demo and for users' tests."""

from __future__ import annotations

from itertools import count
from typing import Final

from freezer_events.registry.client import Registry

IN_PROCESS: Final = "/in-process/"
"""In the path of the address of one that is served for a test: it is gone with its process."""

_NUMBERS: Final = count(1)


class MemoryRegistry(Registry):
    """An empty registry of its own; it accepts what a real one would refuse."""

    def __init__(self) -> None:
        from confluent_kafka.schema_registry import SchemaRegistryClient  # noqa: PLC0415 - slow

        url = f"mock://{next(_NUMBERS)}"
        super().__init__(SchemaRegistryClient.new_client({"url": url}), url)


class OpenRegistry(Registry):
    """Registers what it is asked for, in the registry of another; only a test's may."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(registry.client, registry.address)

    def schema_id(self, subject: str, text: str) -> int:
        """Return the id of a schema, registered if it was not."""
        return self.register(subject, text).schema_id

    def close(self) -> None:
        """Leave the client open: it is the other's."""
