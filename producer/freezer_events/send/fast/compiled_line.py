"""The compiled line: events are encoded into an arena, handed over and counted without Python.

What needs a callback, headers, a timestamp or much room goes the way of the line in Python, in
order. Whatever this line cannot do at the moment is told by `False`, and goes that way too.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, Producer

from freezer_events.avro.fast import nodes
from freezer_events.kafka import codes
from freezer_events.send import watching
from freezer_events.send.client_properties import with_plugin
from freezer_events.send.fast import handover
from freezer_events.send.fast.note import Note
from freezer_events.send.outbox import Outbox
from freezer_events.send.python_line import PythonLine

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from freezer_events.send.line import Extra, Send, SendRun, Take
    from freezer_events.send.report import OnReport
    from freezer_events.send.reports import Reports

    _Lost = tuple[int, bytes, OnReport | None]  # error code, value, and who wants to know


class CompiledLine(PythonLine):
    """Hand messages to one librdkafka producer, whose plugin the extension module is.

    Args:
        properties: librdkafka's.
        reports: takes the delivery reports, and has the tally.

    Raises:
        ConfigError: librdkafka refuses a property; names it.

    """

    _mark = staticmethod(handover.mark)

    def __init__(self, properties: Mapping[str, Any], reports: Reports) -> None:
        self._ledger = handover.Ledger()
        self._arenas: dict[str, _ArenaBox] = {}
        self._senders: list[handover.Sender] = []
        self._run_senders: list[handover.RunSender] = []
        self._notes: deque[Note] = deque()
        super().__init__(with_plugin(properties, handover.__file__), reports)
        reports.draw = self._draw

    def taker(self, topic: str) -> Take:
        """Return the function that takes one message for a topic; False: no room, not taken."""
        box, arena = self._box(topic), self._box(topic).arena
        take_it = super().taker(topic)

        def take(
            value: bytes,
            key: str | bytes | None,
            extra: Extra | None,
            on_report: OnReport | None,
        ) -> bool:
            if len(arena) and not box.push():
                return False
            return take_it(value, key, extra, on_report)

        return take

    def sender(
        self,
        topic: str,
        encode: Callable[[Any], bytes],
        prefix: bytes,
        key: Callable[[Any], str | None],
    ) -> Send | None:
        """Return the function that encodes and takes an event, if its encoder is compiled."""
        if not isinstance(encode, nodes.Encoder):
            return None
        arena, waiting = self._box(topic).arena, self._outbox(topic).messages
        push = partial(self._push_and_serve, topic)
        made = handover.Sender(arena, encode, prefix, key, waiting, push)
        self._senders.append(made)
        return made.send

    def run_sender(self, topic: str, prefix: bytes) -> SendRun | None:
        """Return the function that takes rows which are encoded."""
        arena, waiting = self._box(topic).arena, self._outbox(topic).messages
        push = partial(self._push_and_serve, topic)
        made = handover.RunSender(arena, prefix, waiting, push)
        self._run_senders.append(made)
        return lambda run, at, told: made.send(run.data, len(run), at, told)

    def _push_and_serve(self, topic: str) -> None:
        self._arenas[topic].push()
        self.serve(0)

    def close(self) -> None:
        """Disconnect, once all is settled; nothing is taken or served any more."""
        with self._lock:
            self._closed = True  # no arena is connected from now on
            for box in self._arenas.values():
                box.arena.closed = True
                box.arena.disconnect()
        super().close()

    def _poll(self, timeout_s: float) -> None:
        """Serve reports of either way; within the lock of polling."""
        try:
            super()._poll(timeout_s)
        finally:
            reports, ledger = self._reports, self._ledger
            ledger.let_go()
            if (latency_us := ledger.latency()) >= 0:
                watching.latency()(latency_us / 1e6)
            reports.drawn.unconfirmed += ledger.lost()
            self._notes.extend(Note(*each) for each in ledger.notes())
            while self._notes:
                note = self._notes.popleft()
                error = KafkaError(note.code)
                reports.callback(note.told)(error, note)  # type: ignore[arg-type]  # stands for one

    def _connect(self) -> Producer:
        for box in self._arenas.values():
            box.arena.disconnect()
        self._ledger = handover.Ledger()
        client = self._ledger.connecting(super()._connect)
        for topic, box in self._arenas.items():
            box.arena.connect(client, self._ledger, topic.encode())
        return client

    def _boxes(self) -> list[Outbox]:
        return [*super()._boxes(), *self._arenas.values()]

    def _box(self, topic: str) -> _ArenaBox:
        with self._lock:
            known = self._arenas.get(topic)
            if known is None:
                arena = handover.Arena(self._largest)
                if self._closed:
                    arena.closed = True
                else:
                    arena.connect(self._producer, self._ledger, topic.encode())
                known = self._arenas[topic] = _ArenaBox(
                    arena, partial(self._empty, topic, arena), self._is_busy, self._lock
                )
        return known

    def _empty(self, topic: str, arena: handover.Arena) -> bool:
        """Hand over what is in an arena; False where there is no room for all of it."""
        if not self._send_again():
            arena.full = len(arena) > 0
            return not arena.full
        lost, marks = arena.hand_over()
        for each in marks:
            self._departures.add(topic, memoryview(each).cast("q"), self._reports.tally.in_flight)
        self._refuse_lost(topic, lost)
        if arena.fatal:
            self._reports.take_note(codes.unexplained(), topic)
        return not arena.full

    def _refuse_held(self) -> None:
        never = codes.number(codes.never_sent())
        for topic, box in self._arenas.items():
            box.arena.closed = True
            self._refuse_lost(topic, [(never, *each) for each in box.arena.empty()])
        super()._refuse_held()

    def _refuse_lost(self, topic: str, lost: list[_Lost]) -> None:
        self._refusals.extend(
            (topic, {"value": value, "on_report": told}, KafkaError(code))
            for code, value, told in lost
        )

    def _draw(self) -> None:
        arenas = [box.arena for box in self._arenas.values()]
        handover.draw(self._reports.drawn, self._ledger, arenas, self._senders, self._run_senders)


class _ArenaBox(Outbox):
    """An outbox whose messages are in an arena."""

    def __init__(
        self,
        arena: handover.Arena,
        hand_over: Callable[[], bool],
        is_busy: Callable[[], bool],
        lock: threading.RLock,
    ) -> None:
        super().__init__(is_busy, lock)
        self.arena = arena
        self._to = hand_over

    def __len__(self) -> int:
        return len(self.arena)

    def _hand_over(self) -> bool:
        self.arena.size = self.size
        return self._to()
