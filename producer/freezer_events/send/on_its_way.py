"""A batch of the spool on its way to the topic: which of its messages have arrived."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from confluent_kafka import KafkaError, Message

    from freezer_events.spool.records import StoredBatch


class Address(NamedTuple):
    """Where the messages of one kind go.

    Attributes:
        topic: the topic.
        prefix: the five bytes that precede their bodies.
        partitions: how many the topic has.

    """

    topic: str
    prefix: bytes
    partitions: int = 0


class Run(NamedTuple):
    """Messages of one topic, in order.

    Attributes:
        topic: the topic.
        messages: as `produce_batch` takes them.
        alone: it is one that only `produce` takes: it has headers or a timestamp.

    """

    topic: str
    messages: list[dict[str, Any]]
    alone: bool = False


class NotTaken(NamedTuple):
    """A message that came back.

    Attributes:
        error: why.
        key: its key.
        value: its value.

    """

    error: KafkaError
    key: bytes | None
    value: bytes | None


class Underway(Protocol):
    """A batch that was handed over, or is being: by Python's client, or as a row by `send.fast`.

    Attributes:
        batch: the batch.
        partitions: where its delivered messages are counted.

    """

    batch: StoredBatch
    partitions: dict[int, int]

    @property
    def left(self) -> int:
        """How many of its messages were handed over and have not been reported."""

    @property
    def is_there(self) -> bool:
        """Tell whether all of it is delivered or parked."""

    def errors(self) -> Sequence[KafkaError]:
        """Return why messages came back."""

    def came_back(self, addresses: Mapping[int, Address]) -> Sequence[tuple[int, KafkaError]]:
        """Return which messages came back, by their index, and why."""

    def count(self) -> None:
        """Count what was delivered, where that was not done with each report."""

    def come_back(self, addresses: Mapping[int, Address]) -> OnItsWay:
        """Return what has not arrived, to be handed over again, in its order; count the rest."""


class OnItsWay:
    """Follows the messages of one batch.

    Args:
        batch: the batch.
        parked: positions of messages that are not to be delivered.
        partitions: where the delivered ones are counted, by partition.
        told: who is to hear of a message, by its index in the batch.
        on_delivered: called with a message's index, who is to hear, and the message.

    Attributes:
        batch, partitions: as given.
        todo: indices of the messages that are to be handed over, in order.
        runs: what is being handed over: messages of one topic each, and whether they go alone.
        left: how many were handed over and have not been reported.
        not_taken: those that came back, in the order in which they did.

    """

    __slots__ = (
        "_on_delivered",
        "batch",
        "left",
        "not_taken",
        "partitions",
        "runs",
        "todo",
        "told",
    )

    def __init__(
        self,
        batch: StoredBatch,
        parked: Collection[int],
        partitions: dict[int, int],
        told: dict[int, Any],
        on_delivered: Callable[[int, Any, Message], None],
    ) -> None:
        self.batch = batch
        self.left = 0
        self.runs: list[Run] = []
        self.not_taken: list[NotTaken] = []
        self.told = told
        self.partitions = partitions
        self._on_delivered = on_delivered
        self.todo: Sequence[int] = range(batch.length)
        if parked:
            begin = batch.position
            self.todo = [n for n in self.todo if begin + n not in parked]

    @property
    def is_there(self) -> bool:
        """Tell whether all of it is delivered or parked."""
        return not (self.left or self.todo or self.runs or self.not_taken)

    def prepare(self, addresses: Mapping[int, Address]) -> None:
        """Make runs of what is to be handed over."""
        of = self.batch.columns
        kinds = set(of.kinds)
        if len(self.todo) == self.batch.length and len(kinds) == 1 and not self.told:
            topic, prefix, _ = addresses[kinds.pop()]
            if not any(of.extras):
                messages: list[dict[str, Any]] = [
                    {"value": prefix + body, "key": key}
                    for key, body in zip(of.keys, of.bodies, strict=True)
                ]
                self.runs, self.todo = [Run(topic, messages)], ()
                return
        self.runs = []
        for number in self.todo:
            self._add(number, addresses[of.kinds[number]])
        self.todo = ()

    def one(self, number: int, addresses: Mapping[int, Address]) -> Run:
        """Return one message, by its index, to go alone."""
        topic, prefix, _ = addresses[self.batch.columns.kinds[number]]
        return Run(topic, [self._one(number, prefix)], alone=True)

    def report(self, error: KafkaError | None, message: Message) -> None:
        """Take a delivery report: the callback of its messages."""
        self.left -= 1
        if error is None:
            self.partitions[message.partition()] += 1  # type: ignore[index]  # delivered
        else:
            self.take_back(error, message.key(), message.value())

    def take_back(self, error: KafkaError, key: bytes | None, value: bytes | None) -> None:
        """Take a message that will not arrive."""
        self.not_taken.append(NotTaken(error, key, value))

    def errors(self) -> Sequence[KafkaError]:
        """Return why messages came back, in the order in which they did."""
        return [each.error for each in self.not_taken]

    def came_back(self, addresses: Mapping[int, Address]) -> Sequence[tuple[int, KafkaError]]:
        """Return which messages came back, by their index, and why."""
        errors: defaultdict[tuple[bytes | None, bytes | None], deque[KafkaError]] = defaultdict(
            deque
        )
        for error, key, value in self.not_taken:
            errors[key, value].append(error)
        names = ((n, self._name(n, addresses)) for n in range(self.batch.length))
        return [(n, errors[name].popleft()) for n, name in names if errors.get(name)]

    def count(self) -> None:
        """Do nothing: each report counts."""

    def come_back(self, addresses: Mapping[int, Address]) -> OnItsWay:
        """Make what has not arrived what is to be handed over again, in its order."""
        if self.left > 0:  # nobody says of which: all of it, then
            self.todo = range(self.batch.length)
            self.left = 0
        elif self.not_taken or self.runs:
            missing = Counter((each.key, each.value) for each in self.not_taken)
            missing.update(
                (each["key"], each["value"]) for run in self.runs for each in run.messages
            )
            again = []
            for number in range(self.batch.length):
                name = self._name(number, addresses)
                if missing[name] > 0:
                    missing[name] -= 1
                    again.append(number)
            self.todo = again
        self.runs = []
        self.not_taken = []
        return self

    def _name(self, number: int, addresses: Mapping[int, Address]) -> tuple[bytes | None, bytes]:
        kind, key, body, _ = self.batch.columns.one(number)
        return key, addresses[kind].prefix + body

    def _add(self, number: int, address: Address) -> None:
        message = self._one(number, address.prefix)
        alone = self.batch.columns.extras[number] is not None
        if alone or not self.runs or self.runs[-1].topic != address.topic or self.runs[-1].alone:
            self.runs.append(Run(address.topic, [], alone=alone))
        self.runs[-1].messages.append(message)

    def _one(self, number: int, prefix: bytes) -> dict[str, Any]:
        _, key, body, extra = self.batch.columns.one(number)
        message: dict[str, Any] = {"value": prefix + body, "key": key}
        if number in self.told:
            message["callback"] = partial(self._report_told, number)
        if extra is not None:
            message["headers"], message["timestamp"] = extra
        return message

    def _report_told(self, number: int, error: KafkaError | None, message: Message) -> None:
        self.report(error, message)
        if error is None:
            self._on_delivered(number, self.told.pop(number), message)
