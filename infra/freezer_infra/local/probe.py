"""Ask a broker or a registry, in its own protocol, whether it is ready.

Each function asks once and returns the answer or the reason for none; waiting is up to the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
from confluent_kafka import KafkaException

from freezer_events.errors import UnreachableError
from freezer_events.kafka import codes
from freezer_events.kafka.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Mapping

_WITHIN_S = 3.0

# Where registries have Confluent's API: Confluent's own at the root, Apicurio below a path.
_REGISTRY_PATHS = ("", "/apis/ccompat/v7")


def broker(properties: Mapping[str, str]) -> str | None:
    """Return why the broker does not answer a client with these properties, or None if it does."""
    try:
        Connection(properties).metadata(timeout_s=_WITHIN_S, refused_s=0)
    except KafkaException as error:
        return codes.words(error.args[0])
    return None


def topics(properties: Mapping[str, str]) -> list[str]:
    """Name the topics of a broker, its own left out.

    Raises:
        UnreachableError: it does not answer.

    """
    try:
        found = Connection(properties).metadata(timeout_s=_WITHIN_S, refused_s=0)
    except KafkaException as error:
        raise UnreachableError("list the topics", codes.words(error.args[0])) from error
    return [name for name in found.topics if not name.startswith("_")]


def subjects(url: str) -> list[str]:
    """Name the subjects of a registry.

    Raises:
        UnreachableError: it does not answer.

    """
    try:
        return [str(each) for each in _get(f"{url}/subjects").json()]
    except (requests.RequestException, ValueError) as error:
        raise UnreachableError("list the subjects", str(error)) from error


def registry(address: str) -> str:
    """Return the URL of the registry's API at `address` (scheme, host, port).

    Raises:
        requests.RequestException: nothing answers, or not as a registry does.

    """
    for path in _REGISTRY_PATHS:
        answer = _get(f"{address}{path}/subjects")
        if answer.ok and isinstance(answer.json(), list):
            return address + path
    answer.raise_for_status()
    raise requests.RequestException(f"what answers at {address} is no Schema Registry")


def compatibility(url: str) -> str:
    """Return the level that the registry enforces where a subject has none of its own.

    Raises:
        requests.RequestException: it does not say.

    """
    answer = _get(f"{url}/config")
    answer.raise_for_status()
    return str(answer.json()["compatibilityLevel"])


def _get(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False  # a proxy has no business between this machine and itself
        return session.get(url, timeout=_WITHIN_S)
