"""Threads that use the package for the first time side by side find all of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys, threading
import freezer_events
from freezer_events.config import Settings

sys.setswitchinterval(1e-6)
start, failed = threading.Barrier(8), []

def connect():
    from freezer_events.registry.client import Registry
    Registry.connect(Settings(schema_registry_url="http://localhost:1")).close()

def use(number):
    start.wait()
    try:
        names = ["EventSerializer", "EventProducer", "Outcome", "EventConsumer"]
        getattr(freezer_events, names[number % 4])
        connect()
    except Exception as error:
        failed.append(repr(error))

threads = [threading.Thread(target=use, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
sys.exit("; ".join(failed) or 0)
"""


@pytest.mark.parametrize("_", range(3))
def test_many_threads_may_import_at_once(_: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_doctor_has_imported_all_before_its_threads_start() -> None:
    program = (
        "import freezer_events.doctor, sys; print('confluent_kafka.admin' in sys.modules,"
        " 'confluent_kafka.serialization' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["True", "True"]
