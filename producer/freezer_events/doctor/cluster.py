"""What the cluster says: who we are, whether the topic is there, whether we may write to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaException

from freezer_events.doctor import network
from freezer_events.doctor.verdicts import Check
from freezer_events.errors import ConfigError, EventError, UnreachableError
from freezer_events.kafka import codes, handshake, topics
from freezer_events.kafka.connection import Connection
from freezer_events.kafka.servers import Server

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

    from freezer_events.config import Settings

TIMEOUT_S: Final = 8.0
_ADVERTISED: Final = (
    "the cluster's advertised.listeners must name addresses that this machine reaches"
)


def authentication(settings: Settings, timeout_s: float = TIMEOUT_S) -> Check:
    """Check that the cluster lets us in, by asking which brokers it has.

    Raises:
        AccessError: the password is wrong, or the mechanism is not offered.
        ConfigError: librdkafka refuses a property, or the port wants TLS.
        UnreachableError: no broker answered in time; says why where librdkafka knows.

    """
    protocol = settings.kafka()["security.protocol"].upper()
    try:
        count = len(_cluster(settings, timeout_s).nodes)
    except UnreachableError as error:
        if not protocol.endswith("SSL"):  # else it was asked before
            raise handshake.cause(settings) or error from error
        raise
    found = f"{count} broker{'s' if count != 1 else ''}"
    if not protocol.startswith("SASL"):
        return Check.ok("authentication", f"not asked for; the cluster has {found}")
    who = settings.sasl_username or "let in"
    return Check.ok("authentication", f"{who} by {settings.mechanism}; the cluster has {found}")


def brokers(settings: Settings) -> Check:
    """Check that every broker can be reached where the cluster says it is.

    A client asks the bootstrap server only for this list: messages go to the addresses on it.

    Raises:
        UnreachableError: no broker answered in time.

    """
    nodes = _cluster(settings, TIMEOUT_S).nodes
    listed = [Server(node.host, node.port) for node in nodes]
    return network.reachable("brokers", listed, _ADVERTISED)


def _cluster(settings: Settings, timeout_s: float) -> Any:
    connection = Connection(settings.kafka())
    try:
        return connection.ask(
            lambda within_s: connection.admin.describe_cluster(request_timeout=within_s),
            timeout_s=timeout_s,
        )
    except KafkaException as error:
        raise _explain(error.args[0], settings) from error


def topic(settings: Settings, name: str, partitions: int) -> Check:
    """Check that the topic is there with as many partitions as its event declares.

    Raises:
        AccessError: the principal may not see it.
        ConfigError: it does not exist.
        UnreachableError: no broker answered in time.

    """
    there = topics.partitions(settings, name, operation="DESCRIBE", timeout_s=TIMEOUT_S)
    if there == partitions:
        return Check.ok("topic", f"{name} has {_count(there)}")
    more = "freezer topics apply --allow-partition-increase (keys move)"
    fewer = f"partitions cannot be removed: set partitions = {there} in event.toml"
    error = ConfigError(
        "",
        f"{name} has {_count(there)}, and event.toml says {partitions}",
        more if there < partitions else fewer,
    )
    return Check.failed("topic", error, blocks=False)  # it can be written to all the same


def write(settings: Settings, name: str) -> Check:
    """Check the permission to write, without writing.

    Raises:
        AccessError: the principal may not write.
        UnreachableError: no broker answered in time.

    """
    topics.partitions(settings, name, operation="WRITE", timeout_s=TIMEOUT_S)
    return Check.ok("write", f"{settings.sasl_username or 'this client'} may write to {name}")


def _explain(error: KafkaError, settings: Settings) -> EventError:
    if codes.is_summary(error):  # the port was found open before, so there is more to say
        servers = settings.bootstrap_servers
        why = f"{servers} takes connections, but does not answer as a Kafka broker"
        fix = "check the port in BOOTSTRAP_SERVERS and SECURITY_PROTOCOL"
        return UnreachableError("", why, fix)
    refused = codes.is_authentication(error)
    doing = f"{settings.sasl_username!r} by {settings.mechanism}" if refused else ""
    fixes = {
        codes.Meaning.AUTHENTICATION: codes.CHECK_CREDENTIALS,
        codes.Meaning.NO_BROKER: codes.connection_advice(error),
        codes.Meaning.NO_ANSWER: codes.connection_advice(error),
    }
    return codes.failure(doing, error, fixes)


def _count(partitions: int) -> str:
    return f"{partitions} partition{'s' if partitions != 1 else ''}"
