"""`event_cluster` in coroutine tests, as pytest-asyncio runs those of a user."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from freezer_events import AsyncEventProducer, Outcome
from freezer_events.events import FreezerReading

if TYPE_CHECKING:
    from freezer_events.testing import EventCluster

pytestmark = pytest.mark.asyncio


def reading(number: int) -> FreezerReading:
    return FreezerReading(sensor_id="s", temperature=float(number))


async def test_a_coroutine_sends_and_the_test_sees_the_event(event_cluster: EventCluster) -> None:
    async with event_cluster.async_producer() as producer:
        report = await producer.send(reading(1))
    assert report.outcome is Outcome.DELIVERED
    assert event_cluster.events(FreezerReading) == [reading(1)]


async def test_code_with_settings_of_its_own_meets_the_same_cluster(
    event_cluster: EventCluster,
) -> None:
    event_cluster.provision(FreezerReading)
    async with AsyncEventProducer(event_cluster.settings) as producer:
        await asyncio.gather(*(producer.send(reading(number)) for number in range(100)))
    assert event_cluster.events(FreezerReading) == [reading(number) for number in range(100)]
