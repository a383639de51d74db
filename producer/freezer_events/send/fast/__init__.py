"""The compiled line: events reach librdkafka with no Python object for any message.

It does what the line in Python does, several times quicker, where it was built and can be used.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import libversion

from freezer_events.avro import fast
from freezer_events.errors import ConfigError
from freezer_events.kafka import librdkafka
from freezer_events.send.python_line import PythonLine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from freezer_events.send.line import Line
    from freezer_events.send.reports import Reports

# The versions of librdkafka, up to the second number, that all tests of the line were run with.
TESTED: Final = frozenset({"2.16"})


def line(wanted: str | None, properties: Mapping[str, Any], reports: Reports) -> Line:
    """Make the line that is wanted ("python", "compiled"), by default the quickest there is.

    Raises:
        ConfigError: the compiled one is wanted and cannot be used, or librdkafka refuses a
            property; names it.

    """
    why_not = "" if wanted == "python" else unusable()
    if wanted == "python" or (why_not and wanted is None):
        return PythonLine(properties, reports)
    if why_not:
        raise ConfigError("FREEZER_LINE", f"is compiled, which is {why_not}", "or leave it out")
    from freezer_events.send.fast.compiled_line import CompiledLine  # noqa: PLC0415 - it may lack

    return CompiledLine(properties, reports)


@cache
def unusable() -> str:
    """Return why the compiled line cannot be used, or ""."""
    unfit = fast.unusable() or fast.unfit(
        "freezer_events.send.fast.handover", "handover.pyx", "ledger.h"
    )
    if unfit:
        return unfit
    version = libversion()[0]
    if version.rpartition(".")[0] not in TESTED:
        return f"not tested with librdkafka {version}"
    if "plugins" not in librdkafka.features():
        return "not possible: librdkafka was built without plugins"
    from freezer_events.send.fast import handover  # noqa: PLC0415 - it may lack

    library = librdkafka.load()
    missing = handover.bind(b"" if library is None else library._name.encode())  # noqa: SLF001
    return f"not possible: librdkafka lacks {missing}" if missing else ""
