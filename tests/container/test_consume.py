"""`freezer consume` on the real Kafka: events come back; what is none is named, never a crash."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from confluent_kafka import Producer

if TYPE_CHECKING:
    from collections.abc import Callable

    from freezer_infra.local.stack import Stack
    from tests.support.cli import Freezer


def test_its_json_lines_are_what_produce_takes(
    freezer: Freezer, make_topic: Callable[[], str]
) -> None:
    assert freezer("produce", "--interval", "0", "--count", "7").returncode == 0
    lines = freezer("consume", "--from-beginning", "--max", "7", "--output", "json").stdout
    other = freezer.having(TOPIC=make_topic())
    assert other("schema", "register").returncode == 0
    again = other("produce", "--from", "-", stdin=lines)
    assert again.returncode == 0, again.stderr
    back = other("consume", "--from-beginning", "--until-end", "--output", "json").stdout
    assert sorted(back.splitlines()) == sorted(lines.splitlines())
    assert len(back.splitlines()) == 7


def test_what_is_no_event_is_named_and_skipped_or_stopped_at(
    freezer: Freezer, stack: Stack, topic: str
) -> None:
    raw = Producer(stack.plaintext())
    raw.produce(topic, None, b"gone", partition=0)
    raw.produce(topic, b"{}", b"json", partition=0)
    raw.produce(topic, b"\x00\x7f\xff\xff\xffbody", b"unknown", partition=0)
    raw.produce(topic, b"hello world", b"\xff\xfe", partition=0)
    assert raw.flush(10) == 0
    assert freezer("produce", "--interval", "0").returncode == 0

    done = freezer("consume", "--from-beginning", "--until-end", "--output", "json")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 10
    for offset, why in enumerate(("tombstone", "only 2 bytes", "schema id", "0x68")):
        assert f"{topic}[0] offset {offset}: " in done.stderr
        assert why in done.stderr

    stopped = freezer("consume", "--from-beginning", "--until-end", "--on-bad", "stop")
    assert stopped.returncode == 5
    assert f"{topic}[0] offset 0" in stopped.stderr


def test_a_signal_ends_it(freezer: Freezer) -> None:
    with freezer.start("consume", "--from-beginning") as running:
        assert freezer("produce", "--interval", "0", "--count", "1").returncode == 0
        assert "sensor0" in running.hear()
        running.signal(signal.SIGTERM)
        running.rest()
    assert running.code == 143


def test_output_closed_early_ends_it_without_a_traceback(freezer: Freezer) -> None:
    assert freezer("produce", "--interval", "0").returncode == 0
    with freezer.start("consume", "--from-beginning") as running:
        assert running.process.stdout is not None
        running.hear()
        running.process.stdout.close()
        assert running.process.wait(30) == 0
        assert running.process.stderr is not None
        assert "Traceback" not in running.process.stderr.read()


def test_without_permission_the_operation_is_named(
    secure: Callable[..., Freezer], secured: Stack, topic: str, grant: Callable[..., None]
) -> None:
    grant(secured.freezer.user, topic)
    done = secure(secured.freezer)("consume", "--until-end")
    assert done.returncode == 4
    assert "READ" in done.stderr
