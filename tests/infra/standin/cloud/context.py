"""Who is running a verb, in which environment, on which cluster."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import state
from .broker import Broker, MemoryBroker
from .errors import NO_CLUSTER, NO_REST_URL, NOT_LOGGED_IN, CliError, cluster_not_found

if TYPE_CHECKING:
    from .flags import Arguments


@dataclass(frozen=True)
class Context:
    """One run: the login it found, if any."""

    login: dict[str, Any] | None

    def require_login(self) -> dict[str, Any]:
        if self.login is None:
            raise NOT_LOGGED_IN
        return self.login

    def environment(self, arguments: Arguments) -> str:
        """Give the environment's id: the flag's, else the one this login last used."""
        wanted = arguments.text("environment") or str(self.require_login()["environment"])
        known = [e["id"] for e in state.read()["environments"]]
        if wanted not in known:
            raise CliError(
                f'environment "{wanted}" not found or access forbidden',
                "List available environments with `confluent environment list`.",
            )
        return wanted

    def cluster(self, arguments: Arguments) -> dict[str, Any]:
        """Give the cluster the flags name; it must be in the chosen environment."""
        wanted = arguments.text("cluster") or str(self.require_login().get("cluster", ""))
        if not wanted:
            raise NO_CLUSTER
        return self.cluster_named(wanted, self.environment(arguments))

    def cluster_named(self, wanted: str, environment: str) -> dict[str, Any]:
        for cluster in state.read()["clusters"]:
            if cluster["id"] == wanted and cluster["environment"] == environment:
                return dict(cluster)
        raise cluster_not_found(wanted)

    def broker(self, arguments: Arguments) -> Broker:
        """Give the Kafka that the verb acts on, through the cloud or through a REST proxy."""
        if self.login is not None:
            return _broker(self.cluster(arguments).get("bootstrap", ""))
        return self._platform(arguments)

    def _platform(self, arguments: Arguments) -> Broker:
        url = arguments.text("url") or os.environ.get("CONFLUENT_REST_URL", "")
        if not url:
            raise NO_REST_URL
        platform = state.read()["platform"]
        if url != platform["url"]:
            raise CliError(
                f'unable to establish Kafka REST connection: Get "{url}/v3/clusters": '
                "dial tcp: connection refused"
            )
        if not arguments.on("no-authentication"):
            sys.stdout.write("Enter your Kafka REST credentials:\nUsername: ")
            raise CliError("failed to read input: EOF")
        return _broker(platform["bootstrap"])


def _broker(bootstrap: str) -> Broker:
    if not bootstrap:
        return MemoryBroker()
    from .kafka import KafkaBroker  # noqa: PLC0415 - librdkafka is slow to load

    return KafkaBroker(bootstrap)
