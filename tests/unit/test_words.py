"""What a run counts is called by the event's name, in the singular and in the plural."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from freezer_events.console.words import counted, noun_of
from tests.support.project import Project

if TYPE_CHECKING:
    from pathlib import Path

from tests.support.cli import Freezer


@pytest.mark.parametrize(
    ("event", "number", "said"),
    [
        ("freezer-reading", 10, "10 readings"),
        ("freezer-reading", 1, "1 reading"),
        ("order", 2000, "2,000 orders"),
        ("order", 0, "0 orders"),
        ("cold-delivery", 2, "2 deliveries"),
        ("key", 2, "2 keys"),
        ("heat-loss", 2, "2 losses"),
        ("door-event", 1, "1 event"),
        ("order-placed", 3, "3 events"),
        ("order-sent", 1, "1 event"),
        ("sensor-v2", 3, "3 events"),
    ],
)
def test_events_are_counted_by_the_noun_in_their_name(event: str, number: int, said: str) -> None:
    assert counted(number, noun_of(event)) == said


def test_a_run_speaks_of_the_event_that_it_is_about(tmp_path: Path) -> None:
    Project.begin(tmp_path).event.rename(tmp_path / "schemas" / "order")
    freezer = Freezer(tmp_path)
    assert freezer("schema", "release").returncode == 0
    dry = freezer("produce", "--dry-run", "--count", "3")
    assert dry.stdout == "dry run: 3 orders read, 0 rejected, 3 good; nothing was sent\n"
    away = freezer.having(
        BOOTSTRAP_SERVERS="127.0.0.1:1", SCHEMA_REGISTRY_URL="http://127.0.0.1:1"
    )("produce", "--count", "1", "--timeout", "1")
    assert "nothing was sent: 1 order not delivered" in away.stderr
