"""The lines: the suite that holds for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from freezer_events.kafka.embedded import EmbeddedCluster
from freezer_events.send import fast
from freezer_events.send.python_line import PythonLine
from tests.support.line_suite import TOPIC, LineSuite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from freezer_events.send.line import Line
    from freezer_events.send.reports import Reports


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
