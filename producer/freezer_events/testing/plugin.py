"""The pytest plugin: provides the fixture `event_cluster` wherever the package is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from freezer_events.testing import EventCluster


@pytest.fixture
def event_cluster() -> Iterator[EventCluster]:
    """An empty in-process cluster; see `freezer_events.testing`."""
    from freezer_events.testing import EventCluster  # noqa: PLC0415 - loads librdkafka

    with EventCluster() as cluster:
        yield cluster
