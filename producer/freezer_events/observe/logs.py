"""Logs for machines: one JSON object, or one line of text, per event of the run.

What is told comes through `logging`, from the library too: the logger `freezer_events.run` has the
events of a run (started, outage, recovered, ended, …), with what belongs to each in
`record.facts`; `freezer_events.…` has the rest, and `freezer.kafka` librdkafka's own lines.
"""

from __future__ import annotations

import json
import logging
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from freezer_events.console import streams
from freezer_events.console.escape import as_json, one_line

if TYPE_CHECKING:
    from collections.abc import Callable

RUN: Final = "freezer_events.run"
_OURS: Final = "freezer_events"
_KAFKA: Final = "freezer.kafka"
_AGAIN_S: Final = 60.0
_MOST_KINDS: Final = 1000
_COUNTS: Final = re.compile(r"\([^()]*\)$")  # "(after 0ms in state CONNECT, 30 identical …)"
_notes: Final = logging.getLogger("freezer_events.note")


class JsonFormatter(logging.Formatter):
    """One JSON object per record: time, level, logger, event or message, and its facts.

    Usable with any handler of a program of your own.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts: dict[str, Any] | None = getattr(record, "facts", None)
        told = {"message": record.getMessage()} if facts is None else {"event": record.msg, **facts}
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return as_json(
            {
                "time": _time(record),
                "level": record.levelname.lower(),
                "logger": record.name,
                **told,
            }
        )


class TextFormatter(logging.Formatter):
    """One line per record, for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts: dict[str, Any] = getattr(record, "facts", None) or {}
        rest = [f"{name}={one_line(value)}" for name, value in facts.items()]
        line = "  ".join([_time(record), f"{record.levelname:<7}", record.getMessage(), *rest])
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class OncePerMinute(logging.Filter):
    """Lets a line through once a minute, and says then how often it came meanwhile.

    librdkafka tells of every attempt at every broker, which is ten lines a second in an outage.

    Args:
        clock: seconds that never go back.

    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._told: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is to be written."""
        text = record.getMessage()
        kind, now = _COUNTS.sub("", text), self._clock()
        last, since = self._told.get(kind, (-_AGAIN_S, 0))
        if now - last < _AGAIN_S:
            self._told[kind] = (last, since + 1)
            return False
        if len(self._told) >= _MOST_KINDS:
            self._told.clear()
        self._told[kind] = (now, 0)
        if since:
            record.msg, record.args = f"{text} [{since:,} times more since the last one]", ()
        return True


class _ToStandardError(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        streams.write_error(self.format(record))


def log_to_standard_error(form: str, level: str, *, debug: bool) -> None:
    """Write logs to standard error from now on, and all that commands say there as well.

    Args:
        form: "json" or "text".
        level: the least that is written: "debug", "info", "warning" or "error".
        debug: librdkafka was asked for its own debug lines: they are written, whatever the level.

    """
    wanted = getattr(logging, level.upper())
    for name, each in ((_OURS, wanted), (_KAFKA, logging.DEBUG if debug else wanted)):
        handler = _ToStandardError()
        handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
        if name == _KAFKA and not debug:
            handler.addFilter(OncePerMinute())
        logger = logging.getLogger(name)
        logger.setLevel(each)
        logger.handlers = [each for each in logger.handlers if type(each) is not _ToStandardError]
        logger.addHandler(handler)
    streams.notes_to(_note)


def _note(text: str) -> None:
    if text.startswith('{"code"'):  # an error, for programs
        _notes.error("error", extra={"facts": json.loads(text)})
    elif text:
        _notes.log(logging.ERROR if text.startswith("error:") else logging.INFO, "%s", text)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
