"""The drain with Kafka's transactions: messages and the position behind them, or neither.

A transaction's outcome counts, not its reports, which come before it. After anything that leaves an
outcome unknown the client is thrown away: the next one bumps the epoch, which ends or fences what
is still on its way, and the position says what was committed. (Proposed for librdkafka in
https://github.com/confluentinc/librdkafka/issues/5423.)
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaException

from freezer_events.errors import AccessError
from freezer_events.kafka import codes
from freezer_events.kafka.connection import SLICE_S
from freezer_events.kafka.positions import (
    EXACTLY_ONCE_ADVICE,
    POSITIONS_TOPIC,
    TRANSACTIONS_PREFIX,
    SpoolPosition,
    read_position,
)
from freezer_events.send.drain import Drain
from freezer_events.send.drain_client import Again
from freezer_events.send.spool_history import another_history, another_process, is_ours
from freezer_events.send.transaction import Part, Refused, Transaction, TransactionSize, first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from confluent_kafka import KafkaError

    from freezer_events.errors import EventError
    from freezer_events.spool.records import StoredBatch

_SINGLY: Final = 500  # likewise, in batches of one
_TRANSACTION_BYTES: Final = 16 << 20
_ANSWER_S: Final = 5.0  # the longest that a call waits before it asks whether to stop
_POSITION_S: Final = 75.0  # more than transactions last that hang, of an older version too
_TIMEOUT_MS: Final = 30_000  # so long one that was killed holds up others
_ABORT_S: Final = 1.0
_FENCED_TWICE: Final = 2
_UNKNOWN: Final = -1  # the partition, where it was not heard


class ExactlyOnceDrain(Drain):
    """Delivers from one spool to one cluster, each message once for read_committed readers.

    It takes what `Drain` takes.
    """

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._client.properties |= {
            "transactional.id": TRANSACTIONS_PREFIX + self._spool.identity,
            "transaction.timeout.ms": _TIMEOUT_MS,
            "message.timeout.ms": _TIMEOUT_MS,
        }
        self._position: int | None = None  # what is before it is on the topic
        self._begun = 0  # the position that this process began with
        self._told: dict[int, Any] = {}
        self._batches: list[StoredBatch] = []  # taken out and not let go of
        self._unsettled: Transaction | None = None  # nobody knows whether it was committed
        self._size = TransactionSize()
        self._fenced = 0  # times in a row

    def untold(self) -> Iterator[Any]:
        """Give those who have not heard what became of their message, once it has ended."""
        yield from self._told.values()
        self._told.clear()

    def _left(self) -> Iterator[tuple[StoredBatch, Sequence[int]]]:
        return ((batch, self._todo(batch)) for batch in self._batches)

    def _deliver(self) -> None:
        if self._spool.waiting == 0 and self._unsettled is None:
            self._spool.wait_for_more(_ANSWER_S)
            return
        self._begin_anew()
        while not self._is_to_end():
            self._take_out()
            if self._batches:
                self._send(first(self._parts(), self._size.messages))
                self.trouble, self._failures, self._fenced = None, 0, 0
            else:
                self._client.poll(0)
                self._spool.wait_for_more(SLICE_S)
            self.on_look()

    def _take_out(self) -> None:
        """Take out as many batches as the next transaction is to have, or all that wait."""
        messages = sum(each.length for each in self._batches)
        size_bytes = sum(each.size_bytes for each in self._batches)
        while messages < self._size.messages and size_bytes < _TRANSACTION_BYTES:
            batch = self._spool.next()
            if batch is None:
                return
            self._batches.append(batch)
            messages += batch.length
            size_bytes += batch.size_bytes
            for number, who in self._spool.told(batch).items():
                self._told[batch.position + number] = who
            # Committed by a process that could not let go of it any more.
            self.earlier[_UNKNOWN] += max(0, min(batch.end, self._begun) - batch.position)

    def _parts(self) -> list[Part]:
        """Return what is still to be sent of what was taken out."""
        found = (Part(batch, self._todo(batch)) for batch in self._batches)
        return [part for part in found if part.numbers]

    def _todo(self, batch: StoredBatch) -> Sequence[int]:
        begin = max(0, (self._position or 0) - batch.position)
        numbers = range(begin, batch.length)
        if not self._parked:
            return numbers
        return [n for n in numbers if batch.position + n not in self._parked]

    def _send(self, parts: Sequence[Part]) -> None:
        """Send messages in one transaction; where one is refused, that is found and parked."""
        if parts:
            begun, transaction = time.monotonic(), Transaction(parts)
            try:
                self._commit(transaction)
            except Refused:
                self._size.failed(len(transaction))
                self._send_singly()
            except Again:
                self._size.failed(len(transaction))
                raise
            else:
                self._size.committed(len(transaction), time.monotonic() - begun)
        while self._batches and not self._todo(self._batches[0]):
            self._spool.done(self._batches.pop(0))

    def _send_singly(self) -> None:
        """Send all that was taken out in batches of one: what is refused then is at fault itself.

        The broker refuses batches as a whole, and the client gives up those behind them.
        """
        self._renew(one_by_one=True)
        while parts := first(self._parts(), _SINGLY):
            try:
                self._commit(Transaction(parts))
            except Refused as refused:
                for batch, number, error in refused.messages:
                    who = self._told.pop(batch.position + number, None)
                    self._park(batch, number, error, who)
                self._spool.settle()  # before a position behind them is on the topic
                self._renew(one_by_one=True)
        self._renew(one_by_one=False)

    def _renew(self, *, one_by_one: bool) -> None:
        """Go on with another client, which fences this one."""
        self._disconnect()
        self._client.one_by_one = one_by_one
        self._fence()

    def _commit(self, transaction: Transaction) -> None:
        """Send and commit one transaction.

        Raises:
            Refused: a message was refused; nothing of it is on the topic.
            Again: something else came between; the position tells.

        """
        for part in transaction.parts:
            self._find_addresses(part.batch)
        producer = self._client.producer
        try:
            producer.begin_transaction()
            # On its way with the messages: it counts only if all of them do. It goes first, so that
            # its partition joins the transaction in one request with theirs.
            producer.produce(POSITIONS_TOPIC, transaction.position.value, self._spool.identity)
            self._hand_over_all(transaction)
            self._wait(transaction)
            if errors := transaction.errors():
                if not any(map(codes.is_never_taken, errors)):
                    raise Again(self._explain(errors[0]))
                # After an abort this client would go on with sequence numbers that the broker has
                # not seen, and may keep other partitions waiting (librdkafka 2.16): not this one.
                self._abort(transaction)
                raise Refused(transaction.came_back(self._addresses))
            self._unsettled = transaction
            producer.commit_transaction(_ANSWER_S)
        except KafkaException as failed:
            raise Again(self._explain(failed.args[0])) from failed
        self._unsettled = None
        self._settle(transaction)

    def _abort(self, transaction: Transaction) -> None:
        """Abort a transaction, as far as that is quick: whatever is left, the next client ends."""
        with suppress(KafkaException):
            self._client.producer.purge(in_flight=False)  # of those it is heard what becomes
            deadline = time.monotonic() + _ABORT_S
            while transaction.left and time.monotonic() < deadline:
                self._client.wait()
            self._client.producer.abort_transaction(_ABORT_S)

    def _hand_over_all(self, transaction: Transaction) -> None:
        """Hand all messages over."""
        for part in transaction.parts:
            begin = part.batch.position
            told = {}
            if self._told:
                found = ((n, self._told.get(begin + n)) for n in part.numbers)
                told = {n: who for n, who in found if who is not None}
            of = self._client.set_out(transaction.on_its_way(part, told), self._addresses)
            transaction.sent.append(of)
            self._client.hand_over(of)

    def _wait(self, transaction: Transaction) -> None:
        """Wait for all reports, or until one message came back.

        The others may not be reported before the transaction ends then.
        """
        while transaction.left and not transaction.errors():
            self._client.flush()
        for of in transaction.sent:
            of.count()

    def _settle(self, transaction: Transaction) -> None:
        """Count and tell what is committed."""
        self._position = transaction.end
        tally = self._reports.tally
        for of in transaction.sent:
            counts = tally.partitions if of.batch.position >= self._spool.start else self.earlier
            for partition, count in of.partitions.items():
                counts[partition] += count
        for position, who, report in transaction.heard:
            self._told.pop(position, None)
            self._reports.tell(who, report)

    def _fence(self) -> None:
        """End or fence whatever is on its way, and make sure that transactions can begin."""
        producer = self._client.producer
        while True:
            try:
                producer.init_transactions(_ANSWER_S)
            except KafkaException as failed:
                self._client.wait()
                if not failed.args[0].retriable():
                    raise Again(self._explain(failed.args[0])) from failed
                self.on_look()
            else:
                return

    def _begin_anew(self) -> None:
        """Fence whatever is on its way, learn what was committed, and go on from there."""
        self._client.one_by_one = False
        self._fence()
        found = read_position(
            self._settings.kafka(),
            self._spool.identity,
            timeout_s=_POSITION_S,
            stop=self._is_to_end,
        )
        position = 0 if found is None else found.position
        if not self._is_ours(found):
            raise another_history(self._spool.path)
        if self._position is None:
            self._position = self._begun = position
        unsettled, self._unsettled = self._unsettled, None
        if unsettled is not None and position == unsettled.end:
            self._settle(unsettled)
            self._send(())

    def _is_ours(self, found: SpoolPosition | None) -> bool:
        """Tell whether a position is one that this spool has written, and no copy of it."""
        position = 0 if found is None else found.position
        if self._position is not None:
            ends = {self._position} | ({self._unsettled.end} if self._unsettled else set())
            return position in ends
        return is_ours(self._spool, found)

    def _explain(self, error: KafkaError) -> EventError:
        if codes.is_fenced(error):
            self._fenced += 1  # an expired transaction says the same, once
            if self._fenced >= _FENCED_TWICE:
                return another_process(self._spool.path)
        if codes.meaning(error) is codes.Meaning.AUTHORIZATION:
            return AccessError(
                f"use transactions on {self._settings.bootstrap_servers}",
                codes.words(error),
                EXACTLY_ONCE_ADVICE,
            )
        return super()._explain(error)

    def _disconnect(self) -> None:
        """Give the client up; what it has open is aborted, if it is known to be open."""
        producer = self._client.give_up()
        if producer is not None:
            with suppress(KafkaException):
                producer.purge()
                if self._unsettled is None and self._is_to_end():
                    producer.abort_transaction(_ABORT_S)
