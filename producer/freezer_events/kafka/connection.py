"""A conversation with a Kafka cluster: quiet clients, bounded requests, the cause of a failure.

The only place that builds an AdminClient. While a cluster is out of reach librdkafka's requests
merely time out: why, it says to `error_cb`, which runs inside `poll`. So every wait here polls, and
a failed request is raised with the cause that was heard rather than with the summary.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import wait
from typing import TYPE_CHECKING, Any, Final, TypeVar

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

from freezer_events.errors import ConfigError
from freezer_events.kafka import codes, statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future

    from confluent_kafka import Consumer, KafkaError
    from confluent_kafka.admin import ClusterMetadata  # type: ignore[attr-defined]

    Stop = Callable[[], bool]

T = TypeVar("T")
C = TypeVar("C", bound="AdminClient | Consumer | Producer")

SLICE_S: Final = 0.1  # the longest that a wait goes without looking at signals
_METADATA_SLICE_S: Final = 1.0  # each try asks anew, so it has to outlast a slow round trip
_GRACE_S: Final = 1.0  # a request has its own deadline; this guards against a lost callback

# While a broker is down librdkafka logs every 50 ms; what matters comes out of our errors.
_logger: Final = logging.getLogger("freezer.kafka")
_logger.addHandler(logging.NullHandler())
_logger.propagate = False


def never() -> bool:
    """Be the `stop` of a wait that only time ends."""
    return False


def client(
    kind: Callable[..., C], properties: Mapping[str, Any], on_error: Callable[[KafkaError], None]
) -> C:
    """Make a client that logs nothing and tells `on_error` what befalls it; nothing is sent yet.

    Raises:
        ConfigError: librdkafka refuses a property; names it.

    """
    reporting = (
        statistics.properties() if isinstance(kind, type) and issubclass(kind, Producer) else {}
    )
    try:
        return kind({**reporting, **properties, "error_cb": on_error}, logger=_logger)
    except (KafkaException, ValueError, TypeError) as error:  # of a callback that is none, say
        cause = error.args[0]
        raise ConfigError(
            "the connection's properties",
            codes.words(cause) if isinstance(error, KafkaException) else str(error),
            "check -X options, KAFKA_CONFIG and .env (see: freezer config)",
        ) from error


class Connection:
    """One cluster's Admin API.

    Args:
        properties: librdkafka's, as `Settings.kafka()` gives them.

    Attributes:
        admin: the client, whose calls are made through `ask`.
        heard: what the client said of its connections since the current request began.

    Raises:
        ConfigError: librdkafka refuses a property.

    """

    def __init__(self, properties: Mapping[str, Any]) -> None:
        self.heard: list[KafkaError] = []
        self.admin = client(AdminClient, properties, self.heard.append)

    def ask(
        self, start: Callable[[float], Future[T]], *, timeout_s: float, stop: Stop = never
    ) -> T:
        """Start a request and wait for its answer; a refused login ends the wait at once.

        Args:
            start: starts it on `admin`, given the request's own time-out in seconds.
            timeout_s: the longest to wait, in seconds.
            stop: asked every 0.1 s; True ends the wait as if the time were up.

        Raises:
            KafkaException: what the cluster answered, or why there is no answer.
            ValueError: confluent-kafka takes an argument for impossible.

        """
        self.heard.clear()
        deadline = time.monotonic() + timeout_s + _GRACE_S
        try:
            asked = start(timeout_s)
            while not self._is_over(asked, stop) and time.monotonic() < deadline:
                wait([asked], timeout=SLICE_S)
                self.admin.poll(0)
            return asked.result(timeout=0)
        except (KafkaException, TimeoutError) as error:
            self.admin.poll(0)
            told = isinstance(error, KafkaException)
            own = error.args[0] if told else codes.silence(timeout_s)
            raise KafkaException(_cause(own, self.heard, timeout_s)) from error

    def _is_over(self, asked: Future[Any], stop: Stop) -> bool:
        return asked.done() or _refused(self.heard) is not None or stop()

    def metadata(
        self, *, timeout_s: float, refused_s: float | None = None, stop: Stop = never
    ) -> ClusterMetadata:
        """List brokers and topics as the function `metadata` does."""
        self.heard.clear()
        return metadata(self.admin, self.heard, timeout_s=timeout_s, refused_s=refused_s, stop=stop)


def metadata(
    asker: AdminClient | Consumer,
    heard: Sequence[KafkaError],
    *,
    timeout_s: float,
    refused_s: float | None = None,
    stop: Stop = never,
) -> ClusterMetadata:
    """List brokers and topics; no topic is named, since that may create it.

    Args:
        asker: a client of any kind.
        heard: where its `error_cb` puts errors.
        timeout_s: the longest to wait, in seconds.
        refused_s: the longest to wait once a connection has failed; by default `timeout_s`.
            A refused login ends the wait at once.
        stop: asked every second; True ends the wait as if it had been too long.

    Raises:
        KafkaException: what the cluster answered, or why there is no answer.

    """
    begun = time.monotonic()
    while True:
        try:
            return asker.list_topics(timeout=min(_METADATA_SLICE_S, timeout_s))
        except KafkaException as error:
            asker.poll(0)
            # It raises the same when it found nobody to ask as when nobody answered.
            mute = codes.is_unreachable(error.args[0])
            cause = codes.silence(timeout_s) if mute else error.args[0]
            patience_s = timeout_s if refused_s is None or not _told(heard) else refused_s
            late = time.monotonic() - begun >= patience_s
            if late or _refused(heard) or not mute or stop():
                raise KafkaException(_cause(cause, heard, timeout_s)) from error


def _refused(heard: Iterable[KafkaError]) -> KafkaError | None:
    return next(filter(codes.is_authentication, heard), None)


def _told(heard: Iterable[KafkaError]) -> KafkaError | None:
    return next((error for error in heard if not codes.is_summary(error)), None)


def _cause(error: KafkaError, heard: Sequence[KafkaError], timeout_s: float) -> KafkaError:
    """Prefer what one broker said over the summary that there is no answer."""
    if not codes.is_unreachable(error):
        return error
    silence = codes.silence(timeout_s) if codes.is_summary(error) else error
    return _refused(heard) or _told(heard) or silence
