"""New keys take up to minutes before they authenticate: try them until they do, bounded.

A key is tried with the settings the producer will use, so a proxy's certificate or another SASL
mechanism in `.env` counts here too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from freezer_events.errors import UnreachableError

if TYPE_CHECKING:
    from freezer_events.config import Settings

WITHIN_S = 300.0
_TRY_S = 5.0
_POLL_S = 2.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Patience:
    """How long to wait for a key, and who hears that it is being waited for."""

    say: Say
    within_s: float = WITHIN_S


def until_cluster_accepts(settings: Settings, topic: str, patience: Patience) -> None:
    """Wait until the cluster lets these credentials see the topic, as a producer must.

    Raises:
        UnreachableError: it still does not when the time is up; the last reason is told.

    """
    _wait("the cluster", lambda: _refused_by_cluster(settings, topic), patience)


def until_registry_accepts(settings: Settings, subject: str | None, patience: Patience) -> None:
    """Wait until the registry lets these credentials read the subject, registered or not.

    Without a subject: until it lets them list all subjects.

    Raises:
        UnreachableError: it still does not when the time is up; the last reason is told.

    """
    path = f"subjects/{quote(subject, safe='')}/versions" if subject else "subjects"
    _wait("the registry", lambda: _refused_by_registry(settings, path), patience)


def _wait(who: str, refused: Callable[[], str], patience: Patience) -> None:
    deadline = time.monotonic() + patience.within_s
    told = False
    while reason := refused():
        if time.monotonic() > deadline:
            raise UnreachableError(
                f"wait until {who} knows the API key",
                f"after {patience.within_s:g} s it still says: {reason}",
                "new keys can take several minutes; run the same command again, no second key is "
                "made",
            )
        if not told:
            patience.say(f"waiting until {who} knows the API key, up to {patience.within_s:g} s")
            told = True
        time.sleep(_POLL_S)


def _refused_by_cluster(settings: Settings, topic: str) -> str:
    """Try the credentials once; nothing means that they work.

    A client of its own each time: a refused one waits ever longer before it asks again. The topic
    is described, as a metadata request that names it may create it.
    """
    from confluent_kafka import KafkaException  # noqa: PLC0415 - slow to load

    from freezer_events.kafka import codes, topics  # noqa: PLC0415 - as above
    from freezer_events.kafka.connection import Connection  # noqa: PLC0415 - as above

    connection = Connection(settings.kafka())
    try:
        # Whatever is heard ends this try: the next one is made soon enough.
        topics.describe(connection, topic, timeout_s=_TRY_S, stop=lambda: bool(connection.heard))
    except KafkaException as error:
        return codes.words(error.args[0])
    return ""


def _refused_by_registry(settings: Settings, path: str) -> str:
    import requests  # noqa: PLC0415 - slow to load, and most runs make no key

    url = f"{(settings.schema_registry_url or '').rstrip('/')}/{path}"
    auth = (settings.schema_registry_api_key or "", settings.schema_registry_api_secret or "")
    trusted = settings.schema_registry_ssl_ca_location or True
    try:
        answer = requests.get(url, auth=auth, verify=trusted, timeout=_TRY_S)
    except requests.RequestException as error:
        return type(error).__name__
    known = answer.status_code in (requests.codes.ok, requests.codes.not_found)
    return "" if known else f"HTTP {answer.status_code}"
