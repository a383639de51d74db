"""A FastAPI service that makes its own producer from settings: a real port, real requests."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, HTTPException

from freezer_events import AsyncEventProducer, EventError, InvalidEvent, Settings
from freezer_events.events import FreezerReading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from freezer_events.testing import EventCluster


def make_app(settings: Settings) -> FastAPI:
    """Make the service as its authors would: one producer, open as long as the application."""
    state: dict[str, AsyncEventProducer] = {}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncEventProducer(settings, timeout_s=2, give_up_after_s=5) as producer:
            state["producer"] = producer
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/readings/{sensor}/{celsius}")
    async def take(sensor: str, celsius: float) -> dict[str, Any]:
        event = FreezerReading(sensor_id=sensor, temperature=celsius)
        try:
            report = await state["producer"].send(event)
        except InvalidEvent as error:
            raise HTTPException(422, error.why) from error
        except EventError as error:
            raise HTTPException(503, error.why) from error
        return {"outcome": report.outcome, "partition": report.partition, "offset": report.offset}

    return app


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port; it has shut down when the block is left."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(app, log_level="error", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


def test_each_request_is_answered_when_its_event_is_delivered(event_cluster: EventCluster) -> None:
    event_cluster.provision(FreezerReading)

    async def ask(base: str) -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=base, timeout=30) as client:
            return await asyncio.gather(
                *(client.post(f"/readings/s{n % 7}/{n / 10}") for n in range(200))
            )

    with served(make_app(event_cluster.settings)) as base:
        answers = asyncio.run(ask(base))
        refused = httpx.post(f"{base}/readings/s1/nan")
    assert {each.status_code for each in answers} == {200}
    assert {each.json()["outcome"] for each in answers} == {"delivered"}
    places = {(each.json()["partition"], each.json()["offset"]) for each in answers}
    assert len(places) == 200
    assert refused.status_code == 422
    there = sorted(event.temperature for event in event_cluster.events(FreezerReading))
    assert there == [number / 10 for number in range(200)]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("refuse", "refused"),
        ("hang", "no answer in time (2 s)"),
        (503, "HTTP 503"),
        (401, "401"),
    ],
)
def test_a_registry_that_fails_is_said_in_bounded_time_and_the_service_recovers(
    event_cluster: EventCluster, fault: Any, said: str
) -> None:
    event_cluster.provision(FreezerReading)
    event_cluster.fail_registry(fault)
    with served(make_app(event_cluster.settings)) as base:
        failed = httpx.post(f"{base}/readings/s1/1.5", timeout=20)
        event_cluster.mend_registry()
        taken = httpx.post(f"{base}/readings/s1/2.5", timeout=20)
    assert failed.status_code == 503
    assert said in failed.json()["detail"]
    assert taken.status_code == 200
    assert [event.temperature for event in event_cluster.events(FreezerReading)] == [2.5]


def test_the_producers_of_the_fixture_meet_the_fault_and_its_reads_do_not(
    event_cluster: EventCluster,
) -> None:
    with event_cluster.producer() as producer:
        producer.send(FreezerReading(sensor_id="s", temperature=1.0))
    event_cluster.fail_registry(503)
    with event_cluster.producer(timeout_s=2) as producer, pytest.raises(EventError, match="503"):
        producer.send(FreezerReading(sensor_id="s", temperature=2.0))
    assert len(event_cluster.events(FreezerReading)) == 1
