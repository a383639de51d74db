"""The limit: ready bytes handed to librdkafka from C, and counted in its own threads.

No Python runs for any message. What the compiled line takes longer is encoding, and fetching the
events from memory.
"""

from __future__ import annotations

import ctypes
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from benchmarks.way import FLUSH_S, TUNING, BenchTarget, Way
from benchmarks.workload import SCHEMA
from freezer_events.avro.wire import encode, prefix
from freezer_events.kafka import librdkafka
from freezer_events.registry.client import subject_name
from freezer_events.send.fast import unusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BATCH: Final = 512  # as our own line hands over
_COPY: Final = 2  # RD_KAFKA_MSG_F_COPY
_REASON_BYTES: Final = 512


class _Message(ctypes.Structure):
    """rd_kafka_message_t of rdkafka.h."""

    _fields_ = (
        ("err", ctypes.c_int),
        ("topic", ctypes.c_void_p),
        ("partition", ctypes.c_int32),
        ("payload", ctypes.c_char_p),
        ("len", ctypes.c_size_t),
        ("key", ctypes.c_char_p),
        ("key_len", ctypes.c_size_t),
        ("offset", ctypes.c_int64),
        ("private", ctypes.c_void_p),
    )


def _batches(target: BenchTarget, events: Iterable[Any]) -> list[Any]:
    framing = prefix(target.registry.schema_id(subject_name(target.topic), SCHEMA))
    ready = [
        _Message(payload=value, len=len(value), key=key, key_len=len(key))
        for value, key in ((framing + encode(e), e.sensor_id.encode()) for e in events)
    ]
    parts = [ready[at : at + _BATCH] for at in range(0, len(ready), _BATCH)]
    return [((_Message * len(part))(*part), part) for part in parts]


def _library() -> Any:
    found = librdkafka.load()
    assert found is not None
    pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    batch = [pointer, ctypes.c_int32, ctypes.c_int, pointer, ctypes.c_int]
    for name, result, arguments in (
        ("rd_kafka_conf_new", pointer, []),
        ("rd_kafka_conf_set", ctypes.c_int, [pointer, text, text, text, size]),
        ("rd_kafka_conf_set_dr_msg_cb", None, [pointer, pointer]),
        ("rd_kafka_new", pointer, [ctypes.c_int, pointer, text, size]),
        ("rd_kafka_topic_new", pointer, [pointer, text, pointer]),
        ("rd_kafka_topic_destroy", None, [pointer]),
        ("rd_kafka_produce_batch", ctypes.c_int, batch),
        ("rd_kafka_poll", ctypes.c_int, [pointer, ctypes.c_int]),
        ("rd_kafka_destroy", None, [pointer]),
    ):
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    return found


@contextmanager
def _opened(target: BenchTarget) -> Iterator[Any]:
    # Built with the compiled line, like the row itself.
    from freezer_events.send.fast import handover  # noqa: PLC0415
    from freezer_events.send.tally import Tally  # noqa: PLC0415

    assert not unusable(), unusable()  # finds librdkafka's functions, too
    library, ledger, tally = _library(), handover.Ledger(), Tally()
    # A report that does nothing, so that reports travel as they do for everybody: libc's `abs`.
    ignore = ctypes.cast(ctypes.CDLL(None).abs, ctypes.c_void_p)

    def connect() -> Any:
        conf, reason = library.rd_kafka_conf_new(), ctypes.create_string_buffer(_REASON_BYTES)
        wanted = {"plugin.library.paths": str(handover.__file__), "log_level": "0"}
        for name, value in (wanted | {"bootstrap.servers": target.servers} | TUNING).items():
            failed = library.rd_kafka_conf_set(
                conf, name.encode(), value.encode(), reason, _REASON_BYTES
            )
            assert not failed, reason.value
        library.rd_kafka_conf_set_dr_msg_cb(conf, ignore)
        made = library.rd_kafka_new(0, conf, reason, _REASON_BYTES)
        assert made, reason.value
        return made

    client = ledger.connecting(connect)
    topic = library.rd_kafka_topic_new(client, target.topic.encode(), None)

    def run(batches: Any) -> int:
        for batch, _ in batches:
            given, left = ctypes.addressof(batch), len(batch)
            while left:
                taken = library.rd_kafka_produce_batch(topic, -1, _COPY, given, left)
                given, left = given + taken * ctypes.sizeof(_Message), left - taken
                library.rd_kafka_poll(client, 1 if left else 0)
        deadline, before = time.monotonic() + FLUSH_S, tally.delivered
        count = sum(len(batch) for batch, _ in batches)
        while tally.delivered < before + count:
            assert time.monotonic() < deadline
            library.rd_kafka_poll(client, 1)
            handover.draw(tally, ledger, [], [], [])
        return tally.delivered - before

    try:
        yield run
    finally:
        library.rd_kafka_topic_destroy(topic)
        library.rd_kafka_destroy(client)


LIMIT: Final = Way("ready bytes from C", _opened, _batches)
