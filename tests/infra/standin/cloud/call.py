"""One call: who runs it, what the command line says, on which Kafka."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import state
from .errors import NO_CLUSTER, NO_REST_URL, NOT_LOGGED_IN, CliError, NotModelled, cluster_not_found
from .memory import Broker, MemoryBroker

if TYPE_CHECKING:
    from .flags import Arguments

Row = Mapping[str, object]
Answer = str | Row | Sequence[Row]  # text as it is, an object, a list


@dataclass(frozen=True)
class Call:
    """One run; `email` is nothing where nobody is logged in."""

    email: str
    said: Arguments

    @property
    def on_platform(self) -> bool:
        return not self.email

    def text(self, flag: str) -> str:
        return self.said.flags.get(flag, "")

    def environment(self) -> str:
        if not self.email:
            raise NOT_LOGGED_IN
        wanted = self.text("environment") or state.read()["environments"][0]["id"]
        if wanted not in [e["id"] for e in state.read()["environments"]]:
            raise NotModelled(f"an unknown environment: {wanted}")
        return str(wanted)

    def cluster(self, wanted: str) -> dict[str, Any]:
        """Give the cluster of that id; an environment that is not there has none."""
        if not wanted:
            raise NO_CLUSTER
        here = self.text("environment") or state.read()["environments"][0]["id"]
        for cluster in state.read()["clusters"]:
            if cluster["id"] == wanted and cluster["environment"] == here:
                return dict(cluster)
        raise cluster_not_found(wanted)

    def broker(self) -> Broker:
        """Give the Kafka that the verb acts on, through the cloud or through a REST proxy."""
        if self.email:
            return broker_at(self.cluster(self.text("cluster"))["bootstrap"])
        url = self.text("url") or os.environ.get("CONFLUENT_REST_URL", "")
        if not url:
            raise NO_REST_URL
        platform = state.read()["platform"]
        if url != platform["url"]:
            dialled = f'Get "{url}/v3/clusters": dial tcp: connection refused'
            raise CliError(f"unable to establish Kafka REST connection: {dialled}")
        if self.text("no-authentication") != "true":
            sys.stderr.write("No session token found, please enter user credentials.\n")
            sys.stdout.write("Username: ")
            raise CliError("EOF")
        return broker_at(platform["bootstrap"])


def broker_at(bootstrap: str) -> Broker:
    if not bootstrap:
        return MemoryBroker()
    from .kafka import KafkaBroker  # noqa: PLC0415 - librdkafka is slow to load

    return KafkaBroker(bootstrap)
