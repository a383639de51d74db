"""The lines: the suite that holds for all of them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.errors import ConfigError
from freezer_events.kafka.embedded import EmbeddedCluster
from freezer_events.send import fast
from freezer_events.send.python_line import PythonLine
from freezer_events.send.reports import Reports
from tests.support.line_suite import TOPIC, LineSuite, properties

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freezer_events.send.line import Line


@pytest.fixture
def mock() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster([(TOPIC, 1)]) as cluster:
        yield cluster


class TestPythonLine(LineSuite):
    def line(self, properties: Mapping[str, Any], reports: Reports) -> Line:
        return PythonLine(properties, reports)


@pytest.mark.usefixtures("compiled")
class TestCompiledLine(LineSuite):
    def line(self, properties: Mapping[str, Any], reports: Reports) -> Line:
        return fast.line("compiled", properties, reports)


@pytest.mark.usefixtures("compiled")
def test_a_librdkafka_that_it_was_not_tested_with_gets_the_line_in_python(
    mock: EmbeddedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = Reports(mock.settings)
    monkeypatch.setattr(fast, "TESTED", frozenset({"1.0"}))
    fast.unusable.cache_clear()
    try:
        assert "not tested with librdkafka 2." in fast.unusable()
        assert type(fast.line(None, properties(mock), reports)) is PythonLine
        with pytest.raises(ConfigError, match="not tested with librdkafka"):
            fast.line("compiled", properties(mock), reports)
    finally:
        fast.unusable.cache_clear()


@pytest.mark.usefixtures("compiled")
def test_a_plugin_of_the_users_own_stays(mock: EmbeddedCluster) -> None:
    with pytest.raises(ConfigError, match="none-such"):
        fast.line(
            None, properties(mock) | {"plugin.library.paths": "none-such"}, Reports(mock.settings)
        )


@pytest.mark.usefixtures("compiled")
def test_who_wants_python_gets_it(mock: EmbeddedCluster) -> None:
    assert type(fast.line("python", properties(mock), Reports(mock.settings))) is PythonLine


UNBOUND = """
from confluent_kafka import Producer
from freezer_events.send.fast import handover
client = {"bootstrap.servers": "localhost:1", "plugin.library.paths": handover.__file__}
try:
    handover.Ledger().connecting(lambda: Producer(client))
except RuntimeError as error:
    print(error)
"""


@pytest.mark.usefixtures("compiled")
def test_the_compiled_line_is_refused_before_it_knows_librdkafka() -> None:
    asked = [sys.executable, "-c", UNBOUND]
    done = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "not bound" in done.stdout
