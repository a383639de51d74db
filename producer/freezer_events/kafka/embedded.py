"""A Kafka cluster inside this process, for the demo and for users' tests.

librdkafka brings a mock cluster: real brokers on real TCP ports of this machine, kept in memory.
Its C functions are called directly, because the property `test.mock.num.brokers` knows no way to
choose how many partitions a topic has (https://github.com/confluentinc/librdkafka, rdkafka_mock.h).
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from freezer_events.config import Settings
from freezer_events.errors import ConfigError
from freezer_events.kafka.servers import IN_PROCESS

if TYPE_CHECKING:
    from collections.abc import Iterable

_BROKERS = 3
_PRODUCER = 0  # enum rd_kafka_type_t
_ERROR_BYTES = 512


class EmbeddedCluster:
    """A running in-process cluster; `close()` or leaving the block ends it.

    Args:
        topics: pairs of topic name and number of partitions to create.

    Attributes:
        settings: what a client needs to reach it.

    Raises:
        ConfigError: this installation's librdkafka does not export its mock cluster.

    """

    def __init__(self, topics: Iterable[tuple[str, int]] = ()) -> None:
        self._lib = _librdkafka()
        self._client, self._cluster = _start(self._lib)
        for name, partitions in topics:
            self.create_topic(name, partitions)
        servers = self._lib.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        self.settings = Settings(bootstrap_servers=servers)
        IN_PROCESS.add(servers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def create_topic(self, name: str, partitions: int = 3) -> None:
        """Create a topic, replicated to all brokers.

        Raises:
            ConfigError: it is there already, or its name is not one.

        """
        error = self._lib.rd_kafka_mock_topic_create(
            self._cluster, name.encode(), partitions, _BROKERS
        )
        if error:
            raise ConfigError(f"topic {name!r}", f"cannot be created in process (error {error})")

    def take_down(self, broker: int | None = None) -> None:
        """Cut a broker's connections and refuse new ones: all brokers, or one (from 1)."""
        for number in [broker] if broker else range(1, _BROKERS + 1):
            self._lib.rd_kafka_mock_broker_set_down(self._cluster, number)

    def bring_up(self, broker: int | None = None) -> None:
        """Undo `take_down`."""
        for number in [broker] if broker else range(1, _BROKERS + 1):
            self._lib.rd_kafka_mock_broker_set_up(self._cluster, number)

    def answer_after(self, seconds: float) -> None:
        """Hold every answer back for so long; requests are carried out at once."""
        for number in range(1, _BROKERS + 1):
            milliseconds = ctypes.c_int(int(seconds * 1000))
            self._lib.rd_kafka_mock_broker_set_rtt(self._cluster, number, milliseconds)

    def fail_next_produce(self, *codes: int) -> None:
        """Answer the next produce requests with these Kafka error codes, one each."""
        produce_api = 0
        errors = (ctypes.c_int * len(codes))(*codes)
        self._lib.rd_kafka_mock_push_request_errors_array(
            self._cluster, ctypes.c_int16(produce_api), ctypes.c_size_t(len(codes)), errors
        )

    def close(self) -> None:
        """Stop the brokers."""
        if self._cluster:
            IN_PROCESS.discard(self.settings.bootstrap_servers or "")
            self._lib.rd_kafka_mock_cluster_destroy(self._cluster)
            self._lib.rd_kafka_destroy(self._client)
            self._cluster = self._client = None


@cache
def _librdkafka() -> Any:
    """Load the library that confluent-kafka brings; it sits beside the package in its wheel."""
    import confluent_kafka  # noqa: PLC0415

    package = Path(confluent_kafka.__file__).parent
    places = (package.parent / "confluent_kafka.libs", package / ".dylibs")
    found = [path for place in places for path in sorted(place.glob("librdkafka*"))]
    for candidate in [*map(str, found), "librdkafka.so.1", "librdkafka.1.dylib"]:
        try:
            lib = ctypes.CDLL(candidate)
        except OSError:
            continue
        if hasattr(lib, "rd_kafka_mock_cluster_new"):
            return _typed(lib)
    raise ConfigError(
        "the in-process cluster",
        "this installation's librdkafka cannot be found or exports no mock cluster",
        "install confluent-kafka from its wheel, or use the local stack: make up",
    )


def _typed(lib: ctypes.CDLL) -> ctypes.CDLL:
    """Declare what returns or takes a pointer: ctypes would cut it to an int."""
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in (
        ("rd_kafka_conf_new", pointer, []),
        ("rd_kafka_conf_set", ctypes.c_int, [pointer, text, text, text, ctypes.c_size_t]),
        ("rd_kafka_new", pointer, [ctypes.c_int, pointer, text, ctypes.c_size_t]),
        ("rd_kafka_destroy", None, [pointer]),
        ("rd_kafka_mock_cluster_new", pointer, [pointer, ctypes.c_int]),
        ("rd_kafka_mock_cluster_destroy", None, [pointer]),
        ("rd_kafka_mock_cluster_bootstraps", text, [pointer]),
        (
            "rd_kafka_mock_topic_create",
            ctypes.c_int,
            [pointer, text, ctypes.c_int, ctypes.c_int],
        ),
        ("rd_kafka_mock_broker_set_down", ctypes.c_int, [pointer, ctypes.c_int32]),
        ("rd_kafka_mock_broker_set_up", ctypes.c_int, [pointer, ctypes.c_int32]),
        (
            "rd_kafka_mock_broker_set_rtt",
            ctypes.c_int,
            [pointer, ctypes.c_int32, ctypes.c_int],
        ),
        (
            "rd_kafka_mock_push_request_errors_array",
            None,
            [pointer, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(ctypes.c_int)],
        ),
    ):
        function = getattr(lib, name)
        function.restype = result
        function.argtypes = arguments
    return lib


def _start(lib: Any) -> tuple[Any, Any]:
    reason = ctypes.create_string_buffer(_ERROR_BYTES)
    conf = lib.rd_kafka_conf_new()
    lib.rd_kafka_conf_set(conf, b"log_level", b"0", reason, _ERROR_BYTES)
    client = lib.rd_kafka_new(_PRODUCER, conf, reason, _ERROR_BYTES)
    if not client:
        raise ConfigError("the in-process cluster", reason.value.decode())
    return client, lib.rd_kafka_mock_cluster_new(client, _BROKERS)
