"""What a delivery by way of a spool needs: its folder; for exactly once, transactions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaException, Producer

from freezer_events.doctor.cluster import TIMEOUT_S
from freezer_events.doctor.verdicts import Check
from freezer_events.errors import AccessError, ConfigError
from freezer_events.kafka import codes, connection, topics
from freezer_events.kafka.positions import EXACTLY_ONCE_ADVICE, POSITIONS_TOPIC, TRANSACTIONS_PREFIX
from freezer_events.spool.commit_time import commit_ms
from freezer_events.spool.folder import holder, refuse_network

if TYPE_CHECKING:
    from freezer_events.config import Settings

_TRIED_AS: Final = TRANSACTIONS_PREFIX + "doctor"


def spool(folder: str) -> Check:
    """Check that a folder can be a spool, and time a commit there.

    Raises:
        ConfigError: it is on a network file system, or cannot be written.

    """
    path = Path(folder)
    there = next(each for each in (path, *path.absolute().parents) if each.is_dir())
    refuse_network(there)
    took = commit_ms(there)
    if took is None:
        raise ConfigError("", f"{folder} cannot be written", "name another: SPOOL_DIR, or --spool")
    user = holder(path)
    used = "" if user is None else f"; process {user} uses it"
    return Check.ok("spool", f"{folder}: a commit takes {took:.1f} ms{used}")


def positions(settings: Settings) -> Check:
    """Check that the topic of positions is there, and may be read and written.

    Raises:
        AccessError: the principal may not.
        ConfigError: it does not exist.
        UnreachableError: no broker answered in time.

    """
    try:
        for operation in ("READ", "WRITE"):
            topics.partitions(settings, POSITIONS_TOPIC, operation=operation, timeout_s=TIMEOUT_S)
    except (AccessError, ConfigError) as error:
        raise type(error)(error.doing, error.why, EXACTLY_ONCE_ADVICE) from error
    return Check.ok("positions", f"{POSITIONS_TOPIC} may be read and written")


def transactions(settings: Settings) -> Check:
    """Check that transactions may be used, by beginning to use one id; nothing is sent.

    Raises:
        AccessError: the principal may not.
        UnreachableError: no broker answered in time.

    """
    properties = settings.kafka() | {"transactional.id": _TRIED_AS}
    try:
        connection.client(Producer, properties, lambda _: None).init_transactions(TIMEOUT_S)
    except KafkaException as error:
        fixes = {codes.Meaning.AUTHORIZATION: EXACTLY_ONCE_ADVICE}
        raise codes.failure("", error.args[0], fixes) from error
    return Check.ok("transactions", f"ids that begin with {TRANSACTIONS_PREFIX} may be used")
