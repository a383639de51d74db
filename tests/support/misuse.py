"""Misuse of the compiled code, at random: a program to be run under an address sanitizer.

`python -m tests.support.misuse SEED SECONDS`. What is wrong raises; nothing may crash, and each
event that a producer was given has one outcome in the end.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import itertools
import logging
import os
import pickle
import sys
import tempfile
import threading
import time
import warnings
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from confluent_kafka import KafkaError

from benchmarks.events import BenchReading, State
from freezer_events.avro import fast as encoding
from freezer_events.avro.fast import nodes, readers
from freezer_events.avro.model import model_of
from freezer_events.errors import EventError, InvalidEvent
from freezer_events.send import fast as sending
from freezer_events.send.fast import handover, packer, rows
from freezer_events.send.report import OnlyUndelivered
from freezer_events.testing import EventCluster

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_events import EventProducer

EVENT = BenchReading.__event__
CODES = (
    KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER,
    KafkaError.NOT_ENOUGH_REPLICAS,
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.REQUEST_TIMED_OUT,
)


class Zone(tzinfo):
    """Runs something while a time is encoded."""

    def __init__(self, run: Callable[[], object]) -> None:
        self.run = run

    def utcoffset(self, _: datetime | None) -> timedelta:
        self.run()
        return timedelta(0)

    def dst(self, _: datetime | None) -> None:
        return None

    def tzname(self, _: datetime | None) -> str:
        return "Zone"


def event(rng: Random, zone: tzinfo = UTC) -> BenchReading:
    return BenchReading(
        reading_id=UUID(int=rng.getrandbits(128)),
        sensor_id=f"sensor{rng.randrange(50)}" + "é" * rng.choice((0, 0, 0, 9, 700, 30_000)),
        temperature=rng.uniform(-50, 50),
        state=rng.choice(tuple(State)),
        recorded_at=datetime(2026, 1, 1, tzinfo=zone) + timedelta(milliseconds=rng.randrange(9**9)),
        note=rng.choice((None, "door", "x" * rng.randrange(200))),
    )


def bad(rng: Random) -> Any:
    made: Any = event(rng)
    name = rng.choice(BenchReading.__slots__)
    match rng.randrange(4):
        case 0:
            made = object.__new__(BenchReading)
        case 1:
            object.__delattr__(made, name)
        case 2:
            wrong: Any = (None, 5, -1.0, "\ud800", b"", [], datetime(1, 1, 1), UUID, object())  # noqa: DTZ001
            object.__setattr__(made, name, rng.choice(wrong))
        case _:
            odd = object.__new__(UUID)
            object.__setattr__(odd, "int", rng.choice((-1, 1 << 128, "x", None, True)))
            object.__setattr__(made, "reading_id", odd)
    return made


class Fuzz:
    """One cluster and several producers, used and misused."""

    def __init__(self, rng: Random, cluster: EventCluster, folder: Path) -> None:
        self.rng, self.cluster, self.folder = rng, cluster, folder
        self.numbers = itertools.count()
        self.producers = [self.made() for _ in range(3)]

    def made(self) -> EventProducer:
        room = self.rng.choice(("50", "5000", "100000"))
        producer = self.cluster.producer(
            timeout_s=1.0,
            give_up_after_s=1.0,
            properties={"queue.buffering.max.messages": room},
            spool=self.rng.choice((None, self.folder / f"spool{next(self.numbers)}")),
        )
        producer.prepare(BenchReading)  # an outage would hold that up
        producer.on_undelivered = lambda event, _: self.within(producer, event)
        return producer

    def within(self, producer: EventProducer, event: Any) -> None:
        """Do in a callback what may be done there, and what may not."""
        match self.rng.randrange(40):
            case 0:
                raise ValueError("a callback's own")
            case 1:
                producer.flush()
            case 2:
                producer.close()
            case 3:
                producer.send(event)
            case 4:
                gc.collect()

    def step(self) -> None:
        """Do one thing at random to one of the producers."""
        producer = self.rng.choice(self.producers)
        self.rng.choice(
            (
                *(self.many, self.many, self.watched, self.spoiled, self.threads, self.zones),
                *(self.outage, self.error, self.closed, self.forgotten, self.fork),
                lambda _: forged(self.rng),
                lambda _: decoded(self.rng),
            )
        )(producer)

    def many(self, producer: EventProducer) -> None:
        producer.send_all(event(self.rng) for _ in range(self.rng.randrange(1500)))

    def watched(self, producer: EventProducer) -> None:
        for _ in range(self.rng.randrange(300)):
            producer.send(event(self.rng), on_delivery=lambda _: None)
            producer.send(event(self.rng), on_delivery=OnlyUndelivered(self.within, producer))
            producer.send(event(self.rng), headers={"a": b"b"}, timestamp=5)

    def spoiled(self, producer: EventProducer) -> None:
        for _ in range(50):
            with contextlib.suppress(InvalidEvent):
                producer.send(bad(self.rng))

    def zones(self, producer: EventProducer) -> None:
        """Run something while a time is encoded."""
        rng = self.rng
        runs: list[Callable[[], object]] = [
            lambda: producer.send(event(rng)),
            lambda: producer.send_all(event(rng) for _ in range(600)),
            lambda: time.sleep(0.001),
            gc.collect,
            lambda: 1 // 0,
        ]
        for _ in range(20):
            with contextlib.suppress(InvalidEvent):
                producer.send(event(rng, Zone(rng.choice(runs))))

    def outage(self, producer: EventProducer) -> None:
        self.cluster.cluster.take_down()
        producer.send_all(event(self.rng) for _ in range(self.rng.randrange(40)))
        self.cluster.cluster.bring_up()

    def outage_is_over(self) -> None:
        self.cluster.cluster.bring_up()
        for producer in [*self.producers]:
            self.closed(producer)

    def error(self, _: EventProducer) -> None:
        self.cluster.cluster.fail_next_produce(self.rng.choice(CODES))

    def closed(self, producer: EventProducer) -> None:
        self.end(producer)
        self.producers[self.producers.index(producer)] = self.made()

    def forgotten(self, producer: EventProducer) -> None:
        self.producers[self.producers.index(producer)] = self.made()
        del producer
        gc.collect()

    def threads(self, producer: EventProducer) -> None:
        def run(seed: int) -> None:
            own = Random(seed)
            with contextlib.suppress(Exception):
                producer.send_all(event(own) for _ in range(own.randrange(800)))
                producer.flush(0.01)

        started = [threading.Thread(target=run, args=(number,)) for number in range(4)]
        for thread in started:
            thread.start()
        if self.rng.randrange(8) == 0:
            with contextlib.suppress(Exception):
                producer.close()
            for thread in started:
                thread.join()
            self.closed(producer)
        for thread in started:
            thread.join()

    def end(self, producer: EventProducer) -> None:
        with contextlib.suppress(Exception):  # also what callbacks raised
            producer.close()
        tally = producer.tally
        assert tally.in_flight == 0, tally
        assert tally.read == tally.rejected + tally.accepted + tally.unsent, tally

    def fork(self, producer: EventProducer) -> None:
        child = os.fork()
        if not child:
            code = 1
            try:
                producer.send(event(self.rng))
            except Exception:  # noqa: BLE001 - it says that it is the parent's
                code = 0
            os._exit(code)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0


def forged(rng: Random) -> None:
    """Make and use objects in ways in which nobody does."""
    things: list[Any] = [
        None,
        5,
        b"x",
        "x",
        [],
        (),
        nodes.Null(),
        readers.Null(),
        handover.Ledger(),
    ]
    things += [bytes(12), rng.randbytes(60), range(3), rows.Plugin()]
    things += [handover.Arena(100), BenchReading, EVENT, lambda *_: "k", nodes.String()]
    kinds = [
        *(getattr(nodes, n) for n in dir(nodes) if isinstance(getattr(nodes, n), type)),
        *(getattr(readers, n) for n in dir(readers) if isinstance(getattr(readers, n), type)),
        *(handover.Ledger, handover.Arena, handover.Sender),
        *(rows.Plugin, rows.Topic, rows.Row, packer.Packer, packer.Sender),
    ]
    for _ in range(50):
        kind = rng.choice(kinds)
        with contextlib.suppress(Exception):
            made = kind(*(rng.choice(things) for _ in range(rng.randrange(7))))
            things.append(made)
            for name in (
                "send",
                "hand_over",
                "empty",
                "disconnect",
                "notes",
                "known",
                "take",
                "fill",
            ):
                with contextlib.suppress(Exception):
                    getattr(made, name)(*(rng.choice(things) for _ in range(rng.randrange(4))))
            with contextlib.suppress(Exception):
                made(rng.choice(things))
            with contextlib.suppress(Exception):
                made.__init__(*(rng.choice(things) for _ in range(rng.randrange(3))))
            with contextlib.suppress(Exception):
                copy.deepcopy(made)
            with contextlib.suppress(Exception):
                pickle.dumps(made)
    arena = handover.Arena(100)
    encoder: Any = encoding.encoder(EVENT)
    sender = handover.Sender(arena, encoder, b"12345", lambda e: e.sensor_id, [], lambda: None)
    for _ in range(700):
        sender.send(event(rng), object())
    with contextlib.suppress(RuntimeError):
        arena.hand_over()
    arena.empty()


def decoded(rng: Random) -> None:
    """Decode bytes that are none, or only just not."""
    decode = encoding.decoder(model_of(EVENT).schema, EVENT)
    for _ in range(200):
        body = bytearray(EVENT.encode(event(rng)))
        for _ in range(rng.randrange(4)):
            body[rng.randrange(len(body))] = rng.randrange(256)
        with contextlib.suppress(Exception):
            decode(bytes(body[: rng.randrange(len(body) + 1)]))
        with contextlib.suppress(Exception):
            decode(rng.randbytes(rng.randrange(60)))


def main(seed: int, seconds: float) -> None:
    assert not sending.unusable(), sending.unusable()
    logging.disable()
    warnings.simplefilter("ignore")
    rng, steps = Random(seed), 0
    with tempfile.TemporaryDirectory() as folder, EventCluster() as cluster:
        fuzz = Fuzz(rng, cluster, Path(folder))
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                fuzz.step()
            except EventError:
                fuzz.outage_is_over()
            steps += 1
        for producer in fuzz.producers[:2]:
            fuzz.end(producer)
    print(f"{steps} steps")  # noqa: T201 - a program; the third producer is left open


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
