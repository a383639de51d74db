"""Which target is meant, and opening it: the local stack, Confluent Cloud, Confluent Platform."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from freezer_events.config import Settings
from freezer_events.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_infra.planner.stage import Stage
    from freezer_infra.planner.target import Say, Target


@dataclass(frozen=True, slots=True)
class Place:
    """What the command line and the environment say about the target; empty where nothing."""

    kind: str | None = None
    cluster: str | None = None
    environment: str | None = None
    url: str | None = None
    env_file: str | None = None
    kafka_endpoint: str | None = None
    registry_endpoint: str | None = None

    def at(self, stage: Stage) -> Place:
        """Give the place of a stage; what the command line says must not contradict it.

        Raises:
            UsageError: it does.

        """
        said = {"cluster": self.cluster, "environment": self.environment, "url": self.url}
        declared = {"cluster": stage.cluster, "environment": stage.environment, "url": stage.url}
        for key, wanted in declared.items():
            if wanted and said[key] and said[key] != wanted:
                raise UsageError(
                    f"--stage {stage.name}",
                    f"its {key} is {wanted}, and the command line or environment says {said[key]}",
                    "leave one of them out",
                )
        found = {key: wanted or said[key] for key, wanted in declared.items()}
        return replace(self, **found)

    @property
    def is_cloud(self) -> bool:
        """Tell whether it is reached through the Confluent CLI: as told, or a cluster is named."""
        return self.kind == "cloud" if self.kind else bool(self.cluster or self.url)


@contextmanager
def opened(place: Place, say: Say) -> Iterator[Target]:
    """Open the target; what was opened for it is closed again.

    Raises:
        UsageError: the cloud is meant, and no cluster or environment is named.

    """
    if not place.is_cloud:
        yield _local(place, say)
        return
    from freezer_infra.confluent.cli_target import platform_target  # noqa: PLC0415 - only the cloud needs it
    from freezer_infra.confluent.cloud_access import Private  # noqa: PLC0415 - as above
    from freezer_infra.confluent.cloud_target import cloud_target  # noqa: PLC0415 - as above

    if place.url:
        with platform_target(place.url, say) as found:
            yield found
        return
    if not (place.cluster and place.environment):
        missing = "environment" if place.cluster else "cluster"
        fix = f"confluent {_LISTS[missing]}, then --{missing} or CONFLUENT_{missing.upper()}"
        raise UsageError("find the cluster", f"no {missing} is named", fix)
    private = Private(place.kafka_endpoint or "", place.registry_endpoint or "")
    with cloud_target(place.cluster, place.environment, say, private) as found:
        yield found


_LISTS = {"environment": "environment list", "cluster": "kafka cluster list --environment …"}


def _local(place: Place, say: Say) -> Target:
    from freezer_infra.admin.admin_target import connect  # noqa: PLC0415 - librdkafka is slow to load
    from freezer_infra.local.state import Stack  # noqa: PLC0415 - as above

    return connect(Settings.load(place.env_file), Stack.load(), say)
