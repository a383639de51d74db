"""The contract asked of the real Confluent CLI, and what the product makes of its failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freezer_events.errors import AccessError
from freezer_infra.confluent import faults
from freezer_infra.confluent.cli_topics import Topics
from freezer_infra.confluent.cloud_access import CloudAccess
from freezer_infra.confluent.confluent_cli import find
from tests.infra.cli_suite import AnybodySuite, CloudSuite, PlatformSuite

if TYPE_CHECKING:
    from tests.infra.cli_suite import Driven, Place

pytestmark = pytest.mark.timeout(600)


class TestAnybody(AnybodySuite):
    """Logged out."""

    def test_the_product_says_to_log_in(self, stranger: Driven) -> None:
        with pytest.raises(AccessError) as caught:
            find(stranger.environ).rows("list", "kafka", "topic", "list", "--cluster", "lkc-1")
        assert caught.value.fix.startswith("confluent login")


class TestCloud(CloudSuite):
    """Logged in."""

    def test_the_product_finds_address_registry_and_what_is_missing(
        self, cli: Driven, place: Place, topic: str
    ) -> None:
        driven = find(cli.environ)
        access = CloudAccess(driven, place.cluster, place.environment)
        assert access.bootstrap_servers().endswith(":9092")
        assert access.registry().url.startswith("https://")
        with pytest.raises(faults.NotThereError):
            Topics(driven, place.scope).describe(topic)


class TestPlatform(PlatformSuite):
    """With `--url`."""

    def test_the_product_knows_a_missing_topic(
        self, stranger: Driven, rest: tuple[str, ...], topic: str
    ) -> None:
        with pytest.raises(faults.NotThereError):
            Topics(find(stranger.environ), rest).describe(topic)
