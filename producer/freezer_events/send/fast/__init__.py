"""The compiled line, and the compiled drain: no Python object for any message.

They do what those in Python do, several times quicker, where they were built and can be used.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import libversion

from freezer_events.avro import fast
from freezer_events.errors import ConfigError
from freezer_events.kafka import librdkafka
from freezer_events.send.drain_client import DrainClient
from freezer_events.send.python_line import PythonLine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from freezer_events.send.fast.packer import Packer
    from freezer_events.send.line import Line, Send
    from freezer_events.send.reports import Reports

# The versions of librdkafka, up to the second number, that all tests of the line were run with.
TESTED: Final = frozenset({"2.16"})


def line(wanted: str | None, properties: Mapping[str, Any], reports: Reports) -> Line:
    """Make the line that is wanted ("python", "compiled"), by default the quickest there is.

    Raises:
        ConfigError: the compiled one is wanted and cannot be used, or librdkafka refuses a
            property; names it.

    """
    if not _is_compiled(wanted):
        return PythonLine(properties, reports)
    from freezer_events.send.fast.compiled_line import CompiledLine  # noqa: PLC0415 - it may lack

    return CompiledLine(properties, reports)


def drain_client(wanted: str | None) -> type[DrainClient]:
    """Return the class of the drain's client that is wanted, as for a `line`.

    Raises:
        ConfigError: the compiled one is wanted and cannot be used.

    """
    if not _is_compiled(wanted):
        return DrainClient
    from freezer_events.send.fast.row_on_its_way import RowClient  # noqa: PLC0415 - it may lack

    return RowClient


def row_packer(
    wanted: str | None, here: Any, first: Callable[[], None], push: Callable[[], None]
) -> Packer | None:
    """Return what packs events into rows of the spool, if compiled code is wanted and usable."""
    if not _is_compiled(wanted):
        return None
    from freezer_events.send.fast.packer import Packer  # noqa: PLC0415 - it may lack

    return Packer(here, first, push)


def row_sender(
    packer: Packer, encode: Callable[[Any], bytes], kind: int, key: Callable[[Any], str | None]
) -> Send | None:
    """Return the function that encodes events and packs them, if their encoder is compiled."""
    from freezer_events.avro.fast.nodes import Encoder  # noqa: PLC0415 - as above
    from freezer_events.send.fast.packer import Sender  # noqa: PLC0415 - as above

    return Sender(packer, encode, kind, key).send if isinstance(encode, Encoder) else None


def _is_compiled(wanted: str | None) -> bool:
    why_not = "" if wanted == "python" else unusable()
    if why_not and wanted is not None:
        raise ConfigError("FREEZER_LINE", f"is compiled, which is {why_not}", "or leave it out")
    return wanted != "python" and not why_not


@cache
def unusable() -> str:
    """Return why the compiled line cannot be used, or ""."""
    unfit = (
        fast.unusable()
        or fast.unfit("freezer_events.send.fast.handover", "handover.pyx", "plugin.h", "ledger.h")
        or fast.unfit("freezer_events.send.fast.packer", "packer.pyx")
        or fast.unfit("freezer_events.send.fast.rows", "rows.pyx", "plugin.h", "rows.h")
    )
    if unfit:
        return unfit
    version = libversion()[0]
    if version.rpartition(".")[0] not in TESTED:
        return f"not tested with librdkafka {version}"
    if "plugins" not in librdkafka.features():
        return "not possible: librdkafka was built without plugins"
    from freezer_events.send.fast import handover, rows  # noqa: PLC0415 - they may lack

    library = librdkafka.load()
    path = b"" if library is None else library._name.encode()  # noqa: SLF001
    missing = handover.bind(path) or rows.bind(path)
    return f"not possible: librdkafka lacks {missing}" if missing else ""
