"""A row of the spool on its way: handed over as it is packed, by the compiled module `rows`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError

from freezer_events.send.client_properties import with_plugin
from freezer_events.send.drain_client import DrainClient
from freezer_events.send.fast import rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from confluent_kafka import Producer

    from freezer_events.send.on_its_way import Address, OnItsWay, Underway


class RowOnItsWay:
    """Follows the messages of one row.

    Args:
        of: the batch, and which of its messages are to be handed over.
        address: where all of them go.

    Attributes:
        batch, partitions: as `of` has them.
        topic: where they go.
        row: the messages.

    """

    __slots__ = ("_of", "batch", "partitions", "row", "topic")

    def __init__(self, of: OnItsWay, address: Address) -> None:
        self._of = of
        self.batch = of.batch
        self.partitions = of.partitions
        self.topic = address.topic
        self.row = rows.Row(of.batch.data, of.batch.length, address.prefix, of.todo)

    @property
    def left(self) -> int:
        """How many were handed over and have not been reported."""
        return self.row.left

    @property
    def is_there(self) -> bool:
        """Tell whether all of it is delivered."""
        return self.row.is_there

    def errors(self) -> Sequence[KafkaError]:
        """Return why messages came back."""
        return [error for _, error in self.came_back({})]

    def came_back(self, _addresses: Mapping[int, Address]) -> Sequence[tuple[int, KafkaError]]:
        """Return which messages came back, by their index, and why."""
        return [(number, KafkaError(code)) for number, code in self.row.errors()]

    def count(self) -> None:
        """Count what was delivered."""
        self._count()

    def _count(self) -> list[int]:
        delivered, missing = self.row.known()
        for partition, count in delivered.items():
            self.partitions[partition] += count
        return missing

    def come_back(self, _addresses: Mapping[int, Address]) -> OnItsWay:
        """Return what has not arrived, to be handed over message by message; count the rest."""
        self._of.todo = self._count()
        return self._of


class RowClient(DrainClient):
    """A drain's client that hands over rows, where a row's messages are alike.

    It takes what `DrainClient` takes.
    """

    def __init__(self, properties: Mapping[str, Any], *given: Any) -> None:
        super().__init__(with_plugin(properties, rows.__file__), *given)
        self._plugin = rows.Plugin()
        self._topics: dict[str, rows.Topic] = {}

    def give_up(self) -> Producer | None:
        """Return the client, if there is one; the next one is a new one."""
        self._topics = {}
        return super().give_up()

    def set_out(self, of: OnItsWay, addresses: Mapping[int, Address]) -> Underway:
        """Return what a batch goes as: it is to be handed over next."""
        kinds, is_plain = of.batch.outline
        if is_plain and len(kinds) == 1 and not of.told:
            return RowOnItsWay(of, *(addresses[kind] for kind in kinds))
        return super().set_out(of, addresses)

    def hand_over(self, of: Underway) -> None:
        """Hand a batch over that was set out, waiting for room."""
        if not isinstance(of, RowOnItsWay):
            super().hand_over(of)
            return
        while not of.row.hand_over(self._topic(of.topic)):
            self.wait()

    def _topic(self, name: str) -> rows.Topic:
        producer = self.producer
        topic = self._topics.get(name)
        if topic is None:
            topic = self._topics[name] = rows.Topic(self._plugin, producer, name.encode())
        return topic

    def _connect(self) -> Producer:
        self._plugin = rows.Plugin()
        return self._plugin.connecting(super()._connect)
